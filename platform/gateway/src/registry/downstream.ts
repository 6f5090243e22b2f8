import type { Catalog } from '@skein/federation';
import type { SnapshotStore } from '@skein/ports';

/** Products whose live snapshots were made from this one, directly or by way of others. */
export async function downstreamOf(product: string, catalog: Catalog, store: SnapshotStore): Promise<string[]> {
  const inputs = await Promise.all(
    catalog.products
      .filter(({ kind }) => kind === 'product')
      .map(async ({ contract, table }) => ({ product: contract.product, from: (await store.current(table))?.lineage.inputs.map(({ name }) => name) ?? [] })),
  );
  const reached = new Set([product]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const one of inputs) if (one.from.some((name) => reached.has(name))) reached.add(one.product);
  }
  reached.delete(product);
  return [...reached].sort();
}
