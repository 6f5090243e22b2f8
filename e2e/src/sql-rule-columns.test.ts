import { duckdbEngine, duckdbSandbox, type DuckdbSandbox } from '@skein/adapter-duckdb';
import { readContract, type Contract } from '@skein/contract';
import type { EngineSession, QueryEngine } from '@skein/ports';
import { sqlRuleFigures } from '@skein/swarm';
import { checkPlan } from '@skein/verifier';
import { afterAll, beforeAll, expect, describe, it } from 'vitest';

// SQL rules are shown the columns that they read, and no fewer: the figures are those of the whole rows.

const COLUMNS = ['id', 'Amount', 'city', 'rows_in', 'place'];
const RELATION = `(SELECT i AS id, i * 2 AS "Amount", 'C' || (i % 3) AS city, i % 2 AS rows_in, {'zip': i::VARCHAR} AS place FROM range(100) t(i))`;

function contractOf(query: string): Contract {
  const properties = COLUMNS.map((name) =>
    name === 'place'
      ? '{ name: place, logicalType: object, properties: [{ name: zip, logicalType: string }] }'
      : `{ name: ${name}, logicalType: ${name === 'city' ? 'string' : 'integer'} }`,
  );
  return readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: trap\nschema:\n  - name: rows\n    quality:\n      - { id: q, type: sql, query: ${JSON.stringify(query)}, mustBeGreaterOrEqualTo: 0 }\n    properties:\n${properties.map((one) => `      - ${one}\n`).join('')}`,
    'trap/rows/v1/contract.odcs.yaml',
  );
}

let engine: QueryEngine;
let session: EngineSession;
let sandbox: DuckdbSandbox;
beforeAll(async () => {
  engine = duckdbEngine();
  session = await engine.open();
  sandbox = duckdbSandbox({ workers: 1 });
});
afterAll(async () => {
  await sandbox.close();
  await session.close();
  await engine.close();
});

/** The figure of a rule, the columns that were written for it, and the figure over whole rows in the engine itself. */
async function judged(query: string) {
  const contract = contractOf(query);
  const { checks } = checkPlan(contract);
  let written: string[] = [];
  const watched: EngineSession = {
    ...{ rows: (sql, parameters) => session.rows(sql, parameters), describe: (sql) => session.describe(sql), close: () => session.close() },
    ...{ writeParquet: (sql, directory, fields) => session.writeParquet(sql, directory, fields) },
    async run(sql, parameters) {
      written = [...sql.slice(0, sql.indexOf(' FROM ')).matchAll(/ AS "([^"]+)"/g)].map(([, name = '']) => name);
      await session.run(sql, parameters);
    },
  };
  const figures = await sqlRuleFigures(watched, sandbox, { contract, checks, relation: RELATION, offered: COLUMNS });
  const whole = await session
    .rows<{ value: string | null }>((checks.find((check) => check.rule === 'sql')?.sql ?? '').replaceAll('{relation}', () => RELATION))
    .then(([row]) => row?.value);
  return { figure: figures['quality.q'], whole, written };
}

describe('an SQL rule is shown', () => {
  it.each([
    ['SELECT count(*) FROM {object}', ['id']],
    ['SELECT count(*) FROM {object} WHERE amount > 10', ['Amount']],
    ['SELECT sum(r."AMOUNT") FROM {object} r WHERE r.city = \'C1\'', ['Amount', 'city']],
    ['WITH big AS (SELECT id AS n FROM {object} WHERE amount > 20) SELECT count(n) FROM big', ['id', 'Amount']],
    ['SELECT count(*) FROM {object} a JOIN {object} b USING (id) WHERE a.city <> b.city', ['id', 'city']],
    ['SELECT max(n) FROM (SELECT city, count(*) AS n FROM {object} GROUP BY ALL)', ['city']],
    ["SELECT count(*) FROM {object} WHERE place.zip = '7'", ['place']],
    ['SELECT count(*) FROM {object} o WHERE EXISTS (SELECT 1 FROM range(3) t(x) WHERE x = o.id)', ['id']],
    ['SELECT sum(list_sum(list_transform([id], x -> x + 1))) FROM {object} ORDER BY max(rows_in)', ['id', 'rows_in']],
  ])('the columns that it reads: %s', async (query, columns) => {
    const { figure, whole, written } = await judged(query);
    expect(figure).toEqual({ value: whole });
    expect(written).toEqual(columns);
  });

  it.each([
    'SELECT count(*) FROM (SELECT * FROM {object})',
    'SELECT count(DISTINCT o) FROM {object} o',
    'SELECT count(DISTINCT rows) FROM {object}',
    'SELECT max(length(to_json(o)::VARCHAR)) FROM {object} o',
    'SELECT count(*) FROM {object} a NATURAL JOIN {object} b',
    "SELECT count(*) FROM {object} o(a, b, c, d, e) WHERE c = 'C1'",
    "SELECT max(s) FROM (SELECT sum(COLUMNS('Am.*')) AS s FROM {object})",
    'SELECT count(*) FROM (FROM {object}) WHERE rows_in = 1',
  ])('all columns where that cannot be told: %s', async (query) => {
    const { figure, whole, written } = await judged(query);
    // what the sandbox does not let through is an error there, whatever it was shown
    if (figure && 'value' in figure) expect(figure).toEqual({ value: whole });
    expect(written).toEqual(COLUMNS);
  });
});
