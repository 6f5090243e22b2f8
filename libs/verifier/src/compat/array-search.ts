import { canonicalValue } from './json-value.ts';
import { no, Undecided, yes, type Literal, type Node } from './node.ts';
import { NONE, some, unknown, type Outcome } from './outcome.ts';
import type { Search } from './search.ts';

/** One item that must be there: at or after `from`, meeting `literals`. Items of one group are different positions. */
interface Need {
  readonly from: number;
  readonly to: number;
  readonly literals: readonly Literal[];
  readonly group: number;
}

const MOST_ITEMS = 2_000;
const MOST_DISTINCT = 80;
const MOST_NEEDS = 24;

/** The array under construction: what each position must meet beyond the rules for all. */
type Extra = ReadonlyMap<number, readonly Literal[]>;

/**
 * Finds an array that keeps the rules of `kept` and breaks each of `broken`. Rules that ask for an item (`contains`, the
 * contrary of `items`) are given positions in every way that differs; the shortest array that has them is then filled.
 */
export function findArray(search: Search, kept: readonly Node[], broken: readonly Node[]): Outcome {
  let [low, high] = [0, Infinity];
  let [distinct, repeated] = [false, false];
  const items: Extract<Node, { is: 'items' }>[] = [];
  const everywhere: Literal[] = [];
  const needs: Need[] = [];
  const limits: { readonly of: Node; readonly most: number }[] = [];
  /** Rules that can be broken in two ways. */
  const choices: { of: Node; low: number; high: number }[] = [];
  let group = 0;
  const count = (of: Node, least: number, most: number) => {
    if (least > MOST_NEEDS) throw new Undecided('too many items are asked for');
    for (let number = 0; number < least; number++) needs.push({ from: 0, to: Infinity, literals: [yes(of)], group });
    group += 1;
    if (most === 0) everywhere.push(no(of));
    else if (most < Infinity) limits.push({ of, most });
  };
  for (const node of kept) {
    if (node.is === 'size') {
      if (node.side === 'low') low = Math.max(low, node.size);
      else high = Math.min(high, node.size);
    } else if (node.is === 'items') items.push(node);
    else if (node.is === 'unique') distinct = true;
    else if (node.is === 'contains') count(node.of, node.low, node.high);
  }
  const breaking: (readonly Need[])[] = [];
  for (const node of broken) {
    if (node.is === 'size') {
      if (node.side === 'low') high = Math.min(high, node.size - 1);
      else low = Math.max(low, node.size + 1);
    } else if (node.is === 'items') {
      group += 1;
      breaking.push([
        ...node.prefix.map((part, at) => ({ from: at, to: at, literals: [no(part)], group })),
        ...(node.rest.is === 'true' ? [] : [{ from: node.prefix.length, to: Infinity, literals: [no(node.rest)], group }]),
      ]);
    } else if (node.is === 'unique') repeated = true;
    else if (node.is === 'contains') choices.push({ of: node.of, low: node.low, high: node.high });
  }
  if (low > high || (distinct && repeated)) return NONE;
  const prefix = items.reduce(
    (most, node) => Math.max(most, node.prefix.length),
    breaking.flat().reduce((most, need) => Math.max(most, need.to < Infinity ? need.to + 1 : need.from), 0),
  );
  const base = (at: number): Literal[] => [...everywhere, ...items.map((node) => yes(node.prefix[at] ?? node.rest))];

  // A count is missed from below or from above.
  const [choice, ...moreChoices] = choices;
  if (choice) {
    const rest = broken.filter((node) => !(node.is === 'contains' && node.of === choice.of && node.low === choice.low && node.high === choice.high));
    if (moreChoices.length > 8) throw new Undecided('too many counts of items are denied');
    const ways = [
      ...(choice.low > 0 ? [search.nodes.contains(choice.of, 0, choice.low - 1)] : []),
      ...(choice.high < Infinity ? [search.nodes.contains(choice.of, choice.high + 1, Infinity)] : []),
    ];
    return firstOf(ways.map((way) => () => findArray(search, [...kept, way], rest)));
  }

  const meets = (at: number, extra: Extra): Outcome => search.find([...base(at), ...(extra.get(at) ?? [])]);
  const place = (left: readonly Need[], ways: readonly (readonly Need[])[], extra: Extra, groups: ReadonlyMap<number, ReadonlySet<number>>): Outcome => {
    search.step();
    const [way, ...otherWays] = ways;
    if (way) return firstOf(way.map((need) => () => place([need, ...left], otherWays, extra, groups)));
    const [need, ...rest] = left;
    if (!need) return finish(extra);
    const used = groups.get(need.group) ?? new Set<number>();
    const highest = Math.max(prefix - 1, ...extra.keys());
    const positions: number[] = [];
    // Behind the prefix all free positions are alike: one new position stands for all of them.
    for (let at = need.from; at <= Math.min(need.to, highest + 1, high - 1); at++) if (!used.has(at)) positions.push(at);
    return firstOf(
      positions.map((at) => () => {
        const next = new Map(extra).set(at, [...(extra.get(at) ?? []), ...need.literals]);
        const possible = meets(at, next);
        if (possible.is === 'none') return possible;
        return place(rest, [], next, new Map(groups).set(need.group, new Set([...used, at])));
      }),
    );
  };

  const finish = (extra: Extra): Outcome => {
    const length = Math.max(low, ...[...extra.keys()].map((at) => at + 1));
    if (length > high) return NONE;
    if (!repeated) return limited(extra, length, distinct);
    // Two items are the same: each pair that differs in its rules is tried.
    const plain: number[] = [];
    for (let at = prefix; plain.length < 2; at++) if (!extra.has(at)) plain.push(at);
    const places = [...new Set([...Array.from({ length: prefix }, (_, at) => at), ...extra.keys(), ...plain])].filter((at) => at < high).sort((a, b) => a - b);
    const ways = places.flatMap((second, index) =>
      places.slice(0, index).map((first) => () => {
        const both = [...new Set([...base(first), ...base(second), ...(extra.get(first) ?? []), ...(extra.get(second) ?? [])])];
        return limited(new Map(extra).set(first, both).set(second, both), Math.max(length, second + 1), false);
      }),
    );
    return firstOf(ways);
  };

  /** Decides for each position whether it counts towards a limit. */
  const limited = (extra: Extra, length: number, different: boolean): Outcome => {
    if (length > MOST_ITEMS) {
      for (let at = 0; at <= prefix; at++) if (meets(at, extra).is === 'none') return NONE;
      return unknown('an array of that length is not written out');
    }
    if (limits.length === 0) return fill(extra, length, different);
    if (length > 24) return unknown('a limited count over so many items is not decided');
    const decide = (at: number, which: number, counted: number, sofar: Extra): Outcome => {
      search.step();
      const limit = limits[which];
      if (!limit) return fill(sofar, length, different);
      if (at >= length) return decide(0, which + 1, 0, sofar);
      const without = new Map(sofar).set(at, [...(sofar.get(at) ?? []), no(limit.of)]);
      return firstOf([
        () => {
          const possible = meets(at, without);
          return possible.is === 'none' ? possible : decide(at + 1, which, counted, without);
        },
        () => (counted < limit.most ? decide(at + 1, which, counted + 1, new Map(sofar).set(at, [...(sofar.get(at) ?? []), yes(limit.of)])) : NONE),
      ]);
    };
    return decide(0, 0, 0, extra);
  };

  const fill = (extra: Extra, length: number, different: boolean): Outcome => {
    const goals = Array.from({ length }, (_, at) => [...base(at), ...(extra.get(at) ?? [])]);
    if (different && length > 1) return fillDistinct(search, goals);
    const made: unknown[] = [];
    let doubt: Outcome | undefined;
    for (const goal of goals) {
      const found = search.find(goal);
      if (found.is === 'none') return NONE;
      if (found.is === 'unknown') doubt = found;
      else made.push(found.value);
    }
    return doubt ?? some(made);
  };

  return place(needs, breaking, new Map(), new Map());
}

/** Items that all differ. As many candidates for each position as there are positions are enough: a matching then decides. */
function fillDistinct(search: Search, goals: readonly (readonly Literal[])[]): Outcome {
  if (goals.length > MOST_DISTINCT) return unknown('so many different items are not written out');
  const byGoal = new Map<string, { values: unknown[]; complete: boolean }>();
  let complete = true;
  const candidates = goals.map((goal) => {
    const key = [...new Set(goal)].sort((a, b) => a - b).join();
    const known = byGoal.get(key) ?? search.findMany(goal, goals.length);
    byGoal.set(key, known);
    if (known.values.length < goals.length && !known.complete) complete = false;
    return known.values.map((value) => ({ value, key: canonicalValue(value) }));
  });
  const owner = new Map<string, number>();
  const taken = new Map<number, unknown>();
  const give = (at: number, tried: Set<string>): boolean => {
    for (const { value, key } of candidates[at] ?? []) {
      search.step();
      if (tried.has(key)) continue;
      tried.add(key);
      const holder = owner.get(key);
      if (holder !== undefined && !give(holder, tried)) continue;
      owner.set(key, at);
      taken.set(at, value);
      return true;
    }
    return false;
  };
  for (let at = 0; at < goals.length; at++) if (!give(at, new Set())) return complete ? NONE : unknown('not enough different items were found');
  return some(goals.map((_, at) => taken.get(at)));
}

/** The first way that leads to a value; none only when every way leads nowhere. */
export function firstOf(ways: readonly (() => Outcome)[]): Outcome {
  let result: Outcome = NONE;
  for (const way of ways) {
    const found = way();
    if (found.is === 'some') return found;
    if (found.is === 'unknown') result = found;
  }
  return result;
}
