import { SkeinError } from '@skein/kernel';
import type { Expression } from './pattern.ts';

/** One SELECT of the three parts of an expression, for a parser: placeholders become quoted names. */
export function solutionQuery(expression: Expression): string {
  const named = (sql: string): string => sql.replaceAll(/\{(?:value|column:[^{}]*)\}/g, (placeholder) => `"${placeholder}"`);
  return `SELECT (${named(expression.transformation)}), (${named(expression.preConditions)}), (${named(expression.postValidation)})`;
}

/**
 * Decides whether an expression that comes from elsewhere may be run. `ast` is DuckDB's serialized syntax tree of `solutionQuery`;
 * `columns` are the columns of the row that it may read. Throws SKEIN_QUERY_REFUSED.
 */
export function checkSolution(_expression: Expression, _ast: string, _columns: readonly string[]): void {
  throw new SkeinError('SKEIN_QUERY_REFUSED', 'the solution is not on the allow-list');
}
