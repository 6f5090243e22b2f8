import { SkeinError } from '@skein/kernel';
import { bindExpression, checkSolution, solutionQueries, type ColumnFacts, type Example, type Expression, type Gap } from '@skein/pattern';
import { alternativeId, type Alternative, type Review } from '@skein/ports';
import { candidatesOf, outcomeOf, tryCandidate, valuesOf } from './alternatives.ts';

const MOST_EXAMPLES = 20;
/** Values that a person's own solution is tried on. */
const MOST_TRIED = 200;

/** How an SQL solution of a person is checked and tried. */
export interface SolutionEngine {
  /** DuckDB's serialized syntax tree of a SELECT. */
  parse(sql: string): Promise<string>;
  /** Runs a SELECT with parameters, apart from all data, and gives its one column. */
  column(sql: string, parameters: readonly (string | null)[]): Promise<readonly (string | null)[]>;
}

function refused(message: string, context: Readonly<Record<string, unknown>> = {}, cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_REVIEW_AMENDMENT', message, { context, ...(cause === undefined ? {} : { cause }) });
}

/**
 * What follows from example rows: a program that gives each of them, learned as a gap's own solutions are. Deterministic. Throws SKEIN_REVIEW_AMENDMENT
 * where none does, where two differ on values of the cluster, or where the contract refuses an example.
 */
export function learnAmendment(review: Review, facts: ColumnFacts, examples: readonly Example[], by: string): Alternative {
  if (examples.length === 0 || examples.length > MOST_EXAMPLES) throw refused(`${examples.length} example rows were given; 1 to ${MOST_EXAMPLES} are wanted`);
  const wrong = examples.find(({ output }) => !facts.accepts(output));
  if (wrong) throw refused(`the contract does not accept ${shown(wrong.output)}`, { example: wrong });
  const gaps = review.gaps as readonly [Gap, ...Gap[]];
  const { candidates, why } = candidatesOf(gaps, facts, examples);
  const agreeing = candidates.filter((candidate) => examples.every((example) => gives(candidate, example)));
  const [first, second] = agreeing;
  if (!first) throw refused(`no program gives all ${examples.length} example rows${candidates.length === 0 ? `: ${why}` : ''}`);
  if (second) throw refused(`more than one program gives these rows: ${why}`, { hint: 'Add a row on which they differ.' });
  return { ...tryCandidate(first, gaps, facts, by), category: 'amendment' };
}

function gives(candidate: Parameters<typeof outcomeOf>[0], { input, output, row }: Example): boolean {
  const outcome = outcomeOf(candidate, { value: input, ...(row ? { row } : {}) });
  return outcome === undefined ? input === output : outcome === output;
}

function shown(value: string | null): string {
  return value === null ? 'a missing value' : JSON.stringify(value.slice(0, 100));
}

/**
 * A solution that a person wrote, once it has passed: its SQL is on the allow-list, it changes something, and the contract accepts all it says. Throws
 * SKEIN_QUERY_REFUSED, SKEIN_QUERY_SYNTAX and SKEIN_REVIEW_AMENDMENT.
 */
export async function checkAmendment(
  review: Review,
  facts: ColumnFacts,
  solution: Expression,
  columns: readonly string[],
  engine: SolutionEngine,
  by: string,
): Promise<Alternative> {
  const { transformation, preConditions, postValidation } = solution;
  const plain: Expression = { kind: 'expression', transformation, preConditions, postValidation };
  const asts: string[] = [];
  for (const query of solutionQueries(plain)) asts.push(await engine.parse(query));
  checkSolution(plain, asts, columns);
  const alternative = { id: alternativeId([plain]), category: 'amendment', solutions: [plain], why: 'a solution written by a person', proposedBy: by };
  // What reads other columns can be tried on whole rows only, of which there are few.
  const rows: readonly { readonly value: string | null; readonly count: number; readonly row: Readonly<Record<string, string | null>> }[] = /\{column:/.test(
    `${transformation}${preConditions}${postValidation}`,
  )
    ? review.rows.map(({ before }) => ({ value: before[review.column] ?? null, count: 1, row: before }))
    : valuesOf(review.gaps)
        .slice(0, MOST_TRIED)
        .map(({ value, count }) => ({ value, count, row: {} }));
  if (rows.length === 0) return { ...alternative, test: { cells: 0, passed: 0 } };
  const outcomes = await outcomesOf(plain, rows, engine);
  let [cells, passed] = [0, 0];
  for (const [at, { value, count }] of rows.entries()) {
    const outcome = outcomes[at];
    if (outcome === undefined) continue;
    cells += count;
    if (!facts.accepts(outcome)) throw refused(`of ${shown(value)} it makes ${shown(outcome)}, which the contract does not accept`);
    passed += count;
  }
  if (cells === 0) throw refused('it changes none of the values of the review');
  return { ...alternative, test: { cells, passed } };
}

/** What an expression makes of each row; undefined where it leaves it alone. */
async function outcomesOf(
  solution: Expression,
  rows: readonly { readonly value: string | null; readonly row: Readonly<Record<string, string | null>> }[],
  engine: SolutionEngine,
): Promise<(string | null | undefined)[]> {
  const names = [
    ...new Set(
      [...`${solution.transformation} ${solution.preConditions} ${solution.postValidation}`.matchAll(/\{column:([^{}]*)\}/g)].map(([, name = '']) =>
        decodeURIComponent(name),
      ),
    ),
  ];
  const { touches, repaired } = bindExpression(solution, '_value', (name) => `_column${names.indexOf(name)}`);
  const parameters: (string | null)[] = [];
  const bound = (value: string | null): string => `CAST($${parameters.push(value)} AS VARCHAR)`;
  const values = rows.map(({ value, row }, at) => `(${at}, ${[value, ...names.map((name) => row[name] ?? null)].map(bound).join(', ')})`);
  const heads = ['_at', '_value', ...names.map((_, at) => `_column${at}`)].join(', ');
  const sql = `SELECT CASE WHEN ${touches} THEN coalesce('=' || (${repaired}), '-') END AS outcome FROM (VALUES ${values.join(', ')}) AS _rows(${heads}) ORDER BY _at`;
  let said: readonly (string | null)[];
  try {
    said = await engine.column(sql, parameters);
  } catch (cause) {
    throw refused('it cannot be run over the values of the review', {}, cause);
  }
  return said.map((one) => (one === null ? undefined : one === '-' ? null : one.slice(1)));
}
