import { ident, literal, SkeinError } from '@skein/kernel';
import type { Check, CheckPlan } from './verdict.ts';

// Names of our own within a statement begin with _, as no column of a contract may: DuckDB takes a column for a lambda's
// variable, and an alias for a column, where they are spelled alike.
const MEASURE = 'SELECT ';
const FROM = ' AS value FROM {relation}';

/** Head of every statement that counts rows without their reference; `offendersSql` exchanges it. */
export const COUNT_REFERRERS = 'SELECT count(*) AS failed FROM {relation} AS r ';

/** A metric that is one aggregate over the relation, in the form that lets several share a pass. */
export function measuring(aggregate: string): string {
  return `${MEASURE}${aggregate}${FROM}`;
}

function aggregateOf(check: Check): string | undefined {
  return check.rule !== 'sql' && check.sql.startsWith(MEASURE) && check.sql.endsWith(FROM) ? check.sql.slice(MEASURE.length, -FROM.length) : undefined;
}

/** A statement that yields one row, with the figure of each check in the column named beside it. */
export interface Measurement {
  readonly checks: readonly { readonly id: string; readonly level: 'set' | 'metric'; readonly column: string }[];
  readonly sql: string;
}

/** `relation` is a quoted name or a parenthesised query; user text never contains the placeholder (see `textConstant`). */
function over(sql: string, relation: string): string {
  return sql.replaceAll('{relation}', () => relation);
}

/** Whether every column that the check reads is offered. */
export function canRun(check: Check, columns: readonly string[]): boolean {
  return check.reads.every((name) => columns.includes(name));
}

function rowChecks(plan: CheckPlan, columns: readonly string[], severe: boolean): Check[] {
  return plan.checks.filter((check) => check.level === 'row' && (check.severity === 'error') === severe && canRun(check, columns));
}

/** One predicate over all: TRUE where the row breaks any of the checks. */
function anyOf(checks: readonly Check[]): string {
  return checks.map((check) => `(${check.sql})`).join(' OR ') || 'FALSE';
}

/**
 * SELECT of `columns` and of `_failed` and `_warned`: the ids of the row checks that the row breaks, of severity error and of
 * lesser severity; NULL where there is none. Clean rows pay for one evaluation of each predicate and build no list. Checks
 * that read a column which is not offered are left out: the caller reports them as errors.
 */
export function annotateSql(plan: CheckPlan, relation: string, columns: readonly string[]): string {
  const listed = (checks: readonly Check[]) =>
    checks.length === 0
      ? 'NULL::VARCHAR[]'
      : `CASE WHEN ${anyOf(checks)} THEN [_id FOR _id IN [${checks.map((check) => `CASE WHEN ${check.sql} THEN ${literal(check.id)} END`).join(', ')}] IF _id IS NOT NULL] END`;
  const named = columns.map(ident).join(', ');
  return `SELECT ${named}, ${listed(rowChecks(plan, columns, true))} AS _failed, ${listed(rowChecks(plan, columns, false))} AS _warned FROM ${relation}`;
}

/**
 * The statements of the metric checks. Aggregates share one pass, except those with DISTINCT, which spill on their own; SQL
 * rules stand alone, so that one that fails takes no other with it. Keys and references are counted by `offendersSql`, or by `figuresSql`.
 */
export function measure(plan: CheckPlan, relation: string, columns: readonly string[]): Measurement[] {
  const fused: { check: Check; aggregate: string }[] = [];
  const alone: Check[] = [];
  for (const check of plan.checks) {
    if (check.level !== 'metric' || !canRun(check, columns)) continue;
    const aggregate = aggregateOf(check);
    if (aggregate === undefined || aggregate.includes('DISTINCT')) alone.push(check);
    else fused.push({ check, aggregate });
  }
  const single = (check: Check): Measurement => ({ checks: [{ id: check.id, level: 'metric', column: 'value' }], sql: over(check.sql, relation) });
  const shared: Measurement[] =
    fused.length === 0
      ? []
      : [
          {
            checks: fused.map(({ check }, index) => ({ id: check.id, level: 'metric', column: `_m${index}` })),
            sql: `SELECT ${fused.map(({ aggregate }, index) => `${aggregate} AS _m${index}`).join(', ')} FROM ${relation}`,
          },
        ];
  return [...shared, ...alone.map(single)];
}

/**
 * SELECT of the rows of `relation` that break a set check, all columns: every row of a group that shares its key, or the
 * rows whose reference is not there. `{ref:…}` of the check must have been resolved by the caller.
 */
export function offendersSql(check: Check, relation: string): string {
  if (check.level !== 'set') throw new SkeinError('SKEIN_INTERNAL', `${check.id} is no set check`);
  if (check.sql.startsWith(COUNT_REFERRERS)) return over(`SELECT r.* FROM {relation} AS r ${check.sql.slice(COUNT_REFERRERS.length)}`, relation);
  const names = check.reads.map(ident);
  const groups = `SELECT ${names.join(', ')} FROM ${relation} WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ${names.join(', ')} HAVING count(*) > 1`;
  return `SELECT r.* FROM ${relation} AS r SEMI JOIN (${groups}) AS d ON ${names.map((name) => `r.${name} = d.${name}`).join(' AND ')}`;
}

/** Expression of the value that broke the check, as text; NULL where it is missing or there is none. */
export function violationValueSql(check: Check): string {
  if (check.reads.length === 0) return 'NULL::VARCHAR';
  const [first = ''] = check.reads;
  return check.reads.length === 1 ? `${ident(first)}::VARCHAR` : `concat_ws('|', ${check.reads.map((name) => `${ident(name)}::VARCHAR`).join(', ')})`;
}

/** A statement of `figuresSql`: the roles of its columns beside those of the checks. */
export interface FigureStatement {
  readonly sql: string;
  /** Column by check id. */
  readonly checks: readonly { readonly id: string; readonly level: Check['level']; readonly column: string }[];
  /** Columns with the number of rows, and of rows that broke a row check of severity error. */
  readonly rows?: string;
  readonly refused?: string;
}

/**
 * How row checks share passes over the relation.
 * - `filtered`: their predicates are tried at once on every row, and only rows that break one are looked at again to see which.
 * - `fused`: one pass counts for each predicate; better where many rows break rules.
 * - `separate`: one pass for each column, and one for the rows refused; better where a pass over all columns is dear.
 */
export type Passes = 'filtered' | 'fused' | 'separate';
export const PASSES: readonly Passes[] = ['filtered', 'fused', 'separate'];

/**
 * The statements that judge a relation as it stands, without parting its rows. All ways to share passes give the same figures.
 * Placeholders `{ref:…}` are left for the caller.
 */
export function figuresSql(plan: CheckPlan, relation: string, columns: readonly string[], passes: Passes = 'filtered'): FigureStatement[] {
  const statements: FigureStatement[] = [
    { sql: `SELECT count(*) AS n FROM ${relation}`, checks: [], rows: 'n' },
    ...rowStatements(plan, relation, columns, passes),
  ];
  for (const check of plan.checks) {
    if (check.level === 'set' && canRun(check, columns))
      statements.push({ sql: over(check.sql, relation), checks: [{ id: check.id, level: 'set', column: 'failed' }] });
  }
  return [...statements, ...measure(plan, relation, columns)];
}

/**
 * The way to share passes that takes least time for this contract and these rows, found by trying each on a sample of them.
 *
 * @param time runs a statement and says how long it took, in any unit
 */
export async function fastestPasses(plan: CheckPlan, sample: string, columns: readonly string[], time: (sql: string) => Promise<number>): Promise<Passes> {
  const best = new Map<Passes, number>(PASSES.map((passes) => [passes, Infinity]));
  // The first round warms all.
  for (let round = 0; round < 3; round++) {
    for (const passes of PASSES) {
      let spent = 0;
      for (const { sql } of rowStatements(plan, sample, columns, passes)) spent += await time(sql);
      if (round > 0) best.set(passes, Math.min(best.get(passes) ?? Infinity, spent));
    }
  }
  return [...best].reduce((least, one) => (one[1] < least[1] ? one : least))[0];
}

function rowStatements(plan: CheckPlan, relation: string, columns: readonly string[], passes: Passes): FigureStatement[] {
  const severe = rowChecks(plan, columns, true);
  const rows = [...severe, ...rowChecks(plan, columns, false)];
  if (rows.length === 0) return [];
  const counting = (checks: readonly Check[]) => checks.map((check, index) => `count(*) FILTER (WHERE ${check.sql}) AS _c${index}`);
  const counted = (checks: readonly Check[]) => checks.map((check, index) => ({ id: check.id, level: 'row' as const, column: `_c${index}` }));
  if (passes === 'separate') {
    const byColumn = new Map<string, Check[]>();
    for (const check of rows) byColumn.set(check.reads.join(), [...(byColumn.get(check.reads.join()) ?? []), check]);
    return [
      { sql: `SELECT count(*) AS _refused FROM ${relation} WHERE ${anyOf(severe)}`, checks: [], refused: '_refused' },
      ...[...byColumn.values()].map((checks) => ({ sql: `SELECT ${counting(checks).join(', ')} FROM ${relation}`, checks: counted(checks) })),
    ];
  }
  const refused = severe.length === 0 ? '0::BIGINT' : `count(*) FILTER (WHERE ${anyOf(severe)})`;
  return [
    {
      sql: `SELECT ${[...counting(rows), `${refused} AS _refused`].join(', ')} FROM ${relation}${passes === 'filtered' ? ` WHERE ${anyOf(rows)}` : ''}`,
      checks: counted(rows),
      refused: '_refused',
    },
  ];
}
