import type { Connection } from '@duckdb/node-bindings';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeQuery, testConnection } from './encode.fixture.ts';
import { csvEncoder, jsonEncoder, ndjsonEncoder } from './text.ts';

let connection: Connection;
beforeAll(async () => {
  connection = await testConnection();
});

const text = async (sql: string, encoder: typeof csvEncoder): Promise<string> => (await encodeQuery(connection, sql, encoder)).bytes.toString('utf8');

describe('JSON', () => {
  it('is an envelope with columns, rows and meta', async () => {
    expect(JSON.parse(await text("SELECT 1 AS n, 9007199254740993 AS b, 1.10::DECIMAL(5, 2) AS d, 'x\"\n' AS s, NULL AS z", jsonEncoder))).toEqual({
      columns: [
        { name: 'n', type: 'INTEGER' },
        { name: 'b', type: 'BIGINT' },
        { name: 'd', type: 'DECIMAL(5,2)' },
        { name: 's', type: 'VARCHAR' },
        { name: 'z', type: 'INTEGER' },
      ],
      rows: [{ n: 1, b: '9007199254740993', d: '1.10', s: 'x"\n', z: null }],
      meta: { rows: 1, truncated: false },
    });
    expect(JSON.parse(await text('SELECT 1 AS n WHERE false', jsonEncoder))).toEqual({
      columns: [{ name: 'n', type: 'INTEGER' }],
      rows: [],
      meta: { rows: 0, truncated: false },
    });
  });

  it('writes a value by its type alone: BIGINT is text however small, and numbers that JSON lacks are words', async () => {
    expect(
      await text(
        "SELECT 1::BIGINT AS b, 'nan'::DOUBLE AS n, '-inf'::FLOAT AS f, 0.1::FLOAT AS x, 0.1::DOUBLE AS y, -0.0::DOUBLE AS z, 1e21::DOUBLE AS e",
        ndjsonEncoder,
      ),
    ).toBe('{"b":"1","n":"NaN","f":"-Infinity","x":0.1,"y":0.1,"z":-0.0,"e":1e+21}\n');
  });

  it('keeps a field named __proto__ and nests', async () => {
    expect(await text("SELECT {'__proto__': [1::BIGINT, NULL], 'a': MAP {1: 'x'}} AS s, [[1], []] AS l", ndjsonEncoder)).toBe(
      '{"s":{"__proto__":["1",null],"a":[{"key":1,"value":"x"}]},"l":[[1],[]]}\n',
    );
  });

  it('writes infinite times as words', async () => {
    expect(await text("SELECT 'infinity'::DATE AS d, '-infinity'::TIMESTAMP AS t, 'infinity'::TIMESTAMPTZ AS z", ndjsonEncoder)).toBe(
      '{"d":"infinity","t":"-infinity","z":"infinity"}\n',
    );
  });
});

describe('ISO texts', () => {
  it('agree with the engine for days of 12,000 years and instants around the epoch', async () => {
    const days = await text(
      "SELECT d::DATE AS ours, strftime(d::DATE, '%x') AS theirs FROM (SELECT DATE '0000-03-01' + (i * 97)::INTEGER AS d FROM range(37000) t(i))",
      csvEncoder,
    );
    const lines = days.trim().split('\r\n').slice(1);
    expect(lines).toHaveLength(37_000);
    expect(lines.filter((line) => line.split(',')[0] !== line.split(',')[1])).toEqual([]);
    const instants = await text(
      "SELECT ts AS ours, replace(ts::VARCHAR, ' ', 'T') AS theirs FROM (SELECT make_timestamp((i - 5000) * 1234567890123) AS ts FROM range(10000) t(i))",
      csvEncoder,
    );
    const pairs = instants
      .trim()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(','));
    expect(pairs).toHaveLength(10_000);
    // the engine leaves the zeros of a fraction off
    for (const [ours, theirs] of pairs)
      if (ours !== (theirs?.includes('.') ? theirs : `${theirs}.`).padEnd(ours?.length ?? 0, '0')) expect.fail(`${ours} is not ${theirs}`);
  });
});

describe('CSV', () => {
  it('quotes by RFC 4180 and tells NULL from empty text', async () => {
    expect(
      await text(
        `SELECT 'a,b' AS "x,""y", 'say "hi"' AS q, '' AS e, NULL AS n, 'two' || chr(13) || chr(10) || 'lines' AS l, ' pad' AS p, '=1+1' AS formula`,
        csvEncoder,
      ),
    ).toBe('"x,""y",q,e,n,l,p,formula\r\n"a,b","say ""hi""","",,"two\r\nlines"," pad",=1+1\r\n');
  });

  it('is read back by the engine as the same rows', async () => {
    const sql = "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'wért \"' || i || '\",\n' END AS s, (i / 3)::DECIMAL(10, 4) AS d FROM range(3000) t(i)";
    const { bytes } = await encodeQuery(connection, sql, csvEncoder);
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
    const directory = mkdtempSync('/tmp/skein-csv-');
    try {
      writeFileSync(`${directory}/x.csv`, bytes);
      const same = await text(
        `SELECT count(*) AS n, count(*) FILTER (WHERE a.s IS NOT DISTINCT FROM b.s AND a.d = b.d) AS same FROM (${sql}) a JOIN read_csv('${directory}/x.csv', columns = {i: 'BIGINT', s: 'VARCHAR', d: 'DECIMAL(10,4)'}, header = true, allow_quoted_nulls = false) b USING (i)`,
        ndjsonEncoder,
      );
      expect(same).toBe('{"n":"3000","same":"3000"}\n');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
