import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway } from '@skein/gateway';
import { literal, sha256, SkeinError, systemClock } from '@skein/kernel';
import { tableOf, type Snapshot } from '@skein/product';
import type { BenchResult, Progress } from './bench.ts';

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: bench-stock
version: 1.0.0
status: active
domain: bench
schema:
  - name: stock
    logicalType: object
    properties:
      - { name: material, id: material, logicalType: string, required: true, classification: public }
      - { name: plant, id: plant, logicalType: string, classification: internal }
      - { name: keeper, id: keeper, logicalType: string, classification: confidential }
      - { name: quantity, id: quantity, logicalType: number, physicalType: "DECIMAL(18,3)", classification: internal }
      - { name: counted_at, id: counted_at, logicalType: timestamp, physicalType: TIMESTAMPTZ, classification: internal }
`;
const POLICY = `version: 1
grants:
  - roles: [analyst]
    columns: { allow: [public, internal], mask: { confidential: pseudonym } }
    rows: [{ column: plant, operator: notEquals, value: P9 }]
`;
const ROWS = 1_000;
const DATA = `SELECT 'M' || i AS material, 'P' || (i % 10) AS plant, 'K' || (i % 50) AS keeper, CAST(i AS DECIMAL(18,3)) / 8 AS quantity, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_minutes(CAST(i AS INTEGER)) AS counted_at FROM range(${ROWS}) t(i)`;

interface SmallQuery {
  readonly sql: string;
  readonly params: readonly string[];
  /** Rows for the analyst, who does not see plant P9, and for the engine alone: were they equal, nothing would be governed. */
  readonly rows: { readonly governed: number; readonly direct: number };
}

const LOOKUP: SmallQuery = {
  sql: 'SELECT material, plant, quantity, counted_at FROM bench.stock WHERE plant IN ($1, $2) AND quantity < 2',
  params: ['P3', 'P9'],
  rows: { governed: 2, direct: 3 },
};
const AGGREGATE: SmallQuery = {
  sql: 'SELECT plant, count(*) AS n, sum(quantity) AS quantity FROM bench.stock GROUP BY plant ORDER BY plant',
  params: [],
  rows: { governed: 9, direct: 10 },
};

const WARM_UP = 100;
const ROUNDS = 500;

/**
 * p50 of a small governed query over HTTP (token, gate, policy with mask and row filter, sandbox process, JSON) against the same
 * SQL in an open DuckDB connection over the same Parquet file, ungoverned; in milliseconds, the two in turns.
 */
export async function querySmall(progress: Progress = () => undefined): Promise<BenchResult> {
  const directory = await mkdtemp(path.join(tmpdir(), 'skein-query-small-'));
  const engine = duckdbEngine({ tempDirectory: path.join(directory, 'tmp') });
  const store = localSnapshotStore({ root: path.join(directory, 'tables'), clock: systemClock });
  const sandbox = duckdbSandbox({ tempDirectory: path.join(directory, 'sandbox') });
  try {
    const contract = readContract(CONTRACT, 'contracts/bench/stock/v1/contract.odcs.yaml');
    const policy = readPolicy(POLICY, 'contracts/bench/stock/v1/policy.yaml', contract);
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
      progress('a lookup by bound values');
      const lookup = await compare(LOOKUP, gateway.url, token, snapshot);
      progress('an aggregate');
      const aggregate = await compare(AGGREGATE, gateway.url, token, snapshot);
      const { figure, floor } = lookup;
      return {
        figure,
        floor,
        ratio: figure / floor,
        unit: 'ms',
        over: figure - floor,
        p95: lookup.p95,
        floorP95: lookup.floorP95,
        aggregate: aggregate.figure,
        aggregateFloor: aggregate.floor,
        rounds: ROUNDS,
      };
    } finally {
      await gateway.close();
    }
  } finally {
    await sandbox.close();
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(
  query: SmallQuery,
  url: string,
  token: string,
  snapshot: Snapshot,
): Promise<{ figure: number; floor: number; p95: number; floorP95: number }> {
  const governed = httpQuery(query, url, token);
  const direct = await directQuery(query, snapshot);
  try {
    const rows = { governed: await governed.ask(), direct: await direct.ask() };
    if (rows.governed !== query.rows.governed || rows.direct !== query.rows.direct)
      throw new SkeinError('SKEIN_INTERNAL', `${query.sql} gave ${JSON.stringify(rows)}, not ${JSON.stringify(query.rows)}`);
    const [overHttp, alone]: [number[], number[]] = [[], []];
    for (let round = -WARM_UP; round < ROUNDS; round += 1) {
      const [first, second] = [await timed(governed.ask), await timed(direct.ask)];
      if (round < 0) continue;
      overHttp.push(first);
      alone.push(second);
    }
    return { figure: quantile(overHttp, 0.5), floor: quantile(alone, 0.5), p95: quantile(overHttp, 0.95), floorP95: quantile(alone, 0.95) };
  } finally {
    governed.close();
    direct.close();
  }
}

interface Asker {
  /** Asks once; how many rows came. */
  ask(): Promise<number>;
  close(): void;
}

function httpQuery({ sql, params }: SmallQuery, url: string, token: string): Asker {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ sql, params });
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  return {
    close: () => agent.destroy(),
    ask: () =>
      new Promise((resolve, reject) => {
        const sent = request(`${url}/v1/sql`, { method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode === 200) resolve((JSON.parse(text) as { rows: unknown[] }).rows.length);
            else reject(new Error(`status ${response.statusCode}: ${text}`));
          });
        });
        sent.on('error', reject).end(body);
      }),
  };
}

async function directQuery({ sql, params }: SmallQuery, snapshot: Snapshot): Promise<Asker> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files = snapshot.files.map((file) => literal(file.path)).join(', ');
  await connection.run(`CREATE SCHEMA bench; CREATE VIEW bench.stock AS SELECT * FROM read_parquet([${files}])`);
  return {
    ask: async () => (await connection.runAndReadAll(sql, [...params])).getRowObjectsJson().length,
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}
