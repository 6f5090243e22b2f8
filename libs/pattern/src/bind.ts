import type { Expression } from './pattern.ts';

/**
 * The SQL of an expression over real columns. `touches` and `repaired` stand alone. Where a query can name a result and use it further out,
 * `may`, `said` and `holds` do each work once: `CASE WHEN may THEN said END AS _r` within, and `_r IS NOT NULL AND holds('_r')` without.
 */
export interface Bound {
  /** BOOLEAN, never NULL: whether the solution touches the cell: pre-conditions hold, and it has something to say that passes its own validation. */
  readonly touches: string;
  /** VARCHAR: the repaired value where `touches` holds. */
  readonly repaired: string;
  /** BOOLEAN: the pre-conditions alone; NULL is no. */
  readonly may: string;
  /** VARCHAR: the transformation alone. */
  readonly said: string;
  /** BOOLEAN over the SQL of a repaired value: the post-validation alone; NULL is no. */
  readonly holds: (repaired: string) => string;
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
  const may = `(${put(expression.preConditions, value)})`;
  const holds = (of: string): string => `(${put(expression.postValidation, of)})`;
  if (clears(expression)) return { touches: `coalesce(${may}, FALSE)`, repaired: NOTHING, may, said: NOTHING, holds };
  const said = `(${put(expression.transformation, value)})`;
  const repaired = `CASE WHEN ${may} THEN ${said} END`;
  const always = expression.postValidation === 'TRUE';
  const touches = always ? `(${repaired}) IS NOT NULL` : `coalesce(${holds(`(${repaired})`)} AND (${repaired}) IS NOT NULL, FALSE)`;
  return { touches, repaired, may, said, holds };
}

const NOTHING = 'CAST(NULL AS VARCHAR)';
