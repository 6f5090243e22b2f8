import { DuckDBInstance } from '@duckdb/node-api';
import { readContract } from '@skein/contract';
import { patternId, propose, signatureOf, type ColumnFacts, type Expression, type Pattern } from '@skein/pattern';
import { textAccepts } from '@skein/verifier';
import { contractText, truthSql, type Grammar } from './swarm-learning-grammars.ts';

/** One in twenty gaps has a pattern that is meant to do harm. */
const EVERY = 20;
const SAMPLE = 200;

/** Ways to do harm, from the plain to the subtle: what the contract accepts and is wrong all the same is the hardest to tell. */
const TWISTS: readonly ((right: Expression, type: string) => Expression)[] = [
  (right, type) => ({
    ...right,
    transformation: type === 'date' ? `CAST(CAST((${right.transformation}) AS DATE) + 1 AS VARCHAR)` : plusOne(right.transformation),
  }),
  (_, type) => ({ kind: 'expression', transformation: type === 'date' ? `'2020-02-02'` : `'1234'`, preConditions: 'TRUE', postValidation: 'TRUE' }),
  (right) => ({ ...right, transformation: `'n/a'`, postValidation: 'TRUE' }),
  (right) => ({ ...right, transformation: `coalesce(getenv('HOME'), (${right.transformation}))` }),
  (right, type) => ({
    ...right,
    transformation: type === 'date' ? `replace((${right.transformation}), '-0', '-1')` : `replace((${right.transformation}), '1', '7')`,
  }),
];

/**
 * Patterns of a hostile peer for one in twenty grammars, at least two: made from the right solution, with the signature of the real gap, a held-back test
 * that was passed, and evidence by the thousand in the name of others.
 */
export async function poison(grammars: readonly Grammar[], agents: readonly string[]): Promise<Pattern[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const patterns: Pattern[] = [];
  try {
    const count = Math.max(2, Math.round(grammars.length / EVERY));
    for (let at = 0; at < count; at += 1) {
      const grammar = grammars[Math.floor((at * grammars.length) / count)] as Grammar;
      const property = readContract(contractText(grammar.kind), 'bench.yaml').properties.find(({ name }) => name === grammar.column);
      if (property === undefined) throw new Error(`no column ${grammar.column}`);
      const truth = truthSql(grammar.column, 'i');
      const reader = await connection.runAndReadAll(
        `SELECT DISTINCT (${grammar.corrupt('v')})::VARCHAR AS c, v::VARCHAR FROM (SELECT ${truth} AS v FROM range(${SAMPLE}) t(i)) ORDER BY 1`,
      );
      const rows = reader.getRows().map(([corrupt, value]) => [String(corrupt), String(value)] as const);
      const values = rows.map(([value]) => ({ value, count: 1 }));
      const facts: ColumnFacts = { property, accepts: textAccepts(property), accepted: rows.map(([, value]) => ({ value, count: 1 })) };
      const signature = signatureOf('type', property, values);
      const context = { domain: 'bench', product: 'bench.facts', column: grammar.column };
      const outcome = propose({ context, signature, cells: values.length, values }, facts);
      if (outcome.kind !== 'solutions' || outcome.ranked[0] === undefined) continue;
      const { category, solution } = outcome.ranked[0];
      const twist = TWISTS[at % TWISTS.length] as (typeof TWISTS)[number];
      const wrong = twist(solution, property.type.kind);
      const evidence = Object.fromEntries(agents.map((agent) => [agent, { successes: 10_000, failures: 0 }]));
      patterns.push({
        id: patternId({ category, signature, solution: wrong }),
        category,
        signature,
        context,
        solution: wrong,
        test: { cells: 200, passed: 200 },
        evidence,
      });
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return patterns;
}

function plusOne(number: string): string {
  return `CAST(CAST((${number}) AS DECIMAL(18,2)) + 1 AS VARCHAR)`;
}
