import { readContract } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import { checkPlan } from './check-plan.ts';
import { annotateSql, figuresSql, measure, offendersSql, violationValueSql } from './statement.ts';

function plan(properties: string, object = '') {
  return checkPlan(
    readContract(
      `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    customProperties: [{ property: quarantineTolerance, value: 1% }]\n${object}    properties:\n${properties}`,
      'x.yaml',
    ),
  );
}

const KEY =
  '      - { name: a, logicalType: string, primaryKey: true }\n      - { name: b, logicalType: string, unique: true, relationships: [{ to: e.q.id }] }\n';

describe('a check plan', () => {
  it('has row checks first, then keys and references, then metrics', () => {
    const { checks } = plan(KEY, '    quality: [{ id: some, metric: rowCount, mustBeGreaterThan: 0 }]\n');
    expect(checks.map(({ id, level, severity, tolerance }) => ({ id, level, severity, tolerance: `${tolerance.max} ${tolerance.unit}` }))).toEqual([
      { id: 'a.required', level: 'row', severity: 'error', tolerance: '1 percent' },
      { id: 'primary_key', level: 'set', severity: 'error', tolerance: '1 percent' },
      { id: 'b.unique', level: 'set', severity: 'error', tolerance: '1 percent' },
      { id: 'b.reference', level: 'set', severity: 'error', tolerance: '1 percent' },
      { id: 'quality.some', level: 'metric', severity: 'error', tolerance: '0 rows' },
    ]);
  });

  it('is plain data, equal for equal contracts', () => {
    const again = plan(KEY);
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(plan(KEY))));
  });

  it('reads another product by a placeholder, and its own rows without', () => {
    const other = plan(KEY).checks.find((check) => check.rule === 'reference');
    expect(other?.sql).toContain('FROM {ref:e.q} AS p WHERE p."id" = r."b"');
    const own = plan('      - { name: a, logicalType: string, relationships: [{ to: p.a }] }\n').checks.find((check) => check.rule === 'reference');
    expect(own?.sql).toContain('FROM {relation} AS p');
    expect(offendersSql({ ...other!, sql: other!.sql.replace('{ref:e.q}', 'live') }, '_accepted')).toBe(
      'SELECT r.* FROM _accepted AS r WHERE r."b" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM live AS p WHERE p."id" = r."b")',
    );
  });

  it('lists what no engine judges', () => {
    const { checks, unjudged } = plan(
      '      - { name: a, logicalType: string, quality: [{ id: t, type: text, description: be nice }, { id: c, type: custom, engine: soda, implementation: x }] }\n',
    );
    expect(checks).toEqual([]);
    expect(unjudged).toMatchObject([
      { id: 'a.quality.t', reason: 'a text rule is for people to judge' },
      { id: 'a.quality.c', reason: 'the rule is for the engine "soda"' },
    ]);
  });

  it('lets no value of a contract become SQL', () => {
    const evil = `x'); DROP TABLE t; --`;
    const { checks } = plan(
      `      - { name: ${JSON.stringify(`a"; DROP TABLE t; --`)}, logicalType: string, enum: [{ value: ${JSON.stringify(evil)} }, { value: "{relation}" }], logicalTypeOptions: { pattern: "^'{ref:a.b}" } }\n`,
    );
    expect(checks.map((check) => check.sql)).toEqual([
      `"a""; DROP TABLE t; --" NOT IN ('x''); DROP TABLE t; --', ('' || chr(123) || 'relation}'))`,
      `NOT regexp_matches("a""; DROP TABLE t; --", ('^''' || chr(123) || 'ref:a.b}'))`,
    ]);
  });

  it('refuses a pattern beyond RE2 at the place of its property', () => {
    expect(() => plan('      - { name: a, logicalType: string, logicalTypeOptions: { pattern: "(?=x)" } }\n')).toThrow(
      expect.objectContaining({ code: 'SKEIN_CONTRACT_UNSUPPORTED', place: { file: 'x.yaml', line: 10, column: 9 } }),
    );
  });

  it('turns a rule that allows none into a row check, and keeps its severity', () => {
    const { checks } = plan(
      '      - { name: a, logicalType: integer, quality: [{ id: n, metric: nullValues, mustBe: 0, severity: warning }, { id: m, metric: nullValues, mustBeLessThan: 5, unit: percent }, { id: z, metric: nullValues, mustBeLessThan: 1, unit: percent }] }\n',
    );
    expect(checks.map(({ id, level, severity, sql }) => ({ id, level, severity, sql }))).toEqual([
      { id: 'a.quality.n', level: 'row', severity: 'warning', sql: '"a" IS NULL' },
      {
        id: 'a.quality.m',
        level: 'metric',
        severity: 'error',
        sql: `SELECT (CASE WHEN count(*) = 0 THEN 0 ELSE (count(*) FILTER (WHERE "a" IS NULL)) * 100 / count(*) END)::VARCHAR AS value FROM {relation}`,
      },
      { id: 'a.quality.z', level: 'metric', severity: 'error', sql: expect.stringContaining('* 100') },
    ]);
  });
});

describe('a SQL rule', () => {
  const rule = (query: string) =>
    plan(`      - { name: a, logicalType: string, quality: [{ id: q, type: sql, mustBe: 0, query: ${JSON.stringify(query)} }] }\n`).checks[0]?.sql;
  it('is a scalar subquery beside a relation of the name of the product', () => {
    expect(rule('SELECT count(*) FROM ${table} WHERE {property} IS NULL;')).toBe(
      'WITH "p" AS (SELECT * FROM {relation}) SELECT (\nSELECT count(*) FROM "p" WHERE "a" IS NULL\n)::VARCHAR AS value',
    );
    expect(rule("WITH x AS (SELECT ';' AS s /* ) */) SELECT count(*) FROM x -- (")).toContain("SELECT ';'");
  });
  it.each([
    ['DELETE FROM p', 'one SELECT'],
    ['SELECT 1; DROP TABLE p', 'more than one statement'],
    ['SELECT 1) AS value; SELECT (1', 'parentheses'],
    ['SELECT 1) + (SELECT 1', 'parentheses'],
    ["SELECT 'x", 'not closed'],
    ['SELECT 1 /* x', 'not closed'],
    ['SELECT $$x$$', 'dollar quotes'],
    ['SELECT (1', 'parentheses'],
    ['SELECT count(*) FROM {relation}', 'not for contracts'],
    ['', 'one SELECT'],
  ])('%s is refused', (query, reason) => {
    expect(() => rule(query)).toThrow(reason);
  });
});

describe('the statements of a plan', () => {
  const { checks, ...rest } = plan(
    `${KEY}      - { name: n, logicalType: integer, logicalTypeOptions: { minimum: 1 }, quality: [{ id: w, metric: nullValues, mustBe: 0, severity: info }, { id: s, metric: nullValues, mustBeLessThan: 3 }] }\n`,
    '    quality: [{ id: some, metric: rowCount, mustBeGreaterThan: 0 }, { id: twice, metric: duplicateValues, mustBe: 0, arguments: { properties: [a, n] } }, { id: own, type: sql, query: SELECT 1, mustBe: 1 }]\n',
  );
  const columns = ['a', 'b', 'n'];
  const whole = { ...rest, checks };

  it('mark rows by severity, and build a list only where one is broken', () => {
    expect(annotateSql(whole, 't', columns)).toBe(
      `SELECT "a", "b", "n", CASE WHEN ("a" IS NULL) OR ("n" < CAST('1' AS BIGINT)) THEN [_id FOR _id IN [CASE WHEN "a" IS NULL THEN 'a.required' END, CASE WHEN "n" < CAST('1' AS BIGINT) THEN 'n.minimum' END] IF _id IS NOT NULL] END AS _failed, CASE WHEN ("n" IS NULL) THEN [_id FOR _id IN [CASE WHEN "n" IS NULL THEN 'n.quality.w' END] IF _id IS NOT NULL] END AS _warned FROM t`,
    );
  });
  it('leave out what reads a column that is not there', () => {
    expect(annotateSql(whole, 't', ['b'])).toBe('SELECT "b", NULL::VARCHAR[] AS _failed, NULL::VARCHAR[] AS _warned FROM t');
  });
  it('measure aggregates in one pass, and rules of authors each on its own', () => {
    expect(measure(whole, 't', columns).map(({ checks }) => checks.map((check) => check.id))).toEqual([
      ['n.quality.s', 'quality.some'],
      ['quality.twice'],
      ['quality.own'],
    ]);
  });
  it('cover every check of the plan', () => {
    const covered = figuresSql(whole, 't', columns).flatMap((statement) => statement.checks.map((check) => check.id));
    expect(covered.sort()).toEqual(checks.map((check) => check.id).sort());
  });
  it('show what broke a check', () => {
    expect(checks.map(violationValueSql).slice(0, 2)).toEqual(['"a"::VARCHAR', '"n"::VARCHAR']);
    expect(violationValueSql({ ...checks[0]!, reads: ['a', 'n'] })).toBe(`concat_ws('|', "a"::VARCHAR, "n"::VARCHAR)`);
    expect(violationValueSql({ ...checks[0]!, reads: [] })).toBe('NULL::VARCHAR');
  });
});
