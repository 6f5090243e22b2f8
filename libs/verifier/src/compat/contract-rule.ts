/**
 * Which way a change breaks.
 * - `backward`: what was written under the old contract may be refused, or shown otherwise, under the new one
 * - `forward`: who reads by the old contract may fail on, or lose, what is written under the new one
 */
export type Direction = 'backward' | 'forward' | 'both' | 'none';

/** A step of a semantic version. */
export type Bump = 'none' | 'patch' | 'minor' | 'major';

export interface ContractRule {
  readonly direction: Direction;
  /** What the version must gain where the chosen mode does not call the change breaking; a breaking change asks for a major version. */
  readonly bump: Bump;
  /** What changed, in a few words. */
  readonly change: string;
  /** Why it matters, or why it does not. */
  readonly why: string;
}

const rule = (direction: Direction, bump: Bump, change: string, why: string): ContractRule => ({ direction, bump, change, why });

/** The one table of the rules by which contracts are compared. docs/compatibility.md lists it, and a test ties the two. */
export const CONTRACT_RULES = {
  // the product
  'product.renamed': rule('both', 'major', 'domain or name of the product changed', 'Queries, references and stored tables name the product by its address.'),
  'contract.id_changed': rule(
    'none',
    'minor',
    'the identifier of the contract changed',
    'Products are addressed by domain and name; registries that go by the id see a new contract.',
  ),
  'owner.changed': rule('none', 'patch', 'the owner changed', 'Who answers for the product is not part of the data.'),
  'docs.changed': rule('none', 'patch', 'a description or an example changed', 'Words for people; no check reads them.'),
  'document.changed': rule(
    'none',
    'patch',
    'something else in the document changed under the same version',
    'Two documents of one version must be the same, or nobody knows which is meant.',
  ),
  'status.retired': rule('forward', 'major', 'the contract was retired', 'No further snapshot is promised to who still reads.'),
  'status.withdrawn': rule('forward', 'minor', 'an active contract became a draft or a proposal', 'What consumers rely on is no longer promised.'),
  'status.changed': rule('none', 'minor', 'the status changed otherwise', 'Going live, or being deprecated with notice, breaks nothing.'),
  // columns
  'column.added': rule('none', 'minor', 'a column was added that may be null', 'Earlier rows have null there; readers by name do not see it.'),
  'column.added_required': rule('backward', 'minor', 'a required column was added', 'Earlier rows lack the value.'),
  'column.removed': rule('forward', 'minor', 'a column was removed', 'Queries that name it fail.'),
  'column.removed_early': rule(
    'forward',
    'major',
    'a deprecated column was removed before its announced date',
    'Consumers were promised the column until that day.',
  ),
  'column.removed_after_notice': rule(
    'none',
    'major',
    'a deprecated column was removed after its announced date',
    'Consumers had their notice, so no mode refuses it; it is a new major version all the same.',
  ),
  'column.renamed': rule(
    'both',
    'major',
    'a column has another name under the same id',
    'The table follows the id, so no data is lost; queries, records and references go by the name, and fail.',
  ),
  'column.renamed_with_alias': rule(
    'none',
    'minor',
    'a column has another name, and the old name stands beside it with a readable type',
    'Readers of either name go on.',
  ),
  'column.id_changed': rule(
    'backward',
    'major',
    'a column has another id under the same name',
    'The table takes it for a new column: the values of earlier snapshots are not read.',
  ),
  'column.reordered': rule('none', 'patch', 'the columns have another order', 'Readers go by name; only SELECT * shows it.'),
  'column.deprecated': rule('none', 'minor', 'a column was deprecated', 'Notice of a later removal; nothing changes yet.'),
  'column.undeprecated': rule('none', 'minor', 'a deprecation was withdrawn', 'The column stays after all.'),
  'column.deprecation_shortened': rule('forward', 'minor', 'the announced removal of a column was brought forward', 'Consumers planned by the later date.'),
  'column.deprecation_extended': rule('none', 'minor', 'the announced removal of a column was put off', 'Consumers gain time.'),
  // types
  'type.widened': rule(
    'forward',
    'minor',
    'a type became wider, as Iceberg promotes it',
    'Earlier values fit; a new one may overflow the type that readers hold.',
  ),
  'type.narrowed': rule('backward', 'minor', 'a type became narrower', 'Earlier values may not fit, and stored tables cannot follow.'),
  'type.changed': rule('both', 'major', 'a type became another', 'Neither side reads the other’s values, and stored tables cannot follow.'),
  'type.logical_changed': rule('none', 'patch', 'the logical type changed, the exact type did not', 'Values and checks are the same.'),
  'field.added': rule('none', 'minor', 'a nested field was added that may be null', 'Earlier values have null there.'),
  'field.added_required': rule('backward', 'minor', 'a required nested field was added', 'Earlier values lack it.'),
  'field.removed': rule('forward', 'minor', 'a nested field was removed', 'Queries that name it fail.'),
  'field.required_added': rule('backward', 'minor', 'a nested field became required', 'Earlier values may lack it.'),
  'field.required_removed': rule('forward', 'minor', 'a nested field may be null now', 'Readers count on the value.'),
  // what values may be
  'required.added': rule('backward', 'minor', 'a column became required', 'Earlier rows may have null there.'),
  'required.removed': rule('forward', 'minor', 'a column may be null now', 'Readers count on the value.'),
  'lower_bound.raised': rule('backward', 'minor', 'the least value was raised', 'Earlier values may lie below it.'),
  'lower_bound.lowered': rule('forward', 'minor', 'the least value was lowered or dropped', 'Readers count on the old bound.'),
  'upper_bound.lowered': rule('backward', 'minor', 'the greatest value was lowered', 'Earlier values may lie above it.'),
  'upper_bound.raised': rule('forward', 'minor', 'the greatest value was raised or dropped', 'Readers count on the old bound.'),
  'min_length.raised': rule('backward', 'minor', 'the least length was raised', 'Earlier values may be shorter.'),
  'min_length.lowered': rule('forward', 'minor', 'the least length was lowered or dropped', 'Readers count on the old length.'),
  'max_length.lowered': rule('backward', 'minor', 'the greatest length was lowered', 'Earlier values may be longer.'),
  'max_length.raised': rule('forward', 'minor', 'the greatest length was raised or dropped', 'Readers count on the old length.'),
  'min_items.raised': rule('backward', 'minor', 'the least number of items was raised', 'Earlier lists may be shorter.'),
  'min_items.lowered': rule('forward', 'minor', 'the least number of items was lowered or dropped', 'Readers count on the old number.'),
  'max_items.lowered': rule('backward', 'minor', 'the greatest number of items was lowered', 'Earlier lists may be longer.'),
  'max_items.raised': rule('forward', 'minor', 'the greatest number of items was raised or dropped', 'Readers count on the old number.'),
  'unique_items.added': rule('backward', 'minor', 'items must differ now', 'Earlier lists may repeat an item.'),
  'unique_items.removed': rule('forward', 'minor', 'items may repeat now', 'Readers count on different items.'),
  'vector.changed': rule(
    'both',
    'major',
    'vectors have other elements, are made by another model, or are compared by another metric',
    'Vectors made in two ways cannot be compared with each other.',
  ),
  'values.removed': rule('backward', 'minor', 'codes were taken from the list, or a list was added', 'Earlier rows may hold them.'),
  'values.added': rule('forward', 'minor', 'codes were added to the list, or the list was dropped', 'Readers may not know them.'),
  'multiple_of.narrowed': rule('backward', 'minor', 'values must be multiples of a coarser step', 'Earlier values may lie between.'),
  'multiple_of.widened': rule('forward', 'minor', 'values may be multiples of a finer step', 'Readers count on the old step.'),
  'multiple_of.changed': rule('both', 'minor', 'values must be multiples of another step', 'Each step has multiples that the other lacks.'),
  'pattern.narrowed': rule('backward', 'minor', 'the pattern or format lets less through', 'Earlier values may not match.'),
  'pattern.widened': rule('forward', 'minor', 'the pattern or format lets more through', 'Readers count on the old form.'),
  'pattern.changed': rule(
    'both',
    'minor',
    'the pattern or format lets other values through',
    'Each lets through what the other does not, or that is not proven otherwise.',
  ),
  // sets of rows
  'unique.added': rule('backward', 'minor', 'a column became unique', 'Earlier rows may share a value.'),
  'unique.removed': rule('forward', 'minor', 'a column need not be unique any more', 'Joins on it may multiply rows.'),
  'key.added': rule('backward', 'minor', 'the product gained a primary key', 'Earlier rows may share its values.'),
  'key.removed': rule('forward', 'minor', 'the product lost its primary key', 'Joins and merges by it may multiply rows.'),
  'key.narrowed': rule('backward', 'minor', 'the primary key lost columns', 'Earlier rows may differ in those columns only.'),
  'key.widened': rule('forward', 'minor', 'the primary key gained columns', 'Rows may share what readers take for the key.'),
  'key.changed': rule(
    'both',
    'major',
    'the primary key is of other columns',
    'What was one row by the old key may be several by the new one, and the other way round.',
  ),
  'key.reordered': rule('none', 'patch', 'the columns of the primary key have another order', 'The same rows are told apart.'),
  'reference.added': rule('backward', 'minor', 'a column must be found in another product now', 'Earlier rows may point to nothing.'),
  'reference.removed': rule('forward', 'minor', 'a column need not be found in another product any more', 'Joins to it may lose rows.'),
  'quality.added': rule('backward', 'minor', 'a quality rule that can stop a publication was added', 'Earlier data was not judged by it.'),
  'quality.removed': rule('forward', 'minor', 'a quality rule that can stop a publication was removed', 'Readers count on what it kept out.'),
  'quality.tightened': rule('backward', 'minor', 'a quality rule accepts less', 'Earlier data may lie outside.'),
  'quality.loosened': rule('forward', 'minor', 'a quality rule accepts more', 'Readers count on the old limit.'),
  'quality.changed': rule(
    'both',
    'minor',
    'a quality rule measures something else, or accepts other figures',
    'Neither the old nor the new figure says anything about the other.',
  ),
  'quality.severity_raised': rule('backward', 'minor', 'a quality rule can stop a publication now', 'Earlier data may have passed with a warning.'),
  'quality.severity_lowered': rule('forward', 'minor', 'a quality rule cannot stop a publication any more', 'Readers count on what it kept out.'),
  'quality.advice_changed': rule(
    'none',
    'patch',
    'a quality rule that stops nothing was added, removed or changed',
    'Warnings, texts and rules for other engines hold nothing back.',
  ),
  'tolerance.lowered': rule('backward', 'minor', 'fewer rows may be refused before the publication stops', 'Data that was published may not be any more.'),
  'tolerance.raised': rule('forward', 'minor', 'more rows may be refused before the publication stops', 'Readers may miss more rows than before.'),
  'tolerance.changed': rule(
    'both',
    'minor',
    'the tolerance counts rows instead of a share, or the other way round',
    'Which is stricter depends on how many rows there are.',
  ),
  // promises beside the data
  'sla.added': rule('none', 'minor', 'a service level was added', 'A further promise.'),
  'sla.removed': rule('forward', 'minor', 'a service level was removed', 'Consumers planned by it.'),
  'sla.strengthened': rule('none', 'minor', 'a service level promises more', 'Consumers gain.'),
  'sla.weakened': rule('forward', 'minor', 'a service level promises less', 'Consumers planned by it.'),
  'sla.changed': rule('forward', 'minor', 'a service level changed in a way that cannot be ordered', 'It may promise less.'),
  'classification.lowered': rule(
    'backward',
    'major',
    'a column is classified as less sensitive',
    'What was hidden or masked is shown, in earlier snapshots too.',
  ),
  'classification.raised': rule('forward', 'minor', 'a column is classified as more sensitive', 'It is hidden from, or masked for, some who read it.'),
  'join_key.added': rule('none', 'minor', 'a column became a join key', 'A further way to join; the catalog checks its type over the mesh.'),
  'join_key.removed': rule('forward', 'minor', 'a column is no join key any more', 'Its type may part from that of the other side.'),
  'join_key.changed': rule('both', 'major', 'a column is another join key', 'It means something else: joins by it yield other rows.'),
  'semantics.changed': rule('both', 'minor', 'the semantic type of a column changed', 'Who sums a dimension, or groups by a measure, gets other figures.'),
} as const satisfies Record<string, ContractRule>;

export type ContractRuleId = keyof typeof CONTRACT_RULES;

const BUMPS: readonly Bump[] = ['none', 'patch', 'minor', 'major'];

export function higherBump(a: Bump, b: Bump): Bump {
  return BUMPS.indexOf(a) >= BUMPS.indexOf(b) ? a : b;
}

/** Whether a version that gained `given` gained at least `asked`. */
export function bumpSuffices(given: Bump, asked: Bump): boolean {
  return BUMPS.indexOf(given) >= BUMPS.indexOf(asked);
}
