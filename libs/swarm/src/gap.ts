import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { shapeOf, signatureKey, signatureOf, type ColumnFacts, type Gap } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import type { DataProduct } from '@skein/product';
import { textAccepts, violationValueSql } from '@skein/verifier';
import { CANDIDATE, MENDS, type Rows, type Task } from './candidate.ts';

/** Cells that break a rule by themselves: `id` (row of the candidate), `column`, `rule`, `check_id`, `value`. */
export const CELLS = '_cells';
/** Which gap a failing value belongs to: `column`, `rule`, `value`, `gap`. */
export const GAP_VALUES = '_gap_values';

/** Distinct failing values that are looked at, the commonest first; gaps that are looked at. What lies beyond is escalated by its rule alone. */
const MOST_VALUES = 10_000;
const MOST_GAPS = 200;
const ACCEPTED_SAMPLE = 2_000;

/** A gap of the product that is being made. */
export interface OpenGap {
  /** Its number in `GAP_VALUES`. */
  readonly index: number;
  readonly key: string;
  readonly property: Property;
  readonly gap: Gap;
  readonly facts: ColumnFacts;
  /** Whether the step says that the column's text may be repaired in place. */
  readonly repairable: boolean;
}

/** Whether the step offers the column for repair. */
export function isRepairable({ product }: Task, { name, keyPosition }: Property): boolean {
  return (product.step.repairable ?? []).includes(name) && keyPosition === undefined;
}

/**
 * Groups the cells that break a rule by themselves, and that nothing has repaired yet, by rule, column and shape of the value. Nothing is read twice where
 * all rows are clean.
 */
export async function findGaps(task: Task, rows: Rows): Promise<OpenGap[]> {
  const { session, product } = task;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${CELLS} (id BIGINT, "column" VARCHAR, rule VARCHAR, check_id VARCHAR, value VARCHAR)`);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${GAP_VALUES} ("column" VARCHAR, rule VARCHAR, value VARCHAR, gap INTEGER)`);
  const failing = await session.rows<{ found: boolean }>(`SELECT EXISTS (SELECT 1 FROM ${CANDIDATE} WHERE _failed IS NOT NULL) AS found`);
  if (failing[0]?.found !== true) return [];
  await session.run(
    `INSERT INTO ${CELLS} SELECT c.* FROM (${cellsSql(rows)}) c WHERE NOT EXISTS (SELECT 1 FROM ${MENDS} m WHERE m.id = c.id AND m."column" = c."column")`,
  );
  const values = await session.rows<{ column: string; rule: string; value: string; count: bigint }>(
    `SELECT "column", rule, value, count(*) AS count FROM ${CELLS} WHERE value IS NOT NULL GROUP BY ALL ORDER BY count DESC, "column", rule, value LIMIT ${MOST_VALUES}`,
  );
  const groups = Map.groupBy(values, ({ column, rule, value }) => JSON.stringify([column, rule, shapeOf(value)]));
  const gaps: OpenGap[] = [];
  const facts = new Map<string, ColumnFacts>();
  for (const found of groups.values()) {
    const [first] = found;
    const property = product.contract.properties.find(({ name }) => name === first?.column);
    if (first === undefined || property === undefined || gaps.length >= MOST_GAPS) continue;
    const repairable = isRepairable(task, property);
    const counted = found.map(({ value, count }) => ({ value, count: Number(count) }));
    const signature = signatureOf(first.rule, property, counted);
    const known = facts.get(property.name) ?? { property, accepts: textAccepts(property), accepted: repairable ? await acceptedValues(task, property) : [] };
    facts.set(property.name, known);
    const [domain = ''] = product.id.split('.');
    gaps.push({
      index: gaps.length,
      key: signatureKey(signature),
      property,
      gap: {
        context: { domain, product: product.id, column: property.name },
        signature,
        cells: counted.reduce((sum, { count }) => sum + count, 0),
        values: counted,
      },
      facts: known,
      repairable,
    });
  }
  const listed = gaps.flatMap(({ index, gap, property }) =>
    gap.values.map(({ value }) => `(${literal(property.name)}, ${literal(gap.signature.rule)}, ${text(value)}, ${index})`),
  );
  if (listed.length > 0) await session.run(`INSERT INTO ${GAP_VALUES} VALUES ${listed.join(', ')}`);
  return gaps;
}

/** A constant that may hold the character zero, which no SQL text can. */
export function text(value: string | null): string {
  return (value ?? '').split('\0').map(literal).join(' || chr(0) || ');
}

function cellsSql({ plan, columns, extras }: Rows): string {
  const checks = plan.checks.filter(
    (check) => check.level === 'row' && check.column !== undefined && check.reads.length === 1 && columns.includes(check.reads[0] ?? ''),
  );
  const one = (pick: (check: (typeof checks)[number]) => string) =>
    `CASE _check ${checks.map((check) => `WHEN ${literal(check.id)} THEN ${pick(check)}`).join(' ')} END`;
  const parts = [`SELECT NULL::BIGINT AS id, NULL::VARCHAR AS "column", NULL::VARCHAR AS rule, NULL::VARCHAR AS check_id, NULL::VARCHAR AS value WHERE false`];
  if (checks.length > 0) {
    const listed = checks.map((check) => literal(check.id)).join(', ');
    parts.push(
      `SELECT _id, ${one((check) => literal(check.column ?? ''))}, ${one((check) => literal(check.rule))}, _check, ${one((check) => violationValueSql(check))}
       FROM (SELECT *, rowid AS _id, unnest(_failed) AS _check FROM ${CANDIDATE} WHERE _failed IS NOT NULL) WHERE _check IN (${listed})`,
    );
  }
  if (extras.includes('_invalid')) {
    parts.push(
      `SELECT _id, _i."column", _i.rule, _i."column" || '.' || _i.rule, _i.value FROM (SELECT rowid AS _id, unnest(_invalid) AS _i FROM ${CANDIDATE} WHERE _failed IS NOT NULL AND len(_invalid) > 0) WHERE _i.rule = 'type'`,
    );
  }
  return parts.join(' UNION ALL ');
}

async function acceptedValues({ session }: Task, { name }: Property): Promise<{ value: string; count: number }[]> {
  const column = `"${name.replaceAll('"', '""')}"`;
  const found = await session.rows<{ value: string; count: bigint }>(
    `SELECT ${column}::VARCHAR AS value, count(*) AS count FROM ${CANDIDATE} WHERE _failed IS NULL AND ${column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${ACCEPTED_SAMPLE}`,
  );
  return found.map(({ value, count }) => ({ value, count: Number(count) }));
}

/** Some rows of a gap as text, with the value as it came; to be called while the candidate stands. */
export async function gapRows(
  { rows }: EngineSession,
  product: DataProduct,
  { index, property }: OpenGap,
  most: number,
): Promise<Record<string, string | null>[]> {
  const columns = product.contract.properties.filter(({ type }) => !['struct', 'list', 'map'].includes(type.kind)).map(({ name }) => name);
  const found = await rows<{ column: string }>(`SELECT column_name AS "column" FROM (DESCRIBE ${CANDIDATE})`);
  const offered = columns.filter((name) => name !== property.name && found.some((one) => one.column === name));
  return rows<Record<string, string | null>>(
    `SELECT ${[`c.value AS ${ident(property.name)}`, ...offered.map((name) => `r.${ident(name)}::VARCHAR AS ${ident(name)}`)].join(', ')}
     FROM ${CELLS} c JOIN ${GAP_VALUES} g ON g."column" = c."column" AND g.rule = c.rule AND g.value = c.value JOIN ${CANDIDATE} r ON r.rowid = c.id
     WHERE g.gap = ${index} ORDER BY c.id LIMIT ${most}`,
  );
}
