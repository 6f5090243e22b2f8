import type { Example } from './column-facts.ts';
import type { Column, Reading } from './family/family.ts';
import { compileTest, compileText } from './program/evaluate.ts';

/** A reading, and what it makes of each value of the gap. */
export interface Candidate {
  readonly reading: Reading & { readonly test?: { readonly cells: number; readonly passed: number } };
  readonly tier: number;
  /** Indices of values that it claims. */
  readonly claims: readonly number[];
  /** Outcomes that the contract accepts, by index of the value; null where the cell becomes missing. */
  readonly says: ReadonlyMap<number, string | null>;
  /** Labels that it explains. */
  readonly supported: number;
}

/** Outcomes that mean the same: numbers by value, else to the letter. */
export function same(a: string | null, b: string | null): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  return NUMBER.test(a) && NUMBER.test(b) && canonical(a) === canonical(b);
}
const NUMBER = /^-?[0-9]+(\.[0-9]+)?$/;
const canonical = (value: string): string =>
  value
    .replace(/^(-?)0+([0-9])/, '$1$2')
    .replace(/(\.[0-9]*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace(/^-0$/, '0');

/** Tries a reading on the gap. Undefined where a label contradicts it, or where it reads too little of what it claims. */
export function candidateOf(column: Column, reading: Candidate['reading'], examples: readonly Example[]): Candidate | undefined {
  const when = compileTest(reading.when);
  const { result } = reading;
  const run = result.op === 'clear' ? undefined : compileText(result);
  const holds = reading.holds && compileTest(reading.holds);
  const outcome = (value: string): string | null | undefined => {
    if (!run) return column.facts.accepts(null) ? null : undefined;
    const out = run({ value });
    return out === null || out === value || !column.facts.accepts(out) || holds?.({ value: out }) === false ? undefined : out;
  };
  let supported = 0;
  for (const { input, output } of examples) {
    if (input === null || !when({ value: input }) || (column.facts.accepts(input) && reading.certain !== true && !column.labelled)) continue;
    const says = outcome(input);
    if (says === undefined) continue;
    if (!same(says ?? '', output ?? '')) {
      // A value that the contract accepts is not a failing cell: that it stays as it is says nothing of those that fail.
      if (input === output && column.facts.accepts(input) && reading.category !== 'example' && reading.certain !== true) {
        if (column.values.every(({ fails }) => fails)) continue;
      }
      return undefined;
    }
    if (input !== output) supported += 1;
  }
  const claims: number[] = [];
  const says = new Map<number, string | null>();
  for (const [index, { raw, fails }] of column.values.entries()) {
    if (!fails && reading.certain !== true && supported === 0) continue;
    if (!when({ value: raw })) continue;
    const out = outcome(raw);
    if (out !== undefined || reading.partial !== true) claims.push(index);
    if (out !== undefined) says.set(index, out);
  }
  if (says.size === 0) return undefined;
  const least = reading.tier === 0 ? 0.3 : 0.8;
  if (reading.listed !== true && says.size < claims.length * least) return undefined;
  const tier = supported > 0 && reading.category !== 'example' ? Math.max(0, reading.tier - 1) : reading.tier;
  return { reading, tier, claims, says, supported };
}

/** Readings that stand after the evidence of the values in `within`: those that no other one beats. */
export function standing(column: Column, candidates: readonly Candidate[], within: (index: number) => boolean): Candidate[] {
  const numbers = numbersOf(column);
  return candidates.filter(
    (one) => !candidates.some((other) => other !== one && other.tier === one.tier && (beats(other, one, within) || fitsBetter(numbers, other, one))),
  );
}

/**
 * Two readings of one family: of the values that both claim, `b` misses some that `a` reads (a twentieth, or a single one of few), and `a`
 * hardly one that `b` reads. So 13/04 decides for a column, and one slip among hundreds does not.
 */
function beats(a: Candidate, b: Candidate, within: (index: number) => boolean): boolean {
  if (a.reading.category !== b.reading.category) return false;
  const claimed = new Set(b.claims);
  let [shared, missA, missB] = [0, 0, 0];
  for (const index of a.claims) {
    if (!claimed.has(index) || !within(index)) continue;
    shared += 1;
    // What neither reads is damage, and speaks for neither.
    if (!a.says.has(index) && b.says.has(index)) missA += 1;
    if (!b.says.has(index) && a.says.has(index)) missB += 1;
  }
  return shared > 0 && missA <= shared * 0.02 && missB > missA * 5 && missB >= Math.min(Math.max(1, shared * 0.05), shared);
}

interface Numbers {
  readonly least: number;
  readonly most: number;
  readonly middle: number;
}

/** Rows from which on even few distinct numbers show how large a column's numbers are. */
const SHOWN_ROWS = 20;

/** Magnitudes of the accepted numbers, where there are at least five, or two that many rows hold. */
function numbersOf(column: Column): Numbers | undefined {
  const { kind } = column.facts.property.type;
  if (kind !== 'int' && kind !== 'float' && kind !== 'decimal') return undefined;
  const sizes = column.accepted.map((value) => Math.abs(Number(value))).filter((size) => Number.isFinite(size) && size > 0);
  const rows = column.facts.accepted.reduce((sum, { count }) => sum + count, 0);
  if (sizes.length < (rows >= SHOWN_ROWS ? 2 : 5)) return undefined;
  sizes.sort((a, b) => a - b);
  return { least: sizes[0] ?? 0, most: sizes.at(-1) ?? 0, middle: sizes[sizes.length >> 1] ?? 0 };
}

/** Where two readings give different numbers: `a` lies among the accepted numbers, and `b` does not. */
function fitsBetter(numbers: Numbers | undefined, a: Candidate, b: Candidate): boolean {
  if (numbers === undefined) return false;
  let [differing, aInside, bInside] = [0, 0, 0];
  const inside = (value: number): boolean => value === 0 || (value >= numbers.least / 2 && value <= numbers.most * 2);
  const [as, bs]: [number[], number[]] = [[], []];
  for (const [index, out] of a.says) {
    const other = b.says.get(index);
    if (out === null || other === undefined || other === null || same(out, other)) continue;
    const [x, y] = [Math.abs(Number(out)), Math.abs(Number(other))];
    if (Number.isNaN(x) || Number.isNaN(y)) return false;
    differing += 1;
    as.push(x);
    bs.push(y);
    if (inside(x)) aInside += 1;
    if (inside(y)) bInside += 1;
  }
  if (differing === 0) return false;
  if (aInside >= differing * 0.9 && bInside <= differing * 0.1) return true;
  if (differing < 3) return false;
  const far = (sizes: number[]): number => Math.abs(Math.log10((sizes.sort((x, y) => x - y)[sizes.length >> 1] ?? 1) / numbers.middle));
  const [near, other] = [far(as), far(bs)];
  return near < 0.5 && other > near + 1;
}
