import { SkeinError, type Place } from '@skein/kernel';

/** One node of a generalisation hierarchy: the leaves `first` to `last`, in the order of the tree. */
export interface HierarchyNode {
  readonly label: string;
  readonly first: number;
  readonly last: number;
  /** −1 at the root. */
  readonly parent: number;
  readonly children: readonly number[];
  /** Levels above the leaves: a leaf is 0. */
  readonly height: number;
}

/**
 * What a category may be generalised to. Leaves are numbered in the order of the tree, so that every node is a run of leaves; the nodes of the leaves
 * are `leafNode[leaf]`.
 */
export interface Hierarchy {
  readonly nodes: readonly HierarchyNode[];
  readonly leafNode: readonly number[];
  readonly leafOf: ReadonlyMap<string, number>;
  readonly height: number;
}

/** A hierarchy whose only generalisation is "any". */
export function flatHierarchy(labels: Iterable<string>): Hierarchy {
  const leaves = new Set(labels);
  let any = '*';
  // a value may read like that
  while (leaves.has(any)) any += '*';
  return hierarchyOf([...leaves].map((label) => [label, any]));
}

/**
 * Reads lines of `leaf;level 1;…;root`, one for each leaf, as ARX writes hierarchies.
 * @throws SKEIN_HIERARCHY_INVALID with the line at fault
 */
export function readHierarchy(text: string, file = 'hierarchy', delimiter = ';'): Hierarchy {
  const rows: string[][] = [];
  const lines: number[] = [];
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line.trim() === '') continue;
    rows.push(line.split(delimiter).map((label) => label.trim()));
    lines.push(index + 1);
  }
  return hierarchyOf(rows, (index) => ({ file, line: lines[index] ?? 1 }));
}

/**
 * Builds a hierarchy from the paths of its leaves, leaf first and root last. All paths have one length and one root; a node is known by its path
 * from the root.
 * @throws SKEIN_HIERARCHY_INVALID
 */
export function hierarchyOf(rows: readonly (readonly string[])[], place?: (row: number) => Place): Hierarchy {
  const refuse = (message: string, row = 0): never => {
    const at = place?.(row);
    throw new SkeinError('SKEIN_HIERARCHY_INVALID', message, at === undefined ? {} : { place: at });
  };
  const levels = rows[0]?.length ?? 0;
  if (levels < 2) refuse('a hierarchy needs at least one leaf and a root above it');
  const root: Draft = { label: rows[0]?.[levels - 1] ?? '', children: new Map(), row: 0 };
  const seen = new Map<string, number>();
  for (const [row, path] of rows.entries()) {
    if (path.length !== levels) refuse(`${JSON.stringify(path[0])} has ${path.length} levels, and the first leaf has ${levels}`, row);
    if (path[levels - 1] !== root.label)
      refuse(`${JSON.stringify(path[0])} has the root ${JSON.stringify(path[levels - 1])}, not ${JSON.stringify(root.label)}`, row);
    if (seen.has(path[0] as string)) refuse(`${JSON.stringify(path[0])} stands twice`, row);
    seen.set(path[0] as string, row);
    let node = root;
    for (let level = levels - 2; level >= 0; level -= 1) {
      const label = path[level] as string;
      const next = node.children.get(label) ?? { label, children: new Map(), row };
      node.children.set(label, next);
      node = next;
    }
  }
  const nodes: HierarchyNode[] = [];
  const leafNode: number[] = [];
  const leafOf = new Map<string, number>();
  const spans = new Map<string, string>();
  const build = (draft: Draft, parent: number, height: number): number => {
    const at = nodes.length;
    const children: number[] = [];
    const first = leafNode.length;
    nodes.push({ label: draft.label, first, last: first, parent, children, height });
    if (height === 0) {
      leafOf.set(draft.label, first);
      leafNode.push(at);
    } else for (const child of draft.children.values()) children.push(build(child, at, height - 1));
    const last = leafNode.length - 1;
    nodes[at] = { ...(nodes[at] as HierarchyNode), last };
    // A label may repeat along one chain (`Other` below `Other`), but never mean two sets of leaves.
    const span = `${first} ${last}`;
    if ((spans.get(draft.label) ?? span) !== span) refuse(`${JSON.stringify(draft.label)} means two different sets of leaves`, draft.row);
    spans.set(draft.label, span);
    return at;
  };
  build(root, -1, levels - 1);
  return { nodes, leafNode, leafOf, height: levels - 1 };
}

interface Draft {
  readonly label: string;
  readonly children: Map<string, Draft>;
  readonly row: number;
}

/** The smallest node that holds the leaves `low` to `high`. */
export function nodeOver(hierarchy: Hierarchy, low: number, high: number): number {
  let at = hierarchy.leafNode[low] as number;
  while ((hierarchy.nodes[at] as HierarchyNode).last < high) at = (hierarchy.nodes[at] as HierarchyNode).parent;
  return at;
}

/** More nodes than these are named by the first and the last leaf of the run. */
const NAMED = 32;

/** The fewest nodes that together hold the leaves `low` to `high` and no other: one node's label, or `{Asia, Cuba}`. */
export function runLabel(hierarchy: Hierarchy, low: number, high: number): string {
  const labels: string[] = [];
  for (let leaf = low; leaf <= high;) {
    let at = hierarchy.leafNode[leaf] as number;
    for (;;) {
      const above = (hierarchy.nodes[at] as HierarchyNode).parent;
      const parent = hierarchy.nodes[above];
      if (!parent || parent.first < leaf || parent.last > high) break;
      // A leaf alone keeps its own name, even below a node that holds no other.
      if (parent.first === parent.last) break;
      at = above;
    }
    const node = hierarchy.nodes[at] as HierarchyNode;
    labels.push(node.label);
    if (labels.length > NAMED) {
      const name = (one: number): string => (hierarchy.nodes[hierarchy.leafNode[one] as number] as HierarchyNode).label;
      return `{${name(low)} … ${name(high)}}`;
    }
    leaf = node.last + 1;
  }
  return labels.length === 1 ? (labels[0] as string) : `{${labels.join(', ')}}`;
}
