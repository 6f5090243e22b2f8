import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract, type Contract } from '@skein/contract';
import { literal, SkeinError } from '@skein/kernel';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { openQuote, type DataFormat } from './data-file.ts';
import { judgeData, type JudgeOptions, type Judgement } from './judge-data.ts';
import { referenceFiles } from './references.ts';

const folder = temporaryDirectory();
const engine = duckdbEngine({ threads: 2 });
afterAll(async () => {
  await engine.close();
  folder[Symbol.dispose]();
});

const contract = readContract(
  `apiVersion: v3.2.0
kind: DataContract
id: x
version: 1.0.0
domain: shop
schema:
  - name: orders
    quality:
      - { id: total, type: sql, query: 'SELECT sum(amount) FROM {object}', mustBeGreaterThan: 1 }
      - { id: many, metric: rowCount, mustBeGreaterThan: 1 }
      - { id: eyes, type: text, description: look at it }
    properties:
      - { name: id, logicalType: string, primaryKey: true, logicalTypeOptions: { pattern: '^[a-z]' } }
      - { name: amount, logicalType: number, physicalType: 'DECIMAL(38,10)', required: true, logicalTypeOptions: { minimum: 0 } }
      - { name: count, logicalType: integer, logicalTypeOptions: { maximum: 9007199254740993 } }
      - { name: small, logicalType: integer, physicalType: INTEGER }
      - { name: day, logicalType: date }
      - { name: wall, logicalType: timestamp, physicalType: TIMESTAMP }
      - { name: instant, logicalType: timestamp, physicalType: TIMESTAMPTZ }
      - { name: clock, logicalType: time }
      - { name: ratio, logicalType: number, physicalType: DOUBLE }
      - { name: flag, logicalType: boolean }
      - { name: mail, logicalType: string, classification: confidential, logicalTypeOptions: { pattern: '@' } }
      - { name: parent, logicalType: string, relationships: [{ to: orders.id }] }
      - { name: customer, logicalType: string, relationships: [{ to: crm.customers.id }] }
      - { name: 'with "quotes"', logicalType: string }
      - { name: nested, logicalType: array, items: { logicalType: object, properties: [{ name: price, logicalType: number, physicalType: 'DECIMAL(38,10)' }, { name: by, logicalType: map, map: { key: { logicalType: integer }, value: { logicalType: date } } }] } }
`,
  'orders.odcs.yaml',
);

const ROW = `'a' || r AS id, 1234567890123456789012345678.0123456789::DECIMAL(38,10) AS amount, 9007199254740993 AS count, 7::INTEGER AS small, DATE '2026-02-28' AS day,
  TIMESTAMP '2026-03-29 02:30:00.123456' AS wall, TIMESTAMPTZ '2026-03-29 00:30:00.123456+00' AS instant, TIME '10:11:12.5' AS clock, 0.1::DOUBLE AS ratio, true AS flag, 'a@b' AS mail,
  'a1' AS parent, 'c' AS customer, 'x' AS "with ""quotes""", [{'price': 0.0123456789::DECIMAL(38,10), 'by': MAP {9007199254740993: DATE '2026-01-01'}}, NULL] AS nested`;
/** Spelled by hand: the engine's own JSON writer makes doubles of wide decimals. */
const LINE =
  '{"id":"a1","amount":1234567890123456789012345678.0123456789,"count":9007199254740993,"small":7,"day":"2026-02-28","wall":"2026-03-29T02:30:00.123456","instant":"2026-03-29T02:30:00.123456+02:00","clock":"10:11:12.5","ratio":1e-1,"flag":true,"mail":"a@b","parent":"a1","customer":"c","with \\"quotes\\"":"x","nested":[{"price":0.0123456789,"by":{"9007199254740993":"2026-01-01"}},null]}';

async function parquet(name: string, select: string): Promise<string> {
  const session = await engine.open();
  await session.run(`COPY (${select}) TO ${literal(folder.file(name))} (FORMAT parquet)`);
  await session.close();
  return folder.file(name);
}
function file(name: string, text: string | Uint8Array): string {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
}
/** Without the SQL rule, for which a sandbox would start each time. */
const plain = { ...contract, quality: [] };
const judge = (format: DataFormat, path: string | string[], options: Partial<JudgeOptions> = {}): Promise<Judgement> =>
  judgeData(engine, contract, format, [path].flat(), { samples: 3, absentAsNull: false, ...options });
const judgePlain = (text: string) => judgeData(engine, plain, 'ndjson', [file('plain.ndjson', text)], { samples: 3, absentAsNull: false });
const outcomes = ({ verdict }: Judgement, outcome: string) => verdict.gates.filter((gate) => gate.outcome === outcome).map((gate) => gate.check);
const gate = ({ verdict }: Judgement, check: string) => verdict.gates.find((one) => one.check === check);
const line = (changes: Record<string, unknown>) => {
  const { amount: _amount, count: _count, nested: _nested, ...rest } = JSON.parse(LINE) as Record<string, unknown>;
  return JSON.stringify({ ...rest, amount: '1.5', count: 1, nested: [], ...changes });
};
const lines = (...changes: Record<string, unknown>[]) => changes.map(line).join('\n');

describe('the same rows', () => {
  it('have the same verdict as Parquet and as NDJSON, whoever wrote it', async () => {
    const stored = await judge('parquet', await parquet('a.parquet', `SELECT ${ROW} FROM range(1, 4) AS t(r)`));
    const lined = await judge('ndjson', file('a.ndjson', [1, 2, 3].map((n) => LINE.replace('"id":"a1"', `"id":"a${n}"`)).join('\n')));
    const digits = await judge(
      'ndjson',
      file(
        'b.jsonl.gz',
        gzipSync(
          [1, 2, 3]
            .map((n) =>
              LINE.replace('"id":"a1"', `"id":"a${n}"`)
                .replace(/:(\d{16,}[\d.]*)/g, ':"$1"')
                .replaceAll('",', '" , '),
            )
            .join('\r\n'),
        ),
      ),
    );
    expect(outcomes(stored, 'failed')).toEqual([]);
    expect(outcomes(stored, 'error')).toEqual([]);
    expect(outcomes(stored, 'skipped')).toEqual(['customer.reference', 'quality.eyes']);
    expect(gate(stored, 'quality.total')).toMatchObject({ outcome: 'passed', value: '3703703670370370367037037034.0370370367' });
    expect([lined.verdict, digits.verdict]).toEqual([stored.verdict, stored.verdict]);
    expect([stored.verdict.passed, stored.verdict.rows]).toEqual([true, 3n]);
  });

  it('have another one where a digit differs', async () => {
    const [one, two] = await Promise.all([
      judge('ndjson', file('c.ndjson', LINE)),
      judge('ndjson', file('d.ndjson', LINE.replace('9007199254740993,', '9007199254740994,'))),
    ]);
    expect([outcomes(one, 'failed'), outcomes(two, 'failed')]).toEqual([['quality.many'], ['count.maximum', 'quality.many']]);
    expect(one.verdict.hash).not.toBe(two.verdict.hash);
  });

  it('have the same verdict as CSV, quoted and not, with either sign between fields', async () => {
    const head = 'id;amount;count;small;day;wall;instant;clock;ratio;flag;mail;parent;customer;"with ""quotes""";nested';
    const row = (n: number) =>
      `a${n};1234567890123456789012345678.0123456789;9007199254740993;7;2026-02-28;2026-03-29 02:30:00.123456;2026-03-29 00:30:00.123456+00;10:11:12.5;0.1;true;a@b;a1;c;x;"[{""price"":0.0123456789,""by"":{""9007199254740993"":""2026-01-01""}},null]"`;
    const stored = await judge('parquet', await parquet('e.parquet', `SELECT ${ROW} FROM range(1, 3) AS t(r)`));
    expect((await judge('csv', file('e.csv', `${head}\r\n${row(1)}\r\n${row(2)}\r\n`))).verdict).toEqual(stored.verdict);
  });

  it('have the same verdict from several files, and from types that are wider or narrower', async () => {
    const whole = await judge('parquet', await parquet('f.parquet', `SELECT ${ROW} FROM range(1, 4) AS t(r)`));
    const parts = await judge('parquet', [
      await parquet('g.parquet', `SELECT ${ROW} FROM range(1, 3) AS t(r)`),
      await parquet('h.parquet', `SELECT ${ROW} FROM range(3, 4) AS t(r)`),
    ]);
    const loose = await judge(
      'parquet',
      await parquet(
        'i.parquet',
        `SELECT * REPLACE (amount::VARCHAR AS amount, count::DECIMAL(20,0) AS count, small::TINYINT AS small, wall::TIMESTAMP_NS AS wall, ratio::VARCHAR AS ratio, day::VARCHAR AS day, to_json(nested)::VARCHAR AS nested) FROM (SELECT ${ROW} FROM range(1, 4) AS t(r))`,
      ),
    );
    expect(parts.verdict).toEqual(whole.verdict);
    expect(loose.verdict).toEqual(whole.verdict);
  });
});

describe('values that are not of their type', () => {
  it.each([
    [{ amount: 'much' }, 'amount.type'],
    [{ amount: '1.00000000001' }, 'amount.type'],
    [{ amount: true }, 'amount.type'],
    [{ count: '9223372036854775808' }, 'count.type'],
    [{ count: 1.5 }, 'count.type'],
    [{ small: 2147483648 }, 'small.type'],
    [{ small: '7' }, 'small.type'],
    [{ day: '2026-02-30' }, 'day.type'],
    [{ day: 20260228 }, 'day.type'],
    [{ wall: '2026-01-01T00:00:00Z' }, 'wall.type'],
    [{ instant: '2026-01-01T00:00:00' }, 'instant.type'],
    [{ clock: '25:00' }, 'clock.type'],
    [{ ratio: 'NaN' }, 'ratio.type'],
    [{ flag: 'true' }, 'flag.type'],
    [{ flag: 1 }, 'flag.type'],
    [{ parent: 5 }, 'parent.type'],
    [{ parent: { a: 1 } }, 'parent.type'],
    [{ nested: {} }, 'nested.type'],
    [{ nested: [{ price: 'x' }] }, 'nested.type'],
    [{ nested: [{ unknown: 1 }] }, 'nested.type'],
    [{ nested: [{ by: { x: '2026-01-01' } }] }, 'nested.type'],
    [{ nested: [{ by: { '1': '2026-13-01' } }] }, 'nested.type'],
  ])('%j breaks %s and nothing else', async (changes, check) => {
    const judged = await judgePlain(lines({}, { id: 'b', ...changes }));
    expect(outcomes(judged, 'failed')).toEqual([check]);
    expect(gate(judged, check)).toMatchObject({ failed: 1n });
    expect([judged.verdict.passed, judged.verdict.refused]).toEqual([false, 1n]);
  });

  it.each([
    [{ day: 'infinity' }, 'day.range'],
    [{ day: '12026-01-01' }, 'day.range'],
    [{ wall: '-infinity' }, 'wall.range'],
    [{ count: Number.POSITIVE_INFINITY }, undefined],
  ])('%j is of its type, and breaks %s', async (changes, check) => {
    expect(outcomes(await judgePlain(lines({}, { id: 'b', ...changes })), 'failed')).toEqual(check === undefined ? [] : [check]);
  });

  it.each([
    [{ amount: 1e3 }],
    [{ amount: '12.5' }],
    [{ count: '9007199254740993' }],
    [{ count: 12.0 }],
    [{ day: null }],
    [{ wall: '2026-01-01 00:00' }],
    [{ instant: '2026-01-01t00:00z' }],
    [{ clock: '23:59' }],
    [{ ratio: -1.5e300 }],
    [{ nested: [null, {}, { price: null, by: { '-5': null } }] }],
    [{ nested: null }],
  ])('%j is of its type', async (changes) => {
    expect(outcomes(await judgePlain(lines({}, { id: 'b', ...changes })), 'failed')).toEqual([]);
  });

  it('are not missing: the rule that a value must stand is another one', async () => {
    const judged = await judge('ndjson', file('v.ndjson', lines({}, { id: 'b', amount: 'x' }, { id: 'c', amount: null })));
    expect(outcomes(judged, 'failed')).toEqual(['amount.type', 'amount.required']);
    expect([gate(judged, 'amount.type')?.failed, gate(judged, 'amount.required')?.failed]).toEqual([1n, 1n]);
    expect(judged.samples['amount.type']).toEqual([{ file: folder.file('v.ndjson'), row: 2n, key: 'b', value: 'x', omitted: undefined }]);
  });
});

describe('data with faults', () => {
  it('lacks a column: its own checks err, and no other', async () => {
    const full = await parquet('j.parquet', `SELECT ${ROW} FROM range(1, 4) AS t(r)`);
    const lacking = {
      parquet: await parquet('k.parquet', `SELECT * EXCLUDE (mail) FROM read_parquet(${literal(full)})`),
      ndjson: file('k.ndjson', [1, 2, 3].map((n) => LINE.replace('"id":"a1"', `"id":"a${n}"`).replace('"mail":"a@b",', '')).join('\n')),
    };
    const verdicts = [];
    for (const [format, path] of Object.entries(lacking)) {
      const judged = await judge(format as DataFormat, path);
      expect([outcomes(judged, 'error'), outcomes(judged, 'failed'), judged.missingColumns, judged.verdict.passed]).toEqual([
        ['mail.type', 'mail.pattern'],
        [],
        ['mail'],
        false,
      ]);
      verdicts.push(judged.verdict);
    }
    expect(verdicts[0]).toEqual(verdicts[1]);
    const absent = await judge('ndjson', lacking.ndjson, { absentAsNull: true });
    expect([outcomes(absent, 'error'), absent.verdict.passed]).toEqual([[], true]);
  });

  it('has a column of its own, which is told and not judged', async () => {
    const judged = await judge('ndjson', file('l.ndjson', lines({}, { id: 'b', Mail: 1, 'x"y': 2 })));
    expect([judged.unknownColumns, judged.verdict.passed]).toEqual([['Mail', 'x"y'], true]);
  });

  it('holds lines that are no records, which are counted and never shown', async () => {
    const judged = await judge('ndjson', file('m.ndjson', `${line({})}\n\nsecret text\n[1]\n{"id":\n{"id":"y","id":"z"}\n${line({ id: 'b' })}`));
    expect([judged.malformed, judged.verdict.rows, gate(judged, 'source.malformed')?.failed, judged.verdict.passed]).toEqual([4n, 6n, 4n, false]);
    const csv = await judge('csv', file('m.csv', 'id,amount\nx,1\ny,2,3\nz\nw,4\n'));
    expect([csv.malformed, csv.verdict.rows]).toEqual([2n, 4n]);
  });

  it('shows rows that broke a rule, but no value that is confidential', async () => {
    const judged = await judge('ndjson', file('n.ndjson', lines({}, { id: 'b', mail: 'someone-private' }, { id: 'b', parent: 'nobody' }, { id: 'B' })));
    expect(outcomes(judged, 'failed')).toEqual(['id.pattern', 'mail.pattern', 'primary_key', 'parent.reference']);
    expect(judged.samples['mail.pattern']).toMatchObject([{ row: 2n, key: 'b', value: undefined, omitted: 'the column is confidential' }]);
    expect(judged.samples['primary_key']?.map(({ row }) => row)).toEqual([2n, 3n]);
    expect(judged.samples['parent.reference']).toMatchObject([{ row: 3n, value: 'nobody' }]);
    expect(JSON.stringify(judged, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('someone-private');
  });

  it('tells "" from nothing in CSV', async () => {
    const judged = await judge('csv', file('o.csv', 'id,amount,mail\na,1,""\nb,2,\n'));
    expect([gate(judged, 'mail.pattern')?.failed, gate(judged, 'amount.required')?.outcome]).toEqual([1n, 'passed']);
  });

  it('has a quote that is not closed: told with the line where it opens', async () => {
    const rows = Array.from({ length: 30 }, (_, at) => `${at},1`).join('\n');
    const open = file('open.csv', `id,amount\n"a ""b"",\nc",1\n"secret,2\n${rows}\n`);
    const refused: unknown = await judge('csv', open).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: 'SKEIN_SOURCE_UNREADABLE', place: { file: open, line: 4 } });
    expect(String(refused)).toContain('line 4');
    expect(String(refused)).not.toContain('secret');
    // The same with the quote closed is read.
    const closed = file('closed.csv', `id,amount\n"a ""b"",\nc",1\n"secret",2\n${rows}\n`);
    expect((await judge('csv', closed)).verdict.rows).toBe(32n);
  });

  it.each([
    ['a,b\n1,"x', 2],
    ['a,b\r\n"1\r\n2","x"y\r\n', 3],
    ['\uFEFF"a,b\n', 1],
    ['a,b\n1,"x""\n', 2],
    ['a,b\n1,x "y" z\n"",""""\n"\n\n",1', undefined],
    ['\uFEFF"a",b\n', undefined],
  ])('of %j, the quote that is not closed opens in line %s', async (text, line) => {
    expect(await openQuote(file('quote.csv', text), ',')).toBe(line);
    expect(await openQuote(file('quote.csv.gz', gzipSync(text)), ',')).toBe(line);
  });

  it('has no rows at all, and lacks none for that', async () => {
    const judged = await judge('ndjson', file('p.ndjson', ''));
    expect([judged.verdict.rows, judged.missingColumns, outcomes(judged, 'failed')]).toEqual([0n, [], ['quality.many']]);
    // The sum of no rows is no number, and an error is not a pass.
    expect(outcomes(judged, 'error')).toEqual(['quality.total']);
  });

  it('is not what its name says: an error that quotes nothing of it', async () => {
    for (const [format, path] of [
      ['parquet', file('q.parquet', 'this is no parquet, but a secret')],
      ['csv', file('q.csv', gzipSync('x'))],
    ] as const) {
      const error = await judge(format, path).then(
        (judged) => (format === 'csv' ? judged : expect.unreachable()),
        (thrown: unknown) => thrown,
      );
      if (error instanceof SkeinError) {
        expect(error.code).toBe('SKEIN_SOURCE_UNREADABLE');
        expect(error.message).not.toContain('secret');
      }
    }
  });
});

it('runs SQL rules where they see the rows and nothing else', async () => {
  const reach = (query: string) =>
    readContract(
      `apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: t\n    quality: [{ id: q, type: sql, query: ${JSON.stringify(query)}, mustBe: 0 }]\n    properties: [{ name: a, logicalType: integer }]\n`,
      'f',
    );
  const path = file('r.ndjson', '{"a":1}\n{"a":2}\n');
  const ask = async (query: string) =>
    (await judgeData(engine, reach(query), 'ndjson', [path], { samples: 1, absentAsNull: false })).verdict.gates.find((one) => one.check === 'quality.q');
  expect(await ask('SELECT count(*) FROM {object} WHERE a > 1')).toMatchObject({ outcome: 'failed', value: '1' });
  expect(await ask('SELECT sum(a) - 3 FROM {object}')).toMatchObject({ outcome: 'passed' });
  for (const query of [
    `SELECT count(*) FROM read_text('/etc/passwd')`,
    `SELECT count(*) FROM read_csv(${literal(path)})`,
    'SELECT a FROM {object}',
    "SELECT 'x' FROM {object} LIMIT 1",
    'SELECT nope FROM {object}',
  ])
    expect((await ask(query))?.outcome).toBe('error');
});

describe('references to other products', () => {
  const customers = readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: c\nversion: 1.0.0\ndomain: crm\nschema:\n  - name: customers\n    properties:\n      - { name: id, logicalType: string, primaryKey: true }\n      - { name: n, logicalType: integer }\n`,
    'customers.odcs.yaml',
  );
  const references = (path: string, contracts: readonly Contract[] = []): JudgeOptions['references'] => ({
    files: referenceFiles([`crm.customers=${path}`]),
    contracts: new Map(contracts.map((one) => [one.product, one])),
    cwd: folder.path,
  });
  const rows = () => file('refs.ndjson', lines({ customer: 'c' }, { id: 'b', customer: 'gone' }, { id: 'd', customer: null }));
  const ask = (options: Partial<JudgeOptions>) => judgeData(engine, plain, 'ndjson', [rows()], { samples: 2, absentAsNull: false, ...options });

  it('are judged against their data in each format, with and without their contract', async () => {
    const verdicts = [];
    for (const path of [
      file('customers.ndjson', '{"id":"c","n":1}\n{"id":"x","n":2}\n'),
      file('customers.csv', 'n,id\n1,c\n2,x\n'),
      await parquet('customers.parquet', `SELECT unnest(['c', 'x']) AS id`),
    ]) {
      for (const contracts of [[], [customers]]) {
        const judged = await ask({ references: references(path, contracts) });
        expect(gate(judged, 'customer.reference')).toMatchObject({ outcome: 'failed', failed: 1n });
        expect(judged.samples['customer.reference']).toMatchObject([{ row: 2n, value: 'gone' }]);
        verdicts.push(judged.verdict.hash);
      }
    }
    expect(verdicts).toHaveLength(6);
    expect(new Set(verdicts).size).toBe(1);
  });

  it('take several files of one product, and its own CSV beside a CSV', async () => {
    const files = referenceFiles([`crm.customers=${file('c1.csv', 'id\nc\n')}`, `crm.customers=${file('c2.csv', 'id\ngone\n')}`]);
    const judged = await judgeData(engine, plain, 'csv', [file('own.csv', 'id,amount,customer\na,1,c\nb,1,gone\n')], {
      samples: 0,
      absentAsNull: false,
      references: { files, contracts: new Map(), cwd: folder.path },
    });
    expect(gate(judged, 'customer.reference')).toMatchObject({ outcome: 'passed', failed: 0n });
  });

  it('are skipped without data, and err where the data lacks the column or has broken lines', async () => {
    expect(gate(await ask({}), 'customer.reference')).toMatchObject({
      outcome: 'skipped',
      reason: expect.stringContaining('--ref crm.customers=FILE') as string,
    });
    const lacking = await ask({ references: references(file('l1.ndjson', '{"n":1}\n')) });
    expect(gate(lacking, 'customer.reference')).toMatchObject({ outcome: 'error', reason: 'the data of crm.customers has no column id' });
    const broken = await ask({ references: references(file('l2.ndjson', '{"id":"c"}\nsecret\n')) });
    expect(gate(broken, 'customer.reference')).toMatchObject({ outcome: 'error', reason: expect.stringContaining('1 lines') as string });
    await expect(ask({ references: { files: referenceFiles(['crm.orders=x']), contracts: new Map(), cwd: '.' } })).rejects.toMatchObject({
      code: 'SKEIN_USAGE',
    });
    expect(() => referenceFiles(['customers=x'])).toThrow('no product and file');
  });
});

describe('service levels', () => {
  const timed = readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: t\n    properties:\n      - { name: at, logicalType: timestamp, physicalType: TIMESTAMPTZ }\n      - { name: seen, logicalType: timestamp }\n      - { name: day, logicalType: date }\nslaProperties:\n  - { property: freshness, value: 1, unit: h, element: t.at }\n  - { property: latency, value: 1, unit: d, element: 'at, seen' }\n  - { property: retention, value: 1, unit: y, element: day }\n  - { property: frequency, value: 1, unit: d }\n`,
    'f',
  );
  const ROWS = [
    ['2026-03-29T02:30:00.123456+02:00', '2026-03-29T00:30:00', '2025-03-29'],
    ['2026-03-28T00:00:00Z', '2026-03-29T00:00:00.000001', '9999-12-31'],
    [null, null, null],
  ] as const;
  const ndjson = (rows: readonly (readonly (string | null)[])[]) => rows.map(([at, seen, day]) => JSON.stringify({ at, seen, day })).join('\n');
  const ask = async (format: DataFormat, path: string, at?: number) => {
    const { verdict } = await judgeData(engine, timed, format, [path], { samples: 1, absentAsNull: false, ...(at === undefined ? {} : { at }) });
    return {
      hash: verdict.hash,
      passed: verdict.passed,
      sla: verdict.gates.filter(({ check }) => check.startsWith('sla')).map(({ outcome, value }) => `${outcome} ${value}`),
    };
  };

  it('have the same figures from each format, any order of rows, and at any moment', async () => {
    const [hour, newest] = [3_600_000, Date.UTC(2026, 2, 29, 0, 30, 0, 123)];
    const line = await ask('ndjson', file('sla.ndjson', ndjson(ROWS)), newest + hour);
    expect(line.sla).toEqual(['passed 2026-03-29 00:30:00.123456', 'failed 1', 'failed 2025-03-29 00:00:00', 'skipped undefined']);
    const early = await ask('ndjson', file('sla2.ndjson', ndjson([...ROWS].reverse())), Date.UTC(2026, 2, 29));
    expect(early.sla[2]).toBe('passed 2025-03-29 00:00:00');
    const late = await ask(
      'csv',
      file('sla.csv', `at,seen,day\n${ROWS.map((row) => row.map((value) => value ?? '').join(',')).join('\n')}\n`),
      newest + hour + 1,
    );
    expect(late.sla[0]).toMatch(/^failed/);
    const select = ROWS.map(
      (row) =>
        `SELECT ${[`${literal(row[0])}::TIMESTAMPTZ`, `${literal(row[1])}::TIMESTAMP`, `${literal(row[2])}::DATE`].map((value, index) => `${value} AS ${['at', 'seen', 'day'][index]}`).join(', ')}`,
    );
    const stored = await ask('parquet', await parquet('sla.parquet', select.join(' UNION ALL ')));
    expect(stored.sla).toEqual(['skipped 2026-03-29 00:30:00.123456', 'failed 1', 'skipped 2025-03-29 00:00:00', 'skipped undefined']);
    expect(new Set([line, early, late, stored].map(({ hash }) => hash)).size).toBe(1);
    expect([line, late].map(({ passed }) => passed)).toEqual([true, true]);
  });

  it('leave out values outside of four-digit years, and err with a column that is not there', async () => {
    const odd = await ask('ndjson', file('odd.ndjson', ndjson([...ROWS, ['2026-01-01T00:00:00Z', 'infinity', 'infinity']])), Date.UTC(2026, 2, 29));
    expect(odd.sla.slice(1, 3)).toEqual(['failed 1', 'passed 2025-03-29 00:00:00']);
    expect((await ask('ndjson', file('few.ndjson', '{"at":null,"seen":null}\n'), 0)).sla).toEqual([
      'failed undefined',
      'passed 0',
      'error undefined',
      'skipped undefined',
    ]);
  });
});

describe('figures of SQL rules', () => {
  const rule = (query: string) => `{ id: r${query.length}, type: sql, query: ${JSON.stringify(query)}, mustBe: 5 }`;
  it('are not shown where the rule may read a confidential column, and its count is', async () => {
    const queries = ['SELECT max(pay) + 1 FROM {object}', 'SELECT max(pay) FROM {object}', 'SELECT max(p) FROM (SELECT * FROM {object}) AS t(i, m, p)'];
    const shown = ['SELECT count(*) FROM {object} WHERE pay > 1', 'SELECT max(n) FROM {object}'];
    const own = readContract(
      `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: shop\nschema:\n  - name: staff\n    quality: [${[...queries, ...shown].map(rule).join(', ')}]\n    properties:\n      - { name: n, logicalType: integer }\n      - { name: mail, logicalType: string, classification: restricted }\n      - { name: pay, logicalType: integer, classification: confidential }\n`,
      'staff.odcs.yaml',
    );
    const judged = await judgeData(engine, own, 'ndjson', [file('staff.ndjson', '{"n":7,"mail":"ann@x","pay":3141592}\n')], {
      samples: 3,
      absentAsNull: false,
    });
    const said = judged.verdict.gates.filter((one) => one.rule === 'sql').map(({ value, reason }) => `${value} ${reason}`);
    expect(said).toHaveLength(5);
    for (const text of said.slice(0, 3)) expect(text).toMatch(/^undefined .*not shown.*(?:restricted|confidential)/);
    expect(said.slice(3)).toEqual(['1 the value 1 breaks mustBe 5', '7 the value 7 breaks mustBe 5']);
    expect(JSON.stringify(judged, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))).not.toMatch(/ann@x|3141592/);
  });
});

describe('a mark of byte order', () => {
  it('is no part of the first record', async () => {
    const [bare, marked] = [line({}), `\uFEFF${line({})}`].map((text, index) => file(`mark${index}.ndjson`, text));
    const verdicts = await Promise.all(
      [bare, marked].map(async (path) => (await judgeData(engine, plain, 'ndjson', [path as string], { samples: 3, absentAsNull: false })).verdict),
    );
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(verdicts[1]?.rows).toBe(1n);
  });
});
