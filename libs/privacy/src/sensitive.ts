import { SkeinError } from '@skein/kernel';
import type { Ask } from './ask.ts';
import { isClose } from './closeness.ts';
import { columnOf, rowsOf, type Table } from './column.ts';
import { dimensionOf } from './dimension.ts';
import { isDiverse } from './diversity.ts';
import { hierarchyOf, type Hierarchy } from './hierarchy.ts';
import type { Admits } from './mondrian.ts';
import { leastDiverse, type Persons } from './persons.ts';

/** Checks l and t of any set of rows, given by their positions in `kept`. Undefined where neither is asked. */
export function sensitiveGuard(table: Table, kept: Int32Array, ask: Ask, persons?: Persons): Admits | undefined {
  if (!ask.l && !ask.t) return undefined;
  const columns = (ask.sensitive ?? []).map((name) => {
    // Of the rows that are released only: values that all were left out with their rows have no part in any distance.
    const { codes, size, hierarchy } = dimensionOf(name, rowsOf(columnOf(table, name), kept), orderOf(ask));
    if (ask.t?.distance === 'ordered' && !ask.t.order && hierarchy)
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(name)} holds texts, which have no order unless one is given`);
    // A missing value is a value like any other: that somebody has none may be the secret.
    const missing = codes.includes(-1);
    if (missing && ask.t && ask.t.distance !== 'equal')
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(name)} lacks values, and a missing value has no ${ask.t.distance} distance`);
    const values = size + (missing ? 1 : 0);
    const code = codes.map((value) => (value < 0 ? size : value));
    const counts = new Int32Array(values);
    const tally = tallyOf(code, values, counts, persons);
    const all = tally(Int32Array.from(kept.keys()), 0, kept.length);
    return { tally, whole: Float64Array.from(counts, (count) => count / all), counts };
  });
  return (order, from, to) => {
    const size = persons ? persons.within(order, from, to) : to - from;
    return columns.every(({ tally, whole, counts }) => {
      const counted = tally(order, from, to);
      return (!ask.l || isDiverse(persons ? leastDiverse(counts, size) : counts, size, ask.l)) && (!ask.t || isClose(counts, counted, whole, ask.t));
    });
  };
}

/** Counts values into `counts`, and says how many it counted: each row, or each person once for each of their values. */
function tallyOf(code: Int32Array, values: number, counts: Int32Array, persons: Persons | undefined): (order: Int32Array, from: number, to: number) => number {
  if (!persons)
    return (order, from, to) => {
      counts.fill(0);
      for (let at = from; at < to; at += 1) {
        const value = code[order[at] as number] as number;
        counts[value] = (counts[value] as number) + 1;
      }
      return to - from;
    };
  const known = new Map<number, number>();
  const pairs = code.map((value, at) => {
    const pair = (persons.codes[at] as number) * values + value;
    const found = known.get(pair);
    if (found === undefined) known.set(pair, known.size);
    return found ?? known.size - 1;
  });
  const marks = new Int32Array(known.size);
  let mark = 0;
  return (order, from, to) => {
    counts.fill(0);
    mark += 1;
    let counted = 0;
    for (let at = from; at < to; at += 1) {
      const row = order[at] as number;
      const pair = pairs[row] as number;
      if (marks[pair] === mark) continue;
      marks[pair] = mark;
      counts[code[row] as number] = (counts[code[row] as number] as number) + 1;
      counted += 1;
    }
    return counted;
  };
}

function orderOf({ t }: Ask): Hierarchy | undefined {
  if (t?.distance === 'hierarchical') return t.hierarchy;
  // Leaves keep the order given.
  if (t?.distance === 'ordered' && t.order) return hierarchyOf(t.order.map((label) => [label, '*']));
  return undefined;
}
