import { SkeinError } from '@skein/kernel';
import { checkAsk, ROUNDING, type Ask, type Closeness, type Diversity } from './ask.ts';
import { checkedLength, columnOf, isDictionary, valueAt, type Column, type Table } from './column.ts';
import type { Hierarchy } from './hierarchy.ts';

/** One class of a release that does not keep what is asked. */
export interface PrivacyFailure {
  readonly rule: 'k' | 'l' | 't';
  /** The sensitive column, for l and t. */
  readonly column?: string;
  /** What the released quasi-identifiers say there. */
  readonly quasi: Readonly<Record<string, unknown>>;
  readonly rows: number;
  /** Distinct persons of the class, where they are counted. */
  readonly persons?: number;
  readonly found: number;
  readonly asked: number;
}

/** What the counter found in a released table. */
export interface Verdict {
  readonly passed: boolean;
  /** Rows and classes it looked at; nothing to look at is no pass. */
  readonly rows: number;
  readonly classes: number;
  /** In rows, or in persons where they are counted. */
  readonly smallestClass: number;
  /** The least diverse class (in the kind of l asked), and the one farthest from the whole. */
  readonly leastDiverse?: number;
  readonly farthest?: number;
  readonly failed: number;
  /** The first ten. */
  readonly failures: readonly PrivacyFailure[];
}

const SHOWN = 10;

/**
 * Counts a released table anew, and knows nothing of how it came to be: rows are one class where all released quasi-identifiers read the same. It
 * shares neither code nor formulas with the partitioner: classes come by refining one column after another, entropy as a product of powers, and the
 * earth mover's distance from the mass that stays, from moving mass greedily, or from flows over the edges of the tree. Where persons are counted, the
 * table has their column, which is not released.
 */
export function recheck(released: Table, ask: Ask): Verdict {
  checkAsk(ask);
  const rows = checkedLength(released);
  const { groupOf, sizes } = grouped(released, ask.quasi, rows);
  const people = ask.person === undefined ? undefined : peopleOf(released, ask.person, groupOf, sizes.length);
  const crowds = people?.persons.map(({ size }) => size) ?? sizes;
  const failures: PrivacyFailure[] = [];
  const failing = new Set<number>();
  const fail = (group: number, failure: Omit<PrivacyFailure, 'quasi' | 'rows' | 'persons'>): void => {
    failing.add(group);
    if (failures.length === SHOWN) return;
    const row = groupOf.indexOf(group);
    failures.push({
      ...failure,
      quasi: Object.fromEntries(ask.quasi.map((name) => [name, valueAt(columnOf(released, name), row)])),
      rows: sizes[group] as number,
      ...(people ? { persons: crowds[group] } : {}),
    });
  };
  let smallestClass = rows;
  for (const [group, size] of crowds.entries()) {
    smallestClass = Math.min(smallestClass, size);
    if (size < ask.k) fail(group, { rule: 'k', found: size, asked: ask.k });
  }
  let [leastDiverse, farthest]: (number | undefined)[] = [];
  for (const column of ask.l || ask.t ? (ask.sensitive ?? []) : []) {
    const texts = textsOf(columnOf(released, column), rows);
    const tallies = sizes.map(() => new Map<string, number>());
    const whole = new Map<string, number>();
    const told = new Set<string>();
    const toldOfAll = new Set<string>();
    const counted = sizes.map(() => 0);
    for (let row = 0; row < rows; row += 1) {
      const text = texts[row] as string;
      const group = groupOf[row] as number;
      const one = people ? `${people.names[row] as string}\0${text}` : undefined;
      if (one === undefined || !toldOfAll.has(one)) whole.set(text, (whole.get(text) ?? 0) + 1);
      if (one !== undefined) toldOfAll.add(one);
      if (one !== undefined && told.has(`${group}\0${one}`)) continue;
      if (one !== undefined) told.add(`${group}\0${one}`);
      counted[group] = (counted[group] as number) + 1;
      const tally = tallies[groupOf[row] as number] as Map<string, number>;
      tally.set(text, (tally.get(text) ?? 0) + 1);
    }
    const distance =
      ask.t &&
      distanceFrom(
        whole,
        [...whole.values()].reduce((sum, count) => sum + count, 0),
        ask.t,
      );
    for (const [group, tally] of tallies.entries()) {
      if (ask.l) {
        const found = diversity(people ? atTheLeast(tally, crowds[group] as number) : tally, crowds[group] as number, ask.l);
        leastDiverse = Math.min(leastDiverse ?? found, found);
        if (found < ask.l.l * (1 - ROUNDING)) fail(group, { rule: 'l', column, found, asked: ask.l.l });
      }
      if (ask.t && distance) {
        const found = distance(tally, counted[group] as number);
        farthest = Math.max(farthest ?? 0, found);
        // Not `found > t`: a distance that is no number must fail.
        if (!(found <= ask.t.t + ROUNDING)) fail(group, { rule: 't', column, found, asked: ask.t.t });
      }
    }
  }
  return {
    passed: rows > 0 && failing.size === 0,
    rows,
    classes: sizes.length,
    smallestClass,
    ...(leastDiverse === undefined ? {} : { leastDiverse }),
    ...(farthest === undefined ? {} : { farthest }),
    failed: failing.size,
    failures,
  };
}

/** Who has rows in each class. @throws SKEIN_PRIVACY_INVALID for a row of nobody */
function peopleOf(released: Table, person: string, groupOf: Int32Array, groups: number): { names: readonly string[]; persons: readonly ReadonlySet<string>[] } {
  const names = textsOf(columnOf(released, person), groupOf.length);
  const nobody = names.indexOf(MISSING);
  if (nobody >= 0) throw new SkeinError('SKEIN_PRIVACY_INVALID', `row ${nobody + 1} has no person in ${JSON.stringify(person)}`);
  const persons = Array.from({ length: groups }, () => new Set<string>());
  for (const [row, name] of names.entries()) (persons[groupOf[row] as number] as Set<string>).add(name);
  return { names, persons };
}

/** The values that most persons have, until they could be all persons' only ones. */
function atTheLeast(tally: ReadonlyMap<string, number>, persons: number): Map<string, number> {
  const least = new Map<string, number>();
  let covered = 0;
  for (const [text, count] of [...tally].sort(([, a], [, b]) => b - a)) {
    if (covered >= persons) break;
    least.set(text, Math.min(count, persons - covered));
    covered += count;
  }
  return least;
}

/** Refines one class of all rows, column by column: rows stay together while they read the same. */
function grouped(released: Table, quasi: readonly string[], rows: number): { groupOf: Int32Array; sizes: number[] } {
  let groupOf = new Int32Array(rows);
  let groups = 1;
  for (const name of quasi) {
    const [codes, kinds] = readings(columnOf(released, name), rows);
    const next = new Int32Array(rows);
    let count = 0;
    if (groups * kinds <= 4 * rows + 65_536) {
      const seen = new Int32Array(groups * kinds);
      for (let row = 0; row < rows; row += 1) {
        const at = (groupOf[row] as number) * kinds + (codes[row] as number);
        if (seen[at] === 0) seen[at] = ++count;
        next[row] = (seen[at] as number) - 1;
      }
    } else {
      const seen = new Map<number, number>();
      for (let row = 0; row < rows; row += 1) {
        const at = (groupOf[row] as number) * kinds + (codes[row] as number);
        let group = seen.get(at);
        if (group === undefined) seen.set(at, (group = count++));
        next[row] = group;
      }
    }
    groupOf = next;
    groups = count;
  }
  const sizes = new Array<number>(rows === 0 ? 0 : groups).fill(0);
  for (const group of groupOf) sizes[group] = (sizes[group] as number) + 1;
  return { groupOf, sizes };
}

const MISSING = 'missing';
/** What a cell reads as; a missing one reads like no text. */
const reading = (value: ReturnType<typeof valueAt>): string => (value === null ? MISSING : `=${String(value)}`);

/** Numbers for what the cells read as: equal readings have one number, whatever the codes of the column say. */
function readings(column: Column, rows: number): [Int32Array, number] {
  const known = new Map<string, number>();
  const numberOf = (text: string): number => {
    const found = known.get(text);
    if (found !== undefined) return found;
    known.set(text, known.size);
    return known.size - 1;
  };
  if (isDictionary(column)) {
    const missing = numberOf(MISSING);
    const ofCode = column.labels.map((label) => numberOf(reading(label)));
    return [Int32Array.from(column.codes, (code) => ofCode[code] ?? missing), known.size];
  }
  const codes = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) codes[row] = numberOf(reading(valueAt(column, row)));
  return [codes, Math.max(1, known.size)];
}

function textsOf(column: Column, rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => reading(valueAt(column, row)));
}

/** How diverse a class is, as the l that it reaches. */
function diversity(tally: ReadonlyMap<string, number>, size: number, asked: Diversity): number {
  if (asked.kind === 'distinct') return tally.size;
  // exp of the entropy is the product of p^(−p).
  if (asked.kind === 'entropy') return [...tally.values()].reduce((product, count) => product * (size / count) ** (count / size), 1);
  const falling = [...tally.values()].sort((a, b) => b - a);
  let [rest, reached] = [size, 0];
  for (const count of falling) {
    if (!((falling[0] as number) < asked.c * rest)) break;
    reached += 1;
    rest -= count;
  }
  return reached;
}

function distanceFrom(whole: ReadonlyMap<string, number>, rows: number, asked: Closeness): (tally: ReadonlyMap<string, number>, size: number) => number {
  const share = (text: string): number => (whole.get(text) ?? 0) / rows;
  if (asked.distance === 'equal') return (tally, size) => 1 - [...tally].reduce((stays, [text, count]) => stays + Math.min(count / size, share(text)), 0);
  if (asked.distance === 'hierarchical') return (tally, size) => overTree(asked.hierarchy, tally, size, share);
  const order = asked.order?.map((label) => `=${label}`) ?? inOrder([...whole.keys()]);
  const known = new Set(order);
  return (tally, size) => ([...tally.keys()].every((text) => known.has(text)) ? byMoving(order, tally, size, share) : Number.NaN);
}

/** Numbers by size, whole ones exactly even beyond 2^53; none at all where something is no number. */
function inOrder(readings: readonly string[]): string[] {
  const texts = readings.map((text) => text.slice(1));
  if (readings.includes(MISSING) || !texts.every((text) => text !== '' && !Number.isNaN(Number(text)))) return [];
  const sorted = texts.every((text) => /^-?\d+$/.test(text))
    ? texts.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
    : texts.toSorted((a, b) => Number(a) - Number(b));
  return sorted.map((text) => `=${text}`);
}

/** Carries mass from the class to the whole, always the next that is left to the next that is free: optimal on a line. */
function byMoving(order: readonly string[], tally: ReadonlyMap<string, number>, size: number, share: (text: string) => number): number {
  if (order.length < 2) return 0;
  const have = order.map((text) => (tally.get(text) ?? 0) / size);
  const want = order.map(share);
  let [from, to, cost] = [0, 0, 0];
  while (from < order.length && to < order.length) {
    const moved = Math.min(have[from] as number, want[to] as number);
    cost += moved * Math.abs(from - to);
    have[from] = (have[from] as number) - moved;
    want[to] = (want[to] as number) - moved;
    if ((have[from] as number) <= 0) from += 1;
    else to += 1;
  }
  return cost / (order.length - 1);
}

/** The distance of two leaves is the length of the way over the tree; mass crosses an edge as much as the sums below it differ. */
function overTree(hierarchy: Hierarchy, tally: ReadonlyMap<string, number>, size: number, share: (text: string) => number): number {
  const leaves = [...hierarchy.leafOf].sort((a, b) => a[1] - b[1]).map(([label]) => (tally.get(`=${label}`) ?? 0) / size - share(`=${label}`));
  const known = [...tally.keys()].every((text) => hierarchy.leafOf.has(text.slice(1)) && text !== MISSING);
  if (!known) return Number.NaN;
  const before = [0];
  for (const difference of leaves) before.push((before.at(-1) as number) + difference);
  let cost = 0;
  for (const node of hierarchy.nodes) {
    const parent = hierarchy.nodes[node.parent];
    if (parent) cost += ((parent.height - node.height) / (2 * hierarchy.height)) * Math.abs((before[node.last + 1] as number) - (before[node.first] as number));
  }
  return cost;
}
