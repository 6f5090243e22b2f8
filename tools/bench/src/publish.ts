import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { literal, SkeinError, systemClock } from '@skein/kernel';
import type { WantedColumn } from '@skein/ports';
import type { TableRef } from '@skein/product';
import type { BenchResult, Progress } from './bench.ts';

const ROWS = 1_000;
const ROUNDS = 60;
const WARM_UP = 10;
/** The versions that a swarm keeps, more or less: metadata grows with them. */
const KEEP = 20;

const TABLE: TableRef = { domain: 'bench', name: 'orders', major: 1 };
const COLUMNS: readonly WantedColumn[] = [
  { propertyId: 'order_id', name: 'order_id', type: { kind: 'string' }, required: true },
  { propertyId: 'line', name: 'line', type: { kind: 'int', bits: 64 }, required: true },
  { propertyId: 'amount', name: 'amount', type: { kind: 'decimal', precision: 18, scale: 4 }, required: false },
  { propertyId: 'ordered_at', name: 'ordered_at', type: { kind: 'timestamp', zoned: true }, required: false },
  { propertyId: 'plant', name: 'plant', type: { kind: 'string' }, required: false },
];
const SQL = `SELECT 'order ' || i AS order_id, i AS line, (i * 1.25)::DECIMAL(18, 4) AS amount, TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_seconds(i) AS ordered_at, 'plant ' || i % 7 AS plant FROM range(${ROWS}) AS t(i)`;

/**
 * Milliseconds from the first byte of Parquet until a reader that has never seen the table has read the version and verified its checksums: median
 * of many publications of 1,000 rows. The floor is DuckDB's COPY of the same rows alone, without fsync, in turns with it.
 */
export async function publishBench(progress: Progress = () => undefined): Promise<BenchResult> {
  const root = await mkdtemp(path.join(tmpdir(), 'skein-publish-'));
  const engine = duckdbEngine();
  const bare = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const session = await engine.open();
    const store = localSnapshotStore({ root: path.join(root, 'tables'), clock: systemClock });
    const plain = path.join(root, 'plain');
    await mkdir(plain);
    const [whole, copies, commits]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS + WARM_UP; round += 1) {
      if (round % 10 === 0) progress(`publication ${round + 1} of ${ROUNDS + WARM_UP}`);
      const staging = await store.begin(TABLE, COLUMNS);
      const started = performance.now();
      const files = await session.writeParquet(SQL, staging.directory, staging.fields);
      const written = performance.now();
      const marks = { contractHash: 'c', contractVersion: '1.0.0', verdictHash: 'v', inputHash: String(round), verdict: { passed: true } };
      const snapshot = await store.commit(staging, { files, ...marks, lineage: { run: 'bench', inputs: [], columns: [] } });
      const committed = performance.now();
      const reader = localSnapshotStore({ root: path.join(root, 'tables'), clock: systemClock });
      const read = await reader.current(TABLE);
      if (read?.id !== snapshot.id || read.rows !== BigInt(ROWS))
        throw new SkeinError('SKEIN_INTERNAL', `version ${snapshot.version} was published and version ${read?.version} is read`);
      await reader.verify(read);
      const readable = performance.now();

      const copy = performance.now();
      await bare.run(`COPY (${SQL}) TO ${literal(path.join(plain, `${round}.parquet`))} (FORMAT parquet, COMPRESSION zstd)`);
      const copied = performance.now();
      if (round % KEEP === KEEP - 1) await store.expire(TABLE, { keep: KEEP });
      if (round < WARM_UP) continue;
      whole.push(readable - started);
      copies.push(copied - copy);
      commits.push(committed - written);
    }
    const [figure, floor] = [quantile(whole, 0.5), quantile(copies, 0.5)];
    return { figure, floor, ratio: figure / floor, unit: 'ms', p95: quantile(whole, 0.95), commit: quantile(commits, 0.5), rows: ROWS, rounds: ROUNDS };
  } finally {
    bare.closeSync();
    await engine.close();
    await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
