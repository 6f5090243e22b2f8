import { memoryUsageLog } from '@skein/adapter-memory';
import type { RecordedUse } from '@skein/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directEngine } from './conformance/direct-engine.ts';
import { publishedMesh, STEWARD, textOf } from './conformance/mesh-fixture.ts';
import { createFederation, type Federation } from './federation.ts';

const usage = memoryUsageLog({ maxUses: 10_000 });
let made: Awaited<ReturnType<typeof publishedMesh>>;
let sandbox: Awaited<ReturnType<typeof directEngine>>;
let federation: Federation;
const failures: unknown[] = [];
beforeAll(async () => {
  made = await publishedMesh();
  sandbox = await directEngine();
  federation = await createFederation({
    store: made.mesh.store,
    sandbox,
    catalog: made.catalog,
    clock: made.mesh.clock,
    pseudonymKey: new Uint8Array(32).fill(7),
    audit: made.mesh.audit,
    usage,
    onUsageFailure: (error) => failures.push(error),
  });
});
afterAll(async () => {
  await federation.close();
  await sandbox.close();
  await made.mesh.close();
});

let runs = 0;
/** Runs a query and returns what was recorded of it. */
async function recorded(sql: string, parameters: readonly (string | number)[] = []): Promise<RecordedUse> {
  const principal = { ...STEWARD, subject: `run-${(runs += 1)}` };
  const answer = await federation.query({ sql, format: 'json', parameters }, principal);
  await textOf(answer.body);
  await expect.poll(async () => (await all()).some((use) => use.principal === principal.subject), { interval: 5 }).toBe(true);
  return (await all()).find((use) => use.principal === principal.subject) as RecordedUse;
}
async function all(): Promise<RecordedUse[]> {
  return (await Promise.all(['sap.material', 'sap.stock', 'ga4.events', 'ga4.users'].map((product) => usage.usesOf(product)))).flat();
}
const columns = ({ reads }: RecordedUse): Record<string, readonly string[]> => Object.fromEntries(reads.map((read) => [read.address, read.columns]));

describe('the normal form', () => {
  it('is one for queries that differ in values, aliases, comments, case and white space only', async () => {
    const one = await recorded("SELECT matnr AS a, n + 1 b FROM sap.material AS m WHERE grp IN ('G1', 'G2') AND n > 5 ORDER BY 2 LIMIT 10");
    const same = await recorded("select MATNR as x, N + 77 as yy /* G9 */ from SAP.Material as q where GRP in ('G0') and n > 6000 order by 2 limit 3 -- end");
    expect(same.queryHash).toBe(one.queryHash);
    expect(one.sql).toBe('SELECT matnr AS n1, (n + $int2) AS n2 FROM sap.material AS n3 WHERE ((grp IN ($text3)) AND (n > $int4)) ORDER BY 2 LIMIT $int1');
    // broken twins: another column, another kind of value, another position
    for (const other of [
      "SELECT matnr AS a, n + 1 b FROM sap.material AS m WHERE plant IN ('G1') AND n > 5 ORDER BY 2 LIMIT 10",
      "SELECT matnr AS a, n + 1.5 b FROM sap.material AS m WHERE grp IN ('G1') AND n > 5 ORDER BY 2 LIMIT 10",
      "SELECT matnr AS a, n + 1 b FROM sap.material AS m WHERE grp IN ('G1') AND n > 5 ORDER BY 1 LIMIT 10",
    ])
      expect((await recorded(other)).queryHash).not.toBe(one.queryHash);
  });

  it('keeps words of fixed lists, and parameters apart from constants', async () => {
    expect((await recorded("SELECT date_trunc('MONTH', valid_from), size['LENGTH'], NULL FROM sap.material WHERE n = $1 OR n = $1 + $2", [3, 4])).sql).toBe(
      "SELECT date_trunc('month', valid_from), size['length'], NULL FROM sap.material WHERE ((n = $any1) OR (n = ($any1 + $any2)))",
    );
  });

  const TEXT = 'zqcanaryqz';
  const NUMBER = '918273645';
  const POSITIONS: readonly (readonly [place: string, sql: string, parameters?: readonly (string | number)[]])[] = [
    ['WHERE', `SELECT n FROM sap.material WHERE matnr = '${TEXT}' OR n = ${NUMBER}`],
    ['IN', `SELECT n FROM sap.material WHERE matnr IN ('a', '${TEXT}') OR n NOT IN (1, ${NUMBER})`],
    ['LIKE', `SELECT n FROM sap.material WHERE matnr LIKE '%${TEXT}%' OR matnr ILIKE '${TEXT}' OR matnr SIMILAR TO '${TEXT}' OR matnr GLOB '${TEXT}*'`],
    ['LIKE ESCAPE', `SELECT n FROM sap.material WHERE matnr LIKE '${TEXT}!%' ESCAPE '!'`],
    ['BETWEEN', `SELECT n FROM sap.material WHERE n BETWEEN ${NUMBER} AND ${NUMBER}9 OR matnr BETWEEN '${TEXT}' AND 'z'`],
    ['aliases', `SELECT n AS "${TEXT}", n "c${NUMBER}" FROM sap.material AS "t ${TEXT}" ORDER BY "${TEXT}"`],
    ['alias before its expression', `SELECT "${TEXT}": n FROM sap.material`],
    ['column aliases of a relation', `SELECT * FROM (SELECT n FROM sap.material) AS t${NUMBER}("${TEXT}")`],
    ['CTE', `WITH "${TEXT}" ("c${NUMBER}") AS (SELECT n FROM sap.material) SELECT * FROM "${TEXT}"`],
    ['LIMIT', `SELECT n FROM sap.material LIMIT ${NUMBER} OFFSET 918273645`],
    ['function arguments', `SELECT concat(matnr, '${TEXT}'), n + ${NUMBER}, -${NUMBER}.5, 1e30 * ${NUMBER}, round(weight, 2) FROM sap.material`],
    ['struct', `SELECT {'${TEXT}': n, k: '${TEXT}', 'c${NUMBER}': ${NUMBER}} FROM sap.material`],
    ['struct_pack', `SELECT struct_pack("${TEXT}" := n) FROM sap.material`],
    ['list and map', `SELECT ['${TEXT}', matnr], [${NUMBER}, 2], MAP {'${TEXT}': ${NUMBER}} FROM sap.material`],
    ['CAST', `SELECT CAST('${TEXT}' AS VARCHAR), '${NUMBER}'::BIGINT, TRY_CAST('${TEXT}' AS DATE) FROM sap.material`],
    ['types', `SELECT CAST(NULL AS STRUCT("${TEXT}" INTEGER)), CAST(NULL AS ENUM('${TEXT}', 'x')) FROM sap.material`],
    ['times', `SELECT INTERVAL '${NUMBER} seconds', INTERVAL ${NUMBER} SECOND, TIMESTAMP '1999-12-31 23:59:58.918273' FROM sap.material`],
    ['comments', `SELECT n /* ${TEXT} */ FROM sap.material -- ${NUMBER}`],
    ['GROUP BY', `SELECT count(*) FROM sap.material GROUP BY '${TEXT}', matnr = '${TEXT}' HAVING count(*) < ${NUMBER}`],
    ['ORDER BY', `SELECT n FROM sap.material ORDER BY matnr = '${TEXT}', n = ${NUMBER}`],
    [
      'window',
      `SELECT lag(n, ${NUMBER}, ${NUMBER}) OVER (PARTITION BY matnr = '${TEXT}' ORDER BY n ROWS BETWEEN ${NUMBER} PRECEDING AND CURRENT ROW) FROM sap.material`,
    ],
    ['named window', `SELECT sum(n) OVER "${TEXT}" FROM sap.material WINDOW "${TEXT}" AS (ORDER BY n)`],
    ['lambda', `SELECT list_transform(tags, "${TEXT}" -> "${TEXT}" || '${TEXT}') FROM sap.material`],
    ['VALUES', `SELECT n FROM sap.material, (VALUES ('${TEXT}', ${NUMBER}), ('b', 2)) v("${TEXT}")`],
    ['CASE', `SELECT CASE matnr WHEN '${TEXT}' THEN ${NUMBER} ELSE 0 END FROM sap.material`],
    ['aggregate', `SELECT string_agg(matnr, '${TEXT}' ORDER BY n = ${NUMBER}) FILTER (WHERE n <> ${NUMBER}) FROM sap.material`],
    ['subquery', `SELECT n FROM sap.material WHERE n > ALL (SELECT ${NUMBER} * 0) AND EXISTS (SELECT '${TEXT}')`],
    ['set operation', `SELECT n FROM sap.material UNION SELECT ${NUMBER}`],
    ['sample', `SELECT n FROM sap.material TABLESAMPLE reservoir(918273645 ROWS) REPEATABLE (918273645)`],
    ['PIVOT', `SELECT * FROM (PIVOT (SELECT plant, n FROM sap.material) ON plant IN ('${TEXT}', 'P1') USING sum(n) AS "${TEXT}")`],
    ['UNPIVOT', `SELECT * FROM (UNPIVOT (SELECT n, weight::BIGINT AS "${TEXT}" FROM sap.material) ON n, "${TEXT}" INTO NAME "c${NUMBER}" VALUE v)`],
    ['JSON', `SELECT payload ->> '$.${TEXT}' FROM ga4.events`],
    ['COLUMNS, REPLACE, RENAME', `SELECT COLUMNS('(?:${TEXT})?matnr'), * REPLACE ('${TEXT}' AS n) RENAME (grp AS "${TEXT}") FROM sap.material`],
    ['DISTINCT ON', `SELECT DISTINCT ON (matnr = '${TEXT}') n FROM sap.material`],
    ['bytes and big numbers', `SELECT '\\xAA'::BLOB, ${NUMBER}${NUMBER}${NUMBER}, 0.${NUMBER}${NUMBER} FROM sap.material`],
    ['parameters', `SELECT n FROM sap.material WHERE matnr = $1 OR n = $2`, [TEXT, Number(NUMBER)]],
    ['named parameters', `SELECT n FROM sap.material WHERE n = $1 /*${TEXT}*/`, [1]],
    ['slices', `SELECT tags[${NUMBER}], matnr[1:${NUMBER}], array_extract(tags, ${NUMBER}) FROM sap.material`],
    ['dollar quotes', `SELECT $$${TEXT}$$ FROM sap.material`],
  ];

  it.each(POSITIONS.map(([place, sql, parameters = []]) => ({ place, sql, parameters })))('holds no value: $place', async ({ sql, parameters }) => {
    const use = await recorded(sql, parameters);
    const text = JSON.stringify({ ...use, queryHash: '' }).toLowerCase();
    // the twin: both canaries stand in what was sent
    expect(JSON.stringify([sql, parameters])).toMatch(/zqcanaryqz|918273/);
    expect(text).not.toContain(TEXT);
    expect(text).not.toContain('918273');
    expect(text).not.toContain('1999');
    // what was recorded is a query again
    expect(JSON.parse(await sandbox.parse(use.sql))).toMatchObject({ error: false });
    expect(failures).toEqual([]);
  });
});

describe('the columns that are read', () => {
  it.each<readonly [sql: string, reads: Record<string, readonly string[]>]>([
    ['SELECT matnr FROM sap.material', { 'sap.material': ['matnr'] }],
    ['SELECT count(*) FROM sap.material', { 'sap.material': [] }],
    ['SELECT * FROM sap.material', { 'sap.material': ['*'] }],
    ['SELECT m.* FROM sap.material m JOIN sap.stock s ON m.matnr = s.matnr', { 'sap.material': ['*'], 'sap.stock': ['matnr'] }],
    ['SELECT m.matnr, s.plant FROM sap.material m JOIN sap.stock s USING (matnr)', { 'sap.material': ['matnr'], 'sap.stock': ['matnr', 'plant'] }],
    ['SELECT quantity FROM sap.material NATURAL JOIN sap.stock', { 'sap.material': ['*'], 'sap.stock': ['*'] }],
    ['SELECT material.grp, sap.stock.note FROM sap.material, sap.stock', { 'sap.material': ['grp'], 'sap.stock': ['note'] }],
    ['SELECT size.length, m.size.width FROM sap.material m', { 'sap.material': ['size'] }],
    ['SELECT m FROM sap.material m', { 'sap.material': ['*'] }],
    ['SELECT sap.material FROM sap.material', { 'sap.material': ['*'] }],
    ['SELECT x.a FROM sap.material AS x(a)', { 'sap.material': ['*'] }],
    ['SELECT #1 FROM sap.material', { 'sap.material': ['*'] }],
    ['SELECT a FROM (SELECT matnr AS a, n FROM sap.material) WHERE a > $$b$$', { 'sap.material': ['matnr', 'n'] }],
    // a CTE of the name of a product's table is no product
    [
      'WITH material AS (SELECT plant FROM sap.stock) SELECT material.plant, grp FROM material, sap.material m',
      { 'sap.stock': ['plant'], 'sap.material': ['grp'] },
    ],
    ['WITH stock AS (SELECT 1 AS n) SELECT stock.n FROM stock, sap.stock s WHERE s.plant IS NULL', { 'sap.stock': ['plant'] }],
    [
      'SELECT grp FROM sap.material m WHERE EXISTS (SELECT 1 FROM sap.stock s WHERE s.matnr = m.matnr AND s.plant = m.plant)',
      { 'sap.material': ['grp', 'matnr', 'plant'], 'sap.stock': ['matnr', 'plant'] },
    ],
    ['SELECT l.q FROM sap.material m, LATERAL (SELECT m.n + 1 AS q) l', { 'sap.material': ['n'] }],
    ['SELECT grp FROM sap.material_v1 ORDER BY weight', { 'sap.material_v1': ['grp', 'weight'] }],
    ['SELECT list_transform(tags, x -> x || grp) FROM sap.material', { 'sap.material': ['grp', 'tags'] }],
    ['SELECT matnr FROM sap.material UNION ALL SELECT note FROM sap.stock ORDER BY matnr', { 'sap.material': ['matnr'], 'sap.stock': ['note'] }],
    ['SELECT sum(n) FROM sap.material GROUP BY GROUPING SETS ((grp), (plant)) HAVING max(weight) > 0', { 'sap.material': ['grp', 'n', 'plant', 'weight'] }],
    ['SELECT * EXCLUDE (n) FROM sap.material', { 'sap.material': ['*'] }],
    ['SELECT n FROM sap.material QUALIFY row_number() OVER (PARTITION BY grp ORDER BY weight) = 1', { 'sap.material': ['grp', 'n', 'weight'] }],
  ])('%s', async (sql, reads) => {
    expect(columns(await recorded(sql))).toEqual(reads);
  });

  it('records nothing of queries that read no product, that are refused, or that fail', async () => {
    const before = usage.stats().recorded;
    await textOf((await federation.query({ sql: 'SELECT 1', format: 'json', parameters: [] }, STEWARD)).body);
    await expect(federation.query({ sql: 'SELECT nope FROM sap.material', format: 'json', parameters: [] }, STEWARD)).rejects.toThrow('engine');
    await expect(federation.query({ sql: 'SELECT n FROM sap.nope', format: 'json', parameters: [] }, STEWARD)).rejects.toThrow('sap.nope');
    await recorded('SELECT n FROM sap.material');
    expect(usage.stats().recorded).toBe(before + 1);
    expect(federation.usageStats()).toEqual({ recorded: before + 1, failed: 0 });
  });
});
