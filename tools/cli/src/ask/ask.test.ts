import { existsSync, readFileSync } from 'node:fs';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { startGateway, type RunningGateway } from '@skein/gateway';
import { literal, systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory } from '@skein/testing';
import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../run-app.fixture.ts';
import { plotText, tableText } from './table.ts';

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
team: { name: Shop }
schema:
  - name: orders
    properties:
      - { name: id, logicalType: integer, physicalType: BIGINT, required: true, primaryKey: true, classification: public }
      - { name: city, logicalType: string, classification: public }
      - { name: amount, logicalType: number, physicalType: 'DECIMAL(20,6)', classification: public }
      - { name: secret, logicalType: string, classification: restricted }
`;
const POLICY = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [analyst]\n    columns: { allow: [public], deny: [restricted] }\n';
const ROWS = `SELECT * FROM (VALUES (9007199254740993::BIGINT, 'Köln ' || chr(27) || '[31m', 12345678901234.000001::DECIMAL(20,6), 'x'), (2, NULL, -1.5, 'y'), (3, '東京', 2, 'z')) t(id, city, amount, secret)`;

let folder: ReturnType<typeof temporaryDirectory>;
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
beforeAll(async () => {
  folder = temporaryDirectory('skein-ask-');
  sandbox = duckdbSandbox({ workers: 1 });
  const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
  const contract = readContract(CONTRACT, 'contracts/shop/orders/v1/contract.odcs.yaml');
  const engine = duckdbEngine();
  await publishQuery({ engine, store, contract, query: ROWS });
  await engine.close();
  gateway = await startGateway({
    store,
    sandbox,
    contracts: [contract],
    documents: [CONTRACT],
    policies: [readPolicy(POLICY, 'contracts/shop/orders/v1/policy.yaml', contract)],
    clock: systemClock,
    dataDir: folder.path,
    log: { error: () => undefined, warn: () => undefined },
  });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  folder[Symbol.dispose]();
});

const ask = (...args: string[]) => runApp(...args, '--at', gateway.url, '--data', folder.path);
const ALL = 'SELECT id, city, amount FROM shop.orders ORDER BY id';

describe('skein query', () => {
  it('shows a table without letting a value move the cursor, and loses no digit', async () => {
    const { code, stdout } = await ask('query', ALL);
    expect(code).toBe(0);
    expect(stdout).toContain('9007199254740993');
    expect(stdout).toContain('12345678901234.000001');
    expect(stdout).toContain('Köln \\u001b[31m');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('3 rows; read from shop.orders@1');
    const bars = await ask('query', ALL, '--plot');
    expect(bars.stdout).toContain('amount by id');
  });

  it.each(['csv', 'ndjson', 'json', 'parquet', 'arrow'])('writes %s to a file, whole', async (format) => {
    const file = folder.file(`orders.${format}`);
    expect(await ask('query', ALL, '--out', file)).toMatchObject({ code: 0, stdout: '' });
    if (format === 'arrow') {
      expect(
        tableFromIPC(readFileSync(file))
          .toArray()
          .map((row) => String((row as { id: bigint }).id)),
      ).toEqual(['2', '3', '9007199254740993']);
      return;
    }
    const engine = duckdbEngine();
    const session = await engine.open();
    const read = {
      csv: `read_csv(${literal(file)}, all_varchar = true)`,
      ndjson: `read_ndjson(${literal(file)}, columns = {id: 'VARCHAR'})`,
      json: `(SELECT unnest(rows, recursive := true) FROM read_json(${literal(file)}, columns = {rows: 'STRUCT(id VARCHAR)[]'}))`,
      parquet: `read_parquet(${literal(file)})`,
    }[format];
    expect(await session.rows(`SELECT id::VARCHAR AS id FROM ${read} ORDER BY id`)).toEqual([{ id: '2' }, { id: '3' }, { id: '9007199254740993' }]);
    if (format === 'parquet')
      expect(await session.describe(`SELECT * FROM ${read}`)).toEqual([
        { name: 'id', type: 'BIGINT' },
        { name: 'city', type: 'VARCHAR' },
        { name: 'amount', type: 'DECIMAL(20,6)' },
      ]);
    await engine.close();
  });

  it('binds values, and says why where it is refused', async () => {
    expect((await ask('query', 'SELECT city FROM shop.orders WHERE id = $1::BIGINT', '--param', '3')).stdout).toContain('東京');
    const denied = await ask('query', 'SELECT secret FROM shop.orders', '--json');
    expect(denied).toMatchObject({ code: 1 });
    expect(JSON.parse(denied.stdout)).toMatchObject({ error: { code: expect.stringMatching(/^SKEIN_/) } });
    const file = folder.file('never.csv');
    expect((await ask('query', 'SELECT nonsense FROM shop.orders', '--out', file)).code).toBe(1);
    expect(existsSync(file)).toBe(false);
    expect((await ask('query', ALL, '--out', folder.file('x.xlsx'))).code).toBe(2);
    expect((await runApp('query', ALL, '--at', 'http://127.0.0.1:9', '--data', folder.path)).code).toBe(2);
    expect((await ask('query', ALL, '--as', 'analyst', '--token-file', '/nowhere')).code).toBe(2);
  });
});

describe('skein products, lineage and gaps', () => {
  it('show what the role may see', async () => {
    const listed = await ask('products');
    expect(listed.stdout).toMatch(/shop\.orders │ 1\.0\.0 +│ +1 │ \d+ s old +│ Shop/);
    const one = await ask('products', 'shop.orders');
    expect(one.stdout).toContain('DECIMAL(20,6)');
    expect(one.stdout).not.toContain('secret');
    expect(JSON.parse((await ask('products', '--json')).stdout)).toMatchObject([{ id: 'shop.orders' }]);
    expect((await ask('products', 'shop.nothing')).code).toBe(1);
    expect((await ask('products', '--as', 'nobody')).stdout).toContain('no product is visible');
    expect((await ask('lineage', 'shop.orders')).stdout).toContain('shop.orders@1');
    expect((await ask('lineage', 'shop.orders', '--mermaid')).stdout).toContain('flowchart LR');
    expect((await ask('lineage', 'shop.nothing')).code).toBe(1);
    expect((await ask('gaps', 'shop.orders; DROP TABLE x')).code).toBe(2);
  });
});

describe('tables and plots', () => {
  const columns = [
    { name: 'what', type: 'VARCHAR' },
    { name: 'n', type: 'INTEGER' },
  ];
  it('stand straight with wide signs, marks, long and missing values', () => {
    const text = tableText(columns, [
      { what: '東京', n: 1 },
      { what: 'e\u0301', n: null },
      { what: 'x'.repeat(500), n: -3 },
      { what: '👩🏽', n: 10 },
    ]);
    const widths = new Set(
      text
        .split('\n')
        .slice(0, 3)
        .map((line) => line.length),
    );
    expect(widths.size).toBe(1);
    expect(text).toContain('…');
    expect(tableText(columns, [])).toContain('what');
  });

  it('draw negative, missing and equal numbers', () => {
    const lines = plotText(
      columns,
      [
        { what: 'a', n: 4 },
        { what: 'b', n: -2 },
        { what: 'c', n: null },
        { what: 'd', n: 0 },
      ],
      60,
    ).split('\n');
    expect(lines).toHaveLength(5);
    expect(lines[1]).toContain('█');
    expect(lines[2]).toContain('▒');
    expect(plotText([{ name: 'only', type: 'VARCHAR' }], [], 60)).toContain('nothing to plot');
  });
});
