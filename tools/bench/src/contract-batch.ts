import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { readContract } from '@skein/contract';
import { checkPlan, fastestPasses, figuresSql, judge, type Figures, type Passes, type Verdict } from '@skein/verifier';
import type { BenchResult, Progress } from './bench.ts';

/** A contract of 22 checks, as a shop may have it. */
export const BENCH_CONTRACT = `apiVersion: v3.2.0
kind: DataContract
id: bench-orders
version: 1.0.0
domain: bench
schema:
  - name: orders
    customProperties: [{ property: quarantineTolerance, value: 5% }]
    properties:
      - { name: order_id, logicalType: integer, primaryKey: true, logicalTypeOptions: { minimum: 1 } }
      - { name: customer, logicalType: string, required: true, logicalTypeOptions: { pattern: "^C[0-9]{6}$" } }
      - { name: email, logicalType: string, required: true, logicalTypeOptions: { maxLength: 40, pattern: "^[^@ ]+@[^@ ]+$" } }
      - { name: status, logicalType: string, required: true, enum: [{ value: open }, { value: paid }, { value: sent }, { value: back }] }
      - { name: quantity, logicalType: integer, physicalType: INTEGER, required: true, logicalTypeOptions: { minimum: 1, maximum: 1000 } }
      - { name: price, logicalType: number, physicalType: "DECIMAL(12,2)", required: true, logicalTypeOptions: { minimum: 0, exclusiveMaximum: 100000 } }
      - { name: currency, logicalType: string, required: true, logicalTypeOptions: { minLength: 3, maxLength: 3 } }
      - { name: country, logicalType: string, logicalTypeOptions: { pattern: "^[A-Z]{2}$" }, quality: [{ id: filled, metric: nullValues, mustBeLessThan: 10, unit: percent }] }
      - { name: plant, logicalType: string, relationships: [{ to: bench.plants.plant }] }
`;

/** The same 22 counts, as a person would write them who knows the data and the engine: one pass, and one each for key and reference. */
const BY_HAND = [
  `SELECT
     count(*) FILTER (order_id IS NULL), count(*) FILTER (order_id < 1),
     count(*) FILTER (customer IS NULL), count(*) FILTER (NOT regexp_matches(customer, '^C[0-9]{6}$')),
     count(*) FILTER (email IS NULL), count(*) FILTER (length(email) > 40), count(*) FILTER (NOT regexp_matches(email, '^[^@ ]+@[^@ ]+$')),
     count(*) FILTER (status IS NULL), count(*) FILTER (status NOT IN ('open', 'paid', 'sent', 'back')),
     count(*) FILTER (quantity IS NULL), count(*) FILTER (quantity < 1), count(*) FILTER (quantity > 1000),
     count(*) FILTER (price IS NULL), count(*) FILTER (price < 0), count(*) FILTER (price >= 100000),
     count(*) FILTER (currency IS NULL), count(*) FILTER (length(currency) < 3), count(*) FILTER (length(currency) > 3),
     count(*) FILTER (NOT regexp_matches(country, '^[A-Z]{2}$')), count(*) FILTER (country IS NULL) * 100 / count(*)
   FROM orders`,
  'SELECT sum(n) FROM (SELECT count(*) AS n FROM orders WHERE order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1)',
  'SELECT count(*) FROM orders o WHERE plant IS NOT NULL AND NOT EXISTS (SELECT 1 FROM plants p WHERE p.plant = o.plant)',
];

/** 5 million orders of which about 1 in 1,000 breaks each rule. */
const data = (rows: number) => `CREATE TABLE orders AS SELECT
  CASE WHEN i % 1009 = 0 THEN i + 1 ELSE i END + 1 AS order_id,
  CASE WHEN h % 1013 = 0 THEN 'X1' ELSE 'C' || lpad((h % 1000000)::VARCHAR, 6, '0') END AS customer,
  CASE WHEN h % 1019 = 0 THEN 'nobody' ELSE 'user' || (h % 700000) || '@mail' || (h % 30) || '.example' END AS email,
  CASE h % 1021 WHEN 0 THEN 'lost' ELSE ['open', 'paid', 'sent', 'back'][1 + h % 4] END AS status,
  (CASE WHEN h % 1031 = 0 THEN 0 ELSE 1 + h % 900 END)::INTEGER AS quantity,
  ((CASE WHEN h % 1033 = 0 THEN -1 ELSE h % 5000000 END) / 100.0)::DECIMAL(12,2) AS price,
  CASE WHEN h % 1039 = 0 THEN NULL ELSE ['EUR', 'USD', 'JPY'][1 + h % 3] END AS currency,
  CASE WHEN h % 40 = 0 THEN NULL WHEN h % 1049 = 1 THEN 'de' ELSE ['DE', 'FR', 'US', 'JP'][1 + h % 4] END AS country,
  'P' || CASE WHEN h % 1051 = 0 THEN 99999 ELSE h % 2000 END AS plant
  FROM (SELECT i, (hash(i) % 1000000007)::BIGINT AS h FROM range(${rows}) t(i))`;

const ROWS = 5_000_000;
const ROUNDS = 3;

/**
 * Judging 5 million rows by a contract of 22 checks, from plan to verdict, against hand-written SQL with the same counts; seconds,
 * the middle of three rounds in which the two take turns.
 */
export async function contractBatch(progress: Progress = () => undefined, rows: number = ROWS): Promise<BenchResult> {
  const plan = checkPlan(readContract(BENCH_CONTRACT, 'bench.yaml'));
  const columns = ['order_id', 'customer', 'email', 'status', 'quantity', 'price', 'currency', 'country', 'plant'];
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    progress(`writing ${rows} rows`);
    await connection.run(data(rows));
    await connection.run(`CREATE TABLE plants AS SELECT 'P' || i AS plant FROM range(2000) t(i)`);
    const passes = await fastestPasses(plan, '(FROM orders LIMIT 200000)', columns, async (sql) => {
      const start = performance.now();
      await connection.runAndReadAll(sql);
      return performance.now() - start;
    });
    progress(`passes over the rows: ${passes}`);
    const ours: number[] = [];
    const byHand: number[] = [];
    let verdict = judge(plan, { rows: 0n, refused: 0n, results: {} });
    for (let round = 0; round <= ROUNDS; round++) {
      const start = performance.now();
      const counted: string[] = [];
      for (const sql of BY_HAND) counted.push(...((await connection.runAndReadAll(sql)).getRows()[0] ?? []).map(String));
      const middle = performance.now();
      verdict = judge(plan, await figures(connection, plan, columns, passes));
      const end = performance.now();
      agree(verdict, counted);
      // The first round warms both.
      if (round > 0) {
        byHand.push((middle - start) / 1000);
        ours.push((end - middle) / 1000);
      }
      progress(`round ${round} of ${ROUNDS}`);
    }
    const [figure, floor] = [median(ours), median(byHand)];
    return { figure, floor, ratio: figure / floor, unit: 's', rows, checks: plan.checks.length, passes, refused: Number(verdict.refused) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** A faster answer that is another answer is no figure. The order of the counts is not the same on both sides. */
export function agree(verdict: Verdict, counted: readonly string[]): void {
  const numbers = (values: readonly string[]) => [...values].map(Number).sort((a, b) => a - b);
  const judged = numbers(verdict.gates.map((gate) => gate.failed?.toString() ?? gate.value ?? `${gate.outcome}: ${gate.reason}`));
  const byHand = numbers(counted);
  if (judged.length !== byHand.length || judged.some((value, index) => value !== byHand[index])) {
    throw new Error(`the verdict says ${judged.join(' ')}, the SQL by hand ${byHand.join(' ')}`);
  }
}

async function figures(connection: DuckDBConnection, plan: ReturnType<typeof checkPlan>, columns: readonly string[], passes: Passes): Promise<Figures> {
  const results: Record<string, Figures['results'][string]> = {};
  let rows = 0n;
  let refused = 0n;
  for (const statement of figuresSql(plan, 'orders', columns, passes)) {
    const reader = await connection.runAndReadAll(statement.sql.replaceAll('{ref:bench.plants}', 'plants'));
    const [row = {}] = reader.getRowObjects();
    const number = (column: string) => BigInt(String(row[column] ?? 0));
    if (statement.rows !== undefined) rows = number(statement.rows);
    if (statement.refused !== undefined) refused = number(statement.refused);
    for (const { id, level, column } of statement.checks) results[id] = level === 'metric' ? { value: String(row[column]) } : { failed: number(column) };
  }
  return { rows, refused, results };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
