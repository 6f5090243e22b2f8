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
  const nearest = codes.length > MOST_CODES ? () => undefined : nearestIn(codes);
  for (const { raw, text, fails } of column.values) {
    if (!fails) continue;
    const wanted = bare(text);
    const same = wanted === '' ? undefined : byBare.get(wanted);
    if (same !== undefined) alike.push([raw, same]);
    else if (!byBare.has(wanted)) {
      const found = nearest(text.toLowerCase());
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

/** Finds the one code within reach of a value; undefined where none is, or where another is hardly farther. */
export function nearestIn(codes: readonly string[]): (value: string) => string | undefined {
  const byLength = new Map<number, { readonly code: string; readonly small: string; readonly signs: number }[]>();
  for (const one of codes) {
    const small = one.toLowerCase();
    const alike = byLength.get(small.length) ?? [];
    alike.push({ code: one, small, signs: signsIn(small) });
    byLength.set(small.length, alike);
  }
  return (value) => {
    const reach = Math.floor(Math.min(value.length, 60) / 5) + (value.length >= 4 && value.length < 5 ? 1 : 0);
    if (reach === 0) return undefined;
    const signs = signsIn(value);
    let [best, next, found] = [Infinity, Infinity, ''];
    for (let length = value.length - reach * 2; length <= value.length + reach * 2; length += 1) {
      for (const one of byLength.get(length) ?? []) {
        // What is farther than twice the reach is neither found nor a rival of what is.
        if (bits(signs & ~one.signs) > reach * 2 || bits(one.signs & ~signs) > reach * 2) continue;
        const apart = distance(value, one.small);
        if (apart < best) [next, best, found] = [best, apart, one.code];
        else if (apart < next) next = apart;
      }
    }
    return best <= reach && next >= best * 2 && next >= best + 1 ? found : undefined;
  };
}

/** The signs of a text as a set of 32 classes: an edit takes at most one class away and brings at most one. */
function signsIn(value: string): number {
  let set = 0;
  for (let at = 0; at < value.length; at += 1) set |= 1 << (value.charCodeAt(at) & 31);
  return set;
}

/** Number of bits that are set (Warren, Hacker's Delight, 5-1). */
function bits(set: number): number {
  const pairs = set - ((set >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
