import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { issueDevToken } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory, testProcess, type TestProcess } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Promise: what is agreed holds at every gateway at once, nobody pays twice though gateways are killed, and the brokerage's products follow by themselves.

const repository = path.resolve(import.meta.dirname, '../..');
const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: shop-sales
version: 1.0.0
status: active
domain: shop
schema:
  - name: sales
    logicalType: object
    properties:
      - { name: id, logicalType: integer, physicalType: BIGINT, required: true, classification: public }
      - { name: pad, logicalType: string, classification: internal }
`;
const POLICY = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [steward]\n    columns: { allow: [public, internal] }\n';
const ROWS = 20_000;

const folder = temporaryDirectory('skein-market-processes-');
const running: TestProcess[] = [];
const data = folder.file('data');
let urls: string[] = [];

function start(main: string, args: readonly string[]): TestProcess {
  const one = testProcess(process.execPath, [path.join(repository, main), ...args, '--data', data]);
  running.push(one);
  return one;
}

async function until<Found>(what: string, look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  const deadline = performance.now() + 90_000;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`${what} did not come: ${running.map(({ said }) => said().slice(-800)).join('\n')}`);
}

async function gateway(): Promise<{ readonly url: string; readonly process: TestProcess }> {
  const one = start('platform/gateway/dist/main.js', ['--port', '0', '--contracts', folder.file('contracts')]);
  return { process: one, url: await one.says(/at (http:\S+)/) };
}

const token = (as: string): Promise<string> => issueDevToken({ dir: path.join(data, 'keys'), as, clock: systemClock });
async function send(url: string, as: string, where: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}${where}`, {
    headers: { authorization: `Bearer ${await token(as)}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
}
const post = async (url: string, as: string, where: string, body: unknown): Promise<Record<string, unknown>> =>
  (await (await send(url, as, where, body)).json()) as Record<string, unknown>;
const COUNT = { sql: 'SELECT count(*) AS n FROM shop.sales' };

let listed = 0;
/** A listing at the first gateway, bought at the second. */
async function bought(more: object = {}): Promise<string> {
  const [one = '', two = ''] = urls;
  const id = `sales-${(listed += 1)}`;
  await post(one, 'steward', '/v1/market/listings', {
    id,
    product: 'shop.sales',
    title: 'Sales',
    plan: { unit: 'Pay-per-use', currency: 'EUR', price: '125' },
    ...more,
  });
  const agreement = await post(two, 'buyer', '/v1/market/offers', { listing: id });
  expect(agreement['state']).toBe('FINALIZED');
  return String(agreement['id']);
}
const end = (agreement: string): Promise<unknown> => post(urls[0] ?? '', 'steward', '/v1/market/agreements', { agreement, action: 'end', reason: 'over' });
async function charges(agreement: string): Promise<string[]> {
  const statement = (await (await send(urls[0] ?? '', 'buyer', '/v1/market/statement')).json()) as { charges: { agreement: string; cents: string }[] };
  return statement.charges.flatMap((charge) => (charge.agreement === agreement ? [charge.cents] : []));
}

beforeAll(async () => {
  const version = folder.file('contracts/shop/sales/v1');
  mkdirSync(version, { recursive: true });
  writeFileSync(path.join(version, 'contract.odcs.yaml'), CONTRACT);
  writeFileSync(path.join(version, 'policy.yaml'), POLICY);
  const contract = readContract(CONTRACT, path.join(version, 'contract.odcs.yaml'));
  const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
  const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
  await publishQuery({ engine, store, contract, query: `SELECT i AS id, repeat(md5(i::VARCHAR), 16) AS pad FROM range(${ROWS}) t(i)` });
  await engine.close();
  const both = [await gateway(), await gateway()];
  urls = both.map(({ url }) => url);
});
afterAll(async () => {
  for (const one of running) await one.end();
  folder[Symbol.dispose]();
});

describe('two gateways over one directory', () => {
  it('let a buyer read as soon as either has agreed, and no longer than either', async () => {
    const agreement = await bought();
    const [one = '', two = ''] = urls;
    expect((await send(two, 'buyer', '/v1/sql', COUNT)).status).toBe(200);
    const stream = await send(two, 'buyer', '/v1/sql', { sql: 'SELECT a.id, b.pad FROM shop.sales a, shop.sales b' }, { accept: 'application/x-ndjson' });
    const reader = stream.body?.getReader();
    await reader?.read();
    await end(agreement);
    const ended = performance.now();
    for (const url of [two, one]) expect((await send(url, 'buyer', '/v1/sql', COUNT)).status).toBe(404);
    await expect(
      (async () => {
        while (!(await reader?.read())?.done);
      })(),
    ).rejects.toThrow(/terminated|aborted|socket/i);
    // a second, and what a busy machine adds to it
    expect(performance.now() - ended).toBeLessThan(30_000);
    expect(await charges(agreement)).toEqual(['125']);
  });

  it('share one quota among all who race for it', async () => {
    const agreement = await bought({ quota: 5 });
    const race = await Promise.all(Array.from({ length: 14 }, async (_, index) => (await send(urls[index % 2] ?? '', 'buyer', '/v1/sql', COUNT)).status));
    expect(race.filter((status) => status === 200)).toHaveLength(5);
    expect(race.filter((status) => status === 403)).toHaveLength(9);
    expect(await charges(agreement)).toEqual(Array.from({ length: 5 }, () => '125'));
    await end(agreement);
  });

  it('charge once what one of them was killed over, and the brokerage tells it by itself', async () => {
    const agreement = await bought();
    const ask = { sql: 'SELECT * FROM shop.sales' };
    for (const after of [1, 3]) {
      const [victim, headers] = [await gateway(), { accept: 'application/x-ndjson', 'idempotency-key': `killed-${after}` }];
      const reader = (await send(victim.url, 'buyer', '/v1/sql', ask, headers)).body?.getReader();
      for (let chunk = 0; chunk < after; chunk += 1) await reader?.read();
      await victim.process.kill();
      await expect(
        (async () => {
          while (!(await reader?.read())?.done);
        })(),
      ).rejects.toThrow(/terminated|aborted|socket/i);
      // at both others at once, under the same key
      const again = await Promise.all(urls.map(async (url) => (await send(url, 'buyer', '/v1/sql', ask, headers)).text()));
      for (const text of again) expect(text.trim().split('\n')).toHaveLength(ROWS);
    }
    expect(await charges(agreement)).toEqual(['125', '125']);

    const all = (await (await send(urls[0] ?? '', 'buyer', '/v1/market/statement')).json()) as { charges: { cents: string }[] };
    const owed = all.charges.reduce((sum, { cents }) => sum + BigInt(cents), 0n);
    start('domains/brokerage/dist/main.js', []);
    const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
    const engine = duckdbEngine({ tempDirectory: folder.file('tmp-ledger') });
    const session = await engine.open();
    try {
      const earned = async (): Promise<bigint | undefined> => {
        const snapshot = await store.current({ domain: 'brokerage', name: 'royalty_ledger', major: 1 }).catch(() => undefined);
        if (!snapshot) return undefined;
        const files = snapshot.files.map((file) => `'${file.path}'`).join(', ');
        const [row] = await session.rows<{ sum: string }>(`SELECT sum(credit_cents)::VARCHAR AS sum FROM read_parquet([${files}])`);
        return BigInt(row?.sum ?? '0');
      };
      await until('the ledger of the brokerage', async () => ((await earned()) === owed ? true : undefined));
      // and goes on to follow
      await send(urls[1] ?? '', 'buyer', '/v1/sql', COUNT);
      await until('the next charge', async () => ((await earned()) === owed + 125n ? true : undefined));
    } finally {
      await session.close();
      await engine.close();
    }
  }, 240_000);
});
