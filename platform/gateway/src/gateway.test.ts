import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { connect as tcp } from 'node:net';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBus } from '@skein/adapter-memory';
import { localSnapshotStore } from '@skein/adapter-storage';
import { CLIENT_CODES, connect, decimal, type Mesh } from '@skein/client';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { ERRORS, systemClock } from '@skein/kernel';
import { BusClient, DataProductModule } from '@skein/nest';
import type { LandingStore } from '@skein/ports';
import type { Domain } from '@skein/product';
import { publishQuery, temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueDevToken } from './auth/dev-keys.ts';
import { startGateway, type RunningGateway, type StartOptions } from './start-gateway.ts';

const contract = readContract(
  `apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
description: { purpose: "What customers ordered <b>here</b>." }
schema:
  - name: orders
    logicalType: object
    properties:
      - { name: id, id: o-id, logicalType: integer, physicalType: BIGINT, required: true, classification: public }
      - { name: customer, id: o-customer, logicalType: string, classification: confidential }
      - { name: amount, id: o-amount, logicalType: number, physicalType: "DECIMAL(18,2)", classification: internal }
      - { name: note, id: o-note, logicalType: string, classification: restricted }
      - { name: ordered_at, id: o-at, logicalType: timestamp, physicalType: TIMESTAMPTZ, classification: public }
`,
  'contracts/shop/orders/v1/contract.odcs.yaml',
);
const policy = readPolicy(
  `version: 1
grants:
  - roles: [public]
    columns: { allow: [public] }
  - roles: [analyst]
    columns: { allow: [public, internal], mask: { confidential: pseudonym }, deny: [restricted] }
  - roles: [steward]
    purposes: [support]
    columns: { allow: [public, internal, confidential, restricted] }
`,
  'contracts/shop/orders/v1/policy.yaml',
  contract,
);
const ROWS = 50_000;
const ORDERS = `SELECT 9007199254740993 + i AS id, 'SECRET-' || (i % 7) AS customer, CAST(i AS DECIMAL(18,2)) / 4 AS amount, 'SECRET note' AS note, TIMESTAMPTZ '2026-01-01 00:00:00.000001+00' + to_seconds(i) AS ordered_at FROM range(${ROWS}) t(i)`;

const folder = temporaryDirectory('skein-gateway-');
const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
const store = localSnapshotStore({ root: folder.file('tables'), clock: systemClock });
const logged: string[] = [];
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
let analyst: string;

const options = (): StartOptions => ({
  store,
  sandbox,
  contracts: [contract],
  policies: [policy],
  clock: systemClock,
  dataDir: folder.path,
  visitorRoles: ['public'],
  log: { error: (error) => void logged.push(String(error)), warn: (text) => void logged.push(text) },
});
const token = (as: string, purposes: string[] = []): Promise<string> => issueDevToken({ dir: folder.file('keys'), as, purposes });
const post = async (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}/v1/sql`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${analyst}`, 'content-type': 'application/json', ...headers },
  });
const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { headers: { authorization: `Bearer ${analyst}`, ...headers } });

beforeAll(async () => {
  await publishQuery({ engine, store, contract, query: ORDERS.replace(String(ROWS), '3') });
  await publishQuery({ engine, store, contract, query: ORDERS });
  sandbox = duckdbSandbox({ tempDirectory: folder.file('sandbox'), workers: 2 });
  gateway = await startGateway(options());
  analyst = await token('analyst');
});
afterAll(async () => {
  await gateway?.close();
  await sandbox?.close();
  await engine.close();
  folder[Symbol.dispose]();
});

describe('POST /v1/sql', () => {
  it('answers JSON that says what it read, by header and in the body', async () => {
    const response = await post('{"sql":"SELECT id, amount, ordered_at FROM shop.orders WHERE id > $1 ORDER BY id LIMIT 2","params":[9007199254740993]}');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const queryId = response.headers.get('skein-query-id');
    expect(queryId).toMatch(/^[\da-f-]{36}$/);
    expect(response.headers.get('skein-snapshots')).toBe('shop.orders@2');
    expect(response.headers.get('skein-freshness')).toMatch(/^shop\.orders=unstated;age=\d+$/);
    expect(response.headers.get('skein-rows')).toBe('2');
    expect(response.headers.get('skein-truncated')).toBe('false');
    expect(await response.json()).toMatchObject({
      query: { id: queryId, snapshots: { 'shop.orders': 2 }, policy: response.headers.get('skein-policy') },
      rows: [
        { id: '9007199254740994', amount: '0.25', ordered_at: '2026-01-01T00:00:01.000001Z' },
        { id: '9007199254740995', amount: '0.50', ordered_at: '2026-01-01T00:00:02.000001Z' },
      ],
      meta: { rows: 2, truncated: false },
    });
  });

  it('answers in the form that is asked for', async () => {
    const csv = await post({ sql: 'SELECT id FROM shop.orders ORDER BY id LIMIT 2' }, { accept: 'text/csv' });
    expect([csv.headers.get('content-type'), await csv.text()]).toEqual([
      'text/csv; charset=utf-8; header=present',
      'id\r\n9007199254740993\r\n9007199254740994\r\n',
    ]);
    const lines = await post({ sql: 'SELECT id FROM shop.orders ORDER BY id LIMIT 2' }, { accept: 'application/x-ndjson' });
    expect(
      (await lines.text())
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([{ id: '9007199254740993' }, { id: '9007199254740994' }]);
    expect((await post({ sql: 'SELECT 1' }, { accept: 'image/png' })).status).toBe(406);
  });

  it('obeys policies: masks, denials, purposes', async () => {
    const masked = (await (await post({ sql: 'SELECT DISTINCT customer FROM shop.orders' })).json()) as { rows: { customer: string }[] };
    expect(masked.rows).toHaveLength(7);
    expect(JSON.stringify(masked)).not.toContain('SECRET');
    expect(await (await post({ sql: 'SELECT note FROM shop.orders' })).json()).toMatchObject({ error: { code: 'SKEIN_QUERY_UNKNOWN_COLUMN' } });
    const steward = { authorization: `Bearer ${await token('steward', ['support'])}` };
    const unasked = await post({ sql: 'SELECT note FROM shop.orders LIMIT 1' }, steward);
    expect([unasked.status, await unasked.json()]).toMatchObject([404, { error: { code: 'SKEIN_PRODUCT_UNKNOWN' } }]);
    expect(await (await post({ sql: 'SELECT note FROM shop.orders LIMIT 1' }, { ...steward, 'skein-purpose': 'support' })).json()).toMatchObject({
      rows: [{ note: 'SECRET note' }],
    });
    expect((await post({ sql: 'SELECT 1' }, { ...steward, 'skein-purpose': 'marketing' })).status).toBe(403);
    expect((await post({ sql: 'SELECT 1' }, { ...steward, 'skein-purpose': 'a, b' })).status).toBe(400);
  });

  it.each([
    ['no token', { authorization: '' }, '{"sql":"SELECT 1"}', 401, 'SKEIN_AUTH_REQUIRED'],
    ['a bad token', { authorization: 'Bearer a.b.c' }, '{"sql":"SELECT 1"}', 401, 'SKEIN_AUTH_INVALID'],
    ['no JSON', {}, 'sql=SELECT 1', 400, 'SKEIN_REQUEST_INVALID'],
    ['an empty body', {}, '', 400, 'SKEIN_REQUEST_INVALID'],
    ['another type of body', { 'content-type': 'application/x-www-form-urlencoded' }, '{"sql":"SELECT 1"}', 400, 'SKEIN_REQUEST_INVALID'],
    ['an unknown member', {}, '{"sql":"SELECT 1","limit":5}', 400, 'SKEIN_REQUEST_INVALID'],
    ['a body of 2 MB', {}, `{"sql":"SELECT '${'x'.repeat(2_000_000)}'"}`, 413, 'SKEIN_REQUEST_TOO_LARGE'],
    ['a syntax error', {}, '{"sql":"SELEC 1"}', 400, 'SKEIN_QUERY_SYNTAX'],
    ['a file function', {}, `{"sql":"SELECT * FROM read_csv('/etc/passwd')"}`, 403, 'SKEIN_QUERY_REFUSED'],
    ['two statements', {}, '{"sql":"SELECT 1; SELECT 2"}', 403, 'SKEIN_QUERY_REFUSED'],
    ['a missing parameter', {}, '{"sql":"SELECT $1"}', 400, 'SKEIN_QUERY_PARAMS'],
    ['a version that never was', {}, '{"sql":"SELECT id FROM shop.orders","asOf":{"shop.orders":99}}', 404, 'SKEIN_SNAPSHOT_NOT_FOUND'],
    ['a failing cast', {}, `{"sql":"SELECT CAST(customer AS INTEGER) FROM shop.orders"}`, 422, 'SKEIN_QUERY_FAILED'],
    ['an expired deadline', {}, '{"sql":"SELECT count(*) FROM range(100000) a, range(100000) b, range(1000) c","timeoutMs":50}', 408, 'SKEIN_QUERY_TIMEOUT'],
  ])('refuses %s with a typed error and nothing of its inside', async (_name, headers, body, status, code) => {
    const response = await post(body, headers);
    const text = await response.text();
    expect([response.status, JSON.parse(text)]).toMatchObject([
      status,
      { error: { code, message: expect.stringMatching(/./), hint: expect.stringMatching(/./), retryable: expect.any(Boolean) } },
    ]);
    expect(text).not.toMatch(/SECRET|node_modules|\.ts:|\.js:|at async|\/tables\//);
    if (status === 401) expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    if (response.headers.has('skein-query-id')) expect(JSON.parse(text).error.queryId).toBe(response.headers.get('skein-query-id'));
  });

  it('refuses two Authorization headers', async () => {
    const status = await new Promise<string>((resolve) => {
      const { hostname, port } = new URL(gateway.url);
      const socket = tcp(Number(port), hostname, () =>
        socket.write(
          `POST /v1/sql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${analyst}\r\nAuthorization: Bearer ${analyst}\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"sql":"SELECT 1"}`,
        ),
      );
      socket.once('data', (data) => {
        resolve(data.toString().split('\r\n', 1)[0] as string);
        socket.destroy();
      });
    });
    expect(status).toBe('HTTP/1.1 401 Unauthorized');
  });

  it('streams a long answer whole, with its counts in the trailer and under the query id', async () => {
    const body = JSON.stringify({ sql: 'SELECT * FROM shop.orders', maxRows: 40_000 });
    const answer = await new Promise<{ lines: number; trailers: object; queryId: string }>((resolve, reject) => {
      const request = httpRequest(
        `${gateway.url}/v1/sql`,
        { method: 'POST', headers: { authorization: `Bearer ${analyst}`, 'content-type': 'application/json', accept: 'application/x-ndjson' } },
        (response) => {
          let lines = 0;
          response.on('data', (chunk: Buffer) => (lines += chunk.toString('latin1').split('\n').length - 1));
          response.on('end', () => resolve({ lines, trailers: response.trailers, queryId: response.headers['skein-query-id'] as string }));
          response.on('error', reject);
        },
      );
      request.on('error', reject).end(body);
    });
    expect(answer).toMatchObject({ lines: 40_000, trailers: { 'skein-rows': '40000', 'skein-truncated': 'true' } });
    expect(await (await get(`/v1/queries/${answer.queryId}`)).json()).toEqual({ queryId: answer.queryId, status: 'done', rows: 40_000, truncated: true });
    const other = await get(`/v1/queries/${answer.queryId}`, { authorization: `Bearer ${await token('public')}` });
    expect(other.status).toBe(404);
  });

  it.each(['application/x-ndjson', 'text/csv', 'application/json', 'application/vnd.apache.arrow.stream'])(
    'breaks the connection when a query fails in mid-stream: %s',
    async (accept) => {
      const failing = (at: bigint): string =>
        `SELECT repeat('x', 500) AS pad, CASE WHEN id = ${at} THEN CAST(customer AS INTEGER) ELSE 0 END AS x FROM shop.orders`;
      const broken = await post({ sql: failing(9_007_199_254_740_993n + BigInt(ROWS) - 1n) }, { accept });
      expect(broken.status).toBe(200);
      await expect(broken.arrayBuffer()).rejects.toThrowError('terminated');
      const whole = await post({ sql: failing(0n) }, { accept });
      expect((await whole.arrayBuffer()).byteLength).toBeGreaterThan(ROWS * 500);
    },
  );

  it('stops the query of a client that goes away', async () => {
    // A worker of this principal's stands ready, so that the query runs, and not only waits for one, when the client goes.
    expect((await post({ sql: 'SELECT 1 AS one' })).status).toBe(200);
    const stop = new AbortController();
    const pending = fetch(`${gateway.url}/v1/sql`, {
      method: 'POST',
      signal: stop.signal,
      headers: { authorization: `Bearer ${analyst}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql: 'SELECT count(*) FROM range(1000000) a, range(1000000) b' }),
    }).catch((error: unknown) => error);
    while (sandbox.stats().busy === 0) await new Promise((next) => setTimeout(next, 5));
    const { killed } = sandbox.stats();
    stop.abort();
    await pending;
    const deadline = performance.now() + 2_000;
    while (sandbox.stats().busy > 0 && performance.now() < deadline) await new Promise((next) => setTimeout(next, 5));
    expect(sandbox.stats()).toMatchObject({ busy: 0, killed: killed + 1 });
  });

  it('turns away what is too much, and says when to come again', async () => {
    const small = duckdbSandbox({ tempDirectory: folder.file('small'), workers: 1, spares: 0, queue: 1 });
    const crowded = await startGateway({ ...options(), sandbox: small });
    try {
      const ask = (): Promise<Response> =>
        fetch(`${crowded.url}/v1/sql`, {
          method: 'POST',
          headers: { authorization: `Bearer ${analyst}`, 'content-type': 'application/json' },
          body: JSON.stringify({ sql: 'SELECT count(*) AS n FROM shop.orders a, range(4000) b' }),
        });
      await (await ask()).arrayBuffer();
      const answers = await Promise.all(Array.from({ length: 8 }, ask));
      const bodies = await Promise.all(answers.map((answer) => answer.json() as Promise<{ error?: { code: string; retryable: boolean } }>));
      const busy = answers.filter((answer) => answer.status === 429);
      expect(busy.length).toBeGreaterThanOrEqual(4);
      expect(answers.filter((answer) => answer.status === 200).length + busy.length).toBe(8);
      for (const answer of busy) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(bodies.filter((body) => body.error?.code === 'SKEIN_QUERY_BUSY' && body.error.retryable)).toHaveLength(busy.length);
    } finally {
      await crowded.close();
      await small.close();
    }
  });

  it('keeps an audit record of each query, with what it read and never its text', async () => {
    const response = await post({ sql: "SELECT 'SECRET-IN-SQL', id FROM shop.orders LIMIT 1" });
    await response.arrayBuffer();
    const [file = ''] = await readdir(folder.file('audit'));
    const lines = (await readFile(folder.file('audit', file), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find((line) => line['queryId'] === response.headers.get('skein-query-id'))).toMatchObject({
      principal: 'analyst',
      decision: 'allowed',
      products: ['shop.orders'],
      snapshots: ['shop.orders@2'],
      rows: 1,
      truncated: false,
    });
    expect(lines.some((line) => line['decision'] === 'refused')).toBe(true);
    expect(JSON.stringify(lines)).not.toContain('SECRET-IN-SQL');
  });
});

describe('the client against the gateway', () => {
  let mesh: Mesh;
  beforeAll(() => {
    mesh = connect(gateway.url, { token: analyst });
  });

  it('binds values of every kind, and reads exact rows', async () => {
    const at = new Date('2026-01-01T00:00:02Z');
    const rows = await mesh.sql<{ id: bigint; amount: string; ordered_at: string }>`SELECT id, amount, ordered_at FROM shop.orders
      WHERE id >= ${2n ** 53n} AND amount = ${decimal('0.25')} AND ordered_at < ${at} AND id IN ${[9_007_199_254_740_994n, 5]} AND id NOT IN ${[]}`;
    expect([...rows]).toEqual([{ id: 9_007_199_254_740_994n, amount: '0.25', ordered_at: '2026-01-01T00:00:01.000001Z' }]);
    expect(rows.meta).toMatchObject({ snapshots: { 'shop.orders': 2 }, freshness: { 'shop.orders': { state: 'unstated' } }, rows: 1, truncated: false });
  });

  it('gets a long answer whole, and says when it was cut off', async () => {
    const query = mesh.query('SELECT * FROM shop.orders', [], { maxRows: 45_000 });
    expect((await query.arrow()).numRows).toBe(45_000);
    expect(await query.meta).toMatchObject({ rows: 45_000, truncated: true });
    let rows = 0;
    for await (const batch of mesh.sql`SELECT id FROM shop.orders`.stream()) rows += batch.numRows;
    expect(rows).toBe(ROWS);
  });

  it('reads past versions, products and typed errors', async () => {
    expect([...(await mesh.with({ asOf: { 'shop.orders': 1 } }).sql`SELECT count(*) AS n FROM shop.orders`)]).toEqual([{ n: 3n }]);
    expect(await mesh.products()).toMatchObject([{ id: 'shop.orders', version: 2 }]);
    expect(await mesh.product('shop.orders').describe()).toMatchObject({
      id: 'shop.orders',
      columns: [{ name: 'id', type: 'BIGINT' }, { name: 'customer', access: 'pseudonym' }, { name: 'amount' }, { name: 'ordered_at' }],
      versions: [
        { version: 2, rows: String(ROWS) },
        { version: 1, rows: '3' },
      ],
    });
    expect((await mesh.product('shop.orders').rows(3)).length).toBe(3);
    await expect(mesh.sql`SELECT nothing FROM shop.orders`).rejects.toMatchObject({
      name: 'SkeinClientError',
      code: 'SKEIN_QUERY_UNKNOWN_COLUMN',
      status: 400,
      queryId: expect.stringMatching(/-/),
    });
    await expect(connect(gateway.url).sql`SELECT 1`).rejects.toMatchObject({ code: 'SKEIN_AUTH_REQUIRED', status: 401 });
  });
});

describe('everything else', () => {
  it('shows the addresses to programs and a page to people', async () => {
    expect(await (await fetch(gateway.url)).json()).toMatchObject({ skein: 'gateway', addresses: { query: 'POST /v1/sql' } });
    const page = await fetch(gateway.url, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    const html = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(html).toContain('shop.orders');
    expect(html).toContain('ordered_at');
    expect(html).toContain('What customers ordered &lt;b&gt;here&lt;/b&gt;.');
    expect(html).not.toContain('customer <');
    expect(html).toContain('passed');
  });

  it('runs the curl line of the page', async () => {
    const html = await (await fetch(gateway.url, { headers: { accept: 'text/html' } })).text();
    const curl = (/<pre><code>([^]*?)<\/code>/.exec(html)?.[1] ?? '')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>');
    const child = spawn('sh', ['-c', curl.replace('$(npx skein token --as analyst)', analyst)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    for await (const chunk of child.stdout) out += chunk;
    expect(out.split('\r\n')[0]).toBe('id,ordered_at');
    expect(out.trimEnd().split('\r\n')).toHaveLength(6);
  });

  it('hides products from those who may not see them', async () => {
    expect((await get('/v1/products', { authorization: '' })).status).toBe(401);
    const stranger = { authorization: `Bearer ${await token('stranger')}` };
    expect(await (await get('/v1/products', stranger)).json()).toEqual({ products: [] });
    const hidden = await get('/v1/products/shop.orders', stranger);
    const missing = await get('/v1/products/shop.nothing', stranger);
    expect([hidden.status, missing.status]).toEqual([404, 404]);
    const same = async (response: Response, id: string): Promise<string> => (await response.text()).replaceAll(id, 'ID');
    expect(await same(hidden, 'shop.orders')).toBe(await same(missing, 'shop.nothing'));
    expect((await get(`/v1/products/${encodeURIComponent('../../etc/passwd')}`)).status).toBe(404);
  });

  it('says how it is, and counts', async () => {
    const health = await get('/health', { authorization: '' });
    expect([health.status, await health.json()]).toMatchObject([
      200,
      { skein: 'gateway', status: 'up', pid: process.pid, checks: { store: { status: 'up', tables: 1 }, sandbox: { status: 'up' } } },
    ]);
    expect(await (await get('/health/live')).json()).toMatchObject({ status: 'up' });
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toMatch(/skein_queries_total\{outcome="ok",format="arrow"\} [1-9]/);
    expect(metrics).toMatch(/skein_queries_total\{outcome="SKEIN_QUERY_SYNTAX",format="json"\} 1/);
    expect(metrics).toMatch(/skein_product_version\{product="shop\.orders"\} 2/);
    expect(metrics).toMatch(/skein_sandbox\{state="workers"\} [1-9]/);
  });

  it('says which methods an address knows, whatever the body', async () => {
    const asked = async (method: string, path: string) => {
      const answer = await fetch(`${gateway.url}${path}`, { method, ...(method === 'GET' ? {} : { body: '<a/>', headers: { 'content-type': 'text/xml' } }) });
      return [answer.status, answer.headers.get('allow'), ((await answer.json()) as { error?: { code: string } }).error?.code];
    };
    expect(await asked('GET', '/v1/sql')).toEqual([405, 'POST', 'SKEIN_METHOD_NOT_ALLOWED']);
    expect(await asked('PUT', '/v1/products/shop.orders')).toEqual([405, 'GET, HEAD', 'SKEIN_METHOD_NOT_ALLOWED']);
    expect(await asked('DELETE', '/v1/contracts/shop.orders/versions')).toEqual([405, 'POST', 'SKEIN_METHOD_NOT_ALLOWED']);
    expect(await asked('GET', '/v1/nothing')).toEqual([404, null, 'SKEIN_NOT_FOUND']);
    expect(await asked('GET', '/')).toEqual([200, null, undefined]);
  });

  it.each([
    ['a broken escape', 'GET /v1/products/%zz HTTP/1.1\r\nHost: x\r\nConnection: close', 400, 'SKEIN_REQUEST_INVALID'],
    ['an escape that is no UTF-8', 'GET /%ff HTTP/1.1\r\nHost: x\r\nConnection: close', 400, 'SKEIN_REQUEST_INVALID'],
    ['a long header', `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}`, 431, 'SKEIN_REQUEST_TOO_LARGE'],
    ['no HTTP', 'nonsense', 400, 'SKEIN_REQUEST_INVALID'],
    ['nothing wrong', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close', 200, undefined],
  ])('answers a request with %s in its own form', async (_name, request, status, code) => {
    const { hostname, port } = new URL(gateway.url);
    const socket = tcp(Number(port), hostname);
    socket.write(`${request}\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/^content-type: application\/json; charset=utf-8$/im);
    expect((JSON.parse(body) as { error?: { code: string } }).error?.code).toBe(code);
  });

  it('knows no other address, and sends no CORS headers', async () => {
    const missing = await get('/v2/sql', { origin: 'https://evil.example' });
    expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'SKEIN_NOT_FOUND' } }]);
    const preflight = await fetch(`${gateway.url}/v1/sql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('allow')]).toEqual([405, 'POST']);
    for (const response of [missing, preflight, await post({ sql: 'SELECT 1' }, { origin: 'https://evil.example' })])
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('hosts domains, which answer over the bus as themselves', async () => {
    const bus = memoryBus();
    const domain = (name: string): Domain => ({ name, sources: [], bronze: [], products: [] });
    const adapters = { engine, store, bus, sandbox, landings: { list: async () => [] } as unknown as LandingStore };
    const imports = [
      DataProductModule.forRoot({ adapters, system: { feedback: contract, lineage: contract } }),
      DataProductModule.forFeature('shop', domain('shop')),
      DataProductModule.forFeature('crm', domain('crm')),
    ];
    const hosting = await startGateway({ ...options(), bus, imports });
    const client = new BusClient(bus);
    expect(await Promise.all(['shop', 'crm'].map((name) => client.request(`${name}.describe`)))).toMatchObject([{ domain: 'shop' }, { domain: 'crm' }]);
    expect(await client.request('crm.run')).toMatchObject({ domain: 'crm', products: [] });
    expect((await fetch(`${hosting.url}/health`)).status).toBe(200);
    await client.close();
    await hosting.close();
    await bus.close();
    await expect(startGateway({ ...options(), imports })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });

  it('has a line in the table of errors for each code of the client', () => {
    expect(Object.keys(CLIENT_CODES).length).toBeGreaterThan(0);
    for (const [code, { retryable }] of Object.entries(CLIENT_CODES)) expect(ERRORS).toHaveProperty(code, expect.objectContaining({ retryable }));
  });

  it('says who holds its port', async () => {
    const port = Number(new URL(gateway.url).port);
    await expect(startGateway({ ...options(), port })).rejects.toMatchObject({
      code: 'SKEIN_PORT_IN_USE',
      message: expect.stringContaining(`a Skein gateway (process ${process.pid}`),
      context: { port, pid: process.pid },
    });
    const { createServer } = await import('node:http');
    const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await new Promise((listening) => other.once('listening', listening));
    await expect(startGateway({ ...options(), port: (other.address() as { port: number }).port })).rejects.toMatchObject({
      code: 'SKEIN_PORT_IN_USE',
      message: expect.stringContaining('another program'),
    });
    await new Promise((closed) => other.close(closed));
  });

  it('lets what runs end when it closes, and takes nothing new', async () => {
    const second = await startGateway(options());
    const mesh = connect(second.url, { token: analyst });
    const running = mesh.sql`SELECT count(*) AS n FROM shop.orders a, range(2000) b`.rows();
    while (sandbox.stats().busy === 0) await new Promise((next) => setTimeout(next, 2));
    const closing = second.close();
    expect([...(await running)]).toEqual([{ n: BigInt(ROWS) * 2_000n }]);
    const ended = performance.now();
    await closing;
    // Less than the time of grace, which is five seconds.
    expect(performance.now() - ended).toBeLessThan(4_500);
    await expect(mesh.sql`SELECT 1`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_UNREACHABLE' });
  });

  it('cancels what still runs when the time of grace is over', async () => {
    const second = await startGateway({ ...options(), graceMs: 100 });
    const running = connect(second.url, { token: analyst }).sql`SELECT count(*) AS n FROM range(1000000) a, range(1000000) b`.rows();
    const refused = expect(running).rejects.toMatchObject({ code: 'SKEIN_GATEWAY_STOPPING', status: 503, retryable: true });
    while (sandbox.stats().busy === 0) await new Promise((next) => setTimeout(next, 2));
    const began = performance.now();
    await second.close();
    await refused;
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it('logs no error for what its consumers did', () => {
    expect(logged).toEqual([]);
  });
});
