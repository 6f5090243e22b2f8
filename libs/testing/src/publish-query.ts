import type { Contract } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import type { QueryEngine, SnapshotStore } from '@skein/ports';
import { tableOf, type Snapshot } from '@skein/product';

export interface QueryPublication {
  readonly engine: QueryEngine;
  readonly store: SnapshotStore;
  readonly contract: Contract;
  /** SELECT of the contract's columns, by name. */
  readonly query: string;
}

/** Makes the rows of a query the next version of a product, for tests of what reads products: nothing judges them. */
export async function publishQuery({ engine, store, contract, query }: QueryPublication): Promise<Snapshot> {
  const columns = contract.properties.map(({ id, name, type, required }) => ({ propertyId: id, name, type, required }));
  const staging = await store.begin(tableOf(contract), columns);
  const session = await engine.open();
  try {
    const files = await session.writeParquet(query, staging.directory, staging.fields);
    const hash = sha256(query);
    const rows = files.reduce((sum, file) => sum + file.rows, 0n).toString();
    return await store.commit(staging, {
      files,
      contractHash: contract.hash,
      contractVersion: contract.version,
      verdictHash: hash,
      inputHash: hash,
      lineage: { run: hash, inputs: [{ kind: 'landing', name: 'test.ndjson', sha256: hash }], columns: [] },
      verdict: { passed: true, rows, refused: '0', gates: [] },
    });
  } finally {
    await session.close();
  }
}
