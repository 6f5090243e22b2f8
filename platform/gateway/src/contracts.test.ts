import { readdir, readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { readContract } from '@skein/contract';
import { readPolicy } from '@skein/federation';
import { systemClock } from '@skein/kernel';
import { publishQuery, temporaryDirectory } from '@skein/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issueDevToken } from './auth/dev-keys.ts';
import { startGateway, type RunningGateway, type StartOptions } from './start-gateway.ts';

interface Marks {
  readonly version?: string;
  readonly status?: string;
  readonly domain?: string;
  readonly name?: string;
  readonly mode?: string;
  readonly id?: string;
  readonly purpose?: string;
  readonly owner?: string;
  /** Lines of properties beside `id`. */
  readonly columns?: string;
}
const NOTE = '{ name: note, id: o-note, logicalType: string, classification: restricted }';
const CITY = '{ name: city, id: o-city, logicalType: string, classification: public }';
const document = ({
  version = '1.0.0',
  status = 'active',
  domain = 'shop',
  name = 'orders',
  mode,
  id = `${domain}-${name}`,
  purpose = 'Orders.',
  owner,
  columns = NOTE,
}: Marks = {}) =>
  `# kept to the letter
apiVersion: v3.1.0
kind: DataContract
id: ${id}
version: ${version}
status: ${status}
domain: ${domain}
${owner === undefined ? '' : `team: { name: ${owner} }\n`}description: { purpose: "${purpose}" }
${mode === undefined ? '' : `customProperties: [{ property: compatibilityMode, value: ${mode} }]\n`}schema:
  - name: ${name}
    logicalType: object
    properties:
      - { name: id, id: o-id, logicalType: integer, physicalType: BIGINT, required: true, classification: public }
${columns
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => `      - ${line}\n`)
  .join('')}`;

const POLICY = `version: 1
owners: [steward]
grants:
  - roles: [analyst]
    columns: { allow: [public], deny: [restricted] }
  - roles: [reader]
    columns: { allow: [public, restricted] }
`;
/** Granted to nobody, owned by nobody. */
const CLOSED = 'version: 1\ngrants:\n  - roles: [keeper]\n    columns: { allow: [public] }\n';

const fileOf = (name: string) => `contracts/shop/${name}/v1/contract.odcs.yaml`;
/** Where a contract names none. */
const OWNER = 'owner of shop.orders';
const orders = document();
const closed = document({ name: 'closed', columns: '' });

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: { readonly [member: string]: unknown; readonly error?: { code: string; message: string; hint: string; context?: Record<string, unknown> } };
}

let folder: ReturnType<typeof temporaryDirectory>;
let sandbox: DuckdbSandbox;
let gateway: RunningGateway;
const tokens = new Map<string, string>();
const logged: string[] = [];

const options = (documents: readonly string[] = [orders, closed]): StartOptions => {
  const contracts = documents.map((text) => readContract(text, fileOf(/name: (closed)/.test(text) ? 'closed' : 'orders')));
  return {
    store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }),
    sandbox,
    contracts,
    documents,
    policies: contracts.map((contract) => readPolicy(contract.name === 'closed' ? CLOSED : POLICY, contract.file.replace('contract.odcs', 'policy'), contract)),
    clock: systemClock,
    dataDir: folder.path,
    log: { error: (error) => void logged.push(String(error)), warn: (text) => void logged.push(text) },
  };
};

async function call(path: string, as: string | null = 'steward', init: RequestInit = {}): Promise<Answer> {
  if (as !== null && !tokens.has(as)) tokens.set(as, await issueDevToken({ dir: folder.file('keys'), as }));
  const headers = { ...(as === null ? {} : { authorization: `Bearer ${tokens.get(as)}` }), ...(init.headers as Record<string, string> | undefined) };
  const response = await fetch(`${gateway.url}${path}`, { ...init, headers });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, text, body: isJson ? (JSON.parse(text) as Answer['body']) : {} };
}
const push = (text: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, as = 'steward', product = 'shop.orders'): Promise<Answer> =>
  call(`/v1/contracts/${product}/versions`, as, { method: 'POST', body: text, headers: { 'content-type': 'application/yaml', ...headers } });
const refusal = ({ status, body }: Answer): [number, string | undefined] => [status, body.error?.code];

beforeAll(() => {
  sandbox = duckdbSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  folder = temporaryDirectory('skein-contracts-');
  tokens.clear();
  logged.length = 0;
  gateway = await startGateway(options());
});
afterEach(async () => {
  await gateway.close();
  folder[Symbol.dispose]();
});

describe('reading contracts', () => {
  it('lists what the principal may see, with the version that the live snapshot was judged by', async () => {
    const hash = readContract(orders, 'f').hash;
    const major = { major: 1, version: '1.0.0', status: 'active', hash, mode: 'FULL', live: null };
    expect((await call('/v1/contracts')).body).toEqual({ products: [{ product: 'shop.orders', majors: [major] }] });
    const engine = duckdbEngine();
    const contract = readContract(orders, fileOf('orders'));
    await publishQuery({ engine, store: options().store, contract, query: "SELECT 7::BIGINT AS id, 'x' AS note" });
    await engine.close();
    await push(document({ version: '1.1.0', columns: `${NOTE}\n${CITY}` }));
    const listed = await call('/v1/contracts', 'analyst');
    expect(listed.body).toMatchObject({
      products: [{ product: 'shop.orders', majors: [{ version: '1.1.0', live: { version: '1.0.0', hash, snapshot: 1 } }] }],
    });
    const versions = await call('/v1/contracts/shop.orders', 'analyst');
    expect(versions.body).toMatchObject({
      product: 'shop.orders',
      versions: [
        { version: '1.0.0', hash, status: 'active', publishedBy: 'contracts folder', live: true },
        { version: '1.1.0', publishedBy: 'steward', live: false },
      ],
    });
  });

  it('gives a document to the letter, with its hash as entity tag, or as JSON', async () => {
    const hash = readContract(orders, 'f').hash;
    for (const version of ['1.0.0', 'latest', 'latest?major=1']) {
      const yaml = await call(`/v1/contracts/shop.orders/versions/${version}`);
      expect([yaml.status, yaml.headers.get('content-type'), yaml.text]).toEqual([200, 'application/yaml; charset=utf-8', orders]);
      expect(yaml.headers.get('etag')).toBe(`"${hash}"`);
    }
    const json = await call('/v1/contracts/shop.orders/versions/1.0.0', 'reader', { headers: { accept: 'application/json' } });
    expect(json.body).toMatchObject({ product: 'shop.orders', version: '1.0.0', hash, document: orders, recordSchema: { required: ['id'] } });
    const known = await call('/v1/contracts/shop.orders/versions/1.0.0', 'steward', { headers: { 'if-none-match': `"x", "${hash}"` } });
    expect([known.status, known.text]).toEqual([304, '']);
    expect(refusal(await call('/v1/contracts/shop.orders/versions/1.0.0', 'steward', { headers: { accept: 'image/png' } }))).toEqual([
      406,
      'SKEIN_REQUEST_ACCEPT',
    ]);
  });

  it('does not show a document that names columns which the principal may not see', async () => {
    expect(refusal(await call('/v1/contracts/shop.orders/versions/1.0.0', 'analyst'))).toEqual([403, 'SKEIN_AUTH_FORBIDDEN']);
    expect((await call('/v1/contracts/shop.orders/versions/1.0.0', 'reader')).status).toBe(200);
    await push(document({ version: '1.1.0', columns: `${NOTE}\n{ name: more, id: o-more, logicalType: string, classification: confidential }` }));
    expect((await call('/v1/contracts/shop.orders/versions/1.0.0', 'reader')).status).toBe(200);
    expect(refusal(await call('/v1/contracts/shop.orders/versions/1.1.0', 'reader'))).toEqual([403, 'SKEIN_AUTH_FORBIDDEN']);
  });

  it('reads the same for what is hidden and what is not there', async () => {
    const answers = await Promise.all(
      ['shop.closed', 'shop.nothing'].map(async (product) => (await call(`/v1/contracts/${product}`, 'steward')).text.replaceAll(product, '…')),
    );
    expect(answers[0]).toBe(answers[1]);
    expect(answers[0]).toContain('SKEIN_PRODUCT_UNKNOWN');
    const pushed = await Promise.all(
      ['shop.closed', 'shop.nothing'].map(async (product) => (await push('no: contract', {}, 'steward', product)).text.replaceAll(product, '…')),
    );
    expect(pushed).toEqual([answers[0], answers[0]]);
    expect((await call('/v1/contracts', 'nobody')).body).toEqual({ products: [] });
    expect(refusal(await call('/v1/contracts', null))).toEqual([401, 'SKEIN_AUTH_REQUIRED']);
    expect(refusal(await call('/v1/contracts/shop.orders', null))).toEqual([401, 'SKEIN_AUTH_REQUIRED']);
  });

  it.each([
    ['/v1/contracts/..%2f..%2fkeys', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/shop.orders%00', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/__proto__', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/constructor.prototype', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/shop', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/SHOP.ORDERS', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/shop.orders.more', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/shop.orders_v1', 404, 'SKEIN_PRODUCT_UNKNOWN'],
    [`/v1/contracts/${'a'.repeat(300)}`, 404, 'SKEIN_PRODUCT_UNKNOWN'],
    ['/v1/contracts/shop.orders/versions/..%2f0001', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/1.0.0%00', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/1.0', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/01.0.0', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/1.0.0-rc.1', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/__proto__', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/1.0.1', 404, 'SKEIN_CONTRACT_NOT_FOUND'],
    ['/v1/contracts/shop.orders/versions/latest?major=2', 404, 'SKEIN_CONTRACT_NOT_FOUND'],
    ['/v1/contracts/shop.orders/versions/latest?major=x', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/latest?major=1&major=1', 400, 'SKEIN_REQUEST_INVALID'],
    ['/v1/contracts/shop.orders/versions/latest?major=1e999', 400, 'SKEIN_REQUEST_INVALID'],
  ])('answers %.80s with a typed refusal', async (path, status, code) => {
    const answer = await call(path);
    expect(refusal(answer)).toEqual([status, code]);
    expect(answer.text).not.toContain(folder.path);
  });
});

describe('pushing contracts', () => {
  const next = document({ version: '1.1.0', columns: `${NOTE}\n${CITY}` });

  it('takes a version that its mode allows, once, and says what it found', async () => {
    const first = await push(next);
    expect([first.status, first.headers.get('location')]).toEqual([201, '/v1/contracts/shop.orders/versions/1.1.0']);
    expect(first.body).toMatchObject({ product: 'shop.orders', version: '1.1.0', publishedBy: 'steward', created: true, bump: 'minor' });
    expect(first.body['findings']).toMatchObject([{ rule: 'column.added', breaking: false }]);
    const again = await push(next.replace('# kept to the letter', '# a comment changes nothing'));
    expect([again.status, again.body['created'], again.body['hash']]).toEqual([200, false, first.body['hash']]);
    expect((await call('/v1/contracts/shop.orders/versions/1.1.0')).text).toBe(next);
    // a lost answer, asked for again with the tag of the version before
    expect((await push(next, { 'if-match': `"${readContract(orders, 'f').hash}"` })).status).toBe(200);
    // an older version again, too
    expect((await push(orders)).status).toBe(200);
    expect((await call('/v1/contracts/shop.orders')).body['versions']).toHaveLength(2);
    expect(await readdir(folder.file('registry/shop/orders/v1'))).toEqual(['0001.json', '0002.json']);
  });

  it('takes JSON, and a mark of byte order', async () => {
    const json = JSON.stringify({
      ...(JSON.parse(JSON.stringify({ apiVersion: 'v3.1.0', kind: 'DataContract', id: 'shop-orders', status: 'active', domain: 'shop' })) as object),
      version: '1.1.0',
      description: { purpose: 'Orders.' },
      schema: [
        {
          name: 'orders',
          logicalType: 'object',
          properties: [
            { name: 'id', id: 'o-id', logicalType: 'integer', physicalType: 'BIGINT', required: true, classification: 'public' },
            { name: 'note', id: 'o-note', logicalType: 'string', classification: 'restricted' },
            { name: 'city', id: 'o-city', logicalType: 'string', classification: 'public' },
          ],
        },
      ],
    });
    const answer = await push(json, { 'content-type': 'application/json' });
    expect([answer.status, answer.body['hash']]).toEqual([201, readContract(next, 'f').hash]);
    expect((await push(`\ufeff${next}`, { 'content-type': 'text/yaml; charset=utf-8' })).status).toBe(200);
  });

  it.each<[string, Marks, number, string, RegExp]>([
    ['removes a column', { version: '1.1.0', columns: '' }, 422, 'SKEIN_CONTRACT_INCOMPATIBLE', /breaks what 1\.0\.0 promised/],
    ['says too little', { version: '1.0.1', columns: `${NOTE}\n${CITY}` }, 422, 'SKEIN_CONTRACT_INCOMPATIBLE', /asks for a minor step/],
    ['changes its mode by a patch', { version: '1.0.1', mode: 'NONE' }, 422, 'SKEIN_CONTRACT_INCOMPATIBLE', /asks for a minor step/],
    ['is a downgrade', { version: '0.9.0' }, 422, 'SKEIN_CONTRACT_INCOMPATIBLE', /major version 1/],
    ['skips a major', { version: '3.0.0' }, 422, 'SKEIN_CONTRACT_INCOMPATIBLE', /next one is 2/],
    ['has the version of another', { version: '1.0.0', purpose: 'Other.' }, 409, 'SKEIN_CONTRACT_CONFLICT', /registered with other content/],
    ['is a pre-release', { version: '1.1.0-rc.1', columns: `${NOTE}\n${CITY}` }, 400, 'SKEIN_REQUEST_INVALID', /no release/],
    ['has build metadata', { version: '1.1.0+7' }, 400, 'SKEIN_REQUEST_INVALID', /no release/],
    ['is a draft', { version: '1.1.0', status: 'draft' }, 400, 'SKEIN_REQUEST_INVALID', /promises nothing yet/],
    ['has no version', { version: 'newest' }, 400, 'SKEIN_REQUEST_INVALID', /semantic version/],
    ['is of another domain', { version: '1.1.0', domain: 'sap' }, 400, 'SKEIN_REQUEST_INVALID', /the domain is "sap", the folder says "shop"/],
    ['is of another product', { version: '1.1.0', name: 'closed' }, 400, 'SKEIN_REQUEST_INVALID', /schema object is "closed"/],
    ['is of a name that the language has', { version: '1.1.0', name: 'constructor' }, 400, 'SKEIN_REQUEST_INVALID', /"constructor"/],
    ['could not be started with', { version: '1.1.0', id: 'shop-closed' }, 409, 'SKEIN_CATALOG_CONFLICT', /have one id/],
    ['has an unknown mode', { version: '1.1.0', mode: 'BACKWARDS' }, 400, 'SKEIN_REQUEST_INVALID', /no compatibility mode/],
  ])('refuses what %s, and keeps nothing of it', async (_name, marks, status, code, message) => {
    const answer = await push(document(marks));
    expect(refusal(answer)).toEqual([status, code]);
    expect(answer.body.error?.message).toMatch(message);
    expect(answer.body.error?.hint).not.toBe('');
    expect((await call('/v1/contracts/shop.orders')).body['versions']).toHaveLength(1);
  });

  it('shows findings with witnesses, and faults with places, rules and fixes', async () => {
    const broken = await push(document({ version: '1.1.0', columns: '' }));
    expect(broken.body.error?.context).toMatchObject({
      mode: 'FULL',
      asked: 'major',
      given: 'minor',
      newest: '1.0.0',
      findings: [{ rule: 'column.removed', breaking: true, subject: 'column note' }],
    });
    const faulty = await push(document({ version: '1.1.0', columns: '{ name: city, logicalType: sting }\n{ name: city, logicalType: string }' }));
    const faults = faulty.body.error?.context?.['faults'] as { rule: string; fix: string; place: { line: number; column: number } }[];
    expect(faults.map(({ rule, place }) => [rule, place.line])).toEqual(
      [
        ['schema.properties.logicalType', 14],
        ['schema.properties.name', 15],
      ].slice(0, faults.length),
    );
    expect(faults.length).toBeGreaterThan(0);
  });

  it('obeys the mode of the version before, and a new mode from then on', async () => {
    expect((await push(document({ version: '1.1.0', mode: 'NONE' }))).status).toBe(201);
    expect((await push(document({ version: '1.2.0', mode: 'NONE', columns: '' }))).status).toBe(201);
    expect((await push(document({ version: '1.3.0', mode: 'BACKWARD_TRANSITIVE', columns: '' }))).status).toBe(201);
    // against 1.3.0 alone a column named note would be new; 1.0.0 had texts there
    const again = document({
      version: '1.4.0',
      mode: 'BACKWARD_TRANSITIVE',
      columns: '{ name: note, id: o-note, logicalType: integer, physicalType: BIGINT, classification: restricted }',
    });
    const answer = await push(again);
    expect(refusal(answer)).toEqual([422, 'SKEIN_CONTRACT_INCOMPATIBLE']);
    const findings = (answer.body.error?.context?.['findings'] ?? []) as { breaking: boolean; against: string }[];
    expect(findings.filter(({ breaking }) => breaking).map(({ against }) => against)).toContain('1.0.0');
  });

  it('lets a new major break what it likes, beside the old one, which goes on', async () => {
    const answer = await push(document({ version: '2.0.0', columns: '' }));
    expect([answer.status, answer.body['bump']]).toEqual([201, null]);
    expect((await push(next)).status).toBe(201);
    expect((await push(document({ version: '2.0.1', columns: '', purpose: 'Better words.' }))).status).toBe(201);
    const { majors } = ((await call('/v1/contracts')).body['products'] as { majors: { major: number; version: string }[] }[])[0] ?? { majors: [] };
    expect(majors.map(({ major, version }) => [major, version])).toEqual([
      [1, '1.1.0'],
      [2, '2.0.1'],
    ]);
    expect((await call('/v1/contracts/shop.orders/versions/latest')).text).toContain('version: 2.0.1');
    expect((await call('/v1/contracts/shop.orders/versions/latest?major=1')).text).toBe(next);
  });

  it('gives up on a change that takes too long to judge, and answers others meanwhile', async () => {
    const many = (version: string, tail: string): string =>
      document({
        version,
        columns: Array.from(
          { length: 1_000 },
          (_, at) => `{ name: c${at}, id: o-c${at}, logicalType: string, required: true, logicalTypeOptions: { pattern: "^(a|b)*c{${at % 50}}${tail}$" } }`,
        ).join('\n'),
      });
    expect((await push(many('2.0.0', ''))).status).toBe(201);
    const slow = push(many('2.1.0', 'x?'));
    let [longest, looked] = [0, 0];
    for (let done = false; !done; looked += 1) {
      const started = performance.now();
      await call('/health');
      longest = Math.max(longest, performance.now() - started);
      done = await Promise.race([slow.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 20, false))]);
    }
    expect(refusal(await slow)).toEqual([422, 'SKEIN_CONTRACT_LIMIT']);
    expect(looked).toBeGreaterThan(10);
    expect(longest).toBeLessThan(2_000);
    expect((await call('/v1/contracts/shop.orders')).body['versions']).toHaveLength(2);
  });

  it('holds pushes to the version that their author started from', async () => {
    const start = `"${readContract(orders, 'f').hash}"`;
    expect((await push(next, { 'if-match': start })).status).toBe(201);
    const late = await push(document({ version: '1.2.0', columns: `${NOTE}\n${CITY}`, purpose: 'More.' }), { 'if-match': start });
    expect(refusal(late)).toEqual([409, 'SKEIN_CONTRACT_CONFLICT']);
    expect(late.body.error?.context).toMatchObject({ version: '1.1.0', hash: readContract(next, 'f').hash });
    const third = document({ version: '1.2.0', columns: `${NOTE}\n${CITY}`, purpose: 'More.' });
    expect(refusal(await push(third, { 'if-match': 'no tag' }))).toEqual([400, 'SKEIN_REQUEST_INVALID']);
    expect(refusal(await push(third, { 'if-match': `W/"${readContract(next, 'f').hash}"` }))).toEqual([409, 'SKEIN_CONTRACT_CONFLICT']);
    expect((await push(third, { 'if-match': `"x", "${readContract(next, 'f').hash}"` })).status).toBe(201);
  });

  it('takes what breaks with the approval of whom it concerns, for this very change, as texts beside each other', async () => {
    const broken = document({ version: '1.1.0', columns: CITY, owner: 'usurper' });
    const approvals = (more: object = {}): string =>
      JSON.stringify({
        version: 1,
        approvals: [
          ['column.removed', 'column note'],
          ['column.added', 'column city'],
        ].map(([rule, subject]) => ({
          ...{ from: readContract(orders, 'f').hash, to: readContract(broken, 'f').hash, rule, subject },
          ...{ approvedBy: [OWNER], reason: 'Nobody reads it.', ...more },
        })),
      });
    const send = (body: unknown): Promise<Answer> => push(JSON.stringify(body), { 'content-type': 'application/json' });
    expect(refusal(await push(broken))).toEqual([422, 'SKEIN_CONTRACT_INCOMPATIBLE']);
    for (const wrong of [{ approvedBy: ['usurper'] }, { to: readContract(orders, 'f').hash }, { subject: 'column id' }])
      expect(refusal(await send({ document: broken, approvals: approvals(wrong) }))).toEqual([422, 'SKEIN_CONTRACT_INCOMPATIBLE']);
    // an approval of the break is none of the version
    const patch = document({ version: '1.0.1', columns: CITY, owner: 'usurper' });
    expect(refusal(await send({ document: patch, approvals: approvals({ to: readContract(patch, 'f').hash }) }))).toEqual([422, 'SKEIN_CONTRACT_INCOMPATIBLE']);
    expect(refusal(await send({ document: broken, approvals: 'version: 2' }))).toEqual([422, 'SKEIN_APPROVAL_INVALID']);
    for (const body of [{ document: broken, approvals: {} }, { document: 1 }, { document: broken, more: '' }])
      expect(refusal(await send(body))).toEqual([400, 'SKEIN_REQUEST_INVALID']);
    expect(refusal(await send({ document: broken, approvals: `${approvals()}${' '.repeat(300_000)}` }))).toEqual([413, 'SKEIN_REQUEST_TOO_LARGE']);
    expect(refusal(await push(JSON.stringify({ document: broken, approvals: approvals() }), { 'content-type': 'application/json' }, 'analyst'))).toEqual([
      403,
      'SKEIN_AUTH_FORBIDDEN',
    ]);
    const taken = await send({ document: broken, approvals: approvals() });
    expect([taken.status, taken.body['bump']]).toEqual([201, 'minor']);
    expect(taken.body['findings']).toContainEqual(
      expect.objectContaining({ rule: 'column.removed', standing: 'approved', mustApprove: [OWNER], approvedBy: [OWNER] }),
    );
    expect((await call('/v1/contracts/shop.orders/versions/1.1.0')).text).toBe(broken);
  });

  it('lets a limited number of changes wait for their judgement, and answers the others at once', async () => {
    await push(next);
    // wide enough that a judgement takes longer than a request takes to come, however quick the machine
    const wide = Array.from({ length: 400 }, (_, at) => `{ name: more_${at}, id: o-more-${at}, logicalType: string, classification: public }`);
    const started = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => push(document({ version: `1.2.${at}`, columns: [NOTE, CITY, ...wide].join('\n'), purpose: `By ${at}.` }))),
    );
    const busy = answers.filter(({ status }) => status === 429);
    expect(busy.length).toBeGreaterThan(0);
    expect(busy.length).toBeLessThan(60);
    for (const answer of busy) {
      expect(refusal(answer)).toEqual([429, 'SKEIN_QUERY_BUSY']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(20_000);
    // what was turned away may come again
    expect((await push(document({ version: '1.3.0', columns: [NOTE, CITY, ...wide].join('\n'), purpose: 'After all.' }))).status).toBe(201);
  });

  it('gives one winner when many push at once, through two gateways', async () => {
    const second = await startGateway(options());
    try {
      await call('/v1/contracts');
      for (let round = 1; round <= 3; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, at) => {
            const columns = [
              NOTE,
              ...Array.from({ length: round }, (_name, index) => `{ name: c${index}, id: o-c${index}, logicalType: string, classification: public }`),
            ].join('\n');
            return fetch(`${at % 2 === 0 ? gateway.url : second.url}/v1/contracts/shop.orders/versions`, {
              method: 'POST',
              headers: { authorization: `Bearer ${tokens.get('steward')}`, 'content-type': 'application/yaml' },
              body: document({ version: `1.${round}.0`, purpose: `By ${at}.`, columns }),
            });
          }),
        );
        const codes = answers.map(({ status }) => status).sort((a, b) => a - b);
        expect(codes).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
        for (const answer of answers)
          if (answer.status === 409)
            expect(await answer.json()).toMatchObject({ error: { code: 'SKEIN_CONTRACT_CONFLICT', context: { version: `1.${round}.0` } } });
      }
      const same = document({
        version: '1.4.0',
        columns: [
          NOTE,
          ...Array.from({ length: 3 }, (_name, index) => `{ name: c${index}, id: o-c${index}, logicalType: string, classification: public }`),
        ].join('\n'),
        purpose: 'All agree.',
      });
      const equal = await Promise.all(Array.from({ length: 6 }, () => push(same)));
      expect(equal.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 201]);
      expect((await call('/v1/contracts/shop.orders')).body['versions']).toHaveLength(5);
    } finally {
      await second.close();
    }
  });

  it('lets nobody push but owners, who are told of faults only', async () => {
    for (const text of [next, 'no: contract', '}{'])
      for (const as of ['analyst', 'reader']) expect(refusal(await push(text, {}, as))).toEqual([403, 'SKEIN_AUTH_FORBIDDEN']);
    expect(refusal(await push(next, {}, 'nobody'))).toEqual([404, 'SKEIN_PRODUCT_UNKNOWN']);
    expect(refusal(await push(next, { authorization: '' }))).toEqual([401, 'SKEIN_AUTH_REQUIRED']);
    expect(refusal(await push(document({ version: '2.0.0' }), {}, 'reader'))).toEqual([403, 'SKEIN_AUTH_FORBIDDEN']);
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ['another type of body', next, { 'content-type': 'text/plain' }, 400, 'SKEIN_REQUEST_INVALID'],
    ['a form', next, { 'content-type': 'application/x-www-form-urlencoded' }, 400, 'SKEIN_REQUEST_INVALID'],
    ['an empty body', '', {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a body of 300 KB', `${next}# ${'x'.repeat(300_000)}`, {}, 413, 'SKEIN_REQUEST_TOO_LARGE'],
    ['bytes that are not UTF-8', new Uint8Array([0x61, 0x3a, 0xff, 0xfe]), {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a NUL', next.replace('Orders', 'Ord\u0000ers'), {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['aliases', `a: &a [1]\nb: [*a, *a]\n${next}`, {}, 400, 'SKEIN_REQUEST_INVALID'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from(
        { length: 9 },
        (_, at) =>
          `b${at}: &b${at} [${Array(9)
            .fill(at === 0 ? '*a' : `*b${at - 1}`)
            .join(',')}]`,
      ).join('\n')}\n${next}`,
      {},
      400,
      'SKEIN_REQUEST_INVALID',
    ],
    ['a deep document', `${next}x: ${'['.repeat(50_000)}`, {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a long list', `x: [${'a,'.repeat(120_000)}]`, {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a prototype', `__proto__: { polluted: true }\n${next}`, {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['two documents', `${next}---\n${next}`, {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a key that stands twice', next.replace('status: active', 'status: active\nstatus: active'), {}, 400, 'SKEIN_REQUEST_INVALID'],
    ['a tag', next.replace('id: shop-orders', 'id: !!js/function "x"'), {}, 400, 'SKEIN_REQUEST_INVALID'],
  ])('refuses %s quickly', async (_name, body, headers, status, code) => {
    const started = performance.now();
    const answer = await push(body, headers);
    expect(refusal(answer)).toEqual([status, code]);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((await call('/v1/contracts/shop.orders')).body['versions']).toHaveLength(1);
  });

  it('takes no path that leads elsewhere, however it is written', async () => {
    await call('/v1/contracts');
    for (const path of ['/v1/contracts/../../registry/versions', '/v1/contracts/..%2f..%2fx.y/versions', '/v1/contracts/shop.orders%2f..%2fx/versions']) {
      const status = await new Promise<number | undefined>((resolve, reject) => {
        // fetch would mend the path before it is sent
        const request = httpRequest(
          gateway.url,
          { method: 'POST', path, headers: { authorization: `Bearer ${tokens.get('steward')}`, 'content-type': 'application/yaml' } },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        request.on('error', reject).end(next);
      });
      expect(status).toBe(404);
    }
    expect(await readdir(folder.file('registry/shop/orders'))).toEqual(['v1']);
  });

  it('keeps a record of every push, and never of its text', async () => {
    await push(next);
    await push(document({ version: '1.0.1', columns: '' }));
    await push(next, {}, 'analyst');
    const [file = ''] = await readdir(folder.file('audit'));
    const text = await readFile(folder.file('audit', file), 'utf8');
    const records = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(records).toMatchObject([
      { principal: 'steward', decision: 'allowed', contract: 'shop.orders@1.1.0', products: ['shop.orders'] },
      { principal: 'steward', decision: 'refused', errorCode: 'SKEIN_CONTRACT_INCOMPATIBLE', contract: 'shop.orders' },
      { principal: 'analyst', decision: 'refused', errorCode: 'SKEIN_AUTH_FORBIDDEN' },
    ]);
    expect(text).not.toContain('Orders.');
  });

  it('says nothing of its inside when a registered file is damaged', async () => {
    const file = folder.file('registry/shop/orders/v1/0001.json');
    await gateway.close();
    await writeFile(file, (await readFile(file, 'utf8')).replace('Orders.', 'Changed.'));
    gateway = await startGateway({ ...options(), contracts: [], documents: [], policies: [] });
    await gateway.close();
    const { documents: _texts, ...unseeded } = options();
    gateway = await startGateway(unseeded);
    const answer = await call('/v1/contracts/shop.orders');
    expect(refusal(answer)).toEqual([500, 'SKEIN_REGISTRY_CORRUPT']);
    expect(answer.text).not.toContain(folder.path);
    expect(logged.join()).toContain(file);
    await expect(startGateway(options())).rejects.toMatchObject({ code: 'SKEIN_REGISTRY_CORRUPT' });
  });
});

describe('the contracts folder at start', () => {
  const restart = async (documents: readonly string[]): Promise<void> => {
    await gateway.close();
    gateway = await startGateway(options(documents));
  };
  const versions = async (): Promise<string[]> =>
    ((await call('/v1/contracts/shop.orders')).body['versions'] as { version: string }[]).map(({ version }) => version);

  it('is registered once, comments or not', async () => {
    await restart([orders, closed]);
    await restart([`${orders}# one more comment\n`, closed]);
    expect(await versions()).toEqual(['1.0.0']);
    expect(logged).toEqual([]);
  });

  it('brings a new version, judged as a push is', async () => {
    await restart([document({ version: '1.1.0', columns: `${NOTE}\n${CITY}` }), closed]);
    expect(await versions()).toEqual(['1.0.0', '1.1.0']);
    await expect(startGateway(options([document({ version: '1.2.0', columns: CITY }), closed]))).rejects.toMatchObject({
      code: 'SKEIN_CONTRACT_INCOMPATIBLE',
      place: { file: fileOf('orders') },
    });
  });

  it('brings a break that is approved beside it, and stops the start for one that is not', async () => {
    const broken = document({ version: '1.1.0', columns: CITY });
    const approval = (approvedBy: string[], to = readContract(broken, 'f').hash) => ({
      ...{
        from: readContract(orders, 'f').hash,
        to,
        rule: 'column.removed',
        subject: 'column note',
        approvedBy,
        reason: 'x',
        place: { file: 'approvals.yaml' },
      },
    });
    await gateway.close();
    for (const approvals of [[], [approval(['passer-by'])], [approval([OWNER], readContract(orders, 'f').hash)]])
      await expect(startGateway({ ...options([broken, closed]), approvals })).rejects.toMatchObject({
        code: 'SKEIN_CONTRACT_INCOMPATIBLE',
        place: { file: fileOf('orders') },
        hint: expect.stringContaining('approvals.yaml') as string,
      });
    gateway = await startGateway({ ...options([broken, closed]), approvals: [approval([OWNER])] });
    expect(await versions()).toEqual(['1.0.0', '1.1.0']);
    // what stands needs no approval any more
    await restart([broken, closed]);
    expect(await versions()).toEqual(['1.0.0', '1.1.0']);
  });

  it('stops the start where a file differs from the version of its number, and says what to do', async () => {
    const error = (await startGateway(options([document({ purpose: 'Changed.' }), closed])).catch((thrown: unknown) => thrown)) as Error & {
      hint: string;
      place: unknown;
    };
    expect(error).toMatchObject({ code: 'SKEIN_CONTRACT_CONFLICT', place: { file: fileOf('orders') } });
    expect(error.hint).toContain('above 1.0.0');
    expect(await versions()).toEqual(['1.0.0']);
  });

  it('may be behind what was pushed, and is told so', async () => {
    await push(document({ version: '1.1.0', columns: `${NOTE}\n${CITY}` }));
    await restart([orders, closed]);
    expect(await versions()).toEqual(['1.0.0', '1.1.0']);
    expect(logged).toEqual([expect.stringContaining('the registry has 1.1.0, by steward')]);
  });

  it('keeps drafts and pre-releases out', async () => {
    await restart([document({ status: 'draft', version: '1.5.0', purpose: 'Not yet.' }), closed]);
    await restart([document({ version: '1.5.0-rc.1', purpose: 'Not yet.' }), closed]);
    expect(await versions()).toEqual(['1.0.0']);
  });
});
