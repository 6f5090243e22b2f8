import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localBronzeStore, localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { ga4 } from '@skein/ga4';
import { systemClock } from '@skein/kernel';
import type { BronzeStore, BronzeVersion, EngineSession } from '@skein/ports';
import { contractSet, type Domain, type LayoutLimits, type Snapshot } from '@skein/product';
import { createSwarm, layBronze, liveLandings, snapshotScan, succeeded, type Layered, type RunReport, type SwarmAdapters } from '@skein/swarm';
import { temporaryDirectory } from '@skein/testing';

export const TIME_ZONE = 'Europe/Berlin';
const PRODUCTS: readonly string[] = ['events', 'sessions', 'purchases', 'item_demand_daily'];

/** The GA4 swarm on a directory of its own, with bronze in files where limits are given, else without. */
export interface LayeredGa4 extends AsyncDisposable {
  readonly sources: string;
  readonly bronze: BronzeStore;
  run(changes?: Partial<SwarmAdapters>): Promise<RunReport>;
  /** Brings the files of `events_raw` up to what is live, in the store given or its own, without making products. */
  lay(store?: BronzeStore): Promise<Layered>;
  /** Rows and a sum over all cells of every product, whatever the order of the rows. */
  sums(): Promise<Record<string, string>>;
  snapshot(name: string): Promise<Snapshot>;
  version(): Promise<BronzeVersion>;
  withSession<Result>(work: (session: EngineSession) => Promise<Result>): Promise<Result>;
}

/** In `directory`, which then stays, or in a temporary one. `products` are those that are made; all where silent. */
export async function layeredGa4(
  limits: Partial<LayoutLimits> | undefined,
  { sources, directory, products = PRODUCTS }: { readonly sources?: string; readonly directory?: string; readonly products?: readonly string[] } = {},
): Promise<LayeredGa4> {
  const temporary = directory === undefined ? temporaryDirectory('skein-layers-') : undefined;
  const folder = { file: (...parts: string[]) => path.join(temporary?.path ?? directory ?? '', ...parts) };
  const files = await readContractFiles(path.resolve(import.meta.dirname, '../../contracts'));
  const wanted = files.filter(({ contract }) => /[\\/](?:ga4|skein)[\\/]/.test(contract.file));
  const contracts = contractSet(wanted.map(({ contract }) => readContract(contract.text, contract.file)));
  const bronze = localBronzeStore({ root: folder.file('bronze') });
  const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
  const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
  const adapters: SwarmAdapters = {
    engine,
    store,
    landings: localLandingStore({ root: folder.file('landing') }),
    bus: memoryBus(),
    sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: folder.file('rules') }),
    ...(limits ? { bronze, layout: limits } : {}),
  };
  const from = sources ?? folder.file('sources');
  mkdirSync(from, { recursive: true });
  const snapshot = async (name: string): Promise<Snapshot> => {
    const found = await store.current({ domain: 'ga4', name, major: 1 });
    if (found === undefined) throw new Error(`ga4.${name} has no snapshot`);
    return found;
  };
  const withSession = async <Result>(work: (session: EngineSession) => Promise<Result>): Promise<Result> => {
    const session = await engine.open();
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  };
  const domainOf = (): Domain => {
    const whole = ga4(contracts, { timeZone: TIME_ZONE });
    return { ...whole, products: whole.products.filter(({ contract }) => products.includes(contract.name)) };
  };
  return {
    sources: from,
    bronze,
    snapshot,
    withSession,
    async run(changes = {}) {
      const system = { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') };
      const swarm = createSwarm(domainOf(), system, { ...adapters, ...changes });
      const report = await swarm.run({ from, origin: 'shop' });
      if (!succeeded(report)) throw new Error(report.products.map(({ product, outcome, error }) => `${product} ${outcome} ${error?.message}`).join('; '));
      return report;
    },
    lay: (into = bronze) =>
      withSession(async (session) => {
        const domain = domainOf();
        const [table] = domain.bronze;
        if (table === undefined) throw new Error('ga4 has no bronze table');
        return layBronze({ session, store: into, limits: limits ?? {}, domain, table, live: liveLandings(domain, await adapters.landings.list('ga4')) });
      }),
    sums: () =>
      withSession(async (session) => {
        const found: Record<string, string> = {};
        for (const name of [...products, 'events_feedback']) {
          // The run's own number stands in each row of the feedback dataset; equal inputs give it equal.
          const rows = await session.rows<{ n: bigint; sum: bigint }>(
            `SELECT count(*) AS n, sum(hash(t)::HUGEINT) AS sum FROM (${snapshotScan(await snapshot(name))}) AS t`,
          );
          found[name] = `${rows[0]?.n} rows, ${rows[0]?.sum}`;
        }
        return found;
      }),
    async version() {
      const version = await bronze.current('ga4', 'events_raw');
      if (version === undefined) throw new Error('events_raw has no version');
      return version;
    },
    async [Symbol.asyncDispose]() {
      await adapters.sandbox.close();
      await engine.close();
      await adapters.bus.close();
      temporary?.[Symbol.dispose]();
    },
  };
}
