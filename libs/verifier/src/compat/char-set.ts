/** A set of code points: ascending, disjoint, inclusive ranges. */
export type CharSet = readonly (readonly [from: number, to: number])[];

const LAST = 0x10ffff;
export const ALL_CHARS: CharSet = [[0, LAST]];

export function charUnion(...sets: readonly CharSet[]): CharSet {
  const ranges = sets.flat().sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of ranges) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

export function charComplement(set: CharSet): CharSet {
  const rest: [number, number][] = [];
  let next = 0;
  for (const [from, to] of charUnion(set)) {
    if (from > next) rest.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST) rest.push([next, LAST]);
  return rest;
}

export function hasChar(set: CharSet, point: number): boolean {
  return set.some(([from, to]) => from <= point && point <= to);
}

const chars = (...points: number[]): CharSet => charUnion(points.map((point) => [point, point] as const));

/** Whose patterns: JSON Schema names ECMA-262, contracts are written for RE2. */
export type Dialect = 'ecma-262' | 're2';

const DIGITS: CharSet = [[48, 57]];
const WORDS: CharSet = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];

const ECMA: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  w: WORDS,
  s: charUnion([[9, 13]], chars(32, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff), [[0x2000, 0x200a]]),
  '.': charComplement(chars(10, 13, 0x2028, 0x2029)),
};

/** The classes `\d`, `\w`, `\s` and `.`: in ECMA-262 `\s` knows Unicode's spaces and `.` all line ends, in RE2 ASCII's and one. */
export const CLASSES: Readonly<Record<Dialect, Readonly<Record<string, CharSet>>>> = {
  'ecma-262': ECMA,
  re2: { d: DIGITS, w: WORDS, s: chars(9, 10, 12, 13, 32), '.': charComplement(chars(10)) },
};

const categories = new Map<string, CharSet>();

/** A Unicode property such as `L` or `Script=Greek`, by asking the platform about every code point once; undefined where it knows none. */
export function charProperty(name: string): CharSet | undefined {
  const known = categories.get(name);
  if (known) return known;
  if (!/^[A-Za-z_]{1,40}(?:=[A-Za-z_]{1,40})?$/.test(name)) return undefined;
  let test: RegExp;
  try {
    test = new RegExp(`^\\p{${name}}$`, 'u');
  } catch {
    return undefined;
  }
  const ranges: [number, number][] = [];
  for (let point = 0; point <= LAST; point++) {
    if (!test.test(String.fromCodePoint(point))) continue;
    const last = ranges.at(-1);
    if (last && last[1] === point - 1) last[1] = point;
    else ranges.push([point, point]);
  }
  categories.set(name, ranges);
  return ranges;
}

/**
 * Groups all code points into classes that no set tells apart, and gives each a representative that people can read: a
 * letter, a digit, else what is printable, and no surrogate where another will do.
 */
export function charClasses(sets: readonly CharSet[]): { readonly point: number; readonly within: readonly boolean[] }[] {
  const cuts = new Set([0]);
  for (const set of sets) {
    for (const [from, to] of set) {
      cuts.add(from);
      if (to < LAST) cuts.add(to + 1);
    }
  }
  const starts = [...cuts, ...PREFERRED].sort((a, b) => a - b);
  const classes = new Map<string, { point: number; rank: number; within: boolean[] }>();
  for (const point of starts) {
    const within = sets.map((set) => hasChar(set, point));
    const key = within.map(Number).join('');
    const rank = rankOf(point);
    const known = classes.get(key);
    if (!known || rank < known.rank) classes.set(key, { point, rank, within });
  }
  return [...classes.values()].sort((a, b) => a.rank - b.rank);
}

const PREFERRED = [97, 98, 65, 48, 49, 95, 45, 32, 0xe4, 0x4e00];

function rankOf(point: number): number {
  const preferred = PREFERRED.indexOf(point);
  if (preferred >= 0) return preferred;
  if (point > 32 && point < 127) return 100 + point;
  if (point >= 0xd800 && point <= 0xdfff) return 1e9 + point;
  return point < 32 ? 1e7 + point : 1000 + point;
}
