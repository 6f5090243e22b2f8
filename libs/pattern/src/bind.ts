import type { Expression } from './pattern.ts';

/** The SQL of an expression over real columns. */
export interface Bound {
  /** BOOLEAN, never NULL: whether the solution touches the cell: pre-conditions hold, and it has something to say that passes its own validation. */
  readonly touches: string;
  /** VARCHAR: the repaired value where `touches` holds. */
  readonly repaired: string;
}

/** Whether the solution makes its cells missing: then NULL is what it says, not that it cannot say. */
export function clears(expression: Expression): boolean {
  return expression.transformation === 'NULL';
}

/**
 * Puts SQL in the place of the placeholders: `value` and `column(name)` are VARCHAR expressions, such as quoted names. Expressions that
 * come from elsewhere must have passed `checkSolution`.
 */
export function bindExpression(expression: Expression, value: string, column: (name: string) => string): Bound {
  const put = (sql: string, of: string): string =>
    sql.replaceAll(/\{value\}|\{column:([^{}]*)\}/g, (_, name: string | undefined) => (name === undefined ? of : column(decodeURIComponent(name))));
  const pre = `coalesce((${put(expression.preConditions, value)}), FALSE)`;
  if (clears(expression)) return { touches: pre, repaired: 'CAST(NULL AS VARCHAR)' };
  const repaired = `CASE WHEN ${pre} THEN (${put(expression.transformation, value)}) END`;
  return { touches: `coalesce((${put(expression.postValidation, `(${repaired})`)}) AND (${repaired}) IS NOT NULL, FALSE)`, repaired };
}
