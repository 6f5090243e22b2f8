import type { Dimension } from './dimension.ts';
import { nodeOver, type HierarchyNode } from './hierarchy.ts';

/** Whether the rows that stand from `from` to before `to` in `order` may be released as one class. */
export type Admits = (order: Int32Array, from: number, to: number) => boolean;

/** Equivalence classes: which one each row is in, and the ranks that each spans in each dimension (low, high, low, high, …). */
export interface Classes {
  readonly count: number;
  /** By the position in `rows`. */
  readonly classOf: Int32Array;
  readonly sizes: Int32Array;
  readonly bounds: Int32Array;
}

/**
 * Strict multidimensional Mondrian (LeFevre, DeWitt, Ramakrishnan, ICDE 2006): a partition is cut along its widest dimension that can be cut, at the
 * median (of numbers, or of leaves in the order of their tree) or, where only nodes may be released, into the children of a node, until no cut leaves
 * at least `k` rows on each side that `admits` lets pass. Strict: equal values never part. Of the two cuts beside the median the more even one is
 * taken. Bounds are those of the rows in a class.
 */
export function mondrian(dimensions: readonly Dimension[], rows: Int32Array, k: number, admits?: Admits): Classes {
  const d = dimensions.length;
  const n = rows.length;
  const largest = dimensions.reduce((most, { size }) => Math.max(most, size), 1);
  // All ranks of one row lie together: a row costs one line of the cache, whatever the number of dimensions.
  const ranks = largest <= 65_536 ? new Uint16Array(n * d) : new Int32Array(n * d);
  for (let j = 0; j < d; j += 1) {
    const { codes } = dimensions[j] as Dimension;
    for (let at = 0, to = j; at < n; at += 1, to += d) ranks[to] = codes[rows[at] as number] as number;
  }
  /** Positions in `rows`, in the order of the partitions; a cut writes from one buffer to the same places of the other. */
  const buffers: readonly [Int32Array, Int32Array] = [new Int32Array(n), new Int32Array(n)];
  for (let at = 0; at < n; at += 1) buffers[0][at] = at;

  const classOf = new Int32Array(n);
  const most = Math.max(1, Math.floor(n / k));
  const sizes = new Int32Array(most);
  const bounds = new Int32Array(most * 2 * d);
  let count = 0;
  const counts = new Int32Array(largest);
  const widths = new Float64Array(d);
  /** Rows below the edge that `medianEdge` found, which has counted them. */
  let under = 0;
  const whole = new Int32Array(2 * d);
  for (let j = 0; j < d; j += 1) whole[2 * j + 1] = Math.max(0, (dimensions[j] as Dimension).size - 1);
  const stack: Part[] = [{ from: 0, to: n, side: 0, bounds: spanOf(buffers[0], 0, n, whole) }];

  for (let part = stack.pop(); part; part = stack.pop()) {
    const children = part.to - part.from < 2 * k ? undefined : cut(part);
    if (children) {
      for (const child of children) stack.push(child);
      continue;
    }
    const source = buffers[part.side];
    for (let at = part.from; at < part.to; at += 1) classOf[source[at] as number] = count;
    sizes[count] = part.to - part.from;
    bounds.set(part.bounds, count * 2 * d);
    count += 1;
  }
  return { count, classOf, sizes: sizes.slice(0, count), bounds: bounds.slice(0, count * 2 * d) };

  function cut(part: Part): Part[] | undefined {
    for (let j = 0; j < d; j += 1) widths[j] = (dimensions[j] as Dimension).width(part.bounds[2 * j] as number, part.bounds[2 * j + 1] as number);
    for (let tried = 0; tried < d; tried += 1) {
      let widest = 0;
      for (let j = 1; j < d; j += 1) if ((widths[j] as number) > (widths[widest] as number)) widest = j;
      if ((widths[widest] as number) <= 0) return undefined;
      const children = cutAlong(part, widest);
      if (children) return children;
      widths[widest] = -1;
    }
    return undefined;
  }

  function cutAlong(part: Part, j: number): Part[] | undefined {
    under = 0;
    const edges = (dimensions[j] as Dimension).nodesOnly ? childEdges(dimensions[j] as Dimension, part, j) : medianEdge(part, j);
    if (edges.length === 0) return undefined;
    const source = buffers[part.side];
    const target = buffers[1 - part.side] as Int32Array;
    const edge = edges[0] as number;
    // How many rows fall into each part; a part of none does not come to be.
    const held = new Array<number>(edges.length + 1).fill(0);
    if (under > 0) {
      held[0] = under;
      held[1] = part.to - part.from - under;
    } else
      for (let at = part.from; at < part.to; at += 1) {
        const side = sideOf(edges, ranks[(source[at] as number) * d + j] as number);
        held[side] = (held[side] as number) + 1;
      }
    const starts: number[] = [];
    let start = part.from;
    for (const rowsHeld of held) {
      if (rowsHeld > 0 && rowsHeld < k) return undefined;
      starts.push(start);
      start += rowsHeld;
    }
    const next = starts.slice();
    if (edges.length === 1) {
      let [lower, upper] = [starts[0] as number, starts[1] as number];
      for (let at = part.from; at < part.to; at += 1) {
        const row = source[at] as number;
        if ((ranks[row * d + j] as number) < edge) target[lower++] = row;
        else target[upper++] = row;
      }
      next[0] = lower;
      next[1] = upper;
    } else
      for (let at = part.from; at < part.to; at += 1) {
        const row = source[at] as number;
        const side = sideOf(edges, ranks[row * d + j] as number);
        const to = next[side] as number;
        target[to] = row;
        next[side] = to + 1;
      }
    const parts: Part[] = [];
    for (let side = 0; side < held.length; side += 1) {
      const from = starts[side] as number;
      const to = next[side] as number;
      if (to === from) continue;
      if (admits && !admits(target, from, to)) return undefined;
      parts.push({ from, to, side: part.side === 0 ? 1 : 0, bounds: part.bounds });
    }
    return parts.map(({ from, to, side }) => ({ from, to, side, bounds: spanOf(target, from, to, part.bounds) }));
  }

  /** The first rank of each child after the first. */
  function childEdges({ hierarchy }: Dimension, part: Part, j: number): number[] {
    if (!hierarchy) return medianEdge(part, j);
    const [low, high] = [part.bounds[2 * j] as number, part.bounds[2 * j + 1] as number];
    const over = hierarchy.nodes[nodeOver(hierarchy, low, high)] as HierarchyNode;
    return over.children.map((child) => (hierarchy.nodes[child] as HierarchyNode).first).filter((first) => first > low && first <= high);
  }

  /** The rank at which the upper part begins: of the two cuts beside the median's value, the more even one with `k` rows on both sides. */
  function medianEdge(part: Part, j: number): number[] {
    const [low, high] = [part.bounds[2 * j] as number, part.bounds[2 * j + 1] as number];
    const source = buffers[part.side];
    const size = part.to - part.from;
    const half = size >> 1;
    let [middle, below, equal, above] = [low, 0, 0, high];
    if (high - low < 4 * size + 64) {
      for (let at = part.from; at < part.to; at += 1) {
        const rank = ranks[(source[at] as number) * d + j] as number;
        counts[rank] = (counts[rank] as number) + 1;
      }
      while (below + (counts[middle] as number) < half) below += counts[middle++] as number;
      equal = counts[middle] as number;
      above = middle + 1;
      while (above <= high && counts[above] === 0) above += 1;
      for (let rank = low; rank <= high; rank += 1) counts[rank] = 0;
    } else {
      const sorted = new Int32Array(size);
      for (let at = 0; at < size; at += 1) sorted[at] = ranks[(source[part.from + at] as number) * d + j] as number;
      sorted.sort();
      middle = sorted[half - 1] as number;
      below = sorted.indexOf(middle);
      equal = sorted.lastIndexOf(middle) - below + 1;
      above = sorted[below + equal] ?? high + 1;
    }
    const [upper, lower] = [below + equal, below];
    const upperFits = upper >= k && size - upper >= k;
    const lowerFits = lower >= k && size - lower >= k;
    const takesUpper = upperFits && (!lowerFits || Math.abs(size - 2 * upper) <= Math.abs(size - 2 * lower));
    if (!takesUpper && !lowerFits) return [];
    under = takesUpper ? upper : lower;
    return [takesUpper ? above : middle];
  }

  /** The bounds of some rows, which lie within those of the rows they came from: where those are met, looking on is idle. */
  function spanOf(source: Int32Array, from: number, to: number, within: Int32Array): Int32Array {
    const span = new Int32Array(2 * d);
    for (let j = 0; j < d; j += 1) {
      const [least, greatest] = [within[2 * j] as number, within[2 * j + 1] as number];
      let [low, high] = [greatest, least];
      for (let at = from; at < to && (low > least || high < greatest); at += 1) {
        const rank = ranks[(source[at] as number) * d + j] as number;
        if (rank < low) low = rank;
        if (rank > high) high = rank;
      }
      span[2 * j] = low;
      span[2 * j + 1] = high;
    }
    return span;
  }
}

interface Part {
  readonly from: number;
  readonly to: number;
  /** Which of the two buffers holds its rows. */
  readonly side: 0 | 1;
  readonly bounds: Int32Array;
}

/** How many of the rising `edges` are not above `code`. */
function sideOf(edges: readonly number[], code: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code >= (edges[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}
