import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { readContract, type Contract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { ContractSet, Domain } from '@skein/product';
import { sqlRuleFigures } from '@skein/swarm';
import { temporaryDirectory, workbench } from '@skein/testing';
import { checkPlan } from '@skein/verifier';
import { expect, describe, it } from 'vitest';

// Bar 18: queries within contracts run in the consumers' sandbox: 0 files changed, 0 bytes outside of what they may read.

const CANARY = 'CANARY-7f3a91';

/** Each tries to read or to write what lies in `folder`, and is a SELECT, so that the contract takes it. */
function attacks(folder: string): Record<string, string> {
  const file = (name: string) => literal(path.join(folder, name));
  return {
    etc: `SELECT content FROM read_text('/etc/passwd')`,
    text: `SELECT content FROM read_text(${file('canary.csv')})`,
    csv: `SELECT count(*) FROM read_csv(${file('canary.csv')})`,
    csv_number: `SELECT max(length(secret)) FROM read_csv(${file('canary.csv')}, header = true)`,
    blob: `SELECT size FROM read_blob(${file('canary.csv')})`,
    json: `SELECT count(*) FROM read_json(${file('canary.json')})`,
    parquet: `SELECT count(*) FROM read_parquet(${file('canary.parquet')})`,
    parquet_meta: `SELECT count(*) FROM parquet_metadata(${file('canary.parquet')})`,
    replacement: `SELECT count(*) FROM '${path.join(folder, 'canary.parquet')}'`,
    glob: `SELECT count(*) FROM glob(${file('*')})`,
    sniff: `SELECT Delimiter FROM sniff_csv(${file('canary.csv')})`,
    tables: `SELECT count(*) FROM read_parquet(${file('tables/**/*.parquet')})`,
    nested: `SELECT (SELECT sum(length(content)) FROM read_text(${file('canary.csv')}))`,
    logging: `SELECT count(*) FROM enable_logging(storage = 'file', storage_config = {'path': ${file('log')}})`,
    query: `SELECT count(*) FROM query('SELECT * FROM read_text(${file('canary.csv').replaceAll("'", "''")})')`,
    environment: `SELECT getenv('PATH')`,
    escape: `SELECT count(*) FROM {object}) , (SELECT content FROM read_text(${file('canary.csv')})`,
    http: `SELECT count(*) FROM read_csv('http://127.0.0.1:9/x.csv')`,
    extension: `SELECT count(*) FROM sqlite_scan(${file('canary.csv')}, 'x')`,
    rows: `SELECT secret FROM {object}`,
  };
}

/** Statements that are no SELECT, and texts that try to be two. */
const NO_SELECT = [
  `COPY (SELECT 1) TO '/tmp/x'`,
  `ATTACH '/tmp/x.db'`,
  'PRAGMA database_list',
  `SELECT 1; COPY (SELECT 1) TO '/tmp/x'`,
  'INSTALL httpfs',
  `SET enable_external_access = true`,
  `CALL enable_logging()`,
  `SELECT 1) AS value; COPY (SELECT 1) TO '/tmp/x' --`,
];

/** What would take all memory or all time. */
const HEAVY: Record<string, string> = {
  repeat: `SELECT length(repeat('x', 10000000000))`,
  recursion: 'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r',
  endless: 'SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3',
  sort: 'SELECT length(list_sort(range(80000000))::VARCHAR)',
};

function contractOf(queries: Readonly<Record<string, string>>): Contract {
  const rules = Object.entries(queries).map(([id, query]) => `      - { id: ${id}, type: sql, query: ${JSON.stringify(query)}, mustBeGreaterOrEqualTo: 0 }`);
  return readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: trap\nversion: 1.0.0\ndomain: trap\nschema:\n  - name: rows\n    quality:\n${rules.join('\n')}\n    properties:\n      - { name: id, logicalType: integer, required: true, primaryKey: true }\n      - { name: secret, logicalType: string, classification: restricted }\n`,
    'trap/rows/v1/contract.odcs.yaml',
  );
}

const trap = (contracts: ContractSet): Domain => ({
  name: 'trap',
  sources: [{ name: 'rows', describes: '*.ndjson', shape: 'json', tableOf: () => 'rows' }],
  bronze: [
    {
      name: 'raw',
      source: 'rows',
      sql: `SELECT _file, _row, r.* FROM (SELECT _file, _row, from_json(raw, '{"id":"INTEGER","secret":"VARCHAR"}') AS r FROM landing)`,
      lineage: { id: ['id'], secret: ['secret'] },
    },
  ],
  products: [
    {
      id: 'trap.rows',
      layer: 'silver',
      contract: contracts.get('trap.rows'),
      step: {
        name: 'rows',
        from: ['raw'],
        sql: 'SELECT id::BIGINT AS id, secret, _file, _row, []::VARCHAR[] AS _repairs FROM raw',
        lineage: { id: ['raw.id'] },
      },
    },
  ],
});

/** Files that anyone of this machine may read: only the sandbox stands between them and a rule. */
async function plant(folder: string): Promise<void> {
  mkdirSync(path.join(folder, 'tables', 'other'), { recursive: true });
  chmodSync(folder, 0o777);
  writeFileSync(path.join(folder, 'canary.csv'), `secret\n${CANARY}\n`);
  writeFileSync(path.join(folder, 'canary.json'), JSON.stringify({ secret: CANARY }));
  const engine = duckdbEngine();
  const session = await engine.open();
  for (const name of ['canary.parquet', 'tables/other/product.parquet'])
    await session.run(`COPY (SELECT '${CANARY}' AS secret) TO ${literal(path.join(folder, name))} (FORMAT parquet)`);
  await session.close();
  await engine.close();
}

function fingerprint(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return files
    .map((name) => {
      const file = path.join(folder, name);
      return statSync(file).isDirectory() ? name : `${name} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    })
    .join('\n');
}

const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('skein-rules-'));

/** Folders that came since and are still there: other tests have theirs beside ours, which go as well. */
function newFolders(): { remaining(): string[] } {
  const before = new Set(folders());
  let came: string[] | undefined;
  return {
    remaining() {
      came ??= folders().filter((name) => !before.has(name));
      const there = new Set(folders());
      return came.filter((name) => there.has(name));
    },
  };
}

describe('bar 18: SQL rules that attack', () => {
  it('reach nothing: every gate errs, nothing is published, no byte of a canary is told', async () => {
    using folder = temporaryDirectory();
    await plant(folder.path);
    const queries = Object.fromEntries(Object.entries(attacks(folder.path)).filter(([id]) => id !== 'escape'));
    const before = fingerprint(folder.path);
    const left = newFolders();
    await using bench = await workbench(trap, [contractOf(queries)]);
    bench.put({ 'a.ndjson': `{"id":1,"secret":"${CANARY}-row"}\n{"id":2,"secret":"${CANARY}-row"}\n` });
    const report = await bench.run();
    const [product] = report.products;
    expect(product?.outcome).toBe('refused');
    const gates = product?.verdict?.gates.filter((gate) => gate.rule === 'sql') ?? [];
    expect(gates).toHaveLength(Object.keys(queries).length);
    expect(gates.filter((gate) => gate.outcome !== 'error').map((gate) => `${gate.check}: ${gate.outcome} ${gate.value}`)).toEqual([]);
    expect(fingerprint(folder.path)).toBe(before);
    await expect.poll(() => left.remaining(), { timeout: 30_000 }).toEqual([]);
    const told = JSON.stringify([report, await bench.rows('trap.rows_feedback')], (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
    expect(told).not.toContain(CANARY);
    expect(told).not.toContain('root:');
    await expect(bench.rows('trap.rows')).rejects.toThrow('no snapshot');
  });

  it('would leak in an engine that is not locked: the corpus can be seen to work', async () => {
    using folder = temporaryDirectory();
    await plant(folder.path);
    const before = fingerprint(folder.path);
    const engine = duckdbEngine();
    const session = await engine.open();
    const leaks: string[] = [];
    for (const check of checkPlan(contractOf(Object.fromEntries(Object.entries(attacks(folder.path)).filter(([id]) => id !== 'escape' && id !== 'http'))))
      .checks) {
      if (check.rule !== 'sql') continue;
      const sql = check.sql.replaceAll('{relation}', () => `(SELECT 1 AS id, '${CANARY}' AS secret)`);
      const value = await session.rows<{ value: string | null }>(sql).then(
        ([row]) => row?.value,
        () => undefined,
      );
      if (value !== undefined && value !== null) leaks.push(check.id);
    }
    const changed = fingerprint(folder.path) !== before;
    await session.close();
    await engine.close();
    expect(leaks).toEqual(expect.arrayContaining(['quality.text', 'quality.csv', 'quality.parquet', 'quality.glob', 'quality.tables', 'quality.query']));
    expect(leaks.length + Number(changed)).toBeGreaterThan(10);
  });

  it('are no statements but SELECT', () => {
    let refused = 0;
    for (const query of [...NO_SELECT, attacks('/tmp')['escape'] as string]) {
      expect(() => checkPlan(contractOf({ q: query })), query).toThrow(/SQL rule/);
      refused++;
    }
    expect(refused).toBe(NO_SELECT.length + 1);
  });

  it('take neither all memory nor all time', async () => {
    const engine = duckdbEngine();
    const session = await engine.open();
    const sandbox = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, memoryMb: 128, rssMb: 400 });
    const contract = contractOf({ ...HEAVY, good: 'SELECT count(*) FROM {object}' });
    const started = performance.now();
    const input = {
      contract,
      checks: checkPlan(contract).checks,
      relation: `(SELECT 1::BIGINT AS id, 'x' AS secret)`,
      offered: ['id', 'secret'],
      deadlineMs: 1_500,
    };
    const figures = await sqlRuleFigures(session, sandbox, input);
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(figures['quality.good']).toEqual({ value: '1' });
    for (const id of Object.keys(HEAVY)) expect(figures[`quality.${id}`], id).toHaveProperty('error');
    await sandbox.close();
    await session.close();
    await engine.close();
  });

  it('cost nothing where there are none: no child, no file', async () => {
    const sandbox = duckdbSandbox({ startEarly: false });
    const engine = duckdbEngine();
    const session = await engine.open();
    const left = newFolders();
    expect(await sqlRuleFigures(session, sandbox, { contract: contractOf({ q: 'SELECT 1' }), checks: [], relation: 'nothing', offered: [] })).toEqual({});
    expect(sandbox.pids()).toEqual([]);
    await expect.poll(() => left.remaining(), { timeout: 30_000 }).toEqual([]);
    await sandbox.close();
    await session.close();
    await engine.close();
  });
});
