import type { ColumnFacts, Example } from './column-facts.ts';
import { columnOf, type Column } from './family/family.ts';
import { LIBRARY } from './family/library.ts';
import { gather, type FamilyTrial } from './gather.ts';
import type { Conflict, Outcome, Proposal } from './outcome.ts';
import type { Gap } from './pattern.ts';
import type { Program, Test } from './program/program.ts';
import { ALWAYS } from './program/program.ts';
import { toSql } from './program/to-sql.ts';
import { type Candidate, same, standing } from './weigh.ts';

/** Distinct values that are looked at; a gap has a sample of the others' shapes in them. */
const MOST_VALUES = 2_000;
const SHOWN = 5;

/**
 * Looks for solutions of a gap in the library of families, and in programs learned from the examples. What it returns has been tested
 * on the gap's values by the column's contract; where readings differ and nothing decides, it is a conflict. Solutions are for the cells
 * that break the gap's rule: where they are applied to others, the contract's verdict on those was not asked for.
 *
 * `families` orders and restricts the library (all by default): the order may change speed, never what is found (see `gather`). `onTrials` is told
 * what it took.
 */
export function propose(
  gap: Gap,
  facts: ColumnFacts,
  examples: readonly Example[] = [],
  families: readonly string[] = Object.keys(LIBRARY),
  onTrials?: (trials: readonly FamilyTrial[]) => void,
): Outcome {
  const labelled = examples.some(({ input, output }) => input !== null && input !== output && facts.accepts(input));
  const column = columnOf(facts, gap.values.slice(0, MOST_VALUES), labelled);
  if (column.values.length === 0) return { kind: 'none', why: 'the gap has no value to read: only missing, oversized or malformed ones' };
  const { candidates, trials } = candidatesOf(column, examples, families);
  onTrials?.(trials);
  if (candidates.length === 0) return { kind: 'none', why: `no reading of ${column.values.length} values gives what the contract accepts` };
  const stood = standing(column, candidates, () => true);
  const alive = meant(stood);
  const silent = stood.filter((one) => !alive.includes(one));
  const { chosen, disputed } = decide(column, alive, silent);
  const proposals = alive.flatMap((one) => {
    const cells = chosen.get(one);
    return cells === undefined ? [] : [proposalOf(column, one, alive, candidates, cells, silent)];
  });
  proposals.sort((a, b) => a.tier - b.tier || b.proposal.score - a.proposal.score);
  const ranked = proposals.map(({ proposal }) => proposal);
  const open = conflictsOf(column, disputed, alive, candidates);
  if (ranked.length > 0) return { kind: 'solutions', ranked, open };
  const [first] = open;
  return first === undefined ? { kind: 'none', why: 'readings were found, and none stood the test on the values held back' } : { kind: 'conflict', ...first };
}

/** Where labels speak for a meaning (`USD`, `kg`), readings of others are out. */
function meant(alive: readonly Candidate[]): readonly Candidate[] {
  const labelled = new Set(alive.filter(({ supported }) => supported > 0).flatMap(({ reading }) => reading.meaning ?? []));
  return labelled.size === 0 ? alive : alive.filter(({ reading }) => reading.meaning === undefined || labelled.has(reading.meaning));
}

function candidatesOf(column: Column, examples: readonly Example[], families: readonly string[]): ReturnType<typeof gather> {
  const asked = column.labelled || column.values.some(({ fails }) => fails) || families.includes('encoding');
  return gather(column, examples, asked ? families : []);
}

/** For each value the reading that decides it, or the readings that dispute it: those of the lowest tier speak. */
function decide(
  column: Column,
  alive: readonly Candidate[],
  silent: readonly Candidate[],
): { chosen: Map<Candidate, number[]>; disputed: Map<number, readonly Candidate[]> } {
  const chosen = new Map<Candidate, number[]>();
  const disputed = new Map<number, readonly Candidate[]>();
  const meaning = alive.filter(({ reading }) => reading.meaning !== undefined);
  const unlabelled = meaning.every(({ supported }) => supported === 0);
  const mixed = unlabelled && new Set(meaning.map(({ reading }) => reading.meaning)).size > 1 ? meaning : [];
  for (let index = 0; index < column.values.length; index += 1) {
    if (silent.some(({ says }) => says.has(index))) continue;
    if (mixed.some(({ says }) => says.has(index))) {
      disputed.set(index, mixed);
      continue;
    }
    let speaking: Candidate[] = [];
    for (const one of alive) {
      if (!one.says.has(index)) continue;
      const lowest = speaking[0]?.tier ?? Infinity;
      if (one.tier < lowest) speaking = [one];
      else if (one.tier === lowest) speaking.push(one);
    }
    const [first] = speaking;
    if (first === undefined) continue;
    const said = first.says.get(index) ?? null;
    if (speaking.some((one) => !same(one.says.get(index) ?? null, said))) {
      disputed.set(index, speaking);
      continue;
    }
    // Of readings that agree, the one that reads most: fewer solutions, each better tested.
    const widest = speaking.reduce((a, b) => (b.says.size > a.says.size ? b : a));
    chosen.set(widest, [...(chosen.get(widest) ?? []), index]);
  }
  return { chosen, disputed };
}

interface Weighed {
  readonly tier: number;
  readonly proposal: Proposal;
}

function proposalOf(
  column: Column,
  one: Candidate,
  alive: readonly Candidate[],
  all: readonly Candidate[],
  cells: readonly number[],
  silent: readonly Candidate[] = [],
): Weighed {
  const claimed = new Set(one.claims);
  const excluded = [
    ...alive.filter((other) => other !== one && other.tier === one.tier && other.reading.listed !== true && disagree(one, other)),
    // A text program from a label reads what has another meaning as well: that is not what the label says.
    ...silent.filter(({ reading, claims }) => reading.meaning !== one.reading.meaning && claims.some((index) => claimed.has(index))),
  ];
  const when: Test = { op: 'all', of: [one.reading.when, ...excluded.map((other): Test => ({ op: 'not', of: readsTest(other) }))] };
  const program: Program = {
    result: one.reading.result,
    when: excluded.length === 0 ? one.reading.when : when,
    holds: one.reading.holds ?? (FORMED.has(one.reading.category) && column.facts.property.type.kind !== 'string' ? ALWAYS : afterwards(column)),
  };
  const test = one.reading.test ?? heldBack(column, one, all);
  const share = one.reading.listed === true ? 1 : one.says.size / Math.max(1, one.claims.length);
  const score = (test.cells === 0 ? 0.5 : test.passed / test.cells) * share * (1 - 0.1 * one.tier);
  const beaten = all.filter((other) => other !== one && other.tier === one.tier && !alive.includes(other) && disagree(one, other));
  const why =
    `${one.reading.what}: reads ${one.says.size} of ${one.claims.length} distinct values that have its form, and decides ${cells.length}` +
    (one.supported > 0 ? `; ${one.supported} labels agree` : '') +
    (beaten.length > 0 ? `; the other reading (${beaten[0]?.reading.what}) does not fit the column` : '') +
    (excluded.length > 0 ? `; values that ${excluded[0]?.reading.what} reads as well are left open` : '');
  return { tier: one.tier, proposal: { solution: toSql(program), program, category: one.reading.category, score, why, test } };
}

function readsTest({ reading }: Candidate): Test {
  return reading.result.op === 'clear' ? reading.when : { op: 'all', of: [reading.when, { op: 'present', of: reading.result }] };
}

/** Whether two readings claim common values, and do not say the same of all that both read. */
function disagree(a: Candidate, b: Candidate): boolean {
  const claimed = new Set(b.claims);
  const shared = a.claims.filter((index) => claimed.has(index));
  if (shared.length === 0) return false;
  const both = shared.filter((index) => a.says.has(index) && b.says.has(index));
  return both.length === 0 ? a.reading.category === b.reading.category : both.some((index) => !same(a.says.get(index) ?? null, b.says.get(index) ?? null));
}

/** Chooses the readings on every other value only, and looks at the rest: what would have been repaired there, and kept the contract as one reading. */
function heldBack(column: Column, one: Candidate, all: readonly Candidate[]): { cells: number; passed: number } {
  if (one.reading.listed === true) return { cells: one.says.size, passed: one.says.size };
  const few = one.claims.length < 8;
  const held = (index: number): boolean => few || index % 2 === 1;
  const still = standing(column, all, (index) => few || !held(index)).includes(one);
  const cells = one.claims.filter(held);
  return { cells: cells.length, passed: still ? cells.filter((index) => one.says.has(index)).length : 0 };
}

/** Families whose outcomes have the form of the type by construction. */
const FORMED = new Set(['number', 'unit', 'date', 'time', 'missing']);
const FORMS: Readonly<Partial<Record<string, string>>> = {
  int: '^-?[0-9]+$',
  decimal: '^-?[0-9]+([.][0-9]+)?$',
  float: '^-?[0-9]+([.][0-9]+)?$',
  date: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$',
  time: '^[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?$',
  timestamp: '^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}',
};

function afterwards(column: Column): Test {
  const pattern = FORMS[column.facts.property.type.kind];
  if (pattern !== undefined) return { op: 'matches', of: { op: 'value' }, pattern };
  const { codes } = column;
  if (codes !== undefined && codes.length <= 200) return { op: 'in', of: { op: 'value' }, values: codes };
  const wanted = column.facts.property.options.pattern;
  return wanted !== undefined && isShared(wanted) ? { op: 'matches', of: { op: 'value' }, pattern: wanted } : ALWAYS;
}

/** Whether RE2 and ECMAScript read a contract's pattern alike, as far as its signs tell: no dot, no class but digits, no group but a plain one. */
function isShared(pattern: string): boolean {
  if (/\\[^d.\-/()[\]{}+*?|^$]|\(\?(?!:)|\[\[:/.test(pattern) || pattern.replaceAll(/\\.|\[[^\]]*\]/g, '').includes('.')) return false;
  try {
    return new RegExp(pattern, 'u').source !== '';
  } catch {
    return false;
  }
}

function conflictsOf(column: Column, disputed: ReadonlyMap<number, readonly Candidate[]>, alive: readonly Candidate[], all: readonly Candidate[]): Conflict[] {
  const groups = new Map<string, { readings: readonly Candidate[]; indices: number[] }>();
  for (const [index, readings] of disputed) {
    const key = readings.map((one) => alive.indexOf(one)).join(',');
    const group = groups.get(key) ?? { readings, indices: [] };
    group.indices.push(index);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ readings, indices }) => {
    const different = readings.filter(
      (one, at) => readings.findIndex((other) => indices.every((index) => same(other.says.get(index) ?? null, one.says.get(index) ?? null))) === at,
    );
    const values = indices.slice(0, SHOWN).map((index) => column.values[index]?.raw ?? '');
    const [first] = indices;
    const said = first === undefined ? [] : different.map((one) => one.says.get(first) ?? 'missing');
    const meanings = [...new Set(different.map(({ reading }) => reading.meaning))];
    const mixture = meanings.length > 1 && !meanings.includes(undefined);
    return {
      between: different.map((one) => proposalOf(column, one, [one], all, indices).proposal),
      why: mixture
        ? `the values are in ${meanings.join(' and ')}, and neither the column's name, its source nor a label says which the column is in`
        : `${JSON.stringify(values[0])} may be ${said.join(' or ')}, and neither the column, its source nor a label decides`,
      values,
    };
  });
}
