import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runApp, type Ran } from '../run-app.fixture.ts';

const contractOf = (domain: string, name: string) =>
  readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: ${domain}-${name}\nversion: 1.0.0\nstatus: active\ndomain: ${domain}\nschema:\n  - name: ${name}\n    properties:\n      - { name: id, logicalType: integer, description: "Number." }\n`,
    `contracts/${domain}/${name}/v1/contract.odcs.yaml`,
  );
const contracts = [contractOf('shop', 'item'), contractOf('brokerage', 'royalty_ledger')];

let folder: TemporaryDirectory;
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
const market = (as: string, ...args: string[]): Promise<Ran> => runApp('market', ...args, '--at', gateway.url, '--token-file', folder.file(as));

beforeAll(async () => {
  folder = temporaryDirectory('skein-market-cli-');
  sandbox = duckdbSandbox({ workers: 1 });
  const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
  const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
  await publishQuery({ engine, store, contract: contracts[0] as (typeof contracts)[0], query: 'SELECT i AS id FROM range(3) t(i)' });
  await engine.close();
  const policy = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [steward]\n    columns: { allow: [public] }\n';
  gateway = await startGateway({
    store,
    sandbox,
    contracts,
    policies: contracts.map((contract) => readPolicy(policy, contract.file.replace('contract.odcs', 'policy'), contract)),
    clock: systemClock,
    dataDir: folder.path,
    log: { error: () => {}, warn: () => {} },
  });
  for (const as of ['steward', 'buyer']) writeFileSync(folder.file(as), await issueDevToken({ dir: folder.file('keys'), as }));
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  folder[Symbol.dispose]();
});

it('sells, buys once, and states what is owed and earned', async () => {
  writeFileSync(
    folder.file('listing.json'),
    JSON.stringify({ id: 'items', product: 'shop.item', title: 'Items', quota: 5, plan: { unit: 'One-time-payment', currency: 'EUR', price: '1205' } }),
  );
  expect(await market('buyer', 'list')).toMatchObject({ code: 0, stdout: 'nothing is for sale\n' });
  expect(await market('buyer', 'sell', folder.file('listing.json'))).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SKEIN_PRODUCT_UNKNOWN') as string,
  });
  expect(await market('steward', 'sell', folder.file('nothing.json'))).toMatchObject({ code: 2 });
  expect((await market('steward', 'sell', folder.file('listing.json'))).stdout).toContain('items  shop.item  live  12.05 EUR One-time-payment');
  expect((await market('buyer', 'show', 'items')).stdout).toMatch(/id {2}.*Number\.[^]*id=0/);
  expect(await market('buyer', 'show', 'nothing')).toMatchObject({ code: 1, stderr: expect.stringContaining('SKEIN_MARKET_UNKNOWN') as string });
  for (const _ of [1, 2])
    expect((await market('buyer', 'buy', 'items', '--key', 'k-1')).stdout).toContain('FINALIZED  12.05 EUR One-time-payment  0 answered, 5 left');
  writeFileSync(folder.file('terms.json'), JSON.stringify({ quota: 1 }));
  expect((await market('buyer', 'buy', 'items', '--terms', folder.file('terms.json'))).stdout).toContain('REQUESTED');
  expect((await market('steward', 'offers')).stdout.trim().split('\n')).toHaveLength(1);
  expect((JSON.parse((await market('buyer', 'agreements', '--json')).stdout) as { agreements: unknown[] }).agreements).toHaveLength(2);
  expect((await market('buyer', 'statement')).stdout).toBe('1 charges\nowed    12.05 EUR\n');
  expect((await market('steward', 'statement')).stdout).toBe('0 charges\nearned  12.05 EUR  shop.item\n');
  expect(await market('buyer', 'export', folder.file('log'))).toMatchObject({ code: 1 });
  expect((await market('steward', 'export', folder.file('log'))).stdout).toMatch(/^\d+ events in 1 files/);
  const lines = readdirSync(folder.file('log')).flatMap((file) =>
    readFileSync(`${folder.file('log')}/${file}`, 'utf8')
      .trim()
      .split('\n'),
  );
  expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(lines.map((_, index) => index + 1));
  expect(lines.filter((line) => line.includes('"charge.made"'))).toHaveLength(1);
});
