import { SkeinError } from '@skein/kernel';
import type { Ask } from './ask.ts';
import { isClose } from './closeness.ts';
import { columnOf, rowsOf, type Table } from './column.ts';
import { dimensionOf } from './dimension.ts';
import { isDiverse } from './diversity.ts';
import { hierarchyOf, type Hierarchy } from './hierarchy.ts';
import type { Admits } from './mondrian.ts';

/** Checks l and t of any set of rows, given by their positions in `kept`. Undefined where neither is asked. */
export function sensitiveGuard(table: Table, kept: Int32Array, ask: Ask): Admits | undefined {
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
    const whole = new Float64Array(values);
    for (const value of code) whole[value] = (whole[value] as number) + 1 / kept.length;
    return { code, whole, counts: new Int32Array(values) };
  });
  return (order, from, to) =>
    columns.every(({ code, whole, counts }) => {
      counts.fill(0);
      for (let at = from; at < to; at += 1) {
        const value = code[order[at] as number] as number;
        counts[value] = (counts[value] as number) + 1;
      }
      return (!ask.l || isDiverse(counts, to - from, ask.l)) && (!ask.t || isClose(counts, to - from, whole, ask.t));
    });
}

function orderOf({ t }: Ask): Hierarchy | undefined {
  if (t?.distance === 'hierarchical') return t.hierarchy;
  // Leaves keep the order given.
  if (t?.distance === 'ordered' && t.order) return hierarchyOf(t.order.map((label) => [label, '*']));
  return undefined;
}
