/**
 * The first cycle of a directed graph, as the names along it with the first repeated at the end, or undefined.
 * Names without edges of their own are leaves.
 */
export function findCycle(edges: readonly (readonly [from: string, to: readonly string[]])[]): readonly string[] | undefined {
  const graph = new Map(edges);
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (name: string): readonly string[] | undefined => {
    if (done.has(name)) return undefined;
    const start = path.indexOf(name);
    if (start >= 0) return [...path.slice(start), name];
    path.push(name);
    for (const next of graph.get(name) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return undefined;
}
