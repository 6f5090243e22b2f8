import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { examplesOf } from './column-repair.ts';
import type { Disputed } from './dependency-round.ts';
import type { Ward } from './ward.ts';

/** Share of a column's present cells that a value holds which slips are told by. */
const COMMON = 0.1;
/** Cells that hold it at least. */
const LEAST = 50;
/** A slip stands this many times more seldom than the value. */
const SELDOM = 50;
/** Places of the value at which slips are found: slips scatter, and names of things differ in one place (`Terminal A`, `Terminal B`). */
const PLACES = 3;
/** Below this length too little is left of a value to know it by. */
const SHORTEST = 4;

/**
 * Slips of the few values that a text column mostly holds, in cells of which neither the contract nor a dependency says anything: `emxty` among a
 * thousand `empty`. One edit (Damerau 1964) or the case apart from one such value alone, seldom, of the same digits, and with others of the kind
 * at other places of the value. A label that holds to one of them speaks for all.
 */
export async function repairCommonSlips(ward: Ward, property: Property, disputes: readonly Disputed[]): Promise<void> {
  if (property.type.kind !== 'string' || ward.isKey(property)) return;
  const [table, column] = [ident(ward.table), ident(property.name)];
  const counts = `(SELECT ${column} AS v, count(*) AS n FROM ${table} WHERE ${column} IS NOT NULL GROUP BY 1)`;
  const common = await ward.session.rows<{ value: string; count: bigint }>(
    `SELECT v AS value, n AS count FROM (SELECT v, n, sum(n) OVER () AS present FROM ${counts}) WHERE n >= ${COMMON} * present AND n >= ${LEAST} AND length(v) BETWEEN ${SHORTEST} AND 200 ORDER BY n DESC, v`,
  );
  if (common.length === 0) return;
  const found = await ward.session.rows<{ value: string; top: string }>(
    `SELECT c.v AS value, t.v AS top FROM ${counts} c JOIN (SELECT unnest(from_json($1, '[{"v":"VARCHAR","n":"BIGINT"}]'), recursive := true)) t
       ON c.n * ${SELDOM} <= t.n AND abs(length(c.v) - length(t.v)) <= 1 AND (lower(c.v) = lower(t.v) OR damerau_levenshtein(c.v, t.v) = 1)
     WHERE regexp_replace(c.v, '[^0-9]', '', 'g') = regexp_replace(t.v, '[^0-9]', '', 'g') ORDER BY 1, 2`,
    [JSON.stringify(common.map(({ value, count }) => ({ v: value, n: String(count) })))],
  );
  const told = new Set(disputes.filter((one) => one.column === property.name).map(({ row }) => row));
  const held = new Set((await examplesOf(ward, property)).map(({ output }) => output));
  const ambiguous = new Set(found.filter(({ value }, index) => found.findIndex((one) => one.value === value) !== index).map(({ value }) => value));
  for (const [top, all] of Map.groupBy(found, (one) => one.top)) {
    const slips = all.map(({ value }) => value).filter((value) => !ambiguous.has(value));
    if (slips.some((value) => held.has(value)) || new Set(slips.map((value) => placeOf(value, top))).size < PLACES) continue;
    const why = `a slip of ${JSON.stringify(top)}, which most rows hold`;
    const rows = await ward.session.rows<{ row: bigint }>(`SELECT _row AS row FROM ${table} WHERE ${column} IN (SELECT unnest(from_json($1, '["VARCHAR"]')))`, [
      JSON.stringify(slips),
    ]);
    const sql = `CASE WHEN ${column} IN (${slips.map(literal).join(', ')}) THEN ${literal(top)} ELSE ${column} END`;
    const changes = rows.filter(({ row }) => !told.has(row)).map(({ row }) => ({ row, value: top, probability: 0.97, why }));
    await ward.applyCells(property, { column: property.name, category: 'near-value', why, sql, expression: undefined }, changes);
  }
}

/** Where two texts begin to differ; -1 where they differ in case alone. */
function placeOf(a: string, b: string): number {
  if (a.toLowerCase() === b.toLowerCase()) return -1;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}
