import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway } from '@skein/gateway';
import { literal, sha256, SkeinError, systemClock } from '@skein/kernel';
import { tableOf, type Snapshot } from '@skein/product';
import type { ArrowOutCall, ArrowOutReply } from './arrow-out.client.ts';
import type { BenchResult, Progress } from './bench.ts';

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: bench-movements
version: 1.0.0
status: active
domain: bench
schema:
  - name: movements
    logicalType: object
    properties:
      - { name: id, id: id, logicalType: integer, physicalType: BIGINT, required: true }
      - { name: material, id: material, logicalType: string }
      - { name: plant, id: plant, logicalType: string }
      - { name: quantity, id: quantity, logicalType: number, physicalType: "DECIMAL(18,3)" }
      - { name: price, id: price, logicalType: number, physicalType: DOUBLE }
      - { name: posted_on, id: posted_on, logicalType: date }
      - { name: entered_at, id: entered_at, logicalType: timestamp, physicalType: TIMESTAMPTZ }
`;
const POLICY = `version: 1
grants:
  - roles: [analyst]
    columns: { allow: [public] }
`;
const ROWS = 10_000_000;
const DATA = `SELECT i AS id, '00000000MAT-' || (i * 7919 % 2000003) AS material, 'P' || (i % 100) AS plant, CAST(i % 1000003 AS DECIMAL(18,3)) / 8 AS quantity,
  i / 7 AS price, DATE '2020-01-01' + CAST(i % 2000 AS INTEGER) AS posted_on, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_milliseconds(i) AS entered_at FROM range(${ROWS}) t(i)`;
const SQL = 'SELECT id, material, plant, quantity, price, posted_on, entered_at FROM bench.movements';
const RUNS = 3;
const MB = 1e6;

/**
 * Ten million rows of seven columns through the whole gateway (token, gate, policy, sandbox process, Arrow, HTTP) to a client in a
 * thread of its own, against fetching the raw chunks of the same query in an open DuckDB connection, nothing done with them.
 * Both in MB/s of the Arrow bytes that the client got; the best of three runs of each, in turns.
 */
export async function arrowOut(progress: Progress = () => undefined): Promise<BenchResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'skein-arrow-out-'));
  const engine = duckdbEngine({ tempDirectory: path.join(directory, 'tmp') });
  const store = localSnapshotStore({ root: path.join(directory, 'tables'), clock: systemClock });
  const sandbox = duckdbSandbox({ tempDirectory: path.join(directory, 'sandbox') });
  try {
    progress(`writing ${ROWS} rows`);
    const contract = readContract(CONTRACT, 'contracts/bench/movements/v1/contract.odcs.yaml');
    const policy = readPolicy(POLICY, 'contracts/bench/movements/v1/policy.yaml', contract);
    const staging = await store.begin(
      tableOf(contract),
      contract.properties.map(({ id, name, type, required }) => ({ propertyId: id, name, type, required })),
    );
    const session = await engine.open();
    const files = await session.writeParquet(DATA, staging.directory, staging.fields);
    await session.close();
    const hash = sha256(DATA);
    const snapshot = await store.commit(staging, {
      files,
      contractHash: contract.hash,
      contractVersion: contract.version,
      verdictHash: hash,
      inputHash: hash,
      lineage: { run: hash, inputs: [], columns: [] },
      verdict: { passed: true },
    });
    const gateway = await startGateway({ store, sandbox, contracts: [contract], policies: [policy], clock: systemClock, dataDir: directory });
    try {
      const token = await issueDevToken({ dir: path.join(directory, 'keys'), as: 'analyst' });
      const call = (maxRows: number): ArrowOutCall => ({ url: gateway.url, token, body: JSON.stringify({ sql: SQL, maxRows, timeoutMs: 120_000 }) });
      await client(call(1_000));
      let [figure, floor, bytes] = [0, 0, 0];
      for (let run = 1; run <= RUNS; run += 1) {
        progress(`run ${run} of ${RUNS}`);
        const reply = await client(call(ROWS));
        if (!reply.whole || reply.rows !== String(ROWS) || reply.truncated !== 'false')
          throw new SkeinError('SKEIN_INTERNAL', `the answer is not whole: ${JSON.stringify(reply)}`);
        bytes = reply.bytes;
        figure = Math.max(figure, bytes / MB / (reply.milliseconds / 1_000));
        floor = Math.max(floor, bytes / MB / (await fetchChunks(snapshot)));
      }
      return { figure, floor, ratio: figure / floor, unit: 'MB/s', rows: ROWS, columns: 7, bytes };
    } finally {
      await gateway.close();
    }
  } finally {
    await sandbox.close();
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

function client(call: ArrowOutCall): Promise<ArrowOutReply> {
  const file = new URL(import.meta.url.endsWith('.ts') ? './arrow-out.client.ts' : './arrow-out.client.js', import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: call });
    worker.on('error', reject);
    worker.on('message', (reply: ArrowOutReply) => {
      if (reply.status === 200) resolve(reply);
      else reject(new SkeinError('SKEIN_INTERNAL', `status ${reply.status}: ${reply.text}`));
    });
    worker.on('exit', () => reject(new SkeinError('SKEIN_INTERNAL', 'the client ended without an answer')));
  });
}

/** Seconds until every chunk of the same rows was in JavaScript's hands. */
async function fetchChunks(snapshot: Snapshot): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  try {
    const connection = await instance.connect();
    const files = snapshot.files.map((file) => literal(file.path)).join(', ');
    await connection.run(`CREATE SCHEMA bench; CREATE VIEW bench.movements AS SELECT * FROM read_parquet([${files}])`);
    const started = performance.now();
    const result = await connection.stream(SQL);
    let rows = 0;
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) rows += chunk.rowCount;
    const seconds = (performance.now() - started) / 1_000;
    if (rows !== ROWS) throw new SkeinError('SKEIN_INTERNAL', `the floor fetched ${rows} rows`);
    connection.closeSync();
    return seconds;
  } finally {
    instance.closeSync();
  }
}
