import { ROUNDING, type Closeness } from './ask.ts';
import type { HierarchyNode } from './hierarchy.ts';

/**
 * The earth mover's distance of a class from the whole, by the closed forms of the paper: half the sum of differences (`equal`); the mean of the
 * differences of the cumulated shares (`ordered`); the smaller of surplus and want below each node, at the cost of its height (`hierarchical`).
 */
export function distanceOf(counts: Int32Array, size: number, whole: Float64Array, asked: Closeness): number {
  const m = whole.length;
  if (asked.distance === 'equal') {
    let sum = 0;
    for (let at = 0; at < m; at += 1) sum += Math.abs((counts[at] as number) / size - (whole[at] as number));
    return sum / 2;
  }
  if (asked.distance === 'ordered') {
    let [sum, cumulated] = [0, 0];
    for (let at = 0; at < m; at += 1) {
      cumulated += (counts[at] as number) / size - (whole[at] as number);
      sum += Math.abs(cumulated);
    }
    return m > 1 ? sum / (m - 1) : 0;
  }
  const { nodes, height } = asked.hierarchy;
  // Children stand behind their parent, so walking backwards meets them first. What a node cannot settle below it goes up as surplus or want.
  const extra = new Float64Array(nodes.length);
  let cost = 0;
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const node = nodes[at] as HierarchyNode;
    if (node.children.length === 0) {
      extra[at] = (counts[node.first] as number) / size - (whole[node.first] as number);
      continue;
    }
    let [surplus, want] = [0, 0];
    for (const child of node.children) {
      const left = extra[child] as number;
      if (left > 0) surplus += left;
      else want -= left;
    }
    extra[at] = surplus - want;
    cost += (node.height / height) * Math.min(surplus, want);
  }
  return cost;
}

export const isClose = (counts: Int32Array, size: number, whole: Float64Array, asked: Closeness): boolean =>
  distanceOf(counts, size, whole, asked) <= asked.t + ROUNDING;
