import type { ContractFinding } from '@skein/verifier/compat';

/** What to do instead, by the beginning of the rule's id; the first that fits counts. */
const WAYS: readonly (readonly [prefix: string, advice: string])[] = [
  ['contract.removed', 'Keep the contract, retire it with notice (status: retired)'],
  ['product.renamed', 'Publish the product under the new address beside the old one'],
  ['status.', 'Deprecate it first (status: deprecated)'],
  ['column.removed', 'Keep the column, and announce its removal (custom properties deprecated: true, removeAfter: a day)'],
  ['column.renamed', 'Keep a column under the old name beside it as an alias, deprecated, with replacedBy'],
  ['column.id_changed', 'Keep the id: it is what stored snapshots know the column by'],
  ['column.added_required', 'Let the new column be null (required: false)'],
  ['column.deprecation', 'Keep the day that was announced, or name a later one'],
  ['field.added_required', 'Let the new field be null (required: false)'],
  ['field.removed', 'Keep the field'],
  ['field.required', 'Leave the field as it was'],
  ['required.added', 'Let it be null as before, and watch it by a quality rule of severity warning'],
  ['required.removed', 'Keep it required'],
  ['type.', 'Add a column of the new type beside this one, and deprecate this one'],
  ['unique', 'Leave uniqueness as it was, or watch it by a quality rule of severity warning'],
  ['key.', 'Keep the key; another key makes another product'],
  ['reference.', 'Leave the reference as it was'],
  ['quality.', 'Keep the rule as it was; begin a stricter one with severity warning'],
  ['tolerance.', 'Keep the tolerance'],
  ['sla.', 'Keep the promise, or agree on the new one with who relies on it'],
  ['classification.lowered', 'Keep the class: earlier snapshots were published under it'],
  ['classification.raised', 'Grant the new class to who needs the column, or mask it'],
  ['join_key.', 'Keep the join key'],
  ['semantics.', 'Keep the semantic type'],
  ['values.', 'Leave the list of codes as it was'],
  ['pattern.', 'Leave the pattern as it was'],
];

/** The way out of a finding that stands against a change. */
export function wayOut(rule: ContractFinding['rule'] | 'contract.removed', nextMajor: number | undefined): string {
  const advice = WAYS.find(([prefix]) => rule.startsWith(prefix))?.[1] ?? 'Leave the bound as it was';
  const major = nextMajor === undefined ? '' : `; or publish a version ${nextMajor}.0.0 in a folder v${nextMajor} of its own`;
  return `${advice}${major}; or have it approved by all whom it concerns.`;
}
