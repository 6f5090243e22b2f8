import { SkeinError } from '@skein/kernel';
import { members, noStrange, readCount, readPlan, type PricingPlan } from './plan.ts';
import { shown } from './money.ts';

export const ROW_OPERATORS = ['equals', 'notEquals', 'lessThan', 'lessOrEqual', 'greaterThan', 'greaterOrEqual', 'in', 'notIn', 'isNull', 'isNotNull'] as const;

/** One comparison of a column with constants, which are texts: no part of a row filter is SQL. */
export interface RowFilter {
  readonly column: string;
  readonly operator: (typeof ROW_OPERATORS)[number];
  /** One; any number for `in` and `notIn`; none for the null-tests. */
  readonly values: readonly string[];
}

/** What an agreement is about: what it costs, what may be read, how often and how long. */
export interface Terms {
  readonly plan: PricingPlan;
  /** Names of columns, sorted. */
  readonly columns: readonly string[];
  /** All of them hold. */
  readonly rows: readonly RowFilter[];
  /** Answered queries; undefined: any number. */
  readonly quota: number | undefined;
  /** Days from the moment of agreement; undefined: until it is ended. */
  readonly days: number | undefined;
}

const COLUMN_LIMIT = 2_000;
const DAYS_LIMIT = 36_600;
const QUOTA_LIMIT = 1_000_000_000_000;

/** Reads terms; what is left out is as in `standing`. Throws SKEIN_REQUEST_INVALID. */
export function readTerms(value: unknown, standing: Partial<Terms> = {}): Terms {
  const asked = readAskedTerms(value);
  const { plan = standing.plan ?? readPlan(undefined), columns = standing.columns ?? readColumns(undefined), rows = standing.rows ?? [] } = asked;
  return termsAsked({ plan, columns, rows, quota: standing.quota, days: standing.days }, asked);
}

/** Reads those terms that are named, and no others. Throws SKEIN_REQUEST_INVALID. */
export function readAskedTerms(value: unknown): Partial<Terms> {
  const { plan, columns, rows, quota, days, ...strange } = members(value, 'terms');
  noStrange(strange, 'terms');
  return {
    ...(plan === undefined ? {} : { plan: readPlan(plan) }),
    ...(columns === undefined ? {} : { columns: readColumns(columns) }),
    ...(rows === undefined ? {} : { rows: readRows(rows) }),
    ...(quota === undefined || quota === null ? {} : { quota: readCount(quota, 'quota', 1, QUOTA_LIMIT) }),
    ...(days === undefined || days === null ? {} : { days: readCount(days, 'days', 1, DAYS_LIMIT) }),
  };
}

/** What stands, but for what is asked otherwise. Throws SKEIN_REQUEST_INVALID. */
export function termsAsked(standing: Terms, asked: Partial<Terms>): Terms {
  const terms = { ...standing, ...asked };
  if (terms.plan.unit === 'Trial' && terms.days === undefined) throw new SkeinError('SKEIN_REQUEST_INVALID', 'a trial has days');
  return terms;
}

/** Throws SKEIN_REQUEST_INVALID where asked terms reach further than the listing's: other columns, or fewer row filters. */
export function checkWithin(asked: Terms, listed: Terms): void {
  const outside = asked.columns.find((column) => !listed.columns.includes(column));
  if (outside !== undefined) throw new SkeinError('SKEIN_REQUEST_INVALID', `the listing has no column ${shown(outside)}`);
  const has = new Set(asked.rows.map((row) => JSON.stringify(row)));
  if (listed.rows.some((row) => !has.has(JSON.stringify(row)))) throw new SkeinError('SKEIN_REQUEST_INVALID', 'the row filters of the listing stay');
  if (asked.plan.currency !== listed.plan.currency)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the listing is priced in ${listed.plan.currency}, not in ${asked.plan.currency}`);
}

function readColumns(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > COLUMN_LIMIT || !value.every(isName))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `columns must be a list of 1 to ${COLUMN_LIMIT} names`);
  return [...new Set(value)].sort();
}

function readRows(value: unknown): RowFilter[] {
  if (!Array.isArray(value) || value.length > 100) throw new SkeinError('SKEIN_REQUEST_INVALID', 'rows must be a list of at most 100 conditions');
  return value.map((row) => {
    const { column, operator, values = [], ...strange } = members(row, 'a condition on rows');
    noStrange(strange, 'a condition on rows');
    if (!isName(column)) throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(column)} is no name of a column`);
    if (!ROW_OPERATORS.includes(operator as RowFilter['operator']))
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(operator)} is no operator`, { hint: `Use one of ${ROW_OPERATORS.join(', ')}.` });
    const named = operator as RowFilter['operator'];
    const fits = Array.isArray(values) && values.length <= 1_000 && values.every((one) => typeof one === 'string' && one.isWellFormed() && one.length <= 1_000);
    const count = fits ? (values as string[]).length : -1;
    const wanted = named === 'isNull' || named === 'isNotNull' ? count === 0 : named === 'in' || named === 'notIn' ? count >= 1 : count === 1;
    if (!wanted)
      throw new SkeinError('SKEIN_REQUEST_INVALID', `the values of ${named} on ${shown(column)} do not fit: ${shown(values)}`, {
        hint: 'Write values as a list of texts.',
      });
    return { column, operator: named, values: [...new Set(values as string[])].sort() };
  });
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 200 && value.isWellFormed();
}
