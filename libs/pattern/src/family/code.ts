import { distance } from 'fastest-levenshtein';
import type { Family, Reading } from './family.ts';
import { VALUE } from '../program/program.ts';

/** A code list longer than this is matched without regard to case and marks only. */
const MOST_CODES = 5_000;

/** Letters and digits without case and accents: what is left of a code when typing habits are taken away. */
function bare(value: string): string {
  return value
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * Values that miss the code list by habit (case, marks, accents), or by a slip: the unique nearest code by edit distance (Levenshtein
 * 1966), at most one edit in five characters, and nearer by a half than the next code. What two codes could have been is left open.
 */
export const code: Family = (column) => {
  const { codes } = column;
  if (codes === undefined || codes.length === 0) return [];
  const byBare = new Map<string, string | undefined>();
  for (const one of codes) byBare.set(bare(one), byBare.has(bare(one)) ? undefined : one);
  const alike: [string, string][] = [];
  const near: [string, string][] = [];
  for (const { raw, text, fails } of column.values) {
    if (!fails) continue;
    const wanted = bare(text);
    const same = wanted === '' ? undefined : byBare.get(wanted);
    if (same !== undefined) alike.push([raw, same]);
    else if (!byBare.has(wanted) && codes.length <= MOST_CODES) {
      const found = nearest(text.toLowerCase(), codes);
      if (found !== undefined) near.push([raw, found]);
    }
  }
  const listed = (what: string, table: readonly [string, string][], tier: 1 | 2): Reading[] =>
    table.length === 0
      ? []
      : [
          {
            category: 'code',
            what,
            when: { op: 'in', of: VALUE, values: table.map(([from]) => from) },
            result: { op: 'lookup', of: VALUE, table },
            tier,
            listed: true,
          },
        ];
  return [...listed('codes that differ in case and marks', alike, 1), ...listed('the one code that is a slip away', near, 2)];
};

/** The one code within reach; undefined where none is, or where another is hardly farther. */
export function nearest(value: string, codes: readonly string[]): string | undefined {
  const reach = Math.floor(Math.min(value.length, 60) / 5) + (value.length >= 4 && value.length < 5 ? 1 : 0);
  if (reach === 0) return undefined;
  let [best, next, found] = [Infinity, Infinity, ''];
  for (const one of codes) {
    if (Math.abs(one.length - value.length) > reach * 2) continue;
    const apart = distance(value, one.toLowerCase());
    if (apart < best) [next, best, found] = [best, apart, one];
    else if (apart < next) next = apart;
  }
  return best <= reach && next >= best * 2 && next >= best + 1 ? found : undefined;
}
