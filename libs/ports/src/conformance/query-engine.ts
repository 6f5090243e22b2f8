import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnType } from '@skein/contract';
import type { Field } from '@skein/product';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineSession, QueryEngine } from '../query-engine.ts';

export interface QueryEngineUnderTest {
  readonly engine: QueryEngine;
}

const field = (id: number, name: string, type: ColumnType, nested: Field['nested'] = {}): Field => ({
  id,
  propertyId: name,
  name,
  type,
  required: false,
  nested,
});
const BIGINT: ColumnType = { kind: 'int', bits: 64 };
const TEXT: ColumnType = { kind: 'string' };

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** What every QueryEngine keeps, in SQL that is common to engines but for the ways to make values. */
export function queryEngineConformance(name: string, make: () => Promise<QueryEngineUnderTest>): void {
  describe(`query engine: ${name}`, () => {
    let engine: QueryEngine;
    let session: EngineSession;
    let root: string;
    let made = 0;
    const directory = (): string => {
      const path = join(root, String(made++));
      mkdirSync(path);
      return path;
    };
    beforeAll(async () => {
      ({ engine } = await make());
      session = await engine.open();
      root = mkdtempSync(join(tmpdir(), 'skein-engine-'));
    });
    afterAll(async () => {
      await engine.close();
      rmSync(root, { recursive: true, force: true });
    });

    it('gives exact values', async () => {
      const rows =
        await session.rows(`SELECT CAST(9007199254740993 AS BIGINT) AS big, CAST('12345678901234567890.10' AS DECIMAL(30, 2)) AS amount, CAST(NULL AS INTEGER) AS nothing,
        TRUE AS yes, 1.5e0 AS real, CAST(7 AS INTEGER) AS small, DATE '2024-02-29' AS day, TIMESTAMP '1969-12-31 23:59:59.999999' AS wall, 'Zoë 🦆' AS name`);
      expect(rows).toEqual([
        {
          big: 9007199254740993n,
          amount: '12345678901234567890.10',
          nothing: null,
          yes: true,
          real: 1.5,
          small: 7,
          day: '2024-02-29',
          wall: '1969-12-31T23:59:59.999999',
          name: 'Zoë 🦆',
        },
      ]);
    });

    it('reads instants in UTC, whatever the zone of the machine', async () => {
      expect(
        await session.rows(
          "SELECT CAST('2024-10-27 02:30:00.000001+02:00' AS TIMESTAMP WITH TIME ZONE) AS at, CAST(CAST('2024-07-01 12:00:00+00:00' AS TIMESTAMP WITH TIME ZONE) AS VARCHAR) AS text",
        ),
      ).toEqual([{ at: '2024-10-27T00:30:00.000001Z', text: expect.stringContaining('12:00:00') }]);
    });

    it('binds parameters as the constants that they are', async () => {
      expect(
        await session.rows('SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e, $6 AS f', [
          12345678901234567890n,
          "it's; DROP TABLE x",
          0.1,
          true,
          null,
          9007199254740991,
        ]),
      ).toEqual([{ a: 12345678901234567890n, b: "it's; DROP TABLE x", c: 0.1, d: true, e: null, f: 9007199254740991n }]);
      expect(await session.rows("SELECT CAST($1 AS DATE) AS d, DATE '2024-01-31' + $2 AS next", ['2024-02-29', 1])).toEqual([
        { d: '2024-02-29', next: '2024-02-01' },
      ]);
      await expect(session.rows('SELECT $1', [2n ** 200n])).rejects.toEqual(code('SKEIN_STEP_FAILED'));
    });

    it('keeps the temporary tables of a session to itself', async () => {
      const other = await engine.open();
      await session.run('CREATE TEMPORARY TABLE mine AS SELECT 1 AS x');
      await other.run('CREATE TEMPORARY TABLE mine AS SELECT 2 AS x');
      expect(await session.rows('SELECT x FROM mine')).toEqual([{ x: 1 }]);
      expect(await other.rows('SELECT x FROM mine')).toEqual([{ x: 2 }]);
      await other.close();
      await expect(other.run('SELECT 1')).rejects.toEqual(code('SKEIN_INTERNAL'));
      expect(await session.rows('SELECT x FROM mine')).toEqual([{ x: 1 }]);
    });

    it('describes a query without running it', async () => {
      expect(await session.describe('SELECT CAST(\'not a number\' || random() AS INTEGER) AS n, CAST(1 AS DECIMAL(9, 2)) AS d, \'x\' AS "a ""b"""')).toEqual([
        { name: 'n', type: 'INTEGER' },
        { name: 'd', type: 'DECIMAL(9,2)' },
        { name: 'a "b"', type: 'VARCHAR' },
      ]);
    });

    it('writes columns in the order of the fields, with the figures that a manifest needs', async () => {
      const path = directory();
      const fields = [field(5, 'text', TEXT), field(3, 'number', BIGINT)];
      const files = await session.writeParquet(
        "SELECT 10 - x AS number, CASE WHEN x = 3 THEN NULL ELSE 'v' || x END AS text, 'left out' AS more FROM (VALUES (1), (2), (3)) AS t(x)",
        path,
        fields,
      );
      expect(files.length).toBeGreaterThan(0);
      expect(files.reduce((rows, file) => rows + file.rows, 0n)).toBe(3n);
      for (const file of files) expect(file.bytes).toBe(BigInt(statSync(file.path).size));
      expect(files[0]?.stats['number']).toMatchObject({ nulls: 0n, values: 3n, min: '7', max: '9' });
      expect(files[0]?.stats['text']).toMatchObject({ nulls: 1n, min: 'v1', max: 'v2' });
      expect(files[0]?.stats['more']).toBeUndefined();
      expect((await session.describe(`SELECT * FROM read_parquet('${path}/*.parquet')`)).map((column) => column.name)).toEqual(['text', 'number']);
    });

    it('keeps the order of ORDER BY in what it writes', async () => {
      const path = directory();
      const [file] = await session.writeParquet('SELECT range AS n FROM range(400000) ORDER BY (n * 7919) % 400009', path, [field(1, 'n', BIGINT)]);
      const rows = await session.rows<{ wrong: bigint; all: bigint }>(
        `SELECT count(*) FILTER (WHERE k < before) AS wrong, count(*) AS all FROM (SELECT (n * 7919) % 400009 AS k, lag((n * 7919) % 400009) OVER (ORDER BY file_row_number) AS before FROM read_parquet('${file?.path}', file_row_number = true))`,
      );
      expect(rows).toEqual([{ wrong: 0n, all: 400_000n }]);
    });

    it('writes files, row groups and an order of the shape that is asked for, with every row once', async () => {
      const path = directory();
      const shape = { files: 3, rowGroup: 20_480, sortBy: ['k'] };
      const fields = [field(1, 'n', BIGINT), field(2, 'k', BIGINT)];
      const files = await session.writeParquet('SELECT range AS n, (range * 7919) % 1000 AS k FROM range(100001)', path, fields, shape);
      expect(files.map((file) => file.rows)).toEqual([33_334n, 33_334n, 33_333n]);
      const list = `[${files.map((file) => `'${file.path}'`).join(', ')}]`;
      const rows = await session.rows<{ wrong: bigint; all: bigint; different: bigint }>(
        `SELECT count(*) FILTER (WHERE k < k0 OR (k = k0 AND n < n0)) AS wrong, count(*) AS all, count(DISTINCT n) AS different FROM (
           SELECT n, k, lag(k) OVER place AS k0, lag(n) OVER place AS n0 FROM read_parquet(${list}, filename = true, file_row_number = true) WINDOW place AS (ORDER BY filename, file_row_number))`,
      );
      expect(rows).toEqual([{ wrong: 0n, all: 100_001n, different: 100_001n }]);
      const groups = await session.rows<{ groups: bigint; most: bigint }>(
        `SELECT count(DISTINCT (file_name, row_group_id)) AS groups, max(row_group_num_rows) AS most FROM parquet_metadata(${list})`,
      );
      expect(groups).toEqual([{ groups: 6n, most: 20_480n }]);
      // No more files than there are rows.
      expect((await session.writeParquet('SELECT 1 AS n, 2 AS k WHERE false', directory(), fields, shape)).map((file) => file.rows)).toEqual([0n]);
    });

    it('writes a file also when there are no rows', async () => {
      const files = await session.writeParquet('SELECT 1 AS n WHERE FALSE', directory(), [field(1, 'n', BIGINT)]);
      expect(files.length).toBeGreaterThan(0);
      expect(files.every((file) => file.rows === 0n && file.bytes > 0n)).toBe(true);
    });

    it('says what the engine said, and refuses a column that is not there', async () => {
      await expect(session.rows('SELECT nowhere FROM (SELECT 1 AS here)')).rejects.toMatchObject({
        code: 'SKEIN_STEP_FAILED',
        message: expect.stringContaining('nowhere') as string,
      });
      await expect(session.writeParquet('SELECT 1 AS n', directory(), [field(1, 'm', BIGINT)])).rejects.toEqual(code('SKEIN_STEP_FAILED'));
      await expect(session.rows("SELECT CAST('x' AS INTEGER)")).rejects.toEqual(code('SKEIN_STEP_FAILED'));
    });
  });
}
