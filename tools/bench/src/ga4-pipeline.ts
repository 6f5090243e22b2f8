import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localLandingStore, localSnapshotStore, readContractFiles } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import { ga4 } from '@skein/ga4';
import { literal, SkeinError, systemClock } from '@skein/kernel';
import { contractSet } from '@skein/product';
import { createSwarm, succeeded } from '@skein/swarm';
import type { BenchResult, Progress } from './bench.ts';
import { ga4Floor } from './ga4-pipeline.floor.ts';

const ROWS = 500_000;
const ROUNDS = 3;
const TIME_ZONE = 'Europe/Berlin';
const REPOSITORY = path.resolve(import.meta.dirname, '../../..');

/** Over every column that both ways must agree in, so that a floor that does less is found out. */
const SAME: Readonly<Record<string, string>> = {
  events: `SELECT count(*) || ' rows, ' || sum(hash(event_key, event_date, event_ts_us, event_name, platform, client_key, session_key, ga_session_id, page_location_scrubbed, source, medium, campaign, country, value, currency,
    transaction_id, purchase_revenue, items, params, is_final)::HUGEINT) AS same FROM t`,
  sessions: `SELECT count(*) || ' rows, ' || sum(hash(session_key, client_key, session_date, started_at, ended_at, duration_ms, engaged, engagement_ms, events, page_views, purchase_events, landing_page, source, medium, campaign,
    channel_last_click, channel_last_non_direct, is_final)::HUGEINT) AS same FROM t`,
  purchases: `SELECT count(*) || ' rows, ' || sum(hash(stream_id, transaction_id, event_key, event_date, session_key, revenue, currency, tax, shipping, refund, item_lines, item_quantity, items_difference, is_final)::HUGEINT) AS same FROM t`,
  item_demand_daily: `SELECT count(*) || ' rows, ' || sum(hash(event_date, item_id, units, revenue, purchases, cart_additions, views, is_final)::HUGEINT) AS same FROM t`,
};

/**
 * From export files to the four products of GA4, landing included: a whole run of the swarm with contract checks, feedback, lineage and durable
 * Iceberg commits, against a hand-written DuckDB script that lands the same files and writes the same rows. Seconds, the middle of
 * rounds in which the two take turns. Throws SKEIN_INTERNAL when the two do not agree row for row.
 */
export async function ga4Pipeline(progress: Progress = () => undefined, rows: number = ROWS, rounds: number = ROUNDS): Promise<BenchResult> {
  const root = await mkdtemp(path.join(tmpdir(), 'skein-ga4-pipeline-'));
  try {
    const sources = path.join(root, 'sources');
    const source = await writeGa4Source({
      directory: sources,
      seed: 1,
      rows,
      timeZone: TIME_ZONE,
      materials: demoMaterials(1),
      onProgress: (written) => progress(`${written} of ${rows} events written`),
    });
    // The script is told which tables count; the left-over one would be landed by the swarm alone.
    if (source.superseded) await rm(path.join(sources, source.superseded.file));
    const files = source.files.map(({ file }) => path.join(sources, file));
    const contracts = contractSet(
      (await readContractFiles(path.join(REPOSITORY, 'contracts'))).map(({ contract }) => readContract(contract.text, contract.file)),
    );
    const swarm: number[] = [];
    const script: number[] = [];
    const landed: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      progress(round === 0 ? 'warming up' : `round ${round} of ${rounds}`);
      const own = path.join(root, `swarm-${round}`);
      const plain = path.join(root, `script-${round}`);
      const ours = await runSwarm(own, sources, contracts);
      const theirs = await runScript(plain, files);
      if (round === 0) compare(ours.same, theirs.same);
      else {
        swarm.push(ours.seconds);
        script.push(theirs.seconds);
        landed.push(theirs.landing);
      }
      await rm(own, { recursive: true, force: true });
      await rm(plain, { recursive: true, force: true });
    }
    const [figure, floor] = [median(swarm), median(script)];
    return {
      figure,
      floor,
      ratio: figure / floor,
      unit: 's',
      rows,
      bytes: source.bytes,
      floorLanding: median(landed),
      eventsPerSecond: Math.round(rows / figure),
    };
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function runSwarm(root: string, from: string, contracts: ReturnType<typeof contractSet>): Promise<{ seconds: number; same: Record<string, unknown> }> {
  const engine = duckdbEngine({ tempDirectory: path.join(root, 'tmp') });
  const bus = memoryBus();
  const store = localSnapshotStore({ root: path.join(root, 'tables'), clock: systemClock });
  const sandbox = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(root, 'rules') });
  try {
    const swarm = createSwarm(
      ga4(contracts, { timeZone: TIME_ZONE }),
      { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') },
      { engine, store, landings: localLandingStore({ root: path.join(root, 'landing') }), bus, sandbox },
    );
    const started = performance.now();
    const report = await swarm.run({ from });
    const seconds = (performance.now() - started) / 1000;
    if (!succeeded(report))
      throw new SkeinError(
        'SKEIN_INTERNAL',
        `the run failed: ${report.products.map((product) => `${product.product} ${product.outcome} ${product.error?.message ?? ''}`).join('; ')}`,
      );
    const session = await engine.open();
    const same: Record<string, unknown> = {};
    for (const [name, sql] of Object.entries(SAME)) {
      const snapshot = await store.current({ domain: 'ga4', name, major: 1 });
      const scan = `read_parquet([${snapshot?.files.map((file) => literal(file.path)).join(', ')}])`;
      same[name] = (await session.rows<{ same: string }>(sql.replace('FROM t', `FROM ${scan}`)))[0]?.same;
    }
    await session.close();
    return { seconds, same };
  } finally {
    await sandbox.close();
    await engine.close();
    await bus.close();
  }
}

async function runScript(directory: string, files: readonly string[]): Promise<{ seconds: number; landing: number; same: Record<string, unknown> }> {
  await mkdir(directory, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const { land, build } = ga4Floor(files, directory);
    const started = performance.now();
    for (const sql of land) await connection.run(sql);
    const landing = (performance.now() - started) / 1000;
    for (const sql of build) await connection.run(sql);
    const seconds = (performance.now() - started) / 1000;
    const same: Record<string, unknown> = {};
    const written = await readdir(directory);
    for (const [name, sql] of Object.entries(SAME)) {
      if (!written.includes(`${name}.parquet`)) continue;
      const reader = await connection.runAndReadAll(sql.replace('FROM t', `FROM read_parquet(${literal(path.join(directory, `${name}.parquet`))})`));
      same[name] = reader.getRows()[0]?.[0];
    }
    return { seconds, landing, same };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function compare(ours: Record<string, unknown>, theirs: Record<string, unknown>): void {
  for (const name of Object.keys(SAME)) {
    if (ours[name] === undefined || ours[name] !== theirs[name]) {
      throw new SkeinError('SKEIN_INTERNAL', `the swarm and the script differ in ${name}: ${String(ours[name])} against ${String(theirs[name])}`, {
        context: { ours, theirs },
      });
    }
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
