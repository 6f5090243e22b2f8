import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import type { EngineSession } from '@skein/ports';
import {
  annotateSql,
  checkPlan,
  compilePattern,
  figuresSql,
  judge,
  offendersSql,
  PASSES,
  fastestPasses,
  violationValueSql,
  type CheckPlan,
  type Figures,
  type Passes,
} from '@skein/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** The statements of a check plan, run by the engine that they are written for. */
let session: EngineSession;
const engine = duckdbEngine();
beforeAll(async () => {
  session = await engine.open();
});
afterAll(async () => {
  await session.close();
  await engine.close();
});

const CONTRACT = readContract(
  `apiVersion: v3.2.0
kind: DataContract
id: orders
version: 1.0.0
domain: shop
schema:
  - name: orders
    customProperties: [{ property: quarantineTolerance, value: 50% }]
    quality:
      - { id: some, metric: rowCount, mustBeBetween: [1, 100] }
      - { id: pairs, metric: duplicateValues, mustBeLessThan: 1, arguments: { properties: [customer, day] } }
      - { id: total, type: sql, query: "SELECT sum(amount) FROM {object}", mustBeGreaterThan: 10 }
      - { id: broken, type: sql, query: "SELECT no_such_column FROM {object}", mustBe: 0, severity: warning }
    properties:
      - { name: id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1 }
      - { name: line, physicalType: INTEGER, primaryKey: true, primaryKeyPosition: 2 }
      - { name: customer, logicalType: string, relationships: [{ to: crm.customers.id }], quality: [{ id: filled, metric: nullValues, mustBeLessThan: 20, unit: percent }] }
      - { name: token, logicalType: string, unique: true }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(9,2)", logicalTypeOptions: { minimum: 0 }, quality: [{ id: w, metric: missingValues, mustBe: 0, severity: warning, arguments: { missingValues: [0] } }] }
      - { name: day, logicalType: date }
`,
  'orders.yaml',
);
const COLUMNS = CONTRACT.properties.map((property) => property.name);
const PLAN = checkPlan(CONTRACT);

const ROWS = `(VALUES
  (1::BIGINT, 1::INTEGER, 'c1', 't1', 5.00::DECIMAL(9,2), DATE '2024-01-01'),
  (1, 2, 'c1', 't2', 6.00, DATE '2024-01-01'),
  (2, 1, 'c9', 't3', -1.00, DATE '2024-01-02'),
  (2, 1, 'c2', 't4', 0.00, DATE '2024-01-02'),
  (3, 1, NULL, 't5', NULL, NULL),
  (4, 1, 'c2', 't5', 7.00, DATE '2024-01-04'),
  (5, 1, 'c2', NULL, 7.00, DATE '2024-01-05'),
  (6, 1, 'c2', NULL, 7.00, DATE '2024-01-06'),
  (NULL, 1, 'c2', 't8', 7.00, DATE '2024-01-07'),
  (NULL, 1, 'c2', 't9', 7.00, DATE '2024-01-08')) AS v(id, line, customer, token, amount, "day")`;

/** Runs every statement of `figuresSql`, as a judge of a standing relation does. */
async function figuresOf(plan: CheckPlan, relation: string, columns: readonly string[], passes?: Passes): Promise<Figures> {
  const results: Record<string, Figures['results'][string]> = {};
  let rows = 0n;
  let refused = 0n;
  for (const statement of figuresSql(plan, relation, columns, passes)) {
    try {
      const [row = {}] = await session.rows<Record<string, bigint | string | null>>(statement.sql.replaceAll('{ref:crm.customers}', 'customers'));
      if (statement.rows !== undefined) rows = BigInt(row[statement.rows] ?? 0);
      if (statement.refused !== undefined) refused = BigInt(row[statement.refused] ?? 0);
      for (const { id, level, column } of statement.checks) {
        const value = row[column] ?? null;
        results[id] = level === 'metric' ? { value: value === null ? null : String(value) } : { failed: BigInt(value ?? 0) };
      }
    } catch (error) {
      for (const { id } of statement.checks) results[id] = { error: String(error) };
    }
  }
  return { rows, refused, results };
}

describe('a relation with known faults', () => {
  beforeAll(async () => {
    await session.run(`CREATE OR REPLACE TEMP TABLE orders AS SELECT * FROM ${ROWS}`);
    await session.run(`CREATE OR REPLACE TEMP TABLE customers AS SELECT * FROM (VALUES ('c1'), ('c2'), ('c2')) AS c(id)`);
  });

  it.each(PASSES)('gives the same figures however checks share passes: %s', async (passes) => {
    expect(await figuresOf(PLAN, 'orders', COLUMNS, passes)).toEqual(await figuresOf(PLAN, 'orders', COLUMNS));
  });

  it('is judged in the way that takes least time on a sample', async () => {
    for (const wanted of PASSES) {
      const texts = new Set(figuresSql(PLAN, 'orders', COLUMNS, wanted).map(({ sql }) => sql));
      expect(await fastestPasses(PLAN, 'orders', COLUMNS, async (sql) => (texts.has(sql) ? 0 : 1))).toBe(wanted);
    }
  });

  it('is judged check by check', async () => {
    const figures = await figuresOf(PLAN, 'orders', COLUMNS);
    const verdict = judge(PLAN, figures);
    expect(verdict.gates.map(({ check, outcome, failed, value }) => `${check}: ${outcome} ${failed ?? value ?? ''}`)).toEqual([
      'id.required: passed 2',
      'line.required: passed 0',
      'amount.minimum: passed 1',
      'day.range: passed 0',
      'amount.quality.w: passed 1',
      'primary_key: passed 2',
      'customer.reference: passed 1',
      'token.unique: passed 2',
      'customer.quality.filled: passed 10',
      'quality.some: passed 10',
      'quality.pairs: failed 1',
      'quality.total: passed 45',
      'quality.broken: error ',
    ]);
    expect(verdict).toMatchObject({ passed: false, rows: 10n, refused: 3n });
    expect(verdict.gates.at(-1)?.reason).toContain('no_such_column');
  });

  it('gives the same verdict again, in any order of rows, and another when a row changes', async () => {
    const first = judge(PLAN, await figuresOf(PLAN, 'orders', COLUMNS));
    const shuffled = judge(PLAN, await figuresOf(PLAN, '(SELECT * FROM orders ORDER BY token DESC)', COLUMNS));
    const changed = judge(PLAN, await figuresOf(PLAN, `(SELECT * REPLACE (coalesce(id, 9) AS id) FROM orders)`, COLUMNS));
    expect(shuffled).toEqual(first);
    expect(changed.hash).not.toBe(first.hash);
  });

  it('is annotated row by row with the same counts', async () => {
    const tally = await session.rows<{ id: string; n: bigint }>(
      `SELECT id, count(*) AS n FROM (SELECT unnest(list_concat(_failed, _warned)) AS id FROM (${annotateSql(PLAN, 'orders', COLUMNS)})) GROUP BY 1`,
    );
    const { results } = await figuresOf(PLAN, 'orders', COLUMNS);
    const expected = PLAN.checks
      .filter((check) => check.level === 'row')
      .flatMap((check) => ((results[check.id] as { failed: bigint }).failed > 0n ? [[check.id, (results[check.id] as { failed: bigint }).failed]] : []));
    expect(Object.fromEntries(tally.map(({ id, n }) => [id, n]))).toEqual(Object.fromEntries(expected));
    const clean = await session.rows<{ n: bigint }>(
      `SELECT count(*) AS n FROM (${annotateSql(PLAN, 'orders', COLUMNS)}) WHERE _failed IS NULL AND _warned IS NULL`,
    );
    expect(clean[0]?.n).toBe(6n);
  });

  it('has offenders that are every row of a conflict, as many as are counted', async () => {
    const { results } = await figuresOf(PLAN, 'orders', COLUMNS);
    const found: Record<string, (string | null)[]> = {};
    for (const check of PLAN.checks.filter((one) => one.level === 'set')) {
      const resolved = { ...check, sql: check.sql.replaceAll('{ref:crm.customers}', 'customers') };
      const rows = await session.rows<{ v: string | null }>(`SELECT ${violationValueSql(check)} AS v FROM (${offendersSql(resolved, 'orders')}) ORDER BY 1`);
      found[check.id] = rows.map((row) => row.v);
      expect(BigInt(rows.length)).toBe((results[check.id] as { failed: bigint }).failed);
    }
    expect(found).toEqual({ primary_key: ['2|1', '2|1'], 'customer.reference': ['c9'], 'token.unique': ['t5', 't5'] });
  });

  it('that is empty breaks no row check, and its row count says so', async () => {
    const verdict = judge(PLAN, await figuresOf(PLAN, '(SELECT * FROM orders WHERE false)', COLUMNS));
    expect(verdict.gates.filter((gate) => gate.outcome === 'failed').map((gate) => gate.check)).toEqual(['quality.some']);
    expect(verdict.gates.find((gate) => gate.check === 'quality.total')).toMatchObject({ outcome: 'error', reason: 'the rule yielded NULL' });
  });

  it('that lacks a column leaves the checks of it unrun, which the verdict calls errors', async () => {
    const verdict = judge(
      PLAN,
      await figuresOf(
        PLAN,
        '(SELECT * EXCLUDE (amount) FROM orders)',
        COLUMNS.filter((name) => name !== 'amount'),
      ),
    );
    expect(verdict.gates.filter((gate) => gate.outcome === 'error').map((gate) => gate.check)).toEqual([
      'amount.minimum',
      'amount.quality.w',
      'quality.total',
      'quality.broken',
    ]);
    expect(verdict.passed).toBe(false);
  });
});

it('columns may bear any name that a statement uses itself', async () => {
  const names = ['id', 'x', 'x0', 'n', 'r', 'p', 'd', 'c0', 'm0', 'value', 'failed', 'relation', 'refused', 'select', 'odd'];
  const item = 'logicalType: array, items: { logicalType: object, properties: [{ name: x, logicalType: string, required: true }] }';
  const contract = readContract(
    `apiVersion: v3.2.0\nkind: DataContract\nid: odd\nversion: 1.0.0\ndomain: odd\nschema:\n  - name: odd\n    quality: [{ id: sum, type: sql, query: SELECT count(*) FROM odd, mustBe: 2 }]\n    properties:\n${names
      .map(
        (name) =>
          `      - { name: ${name}, logicalType: string, required: true, unique: true, relationships: [{ to: odd.${name} }], quality: [{ metric: nullValues, mustBeLessThan: 5 }, { metric: duplicateValues, mustBe: 0 }] }`,
      )
      .join('\n')}\n      - { name: items, ${item} }\n`,
    'odd.yaml',
  );
  const plan = checkPlan(contract);
  const columns = contract.properties.map((property) => property.name);
  await session.run(
    `CREATE OR REPLACE TEMP TABLE odd_rows AS SELECT ${names.map((name) => `v AS "${name}"`).join(', ')}, [{x: v}] AS items FROM (VALUES ('a'), (NULL)) AS t(v)`,
  );
  const verdict = judge(plan, await figuresOf(plan, 'odd_rows', columns));
  const failed = [...names.map((name) => `${name}.required`), 'items.element.x.required'];
  expect(verdict.gates.filter((gate) => gate.outcome !== 'passed').map((gate) => gate.check)).toEqual(failed);
  const rows = await session.rows<{ _failed: string[] | null }>(annotateSql(plan, 'odd_rows', columns));
  expect(rows.map((row) => row._failed)).toEqual([null, failed]);
  for (const check of plan.checks.filter((one) => one.level === 'set'))
    expect(await session.rows(`SELECT ${violationValueSql(check)} FROM (${offendersSql(check, 'odd_rows')})`)).toEqual([]);
});

describe('a pattern is accepted by the contract only when the engine takes it, and finds the same', () => {
  const PATTERNS = [
    '\\Z',
    '\\z',
    '\\A',
    '\\u0061',
    '\\x{61}',
    '\\cA',
    '\\/',
    '\\-',
    '\\_',
    '\\a',
    '\\h',
    '\\e',
    '[^]',
    '[]a]',
    '[]',
    '(?s)a.b',
    '(?m)^b',
    '(?U)a+',
    '(?x)a b',
    '(?i-s:A)',
    '(?i)ſ',
    '(?i)k',
    '(?i)ß',
    '\\p{L}',
    '\\p{Latin}',
    '\\p{Script=Latin}',
    '\\p{Lu}',
    '\\P{L}',
    '\\p{^L}',
    '\\pL',
    '\\p{Kawi}',
    '\\p{Emoji}',
    '\\p{Alphabetic}',
    '\\p{Any}',
    '[[:word:]]',
    '[[:foo:]]',
    '[a&&b]',
    '[\\d-z]',
    '[z-a]',
    'a**',
    'a{2}{3}',
    'a{,2}',
    'a{2',
    'x*?',
    '(?P=n)',
    '(?P<n>a)',
    '(?P<n>a)(?P<n>b)',
    '(?#c)a',
    '(?>a)',
    '\\b',
    '\\B',
    '\\Q[',
    '\\E',
    '\\G',
    '\\K',
    '\\R',
    '\\X',
    '\\N',
    '\\v',
    '\\f',
    '\\0',
    '\\01',
    '\\1',
    '\\8',
    '\\07',
    '\\101',
    '\\s',
    '[\\s\\S]',
    '\\w',
    '\\d',
    '.',
    '^$',
    '$^',
    'a|',
    '|',
    '()',
    '(a',
    'a)',
    '*',
    '+a',
    '?',
    '^*',
    '(?i)(?-i)A',
    '(?',
    '(?i',
    '(?z)a',
    '\\',
    '[a',
    '[\\',
    '\\p',
    '\\p{',
    '\\p{Greek}',
    '[[.a.]]',
    '[[=a=]]',
    '((a{30}){30}){30}',
    '(((a*)*)*)*b',
    '[\\x{10FFFF}]',
    '\\x{110000}',
    '\\xFF',
    'é',
    '[é-ü]',
    '😀+',
    '^.{1}$',
    '\\x',
    '\\x1',
    '\\n',
    '\\t',
    'a\nb',
    '(?i)İ',
    '(?i)i',
    '(?i)σ',
    '\\C',
    '(?<n>a)',
    '(?<=a)b',
    '(?<!a)b',
    '(?!a)b',
    '(?P>n)',
    '\\k<n>',
    '{',
    '}',
    ']',
    'a{1,2}',
    'a{2,1}',
    'a{1000}',
    'a{1001}',
    'a{0}',
    '[--/]',
    '[a-\\d]',
    '[^\\n]',
    '(?-m)$',
    '\\<',
    '\\%',
    "\\'",
    '\\ ',
    '\\é',
    '[[:^alpha:]]',
    '[\\Q]\\E]',
    '(?i)[k]',
    '(?i)[^k]',
    '\\y',
    '^(?:[A-Z]{2}[0-9]{2})+$',
  ];
  const TEXTS = [
    '',
    'a',
    'ab',
    'a\nb',
    'A',
    'b',
    'k',
    '\u212a',
    'ſ',
    's',
    'ß',
    'ẞ',
    'é',
    'ö',
    '😀',
    '1',
    '٣',
    '_',
    '-',
    '[',
    ']',
    '{',
    '}',
    '\n',
    '\r',
    '\t',
    '\u000b',
    '\u00a0',
    '\u2028',
    'α',
    'σ',
    'ς',
    'i',
    'İ',
    'ı',
    'aa',
    'aaaaaa',
    '/',
    "'",
    '%',
    ' ',
    '\\',
    'ÿ',
    'x',
    'DE12',
  ];
  it.each(PATTERNS)('%j', async (pattern) => {
    let compiled: { test(text: string): boolean } | undefined;
    try {
      compiled = compilePattern(pattern, { file: 'x' });
    } catch {
      compiled = undefined;
    }
    const list = `[${TEXTS.map((_, index) => `$${index + 2}`).join(', ')}]`;
    const query = session.rows<{ found: boolean[] }>(`SELECT [regexp_matches(t, $1) FOR t IN ${list}] AS found`, [pattern, ...TEXTS]);
    // What the contract accepts, the engine must run; what it refuses may be more than the engine would.
    if (compiled === undefined) await query.catch(() => undefined);
    else
      expect((await query)[0]?.found.map((found, index) => `${JSON.stringify(TEXTS[index])} ${found}`)).toEqual(
        TEXTS.map((text) => `${JSON.stringify(text)} ${compiled.test(text)}`),
      );
  });
});
