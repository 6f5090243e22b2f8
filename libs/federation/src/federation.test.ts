import { memoryBus } from '@skein/adapter-memory';
import { duckdbSandbox } from '@skein/adapter-duckdb';
import { SkeinError } from '@skein/kernel';
import type { QuerySandbox, SandboxRequest } from '@skein/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeCatalog } from './catalog.ts';
import { directEngine, type DirectEngine } from './conformance/direct-engine.ts';
import { ANALYST, CANARY, contractOf, MeshFixture, NOBODY, NOON, PLANNER, publishedMesh, STEWARD, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation, type FederationOptions } from './federation.ts';
import { PUBLISHED } from './live-snapshots.ts';
import { readPolicy } from './policy-file.ts';
import type { QueryRequest } from './query-request.ts';

const KEY = new Uint8Array(32).fill(7);
const json = (sql: string, more: Partial<QueryRequest> = {}): QueryRequest => ({ sql, format: 'json', ...more });

describe('federation', () => {
  let made: Awaited<ReturnType<typeof publishedMesh>>;
  let engine: DirectEngine;
  let federation: Federation;
  const calls = { parse: 0, print: 0, catalogs: new Set<string>() };
  const open = (more: Partial<FederationOptions> = {}): Promise<Federation> =>
    createFederation({
      store: made.mesh.store,
      sandbox: engine,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: KEY,
      audit: made.mesh.audit,
      ...more,
    });

  beforeAll(async () => {
    made = await publishedMesh();
    engine = await directEngine();
    const counted: QuerySandbox = {
      ...engine,
      parse: (sql) => (calls.parse++, engine.parse(sql)),
      print: (ast) => (calls.print++, engine.print(ast)),
      execute: (request: SandboxRequest) => (calls.catalogs.add(request.catalog.key), engine.execute(request)),
    };
    federation = await open({ sandbox: counted });
  });
  afterAll(async () => {
    await federation.close();
    await engine.close();
    await made.mesh.close();
  });

  const refusal = async (request: QueryRequest, principal = ANALYST): Promise<SkeinError> => {
    try {
      await textOf((await federation.query(request, principal)).body);
    } catch (error) {
      if (error instanceof SkeinError) return error;
      throw error;
    }
    throw new Error('it was answered');
  };

  it('answers with a plan that can be printed, is frozen, and holds no secret key', async () => {
    const answer = await federation.query(json('SELECT m.matnr, u.country FROM sap.material m, ga4.users u', { purpose: 'planning' }), ANALYST);
    expect(JSON.parse(await textOf(answer.body))).toHaveLength(60);
    expect(await answer.outcome).toMatchObject({ rows: 60n, truncated: false });
    expect(answer.columns.map((column) => column.name)).toEqual(['matnr', 'country']);
    const { plan } = answer;
    expect(plan.reads.map((read) => `${read.product}@${read.version} ${read.freshness.state}`)).toEqual(['sap.material@1 fresh', 'ga4.users@1 unstated']);
    expect(plan.policies.map((policy) => policy.masks)).toEqual([
      { cost: 'pseudonym', supplier: 'pseudonym' },
      { user_id: 'pseudonym', name: 'pseudonym' },
    ]);
    expect(plan).toMatchObject({ principal: 'ann', purpose: 'planning', pinned: false });
    expect(Object.isFrozen(plan) && Object.isFrozen(plan.reads) && Object.isFrozen(plan.catalog.views)).toBe(true);
    const printed = JSON.stringify(plan);
    expect(printed).toContain('{pseudonym:join:user}');
    expect(printed).not.toContain(Buffer.from(KEY).toString('hex'));
  });

  it('parses each text once, for all principals, and keeps one sandbox catalog for each kind of rights', async () => {
    const sql = 'SELECT count(*) FROM sap.material WHERE n > $1';
    const before = { ...calls };
    calls.catalogs.clear();
    for (let round = 0; round < 5; round += 1)
      await textOf((await federation.query(json(sql, { parameters: [round] }), { ...ANALYST, subject: `a${round}` })).body);
    await textOf((await federation.query(json('SELECT 1 FROM ga4.users'), ANALYST)).body);
    expect(calls.catalogs.size).toBe(1);
    await textOf((await federation.query(json(sql, { parameters: [1] }), STEWARD)).body);
    expect(calls.catalogs.size).toBe(2);
    // two texts: each parsed as it came and as it was printed
    expect([calls.parse - before.parse, calls.print - before.print]).toEqual([4, 2]);
  });

  it('authorizes a known text anew for every principal', async () => {
    const sql = 'SELECT count(*) FROM hr.salaries';
    await textOf((await federation.query(json(sql), { ...ANALYST, roles: ['hr'] })).body);
    const error = await refusal(json(sql));
    const nowhere = await refusal(json('SELECT count(*) FROM hr.nothing_'));
    expect(error.code).toBe('SKEIN_PRODUCT_UNKNOWN');
    // the same words, but for the name that was written
    expect(error.message.replace('hr.salaries', '')).toBe(nowhere.message.replace('hr.nothing_', ''));
    expect({ ...error.toJSON(), message: '', context: {} }).toEqual({ ...nowhere.toJSON(), message: '', context: {} });
  });

  it('keeps one audit record for each request, with the engine’s words there alone', async () => {
    const { records } = made.mesh;
    records.length = 0;
    const secret = "SELECT CAST(matnr AS INT) FROM sap.material WHERE matnr <> 'private'";
    const failed = await refusal(json(secret));
    const refused = await refusal(json('SELECT * FROM duckdb_views()'));
    const answer = await federation.query(json('SELECT * FROM sap.material', { maxRows: 3, purpose: 'planning' }), ANALYST);
    await textOf(answer.body);
    expect(
      records.map(({ decision, errorCode, products, snapshots, rows, truncated }) => ({ decision, errorCode, products, snapshots, rows, truncated })),
    ).toEqual([
      { decision: 'failed', errorCode: 'SKEIN_QUERY_FAILED', products: ['sap.material'], snapshots: ['sap.material@1'], rows: undefined, truncated: undefined },
      { decision: 'refused', errorCode: 'SKEIN_QUERY_REFUSED', products: [], snapshots: [], rows: undefined, truncated: undefined },
      { decision: 'allowed', errorCode: undefined, products: ['sap.material'], snapshots: ['sap.material@1'], rows: 3n, truncated: true },
    ]);
    expect(records[0]?.engineText).toContain('Could not convert string');
    expect(records[0]).toMatchObject({ principal: 'ann', roles: ['analyst'], purpose: undefined, queryId: failed.context['queryId'] });
    expect(records[2]).toMatchObject({ queryId: answer.queryId, policyHash: answer.plan.policyHash, purpose: 'planning' });
    expect(JSON.stringify(failed) + failed.stack + String(failed.cause)).not.toContain('Could not convert');
    expect(refused.context['queryId']).toBe(records[1]?.queryId);
    expect(JSON.stringify(records, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('private');
  });

  it('records a consumer who leaves, once, and ends the body of an answer only when its record is kept', async () => {
    const { records } = made.mesh;
    records.length = 0;
    const answer = await federation.query(json('SELECT 1'), ANALYST);
    const reader = answer.body[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    await answer.outcome.catch(() => undefined);
    expect(records).toHaveLength(1);
    const full = await open({
      audit: {
        append: async () => Promise.reject(new SkeinError('SKEIN_STORAGE_FULL', `the disk at /secret/${CANARY} is full`)),
        close: async () => undefined,
      },
    });
    const unkept = await full.query(json('SELECT 1'), ANALYST);
    const error = await textOf(unkept.body).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'SKEIN_STORAGE_FULL' });
    expect(JSON.stringify(error)).not.toContain(CANARY);
    await expect(full.query(json('SELECT 1;;;SELECT 2'), ANALYST)).rejects.toBeInstanceOf(SkeinError);
    await full.close();
  });

  it.each<[Partial<QueryRequest>, string, string]>([
    [{ sql: ' ' }, 'SKEIN_REQUEST_INVALID', 'sql must be'],
    [{ sql: 'SELECT 1\0' }, 'SKEIN_QUERY_REFUSED', 'no text'],
    [{ sql: 'SELECT \ud800' }, 'SKEIN_QUERY_REFUSED', 'no text'],
    [{ parameters: [1] }, 'SKEIN_QUERY_PARAMS', '1 values came for 0 parameters'],
    [{ sql: 'SELECT $2', parameters: [1] }, 'SKEIN_QUERY_PARAMS', 'a value for $2'],
    [{ sql: 'SELECT $1, $3', parameters: [1, 2, 3] }, 'SKEIN_QUERY_PARAMS', '3 values came for 2'],
    [{ sql: 'SELECT $a', parameters: [1] }, 'SKEIN_QUERY_PARAMS', '$a'],
    [{ sql: 'SELECT $1', parameters: [Number.NaN] }, 'SKEIN_QUERY_PARAMS', '$1'],
    [{ sql: 'SELECT $1', parameters: [2 ** 53] }, 'SKEIN_QUERY_PARAMS', 'beyond 2^53'],
    [{ sql: 'SELECT $1', parameters: [{} as never] }, 'SKEIN_QUERY_PARAMS', '$1'],
    [{ timeoutMs: 0 }, 'SKEIN_REQUEST_INVALID', 'timeoutMs'],
    [{ timeoutMs: 1e9 }, 'SKEIN_REQUEST_INVALID', 'timeoutMs'],
    [{ maxRows: 1.5 }, 'SKEIN_REQUEST_INVALID', 'maxRows'],
    [{ maxStaleness: -1 }, 'SKEIN_REQUEST_INVALID', 'maxStaleness'],
    [{ asOf: 'yesterday' }, 'SKEIN_REQUEST_INVALID', 'no moment'],
    [{ asOf: { 'sap.material': 0 } }, 'SKEIN_REQUEST_INVALID', 'version from 1'],
    [{ asOf: { 'ga4.events': 1 } }, 'SKEIN_REQUEST_INVALID', 'does not read'],
    [{ purpose: 'resale' }, 'SKEIN_AUTH_FORBIDDEN', 'resale'],
  ])('refuses the request %j with %s', async (request, code, words) => {
    const error = await refusal(json('SELECT count(*) FROM sap.material', request));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('lists and describes what is visible, and nothing else', () => {
    expect(federation.describe(ANALYST).map(({ id }) => id)).toEqual(['ga4.events', 'ga4.users', 'sap.material', 'sap.stock']);
    expect(federation.describe(NOBODY)).toEqual([]);
    const reviewer = { ...PLANNER, roles: ['reviewer'] };
    expect(federation.describe(reviewer).map(({ id, purposes }) => [id, purposes])).toEqual([['sap.stock', ['review']]]);
    const users = federation.product('ga4.users', ANALYST);
    expect(users.columns.map(({ name, type, access }) => [name, type, access])).toEqual([
      ['user_id', 'VARCHAR', 'pseudonym'],
      ['country', 'VARCHAR', 'clear'],
      ['name', 'VARCHAR', 'pseudonym'],
    ]);
    expect(JSON.stringify(users)).not.toContain('email');
    expect(JSON.stringify(federation.product('ga4.users', STEWARD))).toContain('email.required');
    expect(federation.product('sap.stock', PLANNER)).toMatchObject({ rowFilter: true, verdict: undefined });
    expect(federation.product('sap.material', ANALYST)).toMatchObject({ version: 1, majors: ['sap.material_v1'], freshness: { state: 'fresh' } });
    const [hidden, nowhere] = ['hr.salaries', 'hr.nothing'].map((id) => {
      try {
        return federation.product(id, ANALYST) as never;
      } catch (error) {
        return error as SkeinError;
      }
    });
    expect(hidden?.message.replace('hr.salaries', '')).toBe(nowhere?.message.replace('hr.nothing', ''));
  });

  it('spends at most 0.1 ms on planning a known text', async () => {
    const request = json('SELECT m.matnr, sum(s.quantity) FROM sap.material m JOIN sap.stock s USING (matnr) WHERE s.plant = $1 GROUP BY 1', {
      parameters: ['P1'],
    });
    for (let round = 0; round < 500; round += 1) await federation.plan(request, ANALYST);
    const laps = Array.from({ length: 21 }, () => 0);
    for (const lap of laps.keys()) {
      const start = performance.now();
      for (let round = 0; round < 50; round += 1) await federation.plan(request, ANALYST);
      laps[lap] = (performance.now() - start) / 50;
    }
    expect(laps.sort((a, b) => a - b)[10]).toBeLessThan(0.1);
  });

  it('refuses a short key', async () => {
    await expect(open({ pseudonymKey: new Uint8Array(16) })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });
});

describe('federation over snapshots that change', () => {
  const contract = contractOf('sap.stock', { columns: ['plant', 'quantity int'], sla: 'slaProperties:\n  - property: latency\n    value: 2\n    unit: d' });
  const feedback = contractOf('skein.feedback', { columns: ['rule', 'value string restricted'] });
  const policies = [
    readPolicy('version: 1\ngrants:\n  - roles: [analyst]\n    columns: { allow: [public] }\n', 'contracts/sap/stock/v1/policy.yaml', contract),
  ];
  let mesh: MeshFixture;
  let engine: DirectEngine;
  let federation: Federation;
  beforeAll(async () => {
    mesh = new MeshFixture();
    engine = await directEngine();
    federation = await createFederation({
      store: mesh.store,
      sandbox: engine,
      catalog: composeCatalog([contract, feedback], policies),
      clock: mesh.clock,
      pseudonymKey: KEY,
      audit: mesh.audit,
    });
  });
  afterAll(async () => {
    await federation.close();
    await engine.close();
    await mesh.close();
  });

  const sum = async (more: Partial<QueryRequest> = {}): Promise<unknown> =>
    (JSON.parse(await textOf((await federation.query(json('SELECT sum(quantity) FROM sap.stock', more), ANALYST)).body)) as unknown[][])[0]?.[0];
  const rows = (quantity: number): string => `SELECT 'P1' AS plant, ${quantity}::BIGINT AS quantity`;

  it('refuses a product without a snapshot, and sees the first one without being told', async () => {
    await expect(sum()).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_NONE', retryable: true, context: { product: 'sap.stock' } });
    await mesh.publish(contract, rows(1));
    expect(await sum()).toBe('1');
  });

  it('answers from the newest snapshot soon after it is published, and from older ones on request', async () => {
    mesh.clock.advance(3_600_000);
    await mesh.publish(contract, rows(2));
    const bus = memoryBus();
    const other = await createFederation({
      store: mesh.store,
      sandbox: engine,
      catalog: composeCatalog([contract], policies),
      clock: mesh.clock,
      pseudonymKey: KEY,
      audit: mesh.audit,
      bus,
    });
    mesh.clock.advance(3_600_000);
    await mesh.publish(contract, rows(3));
    await bus.publish(PUBLISHED, 'sap.stock', { product: 'sap.stock', version: 3 });
    await expect.poll(async () => (await other.plan(json('SELECT * FROM sap.stock'), ANALYST)).reads[0]?.version).toBe(3);
    await expect.poll(sum).toBe('3');
    expect(await sum({ asOf: { 'sap.stock': 1 } })).toBe('1');
    expect(await sum({ asOf: new Date(NOON + 3_600_000).toISOString() })).toBe('2');
    expect(await sum({ asOf: { 'sap.stock': new Date(NOON + 5_000_000).toISOString() } })).toBe('2');
    await expect(sum({ asOf: { 'sap.stock': 9 } })).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_NOT_FOUND' });
    await expect(sum({ asOf: '2020-01-01' })).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_NOT_FOUND' });
    const plan = await federation.plan(json('SELECT * FROM sap.stock', { asOf: { 'sap.stock': 1 } }), ANALYST);
    expect(plan).toMatchObject({ pinned: true, reads: [{ product: 'sap.stock', version: 1 }] });
    await other.close();
    await bus.close();
  });

  it('says how fresh it is by the contract’s promise, and refuses what is older than asked', async () => {
    const read = async (): Promise<unknown> => (await federation.plan(json('SELECT * FROM sap.stock'), ANALYST)).reads[0]?.freshness;
    expect(await read()).toMatchObject({ state: 'fresh', limitMs: 172_800_000 });
    mesh.clock.advance(172_800_001);
    expect(await read()).toMatchObject({ state: 'stale', ageMs: 172_800_001 });
    expect(await sum({ maxStaleness: 172_800_001 })).toBe('3');
    await expect(sum({ maxStaleness: 172_800_000 })).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_STALE', context: { product: 'sap.stock', version: 3 } });
  });

  it('reads an old snapshot by today’s contract: columns it lacks are NULL, renamed ones are found', async () => {
    const wider = contractOf('sap.stock', { columns: ['site string id=sap-stock-plant', 'quantity int', 'note'] });
    const catalog = composeCatalog(
      [wider],
      [readPolicy('version: 1\ngrants:\n  - roles: [analyst]\n    columns: { allow: [public] }\n', 'contracts/sap/stock/v1/policy.yaml', wider)],
    );
    const evolved = await createFederation({ store: mesh.store, sandbox: engine, catalog, clock: mesh.clock, pseudonymKey: KEY, audit: mesh.audit });
    const answer = await evolved.query(json('SELECT site, note, quantity FROM sap.stock'), ANALYST);
    expect(JSON.parse(await textOf(answer.body))).toEqual([['P1', null, '3']]);
    await evolved.close();
  });
});

describe('federation over the sandbox of child processes', () => {
  it('ends with an error what fails in mid-stream, shows no engine text, and records both', async () => {
    const made = await publishedMesh();
    const sandbox = duckdbSandbox();
    const federation = await createFederation({
      store: made.mesh.store,
      sandbox,
      catalog: made.catalog,
      clock: made.mesh.clock,
      pseudonymKey: KEY,
      audit: made.mesh.audit,
    });
    await federation.warm(ANALYST);
    const answer = await federation
      .query({ sql: "SELECT CASE WHEN i < 900000 THEN i ELSE CAST('CANARY' || i AS INT) END FROM range(1000000) r(i)", format: 'ndjson' }, ANALYST)
      .catch((error: unknown) => error as SkeinError);
    const error = answer instanceof SkeinError ? answer : await textOf(answer.body).catch((cause: unknown) => cause as SkeinError);
    expect(error).toMatchObject({ code: 'SKEIN_QUERY_FAILED' });
    expect(JSON.stringify(error)).not.toContain('CANARY');
    expect(made.mesh.records).toHaveLength(1);
    expect(made.mesh.records[0]).toMatchObject({ decision: 'failed', errorCode: 'SKEIN_QUERY_FAILED', engineText: expect.stringContaining('Error') });
    const slow = await federation
      .query({ sql: 'SELECT sum(a.i * b.i) FROM range(3000000) a(i), range(3000000) b(i)', format: 'json', timeoutMs: 300 }, ANALYST)
      .catch((cause: unknown) => cause);
    expect(
      slow instanceof SkeinError ? slow : await textOf((slow as Awaited<ReturnType<Federation['query']>>).body).catch((cause: unknown) => cause),
    ).toMatchObject({ code: 'SKEIN_QUERY_TIMEOUT' });
    await federation.close();
    await sandbox.close();
    await made.mesh.close();
  });
});
