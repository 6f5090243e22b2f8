import { duckdbEngine } from '@skein/adapter-duckdb';
import type { ColumnType, Property } from '@skein/contract';
import { isDate } from '@skein/contract';
import { bindExpression, propose, signatureOf, type Proposal } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import { soak } from '@skein/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

/**
 * What applying a known pattern costs, against the SQL that a careful engineer writes for the same repair: it refuses what the pattern
 * refuses, and says what the pattern says, which is checked on every row.
 */
const ROWS = soak(2_000_000);
const ROUNDS = 5;
/** The bar is 1.5 on a quiet machine; the test allows for a busy one. */
const MOST = 2;

interface Case {
  readonly name: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly accepts: (value: string) => boolean;
  readonly accepted: readonly string[];
  /** VARCHAR over `i`: the dirty value of a row. A hundredth is damage that no one can repair. */
  readonly dirty: string;
  /** VARCHAR over `v`: the repaired value, or NULL. */
  readonly byHand: string;
}

const isDecimal = (value: string): boolean => /^-?\d+(\.\d+)?$/.test(value);
const CASES: readonly Case[] = [
  {
    name: 'dates',
    column: 'posted_on',
    type: { kind: 'date' },
    accepts: isDate,
    accepted: ['2020-01-31', '2021-03-04'],
    dirty: "CASE WHEN i % 100 = 7 THEN '31.02.2020' ELSE strftime(DATE '1990-01-01' + (i % 12000)::INTEGER, '%d.%m.%Y') END",
    byHand: "CASE WHEN regexp_full_match(v, '[0-9]{1,2}[.][0-9]{1,2}[.][1-9][0-9]{3}') THEN CAST(CAST(try_strptime(v, '%d.%m.%Y') AS DATE) AS VARCHAR) END",
  },
  {
    name: 'units',
    column: 'ounces',
    type: { kind: 'decimal', precision: 18, scale: 6 },
    accepts: isDecimal,
    accepted: ['12', '16', '8.4'],
    dirty:
      "CASE WHEN i % 100 = 7 THEN 'twelve' ELSE (8 + i % 40)::VARCHAR || '.' || (i % 10)::VARCHAR || ' oz' || CASE WHEN i % 3 = 0 THEN '.' ELSE '' END END",
    byHand:
      "CASE WHEN regexp_full_match(v, '[0-9]+([.][0-9]{1,2})? ?oz[.]?') THEN rtrim(rtrim(CAST(CAST(regexp_extract(v, '^[0-9.]+') AS DECIMAL(18,2)) AS VARCHAR), '0'), '.') END",
  },
  {
    name: 'amounts',
    column: 'amount',
    type: { kind: 'decimal', precision: 18, scale: 2 },
    accepts: isDecimal,
    accepted: ['12.50', '1600.00', '8.40'],
    dirty: "CASE WHEN i % 100 = 7 THEN '$1,2' ELSE '$' || (1 + i % 900)::VARCHAR || ',' || (100 + i % 900)::VARCHAR || '.' || (10 + i % 90)::VARCHAR END",
    byHand: "CASE WHEN regexp_full_match(v, '[$][0-9]{1,3}(,[0-9]{3})+([.][0-9]+)?') THEN replace(replace(v, '$', ''), ',', '') END",
  },
];

const engine = duckdbEngine();
let session: EngineSession;
beforeAll(async () => {
  session = await engine.open();
});
afterAll(async () => {
  await session.close();
  await engine.close();
});

function found({ column, type, accepts, accepted }: Case, values: readonly string[]): Proposal {
  const property: Property = {
    ...{ name: column, id: column, type, logicalType: type.kind, description: undefined, required: false, unique: false, keyPosition: undefined },
    ...{ classification: 'public', options: {}, quality: [], references: [], joinKey: undefined, examples: [], place: { file: 'contract.odcs.yaml' } },
  };
  const counted = values.map((value) => ({ value, count: 1 }));
  const gap = {
    context: { domain: 'e2e', product: 'e2e.apply', column },
    signature: signatureOf('type', property, counted),
    cells: values.length,
    values: counted,
  };
  const outcome = propose(gap, {
    property,
    accepts: (value) => value === null || accepts(value),
    accepted: accepted.map((value) => ({ value, count: 9 })),
  });
  const [first] = outcome.kind === 'solutions' ? outcome.ranked : [];
  if (first === undefined) throw new Error(`nothing was proposed for ${column}`);
  return first;
}

it.each(CASES.map((one) => [one.name, one] as const))('%s are repaired at hardly more than the cost of SQL by hand', async (name, one) => {
  await session.rows(`CREATE OR REPLACE TABLE dirty AS SELECT CAST(${one.dirty} AS VARCHAR) AS v FROM range(${ROWS}) AS t(i)`);
  const sample = await session.rows<{ v: string }>('SELECT DISTINCT v FROM dirty ORDER BY hash(v) LIMIT 500');
  const { solution } = found(
    one,
    sample.map(({ v }) => v),
  );
  if (solution.kind !== 'expression') throw new Error('no expression');
  const { may, said, holds } = bindExpression(solution, 'v', (column) => `"${column}"`);
  const pattern = `SELECT CASE WHEN r IS NOT NULL AND ${holds('r')} THEN r END AS r, v FROM (SELECT CASE WHEN ${may} THEN ${said} END AS r, v FROM dirty)`;
  const byHand = `SELECT ${one.byHand} AS r, v FROM dirty`;

  const differing = await session.rows(
    `SELECT v, ours, theirs FROM (SELECT v, r AS ours, ${one.byHand} AS theirs FROM (${pattern})) WHERE ours IS DISTINCT FROM theirs LIMIT 5`,
  );
  expect(differing).toEqual([]);
  const [{ repaired } = { repaired: 0 }] = await session.rows<{ repaired: number }>(`SELECT CAST(count(r) AS INTEGER) AS repaired FROM (${pattern})`);
  expect(repaired).toBeGreaterThanOrEqual(ROWS * 0.98);
  expect(repaired).toBeLessThan(ROWS);

  const times: Record<'pattern' | 'byHand', number[]> = { pattern: [], byHand: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [key, sql] of [
      ['pattern', pattern],
      ['byHand', byHand],
    ] as const) {
      const started = performance.now();
      await session.rows(`SELECT sum(length(coalesce(r, v))) AS n FROM (${sql})`);
      times[key].push(performance.now() - started);
    }
  }
  const middle = (of: number[]): number => of.sort((a, b) => a - b)[ROUNDS >> 1] ?? NaN;
  const [ours, theirs] = [middle(times.pattern), middle(times.byHand)];
  process.stdout.write(`apply ${name}: ${ROWS} rows, pattern ${ours.toFixed(0)} ms, by hand ${theirs.toFixed(0)} ms, ratio ${(ours / theirs).toFixed(2)}\n`);
  expect(ours / theirs).toBeLessThan(MOST);
});
