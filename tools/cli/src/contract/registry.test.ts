import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../run-app.fixture.ts';

const document = (version: string, columns: readonly string[] = ['id', 'state'], name = 'orders') =>
  `# kept\napiVersion: v3.1.0\nkind: DataContract\nid: shop-${name}\nversion: ${version}\nstatus: active\ndomain: shop\nteam: { name: shop-team }\nschema:\n  - name: ${name}\n    properties:\n${columns.map((column) => `      - { name: ${column}, id: o-${column}, logicalType: string }\n`).join('')}`;
const POLICY = 'version: 1\nowners: [steward]\ngrants:\n  - roles: [analyst, steward]\n    columns: { allow: [public] }\n';

let folder: TemporaryDirectory;
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
const put = (name: string, text: string) => {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
};
const token = async (as: string) => put(`${as}.token`, `${await issueDevToken({ dir: folder.file('keys'), as })}\n`);

beforeAll(async () => {
  folder = temporaryDirectory('skein-registry-');
  sandbox = duckdbSandbox({ workers: 1 });
  const contract = readContract(document('1.0.0'), 'contracts/shop/orders/v1/contract.odcs.yaml');
  gateway = await startGateway({
    store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }),
    sandbox,
    contracts: [contract],
    documents: [document('1.0.0')],
    policies: [readPolicy(POLICY, 'contracts/shop/orders/v1/policy.yaml', contract)],
    clock: systemClock,
    dataDir: folder.path,
    log: { error: () => {}, warn: () => {} },
  });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  folder[Symbol.dispose]();
});

describe('with a gateway', () => {
  it('push registers what may follow, once, and says what may not', async () => {
    const to = ['--to', gateway.url, '--token-file', await token('steward')];
    const push = (text: string, ...flags: string[]) => runApp('contract', 'push', put('pushed.odcs.yaml', text), ...to, ...flags);
    const minor = document('1.1.0', ['id', 'state', 'more']);
    expect(await push(minor)).toEqual({ code: 0, stdout: 'shop.orders 1.1.0 is registered\n', stderr: '' });
    expect(await push(minor)).toMatchObject({ code: 0, stdout: 'shop.orders 1.1.0 stood there already\n' });
    expect(JSON.parse((await push(minor, '--json')).stdout)).toMatchObject({ created: false, version: '1.1.0' });
    const refused = await push(document('1.2.0', ['id']));
    expect([refused.code, refused.stderr.includes('rule: column.removed'), refused.stderr.includes('SKEIN_CONTRACT_INCOMPATIBLE')]).toEqual([1, true, true]);
    expect((await push(document('1.1.0', ['id', 'state', 'else']))).code).toBe(1);
    // What lint refuses is not sent.
    expect(await push('nonsense')).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was sent') as string });
    expect((await runApp('contract', 'push', put('pushed.odcs.yaml', minor), '--to', gateway.url)).code).toBe(2);
    expect((await runApp('contract', 'push', folder.file('pushed.odcs.yaml'), '--to', gateway.url, '--token-file', await token('analyst'))).code).toBe(2);
  });

  it('diff compares with the versions that it keeps, all of them in a transitive mode', async () => {
    const compare = async (text: string, ...flags: string[]) => {
      const ran = await runApp(
        'contract',
        'diff',
        put('next.odcs.yaml', text),
        '--against',
        gateway.url,
        '--token-file',
        await token('steward'),
        '--json',
        ...flags,
      );
      return {
        code: ran.code,
        stderr: ran.stderr,
        report: JSON.parse(ran.stdout) as { steps: { kind: string; from: { version: string; file: string }; findings: { rule: string; against: string }[] }[] },
      };
    };
    // 1.0.0 and 1.1.0 are registered by now: the second has one column more.
    expect(await compare(document('1.1.0', ['id', 'state', 'more']))).toMatchObject({
      code: 0,
      report: { steps: [{ kind: 'unchanged', from: { version: '1.1.0' } }] },
    });
    const less = await compare(document('1.2.0', ['id', 'state']));
    expect([less.code, less.report.steps[0]?.from.file, less.report.steps[0]?.findings.map((one) => one.rule)]).toEqual([
      1,
      'registry:shop.orders@1.1.0',
      ['column.removed'],
    ]);
    const all = await compare(document('1.2.0', ['id']), '--mode', 'FULL_TRANSITIVE');
    expect([...new Set(all.report.steps[0]?.findings.map((one) => one.against))].sort()).toEqual(['1.0.0', '1.1.0']);
    expect((await compare(document('2.0.0', ['id']))).report.steps[0]).toMatchObject({ kind: 'new' });
    // A product that the registry shows to nobody: alone, nothing was compared; beside others, it is new.
    expect((await compare(document('1.0.0', ['id'], 'unknown'))).code).toBe(2);
  });

  it('diff ends with 2 where it cannot ask', async () => {
    const file = put('next.odcs.yaml', document('1.1.0'));
    for (const args of [
      ['--against', gateway.url],
      ['--against', gateway.url, '--token-file', folder.file('none')],
      ['--against', gateway.url, '--token-file', put('empty.token', '\n')],
      ['--against', gateway.url, '--token-file', put('wrong.token', 'not-a-token')],
      ['--against', 'http://127.0.0.1:1'],
      ['--against', 'http://'],
      ['--against', 'http://user:secret@127.0.0.1'],
    ]) {
      const ran = await runApp('contract', 'diff', file, ...args);
      expect([args, ran.code, ran.stderr.includes('fix: '), ran.stderr.includes('secret') && !args.join().includes('secret')]).toEqual([args, 2, true, false]);
    }
  });
});

describe('with what is no gateway', () => {
  const serving = async (listener: RequestListener): Promise<{ server: Server; url: string }> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };

  it.each([
    ['a page', (_: unknown, response: { end(text: string): void }) => response.end('<html>')],
    ['a list of nothing', (_: unknown, response: { end(text: string): void }) => response.end('{"versions":[{"version":1}]}')],
    ['a status', (_: unknown, response: { writeHead(status: number): { end(): void } }) => response.writeHead(500).end()],
  ] as const)('an answer that is %s is refused', async (_, listener) => {
    const { server, url } = await serving(listener);
    const ran = await runApp('contract', 'diff', put('next.odcs.yaml', document('1.1.0')), '--against', url);
    server.close();
    expect([ran.code, ran.stderr.includes('SKEIN_CLIENT_ANSWER')]).toEqual([2, true]);
  });

  it('a token follows no redirect', async () => {
    const heard: (string | undefined)[] = [];
    const elsewhere = await serving((request, response) => {
      heard.push(request.headers.authorization);
      response.end('{}');
    });
    const { server, url } = await serving((_request, response) => void response.writeHead(302, { location: elsewhere.url }).end());
    const ran = await runApp('contract', 'diff', put('next.odcs.yaml', document('1.1.0')), '--against', url, '--token-file', await token('steward'));
    server.close();
    elsewhere.server.close();
    expect([ran.code, heard]).toEqual([2, []]);
  });

  it('recorded queries are weighed by what it says of each finding', async () => {
    const report = {
      impacts: [
        {
          finding: { rule: 'column.removed', subject: 'column state' },
          uses: [
            { effect: 'breaks', reason: 'it reads column state', use: { principal: 'planner', sql: 'SELECT state FROM shop.orders', count: 3 } },
            { effect: 'touched', reason: 'it reads all columns', use: { principal: 'auditor', sql: 'SELECT * FROM shop.orders', count: 1 } },
            { effect: 'safe', reason: 'it does not read column state', use: { principal: 'auditor', sql: 'SELECT id FROM shop.orders', count: 9 } },
          ],
          consumers: ['planner'],
          approvers: ['planner', 'shop-team'],
        },
      ],
    };
    const contract = readContract(document('1.0.0'), 'f');
    const { server, url } = await serving((request, response) => {
      if (request.method === 'POST') response.end(JSON.stringify(report));
      else if (request.url?.endsWith('/versions/1.0.0')) response.end(document('1.0.0'));
      else response.end(JSON.stringify({ versions: [{ version: '1.0.0', hash: contract.hash }] }));
    });
    const diff = async (...flags: string[]) => await runApp('contract', 'diff', put('next.odcs.yaml', document('1.1.0', ['id'])), '--against', url, ...flags);
    const { code, stdout } = await diff();
    expect(code).toBe(1);
    expect(stdout).toContain('recorded queries: 1 break, 1 touched, 1 safe');
    expect(stdout).toContain('breaks: planner, 3 runs: SELECT state FROM shop.orders (it reads column state)');
    expect(stdout).toContain('must be approved by shop-team, planner');
    // BACKWARD lets a column go; the query that fails on it does not.
    expect((await diff('--mode', 'BACKWARD')).stdout).toContain('REFUSED shop.orders');
    server.close();
  });
});
