import { distance } from 'fastest-levenshtein';
import type { ColumnFacts } from './column-facts.ts';
import { nearness } from './dependency-vote.ts';

/** The one thing that a refused value can have been, by the smallest change that the contract accepts. */
export interface NearValue {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/** Below this length too little is left of a value to know it by. */
const SHORTEST = 3;
/** Longest value, and most distinct characters, that single edits are tried on: their number is the product. */
const LONGEST = 80;
const MOST_SIGNS = 96;
/** Values or words that stand so often are taken for right. */
const OFTEN = 3;

/**
 * For each text that the contract refuses: the only text one edit away that it accepts; else the value that other rows hold often and that lies near;
 * else the text with each unknown word exchanged for the one known word near to it. Edits of digits are never guessed: where two texts would do, nothing is said.
 */
export function nearValues(values: readonly string[], { accepts, accepted, property }: ColumnFacts): NearValue[] {
  const { kind } = property.type;
  const { pattern, validValues, format } = property.options;
  if (kind !== 'boolean' && (kind !== 'string' || (pattern === undefined && validValues === undefined && format === undefined))) return [];
  const often = accepted.filter(({ count }) => count >= OFTEN);
  const codes = kind === 'boolean' ? ['true', 'false'] : (validValues ?? []);
  const known = [...new Set([...codes, ...often.map(({ value }) => value)])];
  const words = wordsOf([...accepted, ...codes.map((value) => ({ value, count: OFTEN }))]);
  const signs = signsOf([...known, ...accepted.slice(0, 200).map(({ value }) => value)]);
  return values.flatMap((from): NearValue[] => {
    if (from.length < SHORTEST || from.length > LONGEST || !from.isWellFormed() || accepts(from)) return [];
    const edit = onlyEdit(from, accepts, signs);
    if (edit === null) return [];
    if (edit !== undefined) return [{ from, to: edit, why: 'the only text one edit away that the contract accepts' }];
    const near = nearestOf(from, known);
    if (near !== undefined && accepts(near) && sameDigits(from, near)) return [{ from, to: near, why: 'the only value near to it that other rows hold' }];
    const worded = wordByWord(from, words);
    return worded !== undefined && accepts(worded) ? [{ from, to: worded, why: 'words that the column does not know, exchanged for those near to them' }] : [];
  });
}

/** The accepted text one substitution, deletion, insertion or exchange of neighbours away (Damerau 1964); null where there is more than one. */
function onlyEdit(from: string, accepts: (value: string) => boolean, signs: readonly string[]): string | null | undefined {
  let found: string | undefined;
  const take = (candidate: string): boolean => {
    if (candidate === found || !accepts(candidate)) return true;
    if (found !== undefined) return false;
    found = candidate;
    return true;
  };
  const characters = [...from];
  for (let at = 0; at <= characters.length; at++) {
    const [before, after] = [characters.slice(0, at).join(''), characters.slice(at + 1).join('')];
    const rest = (characters[at] ?? '') + after;
    if (at < characters.length && !take(before + after)) return null;
    const next = characters[at + 1];
    if (next !== undefined && !take(before + next + (characters[at] ?? '') + characters.slice(at + 2).join(''))) return null;
    for (const sign of signs) {
      if (at < characters.length && !take(before + sign + after)) return null;
      if (!take(before + sign + rest)) return null;
    }
  }
  return found;
}

function signsOf(values: readonly string[]): string[] {
  // Digits are always among them: a digit that could have been another one makes the case open.
  const signs = new Set('0123456789');
  for (const value of values) for (const sign of value.slice(0, 200)) if (signs.size < MOST_SIGNS) signs.add(sign);
  return [...signs];
}

/** The one known text within a third of the length, when the next is farther by a half. */
function nearestOf(from: string, known: readonly string[]): string | undefined {
  let [best, next, found] = [Infinity, Infinity, ''];
  for (const one of known) {
    if (Math.abs(one.length - from.length) > from.length / 3) continue;
    const apart = distance(from, one);
    if (apart < best) [next, best, found] = [best, apart, one];
    else if (apart < next) next = apart;
  }
  return best <= Math.max(1, from.length / 3) && best * 1.5 < next && nearness(from, found) > 0 ? found : undefined;
}

function sameDigits(a: string, b: string): boolean {
  return a.replaceAll(/[^0-9]/g, '') === b.replaceAll(/[^0-9]/g, '');
}

const WORD = /(\p{L}+)/u;

function wordsOf(accepted: readonly { readonly value: string; readonly count: number }[]): Map<string, number> {
  const words = new Map<string, number>();
  for (const { value, count } of accepted.slice(0, 2_000))
    for (const word of value.slice(0, 400).split(WORD)) if (WORD.test(word)) words.set(word, (words.get(word) ?? 0) + count);
  return words;
}

function wordByWord(from: string, words: ReadonlyMap<string, number>): string | undefined {
  const common = [...words].filter(([, count]) => count >= OFTEN).map(([word]) => word);
  const parts = from.split(WORD);
  for (const [index, part] of parts.entries()) {
    if (!WORD.test(part) || words.has(part)) continue;
    const near = part.length < SHORTEST + 1 ? undefined : nearestOf(part, common);
    if (near === undefined) return undefined;
    parts[index] = near;
  }
  return parts.join('');
}
