import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { issueDevToken, startGateway, type RunningGateway } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { readApprovals, type Approval } from '@skein/verifier/compat';
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

  const impact = (of: object) => ({
    impacts: [{ finding: { rule: 'column.removed', subject: 'column state' }, uses: [], consumers: ['planner'], approvers: ['planner'], ...of }],
  });
  it.each([
    ['refuses to say', 403, { error: { code: 'SKEIN_AUTH_FORBIDDEN', message: 'no' } }],
    ['has no such address', 404, { error: { code: 'SKEIN_NOT_FOUND', message: 'the gateway has no such address' } }],
    ['counts nothing', 200, impact({})],
    ['counts less than none', 200, impact({ counts: { breaks: -1, touched: 0, safe: 0 } })],
    ['leaves the finding out', 200, { impacts: [] }],
    ['sends no report', 200, {}],
  ])('a comparison does not pass in silence where it %s, unless that is asked for', async (_, status, report) => {
    const contract = readContract(document('1.0.0'), 'f');
    const { server, url } = await serving((request, response) => {
      if (request.method === 'POST') response.writeHead(status).end(JSON.stringify(report));
      else if (request.url?.endsWith('/versions/1.0.0')) response.end(document('1.0.0'));
      else response.end(JSON.stringify({ versions: [{ version: '1.0.0', hash: contract.hash }] }));
    });
    const diff = async (...flags: string[]) =>
      await runApp('contract', 'diff', put('next.odcs.yaml', document('1.1.0', ['id'])), '--against', url, '--mode', 'BACKWARD', ...flags);
    const ran = await diff();
    const without = await diff('--no-operations');
    server.close();
    expect([ran.code, ran.stdout, ran.stderr.includes('--no-operations') || ran.stderr.includes('SKEIN_CLIENT_ANSWER')]).toEqual([2, '', true]);
    // BACKWARD lets a column go.
    expect(without.code).toBe(0);
  });

  it('--no-operations is for a gateway alone', async () => {
    expect((await runApp('contract', 'diff', put('a.yaml', document('1.0.0')), put('b.yaml', document('1.0.1')), '--no-operations')).code).toBe(2);
  });
});

describe('recorded queries and approvals, from end to end', () => {
  const next = document('2.1.0', ['id', 'more']);
  const before = document('2.0.0', ['id', 'state', 'more']);
  let live: RunningGateway;
  let data: TemporaryDirectory;
  const start = (documents: readonly string[], approvals: readonly Approval[] = []) => {
    const contracts = documents.map((text) => readContract(text, 'contracts/shop/orders/v2/contract.odcs.yaml'));
    return startGateway({
      store: localSnapshotStore({ root: data.file('tables'), clock: systemClock }),
      ...{ sandbox, contracts, documents, approvals, clock: systemClock, dataDir: data.path },
      policies: contracts.map((contract) => readPolicy(POLICY, 'contracts/shop/orders/v2/policy.yaml', contract)),
      log: { error: () => {}, warn: () => {} },
    });
  };
  const tokenOf = async (as: string) => await issueDevToken({ dir: data.file('keys'), as });
  const ask = async (sql: string, as: string) => {
    const answer = await fetch(`${live.url}/v1/sql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokenOf(as)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql }),
    });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  const file = () => put('shop/orders/v2/contract.odcs.yaml', next);
  const sign = (...approvedBy: string[]) => {
    const [from, to] = [before, next].map((text) => readContract(text, 'f').hash);
    return put(
      'shop/orders/v2/approvals.yaml',
      JSON.stringify({ version: 1, approvals: [{ from, to, rule: 'column.removed', subject: 'column state', approvedBy, reason: 'Moved.' }] }),
    );
  };

  beforeAll(async () => {
    data = temporaryDirectory('skein-approvals-');
    mkdirSync(folder.file('shop/orders/v2'), { recursive: true });
    const engine = duckdbEngine();
    await publishQuery({
      engine,
      store: localSnapshotStore({ root: data.file('tables'), clock: systemClock }),
      contract: readContract(before, 'contracts/shop/orders/v2/contract.odcs.yaml'),
      query: "SELECT '1' AS id, 'open' AS state, 'x' AS more",
    });
    await engine.close();
    live = await start([before]);
    await ask("SELECT count(*) FROM shop.orders WHERE state = 'open'", 'analyst');
    await ask('SELECT * FROM shop.orders', 'steward');
    await ask('SELECT id FROM shop.orders', 'analyst');
  });
  afterAll(async () => {
    await live.close();
    data[Symbol.dispose]();
  });

  it('a consumer whose query breaks must approve beside the owner: on the command line, in a push, and at the start', async () => {
    const owner = put('owner.token', await tokenOf('steward'));
    const diff = async (...flags: string[]) => await runApp('contract', 'diff', file(), '--against', live.url, '--token-file', owner, ...flags);
    const push = async () => await runApp('contract', 'push', file(), '--to', live.url, '--token-file', owner);
    const seed = async (file: string) => {
      const other = await start([next], readApprovals(readFileSync(file, 'utf8'), file));
      await other.close();
    };
    await expect.poll(async () => (await live.parts.usage.usesOf('shop.orders')).length).toBe(3);
    // Nobody approved.
    const refused = await diff();
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('recorded queries: 1 break, 1 touched, 1 safe');
    expect(refused.stdout).toMatch(/breaks: analyst, 1 run: SELECT count_star\(\) FROM shop\.orders WHERE \(state = \$text1\)/);
    expect(refused.stdout).toContain('must be approved by shop-team, analyst');
    expect((await push()).stderr).toContain('SKEIN_CONTRACT_INCOMPATIBLE');
    // BACKWARD lets the column go; the query that fails on it does not, unless nobody asks for queries.
    expect([(await diff('--mode', 'BACKWARD')).code, (await diff('--mode', 'BACKWARD', '--no-operations')).code]).toEqual([1, 0]);
    // A consumer may not ask for the queries of others, and so not compare with them.
    const consumer = put('consumer.token', await tokenOf('analyst'));
    const blind = await runApp('contract', 'diff', file(), '--against', live.url, '--token-file', consumer);
    expect([blind.code, blind.stdout, blind.stderr.includes('--no-operations')]).toEqual([2, '', true]);
    // The owner alone, or somebody else beside the owner, is not enough anywhere.
    for (const signers of [['shop-team'], ['analyst'], ['shop-team', 'steward']]) {
      const signed = sign(...signers);
      expect([(await diff()).code, (await push()).code]).toEqual([1, 1]);
      await expect(seed(signed)).rejects.toMatchObject({ code: 'SKEIN_CONTRACT_INCOMPATIBLE' });
    }
    expect((await push()).stderr).toContain('analyst must yet agree');
    const signed = sign('shop-team', 'analyst');
    expect((await diff()).code).toBe(0);
    await seed(signed);
    // It stands by now, and a second time asks for nothing.
    expect(await push()).toMatchObject({ code: 0, stdout: 'shop.orders 2.1.0 stood there already\n' });
    expect((await push()).code).toBe(0);
    await start([next]).then((other) => other.close());
  });
});
