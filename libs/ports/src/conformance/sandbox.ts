import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuerySandbox, ResultFormat, SandboxCatalog, SandboxOutcome, SandboxRequest } from '../sandbox.ts';

export interface SandboxUnderTest {
  readonly sandbox: QuerySandbox;
  /**
   * Files of a table with columns `id` BIGINT (field id 1), `secret` VARCHAR (2) and `amount` DECIMAL(12,2) (3), of `rows` rows:
   * id from 0, secret 'secret <id>', amount id / 4.
   */
  readonly files: (rows: number) => Promise<readonly string[]>;
}

const FIELDS = [
  { id: 1, name: 'number', type: 'BIGINT' },
  { id: 2, name: 'secret', type: 'VARCHAR' },
  { id: 3, name: 'amount', type: 'DECIMAL(12, 2)' },
  { id: 4, name: 'added_later', type: 'VARCHAR' },
] as const;

interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly text: string;
  readonly bytes: number;
  readonly outcome: SandboxOutcome;
}

/** What every QuerySandbox keeps. It is the last wall around data: most of these are attacks. */
export function sandboxConformance(name: string, make: () => Promise<SandboxUnderTest>): void {
  describe(`sandbox: ${name}`, () => {
    let sandbox: QuerySandbox;
    let catalog: SandboxCatalog;
    let other: SandboxCatalog;
    let files: readonly string[];
    beforeAll(async () => {
      const made = await make();
      sandbox = made.sandbox;
      files = await made.files(5000);
      const view = (sql: string): SandboxCatalog['views'][number] => ({ schema: 'sap', name: 'material', sql, files, fields: FIELDS });
      catalog = { key: 'even, without secret', views: [view("SELECT number AS id, amount, added_later, '{files}' AS mark FROM {files} WHERE number % 2 = 0")] };
      other = {
        key: 'all',
        views: [view('SELECT number AS id, secret FROM {files}'), { ...view('SELECT number FROM {files}'), schema: 'new', name: 'nothing yet', files: [] }],
      };
    });
    afterAll(async () => {
      await sandbox.close();
      expect(sandbox.stats()).toMatchObject({ workers: 0, busy: 0, queued: 0 });
      await expect(execute('SELECT 1')).rejects.toMatchObject({ code: 'SKEIN_WORKER_LOST' });
    });

    const execute = async (sql: string, request: Partial<SandboxRequest> = {}): Promise<Answer> => {
      const result = await sandbox.execute({ catalog, sql, parameters: [], format: 'ndjson', deadlineMs: 20_000, maxRows: 1_000_000, ...request });
      const parts: Uint8Array[] = [];
      for await (const part of result.body) parts.push(Buffer.from(part));
      const bytes = Buffer.concat(parts);
      return { columns: result.columns, text: bytes.toString('utf8'), bytes: bytes.length, outcome: await result.outcome };
    };
    const rows = async (sql: string, request: Partial<SandboxRequest> = {}): Promise<unknown[]> =>
      (await execute(sql, request)).text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown);

    it('parses one text to a tree and prints the tree as SQL that means the same', async () => {
      const tree = await sandbox.parse("select id, 123456789012345678901234567890 as n, 'it''s' from sap.material -- a comment");
      expect(tree).toContain('sap');
      const printed = await sandbox.print(tree);
      expect(printed).not.toContain('comment');
      expect(await sandbox.print(await sandbox.parse(printed))).toBe(printed);
      expect(await rows(await sandbox.print(await sandbox.parse("SELECT 9007199254740993 AS n, 'it''s' AS t")))).toEqual([
        { n: '9007199254740993', t: "it's" },
      ]);
    });

    it.each([
      ['select 1 from from', 'SKEIN_QUERY_SYNTAX', /line 1, column 15/],
      ["select\n 'ü',\n (", 'SKEIN_QUERY_SYNTAX', /.+/],
      ['drop table x', 'SKEIN_QUERY_REFUSED', /SELECT/],
      ["copy (select 1) to '/tmp/skein-never.csv'", 'SKEIN_QUERY_REFUSED', /SELECT/],
    ])('refuses to parse %j', async (sql, code, message) => {
      await expect(sandbox.parse(sql)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    });

    it('refuses a text that is nested too deep, and parses the next', async () => {
      const deep = `select ${'('.repeat(200_000)}1${')'.repeat(200_000)}`;
      await expect(sandbox.parse(deep)).rejects.toMatchObject({ code: expect.stringMatching(/^SKEIN_(QUERY_SYNTAX|QUERY_REFUSED|WORKER_LOST)$/) as string });
      expect(await sandbox.parse('select 1')).toContain('"error":false');
    });

    it('shows what the view shows: its rows, its columns, by field id', async () => {
      expect(await rows('SELECT * FROM governed.sap.material ORDER BY id LIMIT 2')).toEqual([
        { id: '0', amount: '0.00', added_later: null, mark: '{files}' },
        { id: '2', amount: '0.50', added_later: null, mark: '{files}' },
      ]);
      expect(await rows('SELECT count(*) AS n, max(id) AS top FROM governed.sap.material')).toEqual([{ n: '2500', top: '4998' }]);
      await expect(execute('SELECT secret FROM governed.sap.material')).rejects.toMatchObject({
        code: 'SKEIN_QUERY_UNKNOWN_COLUMN',
        context: { column: 'secret' },
      });
    });

    it('keeps catalogs apart', async () => {
      expect(await rows('SELECT secret FROM governed.sap.material WHERE id = 3', { catalog: other })).toEqual([{ secret: 'secret 3' }]);
      expect(await rows('SELECT * FROM governed.new."nothing yet"', { catalog: other })).toEqual([]);
      await expect(execute('SELECT * FROM governed.new."nothing yet"')).rejects.toMatchObject({ code: 'SKEIN_QUERY_INVALID' });
    });

    it.each(['arrow', 'json', 'ndjson', 'csv'] satisfies ResultFormat[])('answers in %s, and says how it ended', async (format) => {
      const answer = await execute('SELECT id, amount FROM governed.sap.material ORDER BY id', { format });
      expect(answer.columns).toEqual([
        { name: 'id', type: 'BIGINT' },
        { name: 'amount', type: 'DECIMAL(12,2)' },
      ]);
      expect(answer.outcome).toEqual({ rows: 2500n, bytes: answer.bytes, truncated: false });
      const few = await execute('SELECT id, amount FROM governed.sap.material ORDER BY id', { format, maxRows: 100 });
      expect(few.outcome).toMatchObject({ rows: 100n, truncated: true });
      expect(few.bytes).toBeLessThan(answer.bytes);
      expect((await execute('SELECT id FROM governed.sap.material', { format, maxRows: 2500 })).outcome).toMatchObject({ rows: 2500n, truncated: false });
    });

    it('binds values, and counts them', async () => {
      expect(await rows("SELECT id FROM governed.sap.material WHERE id = $1 AND $2 = 'it''s' AND $3 IS NULL", { parameters: [4, "it's", null] })).toEqual([
        { id: '4' },
      ]);
      expect(await rows('SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d', { parameters: [2n ** 63n - 1n, -0.5, false, Number.NaN] })).toEqual([
        { a: '9223372036854775807', b: -0.5, c: false, d: 'NaN' },
      ]);
      for (const parameters of [[], [1], [1, 2, 3]])
        await expect(execute('SELECT $1, $2', { parameters })).rejects.toMatchObject({ code: 'SKEIN_QUERY_PARAMS' });
      await expect(execute('SELECT $2', { parameters: [1] })).rejects.toMatchObject({ code: 'SKEIN_QUERY_PARAMS' });
      await expect(execute('SELECT $name', { parameters: [1] })).rejects.toMatchObject({ code: 'SKEIN_QUERY_PARAMS' });
    });

    it('never ends well when the query fails in mid-stream', async () => {
      const result = await sandbox.execute({
        catalog,
        sql: "SELECT CASE WHEN i = 3000000 THEN error('boom') ELSE i END AS n FROM range(4000000) t(i)",
        parameters: [],
        format: 'ndjson',
        deadlineMs: 20_000,
        maxRows: 10_000_000,
      });
      let bytes = 0;
      await expect(
        (async () => {
          for await (const part of result.body) bytes += part.length;
        })(),
      ).rejects.toMatchObject({ code: 'SKEIN_QUERY_FAILED' });
      expect(bytes).toBeGreaterThan(1_000_000);
      await expect(result.outcome).rejects.toMatchObject({ code: 'SKEIN_QUERY_FAILED' });
      // the twin: without the error the same stream ends well, and is whole
      expect((await execute('SELECT i AS n FROM range(4000000) t(i)', { maxRows: 10_000_000 })).outcome.rows).toBe(4_000_000n);
    });

    it('tells the class of an error and keeps the rows it quotes to the audit', async () => {
      const failing = execute('SELECT CAST(secret AS INTEGER) FROM governed.sap.material WHERE id = 17', { catalog: other });
      const error = await failing.then(
        () => expect.fail('it passed'),
        (reason: unknown) => reason as Error,
      );
      expect(error).toMatchObject({ code: 'SKEIN_QUERY_FAILED' });
      expect(JSON.stringify(error) + error.message + String(error)).not.toContain('secret 17');
      expect(String((error.cause as Error).message)).toContain('secret 17');
    });

    it.each([
      ['SELECT id + mark FROM governed.sap.material', 'SKEIN_QUERY_INVALID'],
      ['SELECT id, count(*) FROM governed.sap.material', 'SKEIN_QUERY_INVALID'],
      ['SELECT no_such_function(1)', 'SKEIN_QUERY_INVALID'],
      ["SELECT 'x'::INTEGER", 'SKEIN_QUERY_FAILED'],
      ['SELECT 9223372036854775807 + id FROM governed.sap.material', 'SKEIN_QUERY_FAILED'],
    ])('%s is %s', async (sql, code) => {
      await expect(execute(sql)).rejects.toMatchObject({ code });
    });

    it('reaches no file but those of the catalog, and writes none', async () => {
      const attacks = [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd'",
        "COPY (SELECT 1) TO '/tmp/skein-never.csv'",
        `COPY (SELECT 1) TO '${files[0]}'`,
        "ATTACH '/tmp/skein-never.db'",
        "SET memory_limit = '100GB'",
        'RESET ALL',
        'PRAGMA disable_verification',
        'INSTALL httpfs',
        "LOAD 'httpfs'",
        'SELECT 1; SELECT 2',
        'CREATE TABLE x AS SELECT 1',
        'DROP VIEW governed.sap.material',
        'CALL pragma_version()',
        'EXPLAIN ANALYZE SELECT 1',
      ];
      for (const sql of attacks) await expect(execute(sql), sql).rejects.toMatchObject({ code: expect.stringMatching(/^SKEIN_QUERY_/) as string });
      expect(attacks.length).toBeGreaterThan(10);
      expect(await rows('SELECT count(*) AS n FROM governed.sap.material')).toEqual([{ n: '2500' }]);
    });

    it('stops at the deadline, whatever the query does, and serves on', async () => {
      const started = Date.now();
      await expect(
        execute('SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3', { deadlineMs: 300 }),
      ).rejects.toMatchObject({ code: 'SKEIN_QUERY_TIMEOUT' });
      expect(Date.now() - started).toBeLessThan(3000);
      expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('stops when the client has gone, before, while it waits, and in mid-stream', async () => {
      await expect(execute('SELECT 1', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
      const controller = new AbortController();
      const slow = execute('SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3', { signal: controller.signal });
      setTimeout(() => controller.abort(), 100);
      await expect(slow).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
      const result = await sandbox.execute({
        catalog,
        sql: 'SELECT * FROM range(1000000000)',
        parameters: [],
        format: 'csv',
        deadlineMs: 20_000,
        maxRows: 2_000_000_000,
      });
      for await (const part of result.body) if (part.length > 0) break;
      await expect(result.outcome).rejects.toMatchObject({ code: 'SKEIN_QUERY_CANCELLED' });
      expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('waits for a slow reader instead of filling memory', async () => {
      const before = process.memoryUsage().rss;
      const result = await sandbox.execute({
        catalog,
        sql: "SELECT range, repeat('x', 200) AS pad FROM range(3000000)",
        parameters: [],
        format: 'ndjson',
        deadlineMs: 20_000,
        maxRows: 10_000_000,
      });
      const body = result.body[Symbol.asyncIterator]();
      await body.next();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
      await body.return?.();
    });

    it('runs catalogs that were warmed', async () => {
      await sandbox.warm(other);
      await sandbox.warm(other);
      expect(await rows('SELECT count(*) AS n FROM governed.sap.material', { catalog: other })).toEqual([{ n: '5000' }]);
    });
  });
}
