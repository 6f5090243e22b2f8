import { SkeinError } from '@skein/kernel';
import { isDictionary, type Column } from './column.ts';
import { flatHierarchy, nodeOver, runLabel, type Hierarchy, type HierarchyNode } from './hierarchy.ts';

/** One column as ranks: 0 is the smallest number, or the first leaf of the hierarchy. */
export interface Dimension {
  readonly name: string;
  /** −1 where the value is missing. */
  readonly codes: Int32Array;
  /** Ranks are below it. */
  readonly size: number;
  /** Absent for numbers. */
  readonly hierarchy?: Hierarchy;
  /** A class is generalised to a node of the hierarchy, never to a run of leaves. */
  readonly nodesOnly?: boolean;
  /**
   * How much of the column's range the ranks `low` to `high` span, 0 to 1: for numbers (high − low) ÷ (largest − smallest); for categories the leaves
   * that the label stands for ÷ all leaves, and 0 for one leaf.
   */
  width(low: number, high: number): number;
  /** What stands in the release for them: `17`, `[17, 25]`, a node's label, or the fewest nodes that make up the run: `{Asia, Cuba}`. */
  label(low: number, high: number): string;
}

type Numeric = Float64Array | Int32Array;

/**
 * Reads a column as a dimension. With a hierarchy every value must be one of its leaves; without one, numbers are numbers and all else are categories
 * in the order of their code points.
 * @throws SKEIN_PRIVACY_INVALID for mixed kinds and infinite numbers, SKEIN_HIERARCHY_INVALID for a category that the hierarchy lacks
 */
export function dimensionOf(name: string, column: Column, hierarchy?: Hierarchy, nodesOnly = false): Dimension {
  if (isDictionary(column)) return categories(name, column.labels, column.codes, hierarchy, nodesOnly);
  if (column instanceof BigInt64Array || column instanceof BigUint64Array)
    return hierarchy ? texts(name, Array.from(column, String), hierarchy, nodesOnly) : bigints(name, Array.from(column));
  if (!Array.isArray(column)) return hierarchy ? texts(name, Array.from(column as Numeric, String), hierarchy, nodesOnly) : numbers(name, column as Numeric);
  const values = column as readonly (string | number | bigint | boolean | null | undefined)[];
  const kinds = new Set<string>();
  for (const value of values) if (value !== null && value !== undefined && !Number.isNaN(value)) kinds.add(typeof value);
  if (hierarchy)
    return texts(
      name,
      values.map((value) => textOf(value)),
      hierarchy,
      nodesOnly,
    );
  if (kinds.has('bigint') && [...kinds].every((kind) => kind === 'bigint' || kind === 'number'))
    return bigints(
      name,
      values.map((value, row) => {
        if (value === null || value === undefined || typeof value === 'bigint') return (value as bigint | undefined) ?? null;
        if (Number.isNaN(value)) return null;
        if (!Number.isSafeInteger(value))
          throw new SkeinError('SKEIN_PRIVACY_INVALID', `row ${row + 1} holds ${String(value)} in ${JSON.stringify(name)}, a column of integers`);
        return BigInt(value);
      }),
    );
  if (kinds.size > 1)
    throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(name)} holds ${[...kinds].sort().join(' and ')}: one column holds one kind of values`);
  if (kinds.has('number'))
    return numbers(
      name,
      Float64Array.from(values, (value) => (value as number | null) ?? Number.NaN),
    );
  return texts(
    name,
    values.map((value) => textOf(value)),
    undefined,
    nodesOnly,
  );
}

const textOf = (value: string | number | bigint | boolean | null | undefined): string | null =>
  value === null || value === undefined || Number.isNaN(value) ? null : String(value);

function texts(name: string, values: readonly (string | null)[], hierarchy?: Hierarchy, nodesOnly = false): Dimension {
  const codes = new Int32Array(values.length);
  const known = new Map<string, number>();
  const labels: string[] = [];
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as string | null;
    if (value === null) {
      codes[row] = -1;
      continue;
    }
    let code = known.get(value);
    if (code === undefined) {
      code = labels.length;
      known.set(value, code);
      labels.push(value);
    }
    codes[row] = code;
  }
  return categories(name, labels, codes, hierarchy, nodesOnly);
}

function categories(name: string, labels: readonly string[], given: Int32Array, declared: Hierarchy | undefined, nodesOnly: boolean): Dimension {
  const hierarchy = declared ?? flatHierarchy(labels.length > 0 ? labels.toSorted() : ['']);
  const leaves = labels.map((label) => hierarchy.leafOf.get(label) ?? -1);
  const codes = new Int32Array(given.length);
  for (let row = 0; row < given.length; row += 1) {
    const code = given[row] as number;
    const leaf = code < 0 ? -1 : (leaves[code] ?? -1);
    if (leaf < 0 && code >= 0)
      throw new SkeinError(
        'SKEIN_HIERARCHY_INVALID',
        `row ${row + 1} holds ${JSON.stringify(labels[code])} in ${JSON.stringify(name)}, which its hierarchy lacks`,
      );
    codes[row] = leaf;
  }
  const size = hierarchy.leafNode.length;
  if (nodesOnly) {
    const node = (low: number, high: number): HierarchyNode => hierarchy.nodes[nodeOver(hierarchy, low, high)] as HierarchyNode;
    const width = (low: number, high: number): number => {
      const { first, last } = node(low, high);
      return low === high ? 0 : (last - first + 1) / size;
    };
    return { name, codes, size, hierarchy, nodesOnly, width, label: (low, high) => node(low, high).label };
  }
  return {
    name,
    codes,
    size,
    hierarchy,
    width: (low, high) => (low === high ? 0 : (high - low + 1) / size),
    label: (low, high) => runLabel(hierarchy, low, high),
  };
}

function numbers(name: string, values: Numeric): Dimension {
  const [low, high] = range(name, values);
  // the difference of two large numbers may be infinite, and half of that of two small ones nothing
  const minus = Number.isFinite(high - low) ? (a: number, b: number): number => a - b : (a: number, b: number): number => a / 2 - b / 2;
  const codes = new Int32Array(values.length);
  const whole = values instanceof Int32Array || values.every((value) => Number.isInteger(value) || Number.isNaN(value));
  if (whole && high - low < Math.max(65_536, 2 * values.length)) {
    // Whole numbers close together are ranked by counting.
    const ranks = new Int32Array(Math.max(0, high - low + 1));
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row] as number;
      if (value === value) ranks[value - low] = 1;
    }
    const distinct: number[] = [];
    for (let at = 0; at < ranks.length; at += 1) if (ranks[at] === 1) ranks[at] = distinct.push(at + low) - 1;
    for (let row = 0; row < values.length; row += 1) {
      const value = values[row] as number;
      codes[row] = value === value ? (ranks[value - low] as number) : -1;
    }
    return ranked(name, codes, distinct, minus);
  }
  const sorted = Float64Array.from(values).sort();
  const distinct = new Float64Array(sorted.length);
  let count = 0;
  for (const value of sorted) if (value === value && (count === 0 || distinct[count - 1] !== value)) distinct[count++] = value;
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    codes[row] = value === value ? rankOf(distinct, count, value) : -1;
  }
  return ranked(name, codes, distinct.subarray(0, count), minus);
}

function range(name: string, values: Numeric): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number;
    if (value < low) low = value;
    if (value > high) high = value;
    if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `row ${row + 1} holds ${value} in ${JSON.stringify(name)}, and no range has a width with it`);
  }
  return [low, high];
}

function rankOf(sorted: Float64Array, count: number, value: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function bigints(name: string, values: readonly (bigint | null)[]): Dimension {
  const distinct = [...new Set(values.filter((value) => value !== null))].sort((a, b) => (a < b ? -1 : 1));
  const rank = new Map(distinct.map((value, at) => [value, at]));
  return ranked(
    name,
    Int32Array.from(values, (value) => (value === null ? -1 : (rank.get(value) as number))),
    distinct,
    // Only the difference becomes a float: neighbours beyond 2^53 stay apart.
    (a, b) => Number(a - b),
  );
}

function ranked<T extends number | bigint>(name: string, codes: Int32Array, distinct: ArrayLike<T>, minus: (a: T, b: T) => number): Dimension {
  const span = distinct.length > 1 ? minus(distinct[distinct.length - 1] as T, distinct[0] as T) : 0;
  return {
    name,
    codes,
    size: distinct.length,
    width: (low, high) => (low === high ? 0 : minus(distinct[high] as T, distinct[low] as T) / span),
    label: (low, high) => (low === high ? String(distinct[low]) : `[${distinct[low]}, ${distinct[high]}]`),
  };
}
