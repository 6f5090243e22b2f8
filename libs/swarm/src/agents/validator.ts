import { primaryKey } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { annotateSql, judge, measure, offendersSql, withheld, type Check, type Figures, type Verdict } from '@skein/verifier';
import { ACCEPTED, CANDIDATE, OFFENDERS, type Rows, type Task } from '../candidate.ts';
import { sqlRuleFigures } from '../sql-rules.ts';
import { count } from '../tally.ts';

/** What the contract says of the rows, and the relations with the rows that broke a rule between rows. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly offending: readonly string[];
}

/** The validator's first look: makes the step's rows a table, with the rules that each row breaks by itself. */
export async function judgeRows({ session }: Task, { plan, sql, columns }: Rows): Promise<void> {
  await session.run(`CREATE OR REPLACE TEMP TABLE ${CANDIDATE} AS SELECT *, NULL::BIGINT AS _mend FROM (${annotateSql(plan, `(${sql})`, columns)})`);
}

/**
 * The validator: lets the contract judge the candidate. Violating rows are parted from the accepted ones, then keys, references and quality
 * rules are measured on what is left, SQL rules in the sandbox.
 */
export async function validate({ session, product, malformed, relationOf, sandbox }: Task, { plan, columns, extras }: Rows): Promise<Judgement> {
  const { contract } = product;
  const total = await count(session, CANDIDATE);
  const results: Record<string, Figures['results'][string]> = {};
  const rowChecks = plan.checks.filter((check) => check.level === 'row');
  for (const check of rowChecks) {
    const missing = check.reads.filter((name) => !columns.includes(name));
    results[check.id] = missing.length > 0 ? { error: `the step does not offer ${missing.join(', ')}` } : { failed: 0n };
  }
  for (const { check, failed } of await session.rows<{ check: string; failed: bigint }>(
    `SELECT "check", count(*) AS failed FROM (SELECT unnest(list_concat(_failed, _warned)) AS "check" FROM ${CANDIDATE} WHERE _failed IS NOT NULL OR _warned IS NOT NULL) GROUP BY 1`,
  )) {
    results[check] = { failed };
  }
  if (malformed.length > 0) results['source.malformed'] = { failed: BigInt(malformed.length) };

  // Keys and references are judged on the rows that passed their own checks; every row of a conflict is refused.
  await session.run(`CREATE OR REPLACE TEMP VIEW ${ACCEPTED} AS SELECT * FROM ${CANDIDATE} WHERE _failed IS NULL`);
  const offending: string[] = [];
  for (const check of plan.checks.filter((one) => one.level === 'set')) {
    const resolved = resolveReferences(check, relationOf);
    const missing = check.reads.filter((name) => !columns.includes(name));
    if ('unknown' in resolved) results[check.id] = { skipped: `${resolved.unknown} has no snapshot yet` };
    else if (missing.length > 0) results[check.id] = { error: `the step does not offer ${missing.join(', ')}` };
    else {
      const table = `${OFFENDERS}_${offending.length}`;
      await session.run(`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT ${literal(check.id)} AS _check, * FROM (${offendersSql(resolved.check, ACCEPTED)})`);
      const failed = await count(session, table);
      results[check.id] = { failed };
      if (failed > 0n && check.severity === 'error') offending.push(table);
    }
  }
  if (offending.length > 0) {
    const keys = primaryKey(contract).map((key) => ident(key.name));
    const by = extras.includes('_file') ? ['_file', '_row'] : keys;
    await session.run(
      `CREATE OR REPLACE TEMP TABLE ${OFFENDERS} AS ${offending.map((table) => `SELECT DISTINCT ${by.join(', ')} FROM ${table}`).join(' UNION ')}`,
    );
    await session.run(
      `CREATE OR REPLACE TEMP VIEW ${ACCEPTED} AS SELECT * FROM ${CANDIDATE} c WHERE _failed IS NULL
         AND NOT EXISTS (SELECT 1 FROM ${OFFENDERS} o WHERE ${by.map((name) => `o.${name} IS NOT DISTINCT FROM c.${name}`).join(' AND ')})`,
    );
  }
  const kept = await count(session, ACCEPTED);

  for (const check of plan.checks.filter((one) => one.level === 'metric')) {
    const missing = check.reads.filter((name) => !columns.includes(name));
    if (missing.length > 0) results[check.id] = { error: `the step does not offer ${missing.join(', ')}` };
  }
  for (const { checks, sql } of measure({ ...plan, checks: plan.checks.filter((check) => check.rule !== 'sql') }, ACCEPTED, columns)) {
    try {
      const [row] = await session.rows<Record<string, bigint | string | null>>(sql);
      for (const check of checks) results[check.id] = figure(check, row?.[check.column]);
    } catch (error) {
      for (const check of checks) results[check.id] = { error: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
    }
  }

  Object.assign(results, await sqlRuleFigures(session, sandbox, { contract, checks: plan.checks, relation: ACCEPTED, offered: columns }));

  const refused = total - kept + BigInt(malformed.length);
  const verdict = judge(plan, { rows: total + BigInt(malformed.length), refused, results });
  // The verdict is shown to whom the columns are not.
  return { verdict: withheld(verdict, contract, plan), offending };
}

function figure(check: { level: 'set' | 'metric' }, value: bigint | string | null | undefined): Figures['results'][string] {
  if (check.level === 'metric') return { value: value === null || value === undefined ? null : String(value) };
  return { failed: typeof value === 'bigint' ? value : BigInt(value ?? 0) };
}

function resolveReferences(check: Check, relationOf: (product: string) => string | undefined): { check: Check } | { unknown: string } {
  let unknown: string | undefined;
  const sql = check.sql.replaceAll(/\{ref:([a-z0-9_.]+)\}/g, (_, name: string) => {
    const relation = relationOf(name);
    if (relation === undefined) unknown = name;
    return relation ?? '';
  });
  return unknown === undefined ? { check: { ...check, sql } } : { unknown };
}
