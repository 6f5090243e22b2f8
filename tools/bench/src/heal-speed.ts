import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import type { EngineSession } from '@skein/ports';
import { applyExpression, findBroken } from '@skein/swarm';
import type { Expression } from '@skein/pattern';
import type { BenchResult, Progress } from './bench.ts';

const ROWS = 1_000_000;
const ROUNDS = 3;

const CONTRACT = `apiVersion: v3.2.0
kind: DataContract
id: bench-heal-speed
version: 1.0.0
domain: bench
schema:
  - name: sales
    properties:
      - { name: id, logicalType: integer, required: true }
      - { name: day, logicalType: date, required: true }
      - { name: price, logicalType: number, physicalType: 'DECIMAL(12,2)', required: true, logicalTypeOptions: { minimum: 0 } }
      - { name: country, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z]{2}$' } }
      - { name: status, logicalType: string, required: true, enum: [{ value: open }, { value: paid }, { value: sent }] }
`;

/** One row in a hundred of each column is wrong. */
const DATA = `CREATE TEMP TABLE sales AS SELECT i + 1 AS _row, CASE WHEN i % 100 = 1 THEN 'x' || i ELSE i::VARCHAR END AS id,
  CASE WHEN i % 100 = 2 THEN strftime(DATE '2020-01-01' + (i % 900)::INTEGER, '%d.%m.%Y') ELSE (DATE '2020-01-01' + (i % 900)::INTEGER)::VARCHAR END AS day,
  CASE WHEN i % 100 = 3 THEN '$' ELSE '' END || (i % 5000) || '.' || lpad((i % 97)::VARCHAR, 2, '0') AS price,
  CASE WHEN i % 100 = 4 THEN 'de' ELSE ['DE', 'FR', 'IT'][1 + i % 3] END AS country, CASE WHEN i % 100 = 5 THEN 'PAID' ELSE ['open', 'paid', 'sent'][1 + i % 3] END AS status
  FROM range(${ROWS}) t(i)`;

/** The same cells, as a person would look for them who knows the data. */
const FIND_BY_HAND = `CREATE OR REPLACE TEMP TABLE _hand AS
  SELECT _row, 'id' AS col, id AS v FROM sales WHERE id IS NULL OR TRY_CAST(id AS BIGINT) IS NULL OR NOT regexp_full_match(id, '-?(0|[1-9][0-9]*)')
  UNION ALL SELECT _row, 'day', day FROM sales WHERE day IS NULL OR TRY_CAST(day AS DATE) IS NULL OR NOT regexp_full_match(day, '[0-9]{4}-[0-9]{2}-[0-9]{2}')
  UNION ALL SELECT _row, 'price', price FROM sales WHERE price IS NULL OR NOT regexp_full_match(price, '-?(0|[1-9][0-9]*)([.][0-9]{0,2})?') OR TRY_CAST(price AS DECIMAL(12,2)) IS NULL OR TRY_CAST(price AS DECIMAL(12,2)) < 0
  UNION ALL SELECT _row, 'country', country FROM sales WHERE country IS NULL OR NOT regexp_matches(country, '^[A-Z]{2}$')
  UNION ALL SELECT _row, 'status', status FROM sales WHERE status IS NULL OR status NOT IN ('open', 'paid', 'sent')`;

const PATTERN: Expression = {
  kind: 'expression',
  transformation: `strftime(try_strptime({value}, '%d.%m.%Y'), '%Y-%m-%d')`,
  preConditions: `regexp_matches({value}, '^[0-9]{2}[.][0-9]{2}[.][0-9]{4}$')`,
  postValidation: `regexp_matches({value}, '^[0-9]{4}-[0-9]{2}-[0-9]{2}$')`,
};

/** By hand too, what was changed is kept: a repair that nobody can take back is another thing. */
const APPLY_BY_HAND = [
  `CREATE OR REPLACE TEMP TABLE _kept AS SELECT _row, day AS before, strftime(try_strptime(day, '%d.%m.%Y'), '%Y-%m-%d') AS after FROM hand WHERE regexp_matches(day, '^[0-9]{2}[.][0-9]{2}[.][0-9]{4}$')`,
  'UPDATE hand h SET day = k.after FROM _kept k WHERE h._row = k._row AND k.after IS NOT NULL',
  `SELECT count(*) FROM hand WHERE day IS NULL OR NOT regexp_full_match(day, '[0-9]{4}-[0-9]{2}-[0-9]{2}') OR TRY_CAST(day AS DATE) IS NULL`,
];

/** Seconds to find every cell that breaks the contract, and to apply a known pattern to one column, each beside SQL by hand with the same outcome; the middle of three rounds. */
export async function healSpeed(progress: Progress = () => undefined): Promise<BenchResult> {
  const engine = duckdbEngine();
  try {
    const session = await engine.open();
    const contract = readContract(CONTRACT, 'sales.odcs.yaml');
    const columns = contract.properties.map(({ name }) => name);
    await session.run(DATA);
    const times: Record<'find' | 'findHand' | 'apply' | 'applyHand', number[]> = { find: [], findHand: [], apply: [], applyHand: [] };
    for (let round = 0; round <= ROUNDS; round++) {
      const took = async (name: keyof typeof times, work: () => Promise<unknown>): Promise<void> => {
        const start = performance.now();
        await work();
        // The first round warms all four.
        if (round > 0) times[name].push((performance.now() - start) / 1000);
      };
      await took('find', () => findBroken(session, { name: 'sales', columns }, contract, '_ours'));
      await took('findHand', () => session.run(FIND_BY_HAND));
      await agree(session, '_ours', '_hand', 'cells found');
      await session.run('CREATE OR REPLACE TEMP TABLE ours AS FROM sales');
      await session.run('CREATE OR REPLACE TEMP TABLE hand AS FROM sales');
      await took('apply', () => applyExpression(session, { name: 'ours', columns }, contract, 'day', PATTERN));
      await took('applyHand', async () => {
        for (const sql of APPLY_BY_HAND) await session.run(sql);
      });
      await agree(session, "(SELECT day FROM ours WHERE day LIKE '%-%')", "(SELECT day FROM hand WHERE day LIKE '%-%')", 'days repaired');
      progress(`round ${round} of ${ROUNDS}`);
    }
    const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
    const [find, findHand, apply, applyHand] = [middle(times.find), middle(times.findHand), middle(times.apply), middle(times.applyHand)];
    return {
      figure: find,
      floor: findHand,
      ratio: find / findHand,
      unit: 's',
      rows: ROWS,
      rows_per_s: Math.round(ROWS / find),
      apply_s: Number(apply.toFixed(4)),
      apply_by_hand_s: Number(applyHand.toFixed(4)),
      apply_ratio: Number((apply / applyHand).toFixed(3)),
      apply_rows_per_s: Math.round(ROWS / apply),
    };
  } finally {
    await engine.close();
  }
}

/** A faster answer that is another answer is no figure. */
async function agree(session: EngineSession, ours: string, hand: string, what: string): Promise<void> {
  const count = async (from: string): Promise<bigint> => (await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${from}`))[0]?.n ?? 0n;
  const [a, b] = [await count(ours), await count(hand)];
  if (a !== b || a === 0n) throw new Error(`${what}: ${a} by Skein, ${b} by hand`);
}
