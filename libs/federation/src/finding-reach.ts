import type { Contract } from '@skein/contract';
import type { ContractFinding, ContractRuleId } from '@skein/verifier/compat';

/**
 * Whom a difference between two contracts can reach.
 * - `address`: everyone, since the product is named otherwise
 * - `shape`: whoever names the column, or takes all columns; binding decides
 * - `column`: whoever reads the column, whose values may be or mean something else
 * - `product`: everyone who reads the product
 * - `nobody`: no query
 */
export type Reach = 'address' | 'shape' | 'column' | 'product' | 'nobody';

/** Complete over the rules of contract comparison: a new rule does not compile until it is placed here. */
export const REACH: Readonly<Record<ContractRuleId, Reach>> = {
  'product.renamed': 'address',
  'contract.id_changed': 'nobody',
  'owner.changed': 'nobody',
  'docs.changed': 'nobody',
  'document.changed': 'nobody',
  'status.retired': 'product',
  'status.withdrawn': 'product',
  'status.changed': 'product',
  'column.added': 'shape',
  'column.added_required': 'shape',
  'column.removed': 'shape',
  'column.removed_early': 'shape',
  'column.removed_after_notice': 'shape',
  'column.renamed': 'shape',
  'column.renamed_with_alias': 'shape',
  'column.id_changed': 'column',
  'column.reordered': 'shape',
  'column.deprecated': 'column',
  'column.undeprecated': 'nobody',
  'column.deprecation_shortened': 'column',
  'column.deprecation_extended': 'nobody',
  'type.widened': 'shape',
  'type.narrowed': 'shape',
  'type.changed': 'shape',
  'type.logical_changed': 'nobody',
  'field.added': 'shape',
  'field.added_required': 'shape',
  'field.removed': 'shape',
  'field.required_added': 'column',
  'field.required_removed': 'column',
  'required.added': 'column',
  'required.removed': 'column',
  'lower_bound.raised': 'column',
  'lower_bound.lowered': 'column',
  'upper_bound.lowered': 'column',
  'upper_bound.raised': 'column',
  'min_length.raised': 'column',
  'min_length.lowered': 'column',
  'max_length.lowered': 'column',
  'max_length.raised': 'column',
  'min_items.raised': 'column',
  'min_items.lowered': 'column',
  'max_items.lowered': 'column',
  'max_items.raised': 'column',
  'unique_items.added': 'column',
  'unique_items.removed': 'column',
  'values.removed': 'column',
  'values.added': 'column',
  'multiple_of.narrowed': 'column',
  'multiple_of.widened': 'column',
  'multiple_of.changed': 'column',
  'pattern.narrowed': 'column',
  'pattern.widened': 'column',
  'pattern.changed': 'column',
  'unique.added': 'column',
  'unique.removed': 'column',
  // what is one row changes what any count says
  'key.added': 'product',
  'key.removed': 'product',
  'key.narrowed': 'product',
  'key.widened': 'product',
  'key.changed': 'product',
  'key.reordered': 'nobody',
  'reference.added': 'column',
  'reference.removed': 'column',
  'quality.added': 'column',
  'quality.removed': 'column',
  'quality.tightened': 'column',
  'quality.loosened': 'column',
  'quality.changed': 'column',
  'quality.severity_raised': 'column',
  'quality.severity_lowered': 'column',
  'quality.advice_changed': 'nobody',
  'tolerance.lowered': 'product',
  'tolerance.raised': 'product',
  'tolerance.changed': 'product',
  'sla.added': 'nobody',
  'sla.removed': 'product',
  'sla.strengthened': 'nobody',
  'sla.weakened': 'product',
  'sla.changed': 'product',
  'classification.lowered': 'column',
  'classification.raised': 'column',
  'join_key.added': 'nobody',
  'join_key.removed': 'column',
  'join_key.changed': 'column',
  'semantics.changed': 'column',
  'vector.changed': 'column',
};

/**
 * The column that a finding is about, by the name that its subject begins with: the longest that fits, since names may hold
 * commas. Undefined where it is about the whole product.
 */
export function columnOf(finding: Pick<ContractFinding, 'subject'>, old: Contract, next: Contract): string | undefined {
  const names = [...old.properties, ...next.properties].map((property) => property.name).sort((a, b) => b.length - a.length);
  return names.find((name) => finding.subject === `column ${name}` || finding.subject.startsWith(`column ${name}, `));
}
