import type { FieldProfile, ProfileDrift, SourceProfile } from '@skein/product';

/** Fewer rows tell nothing of a difference. */
const FEWEST = 50;
/** A column that held values in less of the rows may be missing from a sample by chance. */
const PRESENT = 0.05;
/** Half of the sum of the differences of the shares of shapes (total variation) above which their distribution is another. */
const SHIFT = 0.5;

/** What changed from one file to the next: columns that came or went, and columns whose values are of another type or of other shapes. */
export function driftOf(before: SourceProfile, now: SourceProfile): ProfileDrift[] {
  if (before.sampled < FEWEST || now.sampled < FEWEST) return [];
  const [old, current] = [byName(before), byName(now)];
  const drift: ProfileDrift[] = [];
  for (const [column, was] of old) {
    const is = current.get(column);
    if (is === undefined || is.type === 'none') {
      if (presence(was, before) >= PRESENT) drift.push({ column, kind: 'lost', what: is === undefined ? 'no longer there' : 'no values any more' });
    } else if (was.type !== 'none' && enough(was, before) && enough(is, now)) {
      const moved = distance(was, is);
      if (was.type !== is.type) drift.push({ column, kind: 'type', what: `${was.type} before, ${is.type} now` });
      else if (moved > SHIFT) drift.push({ column, kind: 'shape', what: `${Math.round(moved * 100)} % of the values have other shapes than before` });
    }
  }
  for (const [column, is] of current) {
    const was = old.get(column);
    if ((was === undefined || was.type === 'none') && presence(is, now) >= PRESENT) {
      drift.push({ column, kind: 'new', what: was === undefined ? 'not there before' : 'no values before' });
    }
  }
  return drift.sort((a, b) => (a.column < b.column ? -1 : 1));
}

const byName = ({ columns }: SourceProfile) => new Map(columns.map((column) => [column.name, column]));

function presence(column: FieldProfile, { sampled }: SourceProfile): number {
  return column.type === 'none' ? 0 : Math.max(0, sampled - column.nulls) / sampled;
}

function enough(column: FieldProfile, profile: SourceProfile): boolean {
  return presence(column, profile) * profile.sampled >= FEWEST;
}

/** Runs of digits and letters of any length are one sign already, so that counting numbers do not look like drift; what is beyond the commonest shapes is left out. */
function distance(before: FieldProfile, now: FieldProfile): number {
  const shares = new Map(before.shapes.map(({ shape, share }) => [shape, share]));
  let sum = 0;
  for (const { shape, share } of now.shapes) {
    sum += Math.abs(share - (shares.get(shape) ?? 0));
    shares.delete(shape);
  }
  for (const share of shares.values()) sum += share;
  return sum / 2;
}
