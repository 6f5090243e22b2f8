import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy, type OperationReport } from '@skein/federation';
import { systemClock } from '@skein/kernel';
import type { RecordedUse } from '@skein/ports';
import { publishQuery, temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueDevToken } from './auth/dev-keys.ts';
import { startGateway, type RunningGateway, type StartOptions } from './start-gateway.ts';

const COLUMNS = [
  '{ name: id, id: o-id, logicalType: integer, physicalType: INTEGER, required: true, classification: public }',
  '{ name: city, id: o-city, logicalType: string, classification: public }',
  '{ name: amount, id: o-amount, logicalType: number, physicalType: "DECIMAL(18,2)", classification: public }',
];
const document = (name: string, columns: readonly string[], { version = '1.0.0', owner = `${name}-team` } = {}): string => `apiVersion: v3.1.0
kind: DataContract
id: shop-${name}
version: ${version}
status: active
domain: shop
team: { name: ${owner}, members: [{ username: ${owner}, role: Owner }] }
schema:
  - name: ${name}
    logicalType: object
    properties:
${columns.map((column) => `      - ${column}\n`).join('')}`;
const POLICY = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [analyst, steward]\n    columns: { allow: [public] }\n';

const orders = readContract(document('orders', COLUMNS), 'contracts/shop/orders/v1/contract.odcs.yaml');
const summary = readContract(document('summary', [COLUMNS[1] as string]), 'contracts/shop/summary/v1/contract.odcs.yaml');
const folder = temporaryDirectory('skein-usage-');
const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
const logged: string[] = [];
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;

const options = (dataDir = folder.path): StartOptions => ({
  store,
  sandbox,
  contracts: [orders, summary],
  policies: [orders, summary].map((contract) => readPolicy(POLICY, contract.file.replace('contract.odcs', 'policy'), contract)),
  clock: systemClock,
  dataDir,
  log: { error: (error) => void logged.push(String(error)), warn: (text) => void logged.push(text) },
});
const header = async (as: string): Promise<{ authorization: string }> => ({
  authorization: `Bearer ${await issueDevToken({ dir: folder.file('keys'), as, purposes: ['planning'] })}`,
});
async function ask(sql: string, as = 'analyst', params: readonly (string | number)[] = []): Promise<void> {
  const headers = { ...(await header(as)), 'content-type': 'application/json', 'skein-purpose': 'planning' };
  const response = await fetch(`${gateway.url}/v1/sql`, { method: 'POST', body: JSON.stringify({ sql, params }), headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
}
async function usage(as = 'steward', product = 'shop.orders'): Promise<{ status: number; body: { uses: RecordedUse[]; dropped: number } }> {
  const response = await fetch(`${gateway.url}/v1/contracts/${product}/usage`, { headers: await header(as) });
  return { status: response.status, body: (await response.json()) as { uses: RecordedUse[]; dropped: number } };
}
async function check(text: string, as = 'steward', product = 'shop.orders'): Promise<{ status: number; body: OperationReport }> {
  const headers = { ...(await header(as)), 'content-type': 'application/yaml' };
  const response = await fetch(`${gateway.url}/v1/contracts/${product}/check`, { method: 'POST', body: text, headers });
  return { status: response.status, body: (await response.json()) as OperationReport };
}
const recorded = async (count: number): Promise<RecordedUse[]> => {
  await expect.poll(async () => (await usage()).body.uses.length).toBe(count);
  return (await usage()).body.uses;
};

beforeAll(async () => {
  const rows = "SELECT CAST(i AS INTEGER) AS id, 'C' || i AS city, CAST(i AS DECIMAL(18,2)) AS amount FROM range(10) t(i)";
  await publishQuery({ engine, store, contract: orders, query: rows });
  await publishQuery({ engine, store, contract: summary, query: "SELECT 'C1' AS city" });
  sandbox = duckdbSandbox({ tempDirectory: folder.file('sandbox'), workers: 2 });
  gateway = await startGateway(options());
});
afterAll(async () => {
  await gateway?.close();
  await sandbox?.close();
  await engine.close();
  folder[Symbol.dispose]();
});

describe('recorded queries', () => {
  it('are those that were answered, by principal and purpose, without their values', async () => {
    await ask("SELECT sum(amount) AS zqcanaryqz FROM shop.orders WHERE city = 'zqcanaryqz' AND id <> 918273645 LIMIT 918273");
    await ask("SELECT sum(amount) AS other FROM shop.orders WHERE city = 'x' AND id <> 7 LIMIT 1");
    await ask('SELECT city FROM shop.orders WHERE city = $1 AND amount < $2', 'steward', ['zqcanaryqz', 918273645]);
    await ask('SELECT * FROM shop.orders');
    await expect(ask('SELECT nope FROM shop.orders')).rejects.toThrow('nope');
    const uses = await recorded(3);
    expect(uses.find((use) => use.count === 2)).toMatchObject({
      sql: 'SELECT sum(amount) AS n1 FROM shop.orders WHERE ((city = $text2) AND (id != $int3)) LIMIT $int1',
      purposes: ['planning'],
      reads: [{ product: 'shop.orders', major: 1, address: 'shop.orders', columns: ['amount', 'city', 'id'] }],
    });
    expect(new Set(uses.map((use) => use.principal)).size).toBe(2);
    expect(uses.map((use) => use.reads[0]?.columns)).toContainEqual(['*']);
    // the whole folder, log of writes included
    const files = readdirSync(folder.file('usage'));
    expect(files).toContain('usage.sqlite');
    for (const file of files) {
      const bytes = readFileSync(folder.file('usage', file)).toString('latin1');
      expect(bytes).not.toMatch(/zqcanaryqz|918273/);
    }
    // the twin: the names of columns are there
    expect(files.map((file) => readFileSync(folder.file('usage', file)).toString('latin1')).join('')).toContain('sum(amount)');
    expect(logged).toEqual([]);
  });

  it('are shown to owners only, and others learn as much as of a product that is not there', async () => {
    const [hidden, absent] = [await usage('analyst'), await usage('analyst', 'shop.nothing')];
    expect([hidden.status, absent.status, (await usage()).status]).toEqual([404, 404, 200]);
    expect(JSON.stringify(hidden.body).replaceAll('shop.orders', 'shop.nothing')).toBe(JSON.stringify(absent.body));
    expect((await check(document('orders', COLUMNS), 'analyst')).status).toBe(404);
    expect((await fetch(`${gateway.url}/v1/contracts/shop.orders/usage`)).status).toBe(401);
  });

  it('say what a proposed contract would break, and nothing is written by asking', async () => {
    const [id, , amount] = COLUMNS as [string, string, string];
    const before = await store.current({ domain: 'shop', name: 'orders', major: 1 });
    const { status, body } = await check(document('orders', [id.replace('INTEGER', 'BIGINT'), amount], { version: '1.1.0' }));
    expect(status).toBe(200);
    expect(body).toMatchObject({ product: 'shop.orders', from: '1.0.0', to: '1.1.0', queries: { breaks: 2, touched: 1, safe: 0, unbound: 0 } });
    const removed = body.impacts.find(({ finding }) => finding.rule === 'column.removed');
    expect(removed?.consumers).toHaveLength(2);
    expect(removed?.approvers).toEqual(expect.arrayContaining(['orders-team', ...(removed?.consumers ?? [])]));
    expect(body.impacts.find(({ finding }) => finding.rule === 'type.widened')?.effect).toBe('touched');
    expect(await store.current({ domain: 'shop', name: 'orders', major: 1 })).toEqual(before);
    expect((await usage()).body.uses).toHaveLength(3);
    // of another product, and no contract at all
    expect((await check(document('summary', COLUMNS))).status).toBe(400);
    expect((await check('a: [')).status).toBe(422);
  });

  it('outlive the gateway', async () => {
    const { uses } = (await usage()).body;
    await gateway.close();
    gateway = await startGateway(options());
    expect((await usage()).body.uses).toEqual(uses);
    await ask("SELECT city FROM shop.orders WHERE city = 'a' AND amount < 4", 'steward');
    expect((await recorded(4)).length).toBe(4);
  });

  it('never cost a query its answer, and what fails is counted and told once', async () => {
    await gateway.close();
    rmSync(folder.file('usage'), { recursive: true });
    writeFileSync(folder.file('usage'), 'a file where a folder should be');
    logged.length = 0;
    gateway = await startGateway(options());
    for (let at = 0; at < 3; at += 1) await ask('SELECT count(*) FROM shop.orders');
    const metrics = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text();
    await expect.poll(metrics).toContain('skein_recorded_queries{outcome="failed"} 3');
    expect(logged.filter((line) => line.includes('could not be recorded'))).toHaveLength(1);
    await gateway.close();
    rmSync(folder.file('usage'));
    gateway = await startGateway(options());
  });
});
