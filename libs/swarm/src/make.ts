import { ident, literal, SkeinError } from '@skein/kernel';
import { engineType, primaryKey, type Contract } from '@skein/contract';
import type { EngineSession, QuerySandbox } from '@skein/ports';
import type { DataProduct } from '@skein/product';
import { annotateSql, judge, measure, offendersSql, violationValueSql, type Check, type CheckPlan, type Figures, type Verdict } from '@skein/verifier';
import { sqlRuleFigures } from './sql-rules.ts';

/** What a step made and the contract said of it. The rows lie in relations of the session. */
export interface Candidate {
  /** Relation with the rows that may be published: the contract's columns, and `_source`, `_position` for silver. */
  readonly accepted: string;
  /** SELECT for the feedback dataset. */
  readonly feedback: string;
  readonly verdict: Verdict;
  readonly duplicates: number;
  readonly repairs: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
}

/** A line that never became a record, charged to the product that would have held it. */
export interface Malformed {
  readonly file: string;
  readonly row: number;
  readonly reason: string;
  readonly raw: string;
}

const CANDIDATE = '_candidate';
const ACCEPTED = '_accepted';
const OFFENDERS = '_offenders';
const FEEDBACK = '_feedback';

/** Values that the step could not type: rows with any are refused, with the raw value. */
const UNTYPED: Omit<Check, 'place' | 'tolerance'> = {
  id: '_invalid',
  rule: 'type',
  column: undefined,
  level: 'row',
  sql: 'len(_invalid) > 0',
  severity: 'error',
  dimension: 'conformity',
  comparison: undefined,
  reads: ['_invalid'],
};

/** Lines of the source that are no records. */
const MALFORMED: Omit<Check, 'place' | 'tolerance'> = { ...UNTYPED, id: 'source.malformed', rule: 'malformed', sql: 'false', reads: [] };

/**
 * Runs the step of a product and lets its contract judge the rows: violating rows are parted from the accepted ones, then
 * keys, references and quality rules are measured on what is left, SQL rules in `sandbox`. `relationOf` names the relation of another product.
 */
export async function make(
  session: EngineSession,
  product: DataProduct,
  basePlan: CheckPlan,
  malformed: readonly Malformed[],
  relationOf: (product: string) => string | undefined,
  sandbox: QuerySandbox,
): Promise<Candidate> {
  const { contract, step } = product;
  const described = await describe(session, product);
  const offered = described.map((column) => column.name);
  const names = contract.properties.map((property) => property.name);
  const extras = ['_file', '_row', '_repairs', '_invalid'].filter((name) => offered.includes(name));
  const columns = [...names.filter((name) => offered.includes(name)), ...extras];
  const unknown = offered.filter((name) => !columns.includes(name));
  if (unknown.length > 0) {
    throw new SkeinError('SKEIN_STEP_FAILED', `${product.id}: step ${step.name} selects ${unknown.join(', ')}, which the contract does not have`, {
      hint: `Leave the column out, or add it to ${contract.file}.`,
      context: { product: product.id, columns: unknown },
    });
  }
  const own = { tolerance: contract.tolerance, place: { file: contract.file } };
  const plan: CheckPlan = {
    ...basePlan,
    checks: [
      ...basePlan.checks,
      ...exactnessChecks(contract, described),
      ...(extras.includes('_invalid') ? [{ ...UNTYPED, ...own }] : []),
      ...(malformed.length > 0 ? [{ ...MALFORMED, ...own }] : []),
    ],
  };
  const typed = contract.properties.filter((property) => offered.includes(property.name));
  const selected = `SELECT ${[...typed.map((property) => ident(property.name)), ...extras].join(', ')} FROM (${step.sql})`;

  await session.run(`CREATE OR REPLACE TEMP TABLE ${CANDIDATE} AS ${annotateSql(plan, `(${selected})`, columns)}`);
  const made = await count(session, CANDIDATE);
  if (step.dedupe) await dropRepeated(session, step.dedupe);
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
  const position = extras.includes('_file')
    ? `_file || '#' || _row`
    : `concat_ws('|', ${
        primaryKey(contract)
          .map((key) => ident(key.name))
          .join(', ') || `''`
      })`;
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

  await session.run(`CREATE OR REPLACE TEMP TABLE ${FEEDBACK} AS ${feedbackSql(product, plan, offending, position, extras, malformed, columns)}`);
  const violations = await tally(session, `SELECT rule AS "key", count(*) AS n FROM ${FEEDBACK} GROUP BY 1`);
  const repairs = extras.includes('_repairs')
    ? await tally(session, `SELECT "key", count(*) AS n FROM (SELECT unnest(_repairs) AS "key" FROM ${CANDIDATE} WHERE len(_repairs) > 0) GROUP BY 1`)
    : {};
  const refused = total - kept + BigInt(malformed.length);
  const verdict = judge(plan, { rows: total + BigInt(malformed.length), refused, results });
  const lineage = extras.includes('_file') ? ', _file AS _source, _row AS _position' : '';
  const accepted = `SELECT ${contract.properties.map((property) => (offered.includes(property.name) ? ident(property.name) : `NULL AS ${ident(property.name)}`)).join(', ')}${lineage} FROM ${ACCEPTED}`;
  return { accepted, feedback: `SELECT * FROM ${FEEDBACK}`, verdict, duplicates: Number(made - total), repairs, violations };
}

/**
 * Where a step's type differs from the contract's, its values are cast when they are written: a row whose value that would
 * change (1.25 to 1.3, a moment to a day) is refused, because a rounded value is a wrong one.
 */
function exactnessChecks(contract: Contract, described: readonly { name: string; type: string }[]): Check[] {
  return contract.properties.flatMap((property): Check[] => {
    const wanted = engineType(property.type);
    const given = described.find((column) => column.name === property.name)?.type;
    if (given === undefined || unquoted(given) === unquoted(wanted)) return [];
    if (given === 'VARCHAR') {
      throw new SkeinError('SKEIN_STEP_FAILED', `${contract.product}: the step selects ${property.name} as text, and the contract wants ${wanted}`, {
        hint: `Say in the step what the text means: TRY_CAST it, and list what cannot be cast in _invalid.`,
        place: property.place,
        context: { product: contract.product, column: property.name },
      });
    }
    const column = ident(property.name);
    const changed = `${column} IS NOT NULL AND TRY_CAST(TRY_CAST(${column} AS ${wanted}) AS ${given}) IS DISTINCT FROM ${column}`;
    return [
      {
        ...UNTYPED,
        id: `${property.name}.type`,
        column: property.name,
        sql: changed,
        reads: [property.name],
        tolerance: contract.tolerance,
        place: property.place,
      },
    ];
  });
}

/** The engine quotes the fields of a struct where it must, and a contract's type always: without quotes the two compare. */
function unquoted(type: string): string {
  return type.replaceAll('"', '');
}

/**
 * Deletes all but the first row of each group of clean rows; rows that broke a rule all go to the feedback dataset, also those
 * that lack a part of the key. Few rows repeat, so groups are counted first, over their keys alone, and only rows of groups with
 * several are ordered.
 */
async function dropRepeated(session: EngineSession, { by, keep }: NonNullable<DataProduct['step']['dedupe']>): Promise<void> {
  const keys = by.map(ident);
  const same = keys.map((key) => `c.${key} IS NOT DISTINCT FROM g.${key}`).join(' AND ');
  await session.run(
    `DELETE FROM ${CANDIDATE} WHERE rowid IN (
       SELECT id FROM (SELECT c.rowid AS id, row_number() OVER (PARTITION BY ${keys.map((key) => `c.${key}`).join(', ')} ORDER BY ${keep}) AS place
         FROM ${CANDIDATE} c SEMI JOIN (SELECT ${keys.join(', ')} FROM ${CANDIDATE} WHERE _failed IS NULL GROUP BY ${keys.join(', ')} HAVING count(*) > 1) g ON ${same}
         WHERE c._failed IS NULL)
       WHERE place > 1)`,
  );
}

async function describe(session: EngineSession, product: DataProduct): Promise<{ name: string; type: string }[]> {
  try {
    return await session.describe(product.step.sql);
  } catch (error) {
    throw new SkeinError(
      'SKEIN_STEP_FAILED',
      `${product.id}: step ${product.step.name} cannot be run: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        context: { product: product.id, step: product.step.name },
      },
    );
  }
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

async function count(session: EngineSession, relation: string): Promise<bigint> {
  const [row] = await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${relation}`);
  return row?.n ?? 0n;
}

async function tally(session: EngineSession, sql: string): Promise<Record<string, number>> {
  const rows = await session.rows<{ key: string; n: bigint }>(`${sql} ORDER BY 1`);
  return Object.fromEntries(rows.map(({ key, n }) => [key, Number(n)]));
}

/** One row for each violation: rule, column, raw value, row id and source position. */
function feedbackSql(
  product: DataProduct,
  plan: CheckPlan,
  offending: readonly string[],
  rowId: string,
  extras: readonly string[],
  malformed: readonly Malformed[],
  columns: readonly string[],
): string {
  const source = extras.includes('_file') ? '_file AS source_file, _row AS source_position' : 'NULL::VARCHAR AS source_file, NULL::BIGINT AS source_position';
  const usable = plan.checks.filter((check) => check.reads.every((name) => columns.includes(name)));
  const one = (pick: (check: Check) => string) => `CASE _check ${usable.map((check) => `WHEN ${literal(check.id)} THEN ${pick(check)}`).join(' ')} END`;
  const violation = (from: string) =>
    `SELECT ${literal(product.id)} AS product, _check AS rule, ${one((check) => literal(check.column ?? null))} AS column_name,
       ${one((check) => violationValueSql(check))} AS value, ${rowId} AS row_id, ${source}, ${one((check) => literal(check.severity))} AS severity,
       ${literal(product.layer)} AS layer, ${one((check) => literal(messageOf(check)))} AS message FROM ${from}`;
  const parts: string[] = [];
  if (usable.length > 0) {
    // A value that could not be typed is NULL by then: that it is also missing is no second fault.
    const untyped = extras.includes('_invalid')
      ? `_check <> '_invalid' AND NOT coalesce(list_contains(list_transform(_invalid, _i -> _i."column" || '.required'), _check), false)`
      : 'true';
    parts.push(violation(`(SELECT *, unnest(_failed) AS _check FROM ${CANDIDATE} WHERE _failed IS NOT NULL) WHERE ${untyped}`));
    parts.push(violation(`(SELECT *, unnest(_warned) AS _check FROM ${CANDIDATE} WHERE _warned IS NOT NULL)`));
    for (const table of offending) parts.push(violation(table));
  }
  if (extras.includes('_invalid')) {
    parts.push(
      `SELECT ${literal(product.id)}, _i."column" || '.' || _i.rule, _i."column", _i.value, ${rowId}, ${source}, 'error', ${literal(product.layer)},
         CASE _i.rule WHEN 'type' THEN 'the value cannot be read as the type of ' || _i."column" ELSE _i."column" || ' breaks ' || _i.rule END FROM (SELECT *, unnest(_invalid) AS _i FROM ${CANDIDATE} WHERE len(_invalid) > 0)`,
    );
  }
  for (const { file, row, reason, raw } of malformed) {
    parts.push(
      `SELECT ${literal(product.id)}, 'source.malformed', NULL, ${literal(raw.replaceAll('\0', '\u2400'))}, ${literal(`${file}#${row}`)}, ${literal(file)}, ${row}, 'error', 'landing', ${literal(reason)}`,
    );
  }
  if (parts.length === 0) {
    return `SELECT NULL::VARCHAR AS product, NULL::VARCHAR AS rule, NULL::VARCHAR AS column_name, NULL::VARCHAR AS value, NULL::VARCHAR AS row_id, NULL::VARCHAR AS source_file, NULL::BIGINT AS source_position, NULL::VARCHAR AS severity, NULL::VARCHAR AS layer, NULL::VARCHAR AS message WHERE false`;
  }
  return `${parts.join(' UNION ALL ')} ORDER BY source_file, source_position, row_id, rule`;
}

function messageOf(check: Check): string {
  return `${check.column ?? 'the row'} breaks ${check.rule} (${check.place.file}${check.place.line ? `:${check.place.line}` : ''})`;
}
