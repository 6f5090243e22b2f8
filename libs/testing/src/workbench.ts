import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { systemClock } from '@skein/kernel';
import type { EngineValue } from '@skein/ports';
import { contractSet, tableOf, type ContractSet, type Domain } from '@skein/product';
import { createSwarm, snapshotScan, type Retention, type RunOptions, type RunReport, type Swarm, type SwarmAdapters } from '@skein/swarm';
import { temporaryDirectory } from './temporary-directory.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

let allContracts: Promise<ContractSet> | undefined;

/** Every contract of the repository, read once. */
export function repositoryContracts(): Promise<ContractSet> {
  allContracts ??= readContractFiles(path.join(REPOSITORY, 'contracts')).then((files) =>
    contractSet(files.map(({ contract }) => readContract(contract.text, contract.file))),
  );
  return allContracts;
}

/** A swarm on the real adapters in a directory of its own: real files in, real tables out. */
export interface Workbench extends AsyncDisposable {
  readonly directory: string;
  readonly swarm: Swarm;
  readonly adapters: SwarmAdapters;
  /** Writes files below the source folder. */
  put(files: Readonly<Record<string, string | Uint8Array>>): void;
  /** Runs the swarm over the source folder. */
  run(options?: RunOptions): Promise<RunReport>;
  /** Rows of a live product, such as `shop.orders_feedback`; `query` reads it as `t`. */
  rows<Row = Record<string, EngineValue>>(product: string, query?: string): Promise<Row[]>;
}

export async function workbench(define: (contracts: ContractSet) => Domain, own: readonly Contract[] = [], retention?: Retention): Promise<Workbench> {
  const folder = temporaryDirectory('skein-bench-');
  const known = await repositoryContracts();
  const contracts = contractSet([...known.all, ...own]);
  const adapters: SwarmAdapters = {
    engine: duckdbEngine({ tempDirectory: folder.file('tmp') }),
    store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }),
    landings: localLandingStore({ root: folder.file('landing') }),
    bus: memoryBus(),
    sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: folder.file('rules') }),
    ...(retention ? { retention } : {}),
  };
  const swarm = createSwarm(define(contracts), { feedback: known.get('skein.feedback'), lineage: known.get('skein.lineage') }, adapters);
  mkdirSync(folder.file('sources'));
  return {
    directory: folder.path,
    swarm,
    adapters,
    put(files) {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(path.dirname(folder.file('sources', name)), { recursive: true });
        writeFileSync(folder.file('sources', name), content);
      }
    },
    run: (options) => swarm.run({ from: folder.file('sources'), ...options }),
    async rows<Row>(product: string, query = 'SELECT * FROM t') {
      const [domain = '', name = ''] = product.split('.');
      const contract = swarm.domain.products.find(({ id }) => id === product)?.contract;
      const snapshot = await adapters.store.current(contract ? tableOf(contract) : { domain, name, major: 1 });
      if (!snapshot) throw new Error(`${product} has no snapshot`);
      const session = await adapters.engine.open();
      try {
        return await session.rows<Row>(`WITH t AS (${snapshotScan(snapshot)}) ${query}`);
      } finally {
        await session.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await adapters.sandbox.close();
      await adapters.engine.close();
      await adapters.bus.close();
      folder[Symbol.dispose]();
    },
  };
}
