import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { localBronzeStore } from '@skein/adapter-storage';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import { ga4 } from '@skein/ga4';
import type { BronzeStore, EngineSession } from '@skein/ports';
import type { LayoutLimits } from '@skein/product';
import { bronzeScan, compactBronze, createSwarm, succeeded, type RunReport, type Swarm } from '@skein/swarm';
import { repositoryContracts, workbench, type Workbench } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROWS = 6_000;
const TIME_ZONE = 'Europe/Berlin';
const PRODUCTS = ['events', 'events_feedback', 'sessions', 'purchases', 'item_demand_daily'] as const;
const LIMITS: Partial<LayoutLimits> = { partitionFrom: 1_000_000, fileBytes: 4_000_000 };
/** What a run leaves out of its rows: times of the run itself. */
const SUM: Readonly<Record<string, string>> = {
  events_feedback: `SELECT count(*) AS n, sum(hash(t)::HUGEINT) AS sum FROM (SELECT * EXCLUDE (run_id) FROM t) t`,
};

interface Side {
  readonly bench: Workbench;
  readonly swarm: Swarm;
  readonly store: BronzeStore;
  readonly sources: string;
}

async function side(layered: boolean): Promise<Side> {
  const bench = await workbench((contracts) => ga4(contracts, { timeZone: TIME_ZONE }));
  const contracts = await repositoryContracts();
  const store = localBronzeStore({ root: path.join(bench.directory, 'bronze') });
  const swarm = createSwarm(
    bench.swarm.domain,
    { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') },
    { ...bench.adapters, ...(layered ? { bronze: store, layout: LIMITS } : {}) },
  );
  const sources = path.join(bench.directory, 'sources');
  await writeGa4Source({ directory: sources, seed: 7, rows: ROWS, timeZone: TIME_ZONE, materials: demoMaterials(1) });
  return { bench, swarm, store, sources };
}

async function run({ swarm, sources }: Side): Promise<RunReport> {
  const report = await swarm.run({ from: sources, origin: 'shop' });
  if (!succeeded(report)) throw new Error(JSON.stringify(report.products.map(({ product, outcome, error }) => [product, outcome, error?.message])));
  return report;
}

/** Rows and a sum over all cells of every product. */
async function sums({ bench }: Side): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of PRODUCTS) {
    const [sum] = await bench.rows<{ n: bigint; sum: bigint }>(`ga4.${name}`, SUM[name] ?? 'SELECT count(*) AS n, sum(hash(t)::HUGEINT) AS sum FROM t');
    found[name] = `${sum?.n} rows, ${sum?.sum}`;
  }
  return found;
}

async function withSession<Result>({ bench }: Side, work: (session: EngineSession) => Promise<Result>): Promise<Result> {
  const session = await bench.adapters.engine.open();
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function current({ store }: Side) {
  const version = await store.current('ga4', 'events_raw');
  if (version === undefined) throw new Error('events_raw has no version');
  return version;
}

/** One day comes again with one event less. */
function rewriteDay({ sources }: Side): string {
  const file = readdirSync(sources).find((name) => name.startsWith('events_20260828')) ?? '';
  const lines = readFileSync(path.join(sources, file), 'utf8').trimEnd().split('\n');
  writeFileSync(path.join(sources, file), `${lines.slice(0, -1).join('\n')}\n`);
  return file;
}

describe('bronze in files', () => {
  let [with_, without]: Side[] = [];
  let first: RunReport;
  beforeAll(async () => {
    [with_, without] = [await side(true), await side(false)];
    first = await run(with_);
    await run(without);
  }, 120_000);
  afterAll(async () => {
    await with_?.bench[Symbol.asyncDispose]();
    await without?.bench[Symbol.asyncDispose]();
  });
  const layered = () => with_ as Side;
  const plain = () => without as Side;

  it('makes the same products as without, and says how it is laid out and why', async () => {
    expect(await sums(layered())).toEqual(await sums(plain()));
    const [bronze] = first.bronze ?? [];
    expect(bronze).toMatchObject({ table: 'ga4.events_raw', outcome: 'written', partitionBy: ['event_date'] });
    expect(bronze?.written).toBe(bronze?.landings);
    expect(bronze?.reasons.join('\n')).toMatch(/parted by event_date: the source delivers by it/);
    expect(bronze?.reasons.join('\n')).toMatch(/not parted by stream_id.*it has one value/);
  });

  it('writes of a day that came again its shards only', async () => {
    const before = await current(layered());
    for (const one of [layered(), plain()]) rewriteDay(one);
    const report = await run(layered());
    await run(plain());
    expect(report.bronze?.[0]).toMatchObject({ outcome: 'written', written: 1 });
    const after = await current(layered());
    expect(after.rows).toBe(before.rows - 1n);
    expect(after.files.filter((file) => before.files.some(({ path: old }) => old === file.path)).length).toBeGreaterThan(4);
    expect(await sums(layered())).toEqual(await sums(plain()));
    (void truncateSync, bronzeScan, compactBronze, withSession);
  });
});
