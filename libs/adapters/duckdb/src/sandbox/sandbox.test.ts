import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxCatalog, SandboxRequest } from '@skein/ports';
import { sandboxConformance } from '@skein/ports/conformance';
import type { Field } from '@skein/product';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duckdbEngine } from '../engine.ts';
import { withFiles } from './catalog.ts';
import { queryError } from './query-error.ts';
import { residentBytes } from './rss-watch.ts';
import { duckdbSandbox, type DuckdbSandbox } from './sandbox.ts';

const root = mkdtempSync(join(tmpdir(), 'skein-sandbox-test-'));
// readable to the user that children become
chmodSync(root, 0o755);
const engine = duckdbEngine({ threads: 1 });
let written = 0;
const FIELDS: Field[] = [
  { id: 1, propertyId: 'id', name: 'id', type: { kind: 'int', bits: 64 }, required: true, nested: {} },
  { id: 2, propertyId: 'secret', name: 'secret', type: { kind: 'string' }, required: true, nested: {} },
  { id: 3, propertyId: 'amount', name: 'amount', type: { kind: 'decimal', precision: 12, scale: 2 }, required: true, nested: {} },
];

async function files(rows: number, fields: readonly Field[] = FIELDS): Promise<string[]> {
  const directory = join(root, `it's "${written++}"`);
  mkdirSync(directory);
  const session = await engine.open();
  try {
    const written = await session.writeParquet(
      `SELECT range AS id, 'secret ' || range AS secret, range / 4 AS amount, range AS number FROM range(${rows})`,
      directory,
      fields,
    );
    return written.map((file) => file.path);
  } finally {
    await session.close();
  }
}

afterAll(async () => {
  await engine.close();
  rmSync(root, { recursive: true, force: true });
});

sandboxConformance('duckdb', async () => ({ sandbox: duckdbSandbox({ workers: 2, threads: 2 }), files }));

describe('DuckDB sandbox', () => {
  const temp = mkdtempSync(join(tmpdir(), 'skein-spill-'));
  let sandbox: DuckdbSandbox;
  let catalog: SandboxCatalog;
  beforeAll(async () => {
    sandbox = duckdbSandbox({ workers: 1, spares: 1, queue: 1, memoryMb: 128, rssMb: 320, threads: 1, tempDirectory: temp, tempLimitMb: 64 });
    catalog = {
      key: 'k',
      views: [{ schema: 's', name: 't', sql: 'SELECT id FROM {files}', files: await files(1000), fields: [{ id: 1, name: 'id', type: 'BIGINT' }] }],
    };
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(temp, { recursive: true });
  });
  const ask = async (sql: string, request: Partial<SandboxRequest> = {}): Promise<string> => {
    const result = await sandbox.execute({ catalog, sql, parameters: [], format: 'csv', deadlineMs: 20_000, maxRows: 1_000_000, ...request });
    let text = '';
    for await (const part of result.body) text += Buffer.from(part).toString('utf8');
    await result.outcome;
    return text;
  };

  it('matches columns by field id: a name that moved to another column, files of two generations, and files without ids', async () => {
    const [before] = await files(3);
    // `id` was renamed to `number`, and a new column took the name `id`
    const [after] = await files(2, [
      { ...(FIELDS[0] as Field), name: 'number' },
      { id: 9, propertyId: 'new', name: 'id', type: { kind: 'string' }, required: false, nested: {} },
    ]);
    const view = {
      schema: 's',
      name: 'moved',
      sql: 'SELECT number, id FROM {files}',
      files: [before ?? '', after ?? ''],
      fields: [
        { id: 1, name: 'number', type: 'BIGINT' },
        { id: 9, name: 'id', type: 'VARCHAR' },
      ],
    };
    const moved: SandboxCatalog = { key: 'moved', views: [view] };
    expect((await ask('SELECT number, id FROM governed.s.moved', { catalog: moved })).trim().split('\r\n').sort()).toEqual([
      '0,',
      '0,0',
      '1,',
      '1,1',
      '2,',
      'number,id',
    ]);
    const session = await engine.open();
    const plain = join(root, 'plain.parquet');
    await session.run(`COPY (SELECT 7 AS number) TO '${plain}' (FORMAT parquet)`);
    await session.close();
    expect(await ask('SELECT number, id FROM governed.s.plain', { catalog: { key: 'plain', views: [{ ...view, name: 'plain', files: [plain] }] } })).toBe(
      'number,id\r\n7,\r\n',
    );
  });

  it('holds small snapshots in memory and scans large ones, with the same answers', async () => {
    for (const [rows, tables] of [
      [2_000, 1],
      [100_000, 0],
    ] as const) {
      const sized: SandboxCatalog = {
        key: `sized ${rows}`,
        views: [
          {
            schema: 's',
            name: 'sized',
            sql: 'SELECT * FROM {files} WHERE number <> 7',
            files: await files(rows),
            fields: [
              { id: 1, name: 'number', type: 'BIGINT' },
              { id: 2, name: 'text', type: 'VARCHAR' },
              { id: 3, name: 'amount', type: 'DECIMAL(12, 2)' },
            ],
          },
        ],
      };
      expect(
        await ask('SELECT count(*) AS n, max(number) AS top, sum(amount) AS total, max(text) FILTER (WHERE number = 42) AS one FROM governed.s.sized', {
          catalog: sized,
        }),
      ).toBe(`n,top,total,one\r\n${rows - 1},${rows - 1},${((rows * (rows - 1)) / 8 - 1.75).toFixed(2)},secret 42\r\n`);
      expect(await ask('SELECT count(*) AS n FROM duckdb_tables()', { catalog: sized })).toBe(`n\r\n${tables}\r\n`);
    }
  });

  it('puts files where {files} stands, and nowhere inside of constants and quoted names', () => {
    expect(withFiles(`SELECT '{files} ''{files}' AS "{files}" FROM {files} JOIN {files}`, 'F')).toBe(`SELECT '{files} ''{files}' AS "{files}" FROM F JOIN F`);
  });

  it('gives up root where the files can be read without it', async () => {
    expect(await ask('SELECT count(*) AS n FROM governed.s.t')).toBe('n\r\n1000\r\n');
    if (process.getuid?.() !== 0) return;
    const owners = sandbox.pids().map((pid) => statSync(`/proc/${pid}`).uid);
    expect(owners).toContain(65_534);
  });

  it('serves one at a time, lets a bounded number wait, and tells the others when to come back', async () => {
    const slow = 'SELECT count(*) FROM range(100000000000)';
    const controller = new AbortController();
    const first = ask(slow, { signal: controller.signal });
    const second = ask('SELECT 2 AS two');
    const third = ask('SELECT 3');
    await expect(third).rejects.toMatchObject({ code: 'SKEIN_QUERY_BUSY', context: { retryAfterSeconds: expect.any(Number) as number } });
    expect(sandbox.stats()).toMatchObject({ busy: 1, queued: 1 });
    setTimeout(() => controller.abort(), 50);
    await expect(first).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
    expect(await second).toBe('two\r\n2\r\n');
  });

  it('sends a waiting request away when its client goes or its time is up', async () => {
    const holder = new AbortController();
    const first = ask('SELECT count(*) FROM range(100000000000)', { signal: holder.signal });
    first.catch(() => {});
    const gone = new AbortController();
    const second = ask('SELECT 2', { signal: gone.signal });
    gone.abort();
    await expect(second).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
    await expect(ask('SELECT 3', { deadlineMs: 100 })).rejects.toMatchObject({ code: 'SKEIN_QUERY_BUSY' });
    holder.abort();
    await expect(first).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
    expect(sandbox.stats()).toMatchObject({ queued: 0 });
  });

  it('loses no worker to a client that goes away while its worker is being made ready', async () => {
    const small = duckdbSandbox({ workers: 1, spares: 0, tempDirectory: join(root, 'left') });
    const query = async (key: string, sql: string, signal?: AbortSignal): Promise<string> => {
      try {
        const result = await small.execute({
          catalog: { key, views: [] },
          sql,
          parameters: [],
          format: 'csv',
          deadlineMs: 5_000,
          maxRows: 10,
          ...(signal ? { signal } : {}),
        });
        for await (const _ of result.body);
        return 'answered';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    try {
      // The second asks for another catalog, so that a child must be started and bound when its turn comes: there it leaves.
      for (const delay of [0, 5, 15, 30, 60]) {
        const leaving = new AbortController();
        const first = query('one', 'SELECT count(*) FROM range(30000000)');
        const second = query(`other ${delay}`, 'SELECT 1', leaving.signal);
        void first.then(() => setTimeout(() => leaving.abort(), delay));
        expect(await first).toBe('answered');
        expect(['SKEIN_QUERY_CANCELLED', 'answered']).toContain(await second);
        expect(await query('one', 'SELECT 1')).toBe('answered');
      }
      expect(small.stats()).toMatchObject({ busy: 0, queued: 0 });
    } finally {
      await small.close();
    }
  });

  it('tells all who wait when no child can be started, and goes on when one can be again', async () => {
    const place = join(root, 'taken', 'away');
    const small = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: place });
    const holder = new AbortController();
    const query = async (key: string, sql: string, signal?: AbortSignal): Promise<string> => {
      const request = { catalog: { key, views: [] }, sql, parameters: [], format: 'csv' as const, deadlineMs: 600_000, maxRows: 10, ...(signal && { signal }) };
      try {
        for await (const _ of (await small.execute(request)).body);
        return 'answered';
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    try {
      await small.warm({ key: 'one', views: [] });
      const first = query('one', 'SELECT count(*) FROM range(100000000000)', holder.signal);
      const others = ['two', 'three', 'four'].map((key) => query(key, 'SELECT 1'));
      await expect.poll(() => small.stats()).toMatchObject({ busy: 1, queued: 3 });
      rmSync(join(root, 'taken'), { recursive: true });
      writeFileSync(join(root, 'taken'), 'no folder');
      holder.abort();
      expect(await first).toBe('SKEIN_QUERY_CANCELLED');
      expect(await Promise.all(others)).toEqual(['SKEIN_WORKER_LOST', 'SKEIN_WORKER_LOST', 'SKEIN_WORKER_LOST']);
      expect(small.stats()).toMatchObject({ busy: 0, queued: 0 });
      rmSync(join(root, 'taken'));
      expect(await query('five', 'SELECT 1')).toBe('answered');
      expect(statSync(place).mode & 0o777).toBe(0o711);
    } finally {
      await small.close();
    }
  });

  it('names the fields of row values, which would fall onto each other', async () => {
    expect(await ask('SELECT (1, 2) AS pair', { format: 'ndjson' })).toBe('{"pair":{"f1":1,"f2":2}}\n');
  });

  it('ends a query that the engine finds too large, and spills within its limit', async () => {
    await expect(ask("SELECT list(repeat('x', 1000) || range) FROM range(300000)", { maxRows: 10 })).rejects.toMatchObject({ code: 'SKEIN_QUERY_MEMORY' });
    await expect(ask('SELECT max(x) FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS x, i, hash(i + 1) FROM range(12000000) t(i))')).rejects.toMatchObject({
      code: 'SKEIN_QUERY_MEMORY',
      message: expect.stringContaining('disk') as string,
    });
    expect(await ask('SELECT max(x) AS n FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS x, i FROM range(1500000) t(i))')).toBe('n\r\n1500000\r\n');
  });

  it('kills a child whose memory passes the cap that the engine does not keep', async () => {
    if (residentBytes(process.pid) === undefined) return;
    const killed = sandbox.stats().killed;
    await expect(ask("SELECT length(repeat('x', 2000000000))")).rejects.toMatchObject({ code: 'SKEIN_QUERY_MEMORY' });
    expect(sandbox.stats().killed).toBe(killed + 1);
    expect(await ask('SELECT 1 AS one')).toBe('one\r\n1\r\n');
  });

  it('says so when a child is lost, and goes on with another', async () => {
    const running = ask('SELECT count(*) FROM range(100000000000)');
    await expect.poll(() => sandbox.stats().busy).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const pid of sandbox.pids()) process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'SKEIN_WORKER_LOST' });
    expect(await ask('SELECT 1 AS one')).toBe('one\r\n1\r\n');
    expect(await sandbox.print(await sandbox.parse('select 1'))).toBe('SELECT 1');
  });

  it('ends a text that takes too long to parse, and parses the next', async () => {
    const quick = duckdbSandbox({ workers: 1, parseDeadlineMs: 1_500 });
    try {
      expect(await quick.print(await quick.parse('select 1'))).toBe('SELECT 1');
      await expect(quick.parse(`select x in (${'1, '.repeat(4_000_000)} 1)`)).rejects.toMatchObject({
        code: 'SKEIN_QUERY_SYNTAX',
        message: expect.stringContaining('1500 ms') as string,
      });
      expect(quick.stats().killed).toBe(1);
      expect(await quick.print(await quick.parse('select 1'))).toBe('SELECT 1');
    } finally {
      await quick.close();
    }
  });

  it('does not hold a busy machine against a text', async () => {
    if (residentBytes(process.pid) === undefined) return;
    const quick = duckdbSandbox({ workers: 1, spares: 0, parseDeadlineMs: 400 });
    const all = (signal: NodeJS.Signals): void => quick.pids().forEach((pid) => process.kill(pid, signal));
    try {
      expect(await quick.print(await quick.parse('select 1'))).toBe('SELECT 1');
      // Stopped, the child works as little as one that waits for a processor.
      all('SIGSTOP');
      const late = quick.parse('select 2');
      setTimeout(() => all('SIGCONT'), 1_000);
      expect(await quick.print(await late)).toBe('SELECT 2');
      all('SIGSTOP');
      await expect(quick.parse('select 3')).rejects.toMatchObject({ code: 'SKEIN_QUERY_SYNTAX' });
      expect(quick.stats().killed).toBe(1);
    } finally {
      await quick.close();
    }
  });

  it('tells a broken view as the platform’s fault, without its text', async () => {
    const broken: SandboxCatalog = {
      key: 'broken',
      views: [
        { schema: 's', name: 't', sql: 'SELECT nothing FROM {files}', files: catalog.views[0]?.files ?? [], fields: [{ id: 1, name: 'id', type: 'BIGINT' }] },
      ],
    };
    await expect(ask('SELECT 1', { catalog: broken })).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
    expect(await ask('SELECT 1 AS one')).toBe('one\r\n1\r\n');
  });

  it('leaves no process and no file behind', async () => {
    const pids = sandbox.pids();
    expect(pids.length).toBeGreaterThan(0);
    await sandbox.close();
    expect(readdirSync(temp)).toEqual([]);
    expect(pids.filter((pid) => residentBytes(pid) !== undefined)).toEqual([]);
  });
});

describe('public errors', () => {
  it.each([
    [
      'Binder Error: Referenced column "nope" not found in FROM clause!\nCandidate bindings: "id", "amount"\n\nLINE 1: x',
      'SKEIN_QUERY_UNKNOWN_COLUMN',
      'column "nope" is not known here; perhaps "id", "amount"',
    ],
    ['Binder Error: Table "t" does not have a column named "nope"\n', 'SKEIN_QUERY_UNKNOWN_COLUMN', 'column "nope" is not known here'],
    ['Binder Error: Referenced table "x" not found!', 'SKEIN_QUERY_UNKNOWN_COLUMN', 'table or alias "x" is not known here'],
    ['Out of Memory Error: could not allocate block of size 256.0 KiB (122.0 MiB/122.0 MiB used)', 'SKEIN_QUERY_MEMORY', undefined],
    ["Conversion Error: Could not convert string 'hidden' to INT32", 'SKEIN_QUERY_FAILED', 'a value could not be converted to the type asked for'],
    ['Out of Range Error: Overflow in addition of INT64 (1 + 2)!', 'SKEIN_QUERY_FAILED', undefined],
    ['Invalid Input Error: hidden', 'SKEIN_QUERY_FAILED', undefined],
    ['Invalid Input Error: Values were not provided for the following prepared statement parameters: 1', 'SKEIN_QUERY_PARAMS', undefined],
    ['something else: hidden', 'SKEIN_QUERY_FAILED', undefined],
  ])('%s', (text, code, message) => {
    const error = queryError({ stage: 'run', kind: 'engine', text }, 'select');
    expect(error.code).toBe(code);
    if (message !== undefined) expect(error.message).toBe(message);
    expect(error.message + JSON.stringify(error)).not.toContain('hidden');
    expect((error.cause as Error).message).toBe(text);
  });
});
