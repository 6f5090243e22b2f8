import { engineType, type Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { bindExpression, type Pattern } from '@skein/pattern';
import { annotateSql } from '@skein/verifier';
import { CANDIDATE, MENDS, type Rows, type Task } from './candidate.ts';
import { CELLS, GAP_VALUES, type OpenGap } from './gap.ts';

/** Repaired rows that stand, with `_mend`, the number of the row that each replaced. */
const MENDED = '_mended';

/** What applying one pattern to one gap came to, in distinct values. */
export interface Application {
  readonly gap: OpenGap;
  readonly pattern: Pattern;
  readonly why: string;
  readonly tried: number;
  readonly refused: number;
}

export async function openMends({ session }: Task): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${MENDS} (id BIGINT, "column" VARCHAR, rule VARCHAR, check_id VARCHAR, value VARCHAR, repaired VARCHAR, pattern VARCHAR, gap INTEGER, evidence VARCHAR)`,
  );
}

/**
 * Applies a pattern to the cells of a gap that nothing has repaired yet, as one statement. Repaired values that the contract's text judge
 * refuses are taken back; where more than one in twenty is refused, all of them are. The pattern must have passed `checkSolution`.
 */
export async function applyPattern({ session }: Task, gap: OpenGap, pattern: Pattern, why: string): Promise<Application> {
  const none = { gap, pattern, why, tried: 0, refused: 0 };
  if (pattern.solution.kind !== 'expression') return none;
  const { touches, repaired } = bindExpression(pattern.solution, 'c.value', (name) => `r.${ident(name)}::VARCHAR`);
  await session.run(
    `INSERT INTO ${MENDS} SELECT c.id, c."column", c.rule, c.check_id, c.value, ${repaired}, ${literal(pattern.id)}, g.gap, NULL
     FROM ${CELLS} c JOIN ${GAP_VALUES} g ON g."column" = c."column" AND g.rule = c.rule AND g.value = c.value JOIN ${CANDIDATE} r ON r.rowid = c.id
     WHERE g.gap = ${gap.index} AND ${touches} AND NOT EXISTS (SELECT 1 FROM ${MENDS} m WHERE m.id = c.id AND m."column" = c."column")`,
  );
  const mine = `pattern = ${literal(pattern.id)} AND gap = ${gap.index}`;
  const outcomes = await session.rows<{ repaired: string | null; n: bigint }>(
    `SELECT repaired, count(DISTINCT value) AS n FROM ${MENDS} WHERE ${mine} GROUP BY 1 ORDER BY 1`,
  );
  const bad = outcomes.filter((one) => !gap.facts.accepts(one.repaired));
  const tried = outcomes.reduce((sum, { n }) => sum + Number(n), 0);
  const refused = bad.reduce((sum, { n }) => sum + Number(n), 0);
  if (refused * 20 > tried) await session.run(`DELETE FROM ${MENDS} WHERE ${mine}`);
  else if (bad.length > 0)
    await session.run(`DELETE FROM ${MENDS} WHERE ${mine} AND repaired IN (${bad.map(({ repaired: value }) => literal(value)).join(', ')})`);
  return { gap, pattern, why, tried, refused };
}

/**
 * Puts the repairs into their rows and has the contract judge these rows again. A row stands repaired where the rules that its repairs were
 * for hold and none is newly broken; else all of it stays as it was. Returns how many rows stand.
 */
export async function putMends({ session, product }: Task, { plan, columns }: Rows): Promise<number> {
  const properties = product.contract.properties.filter(({ name }) => columns.includes(name));
  const mended = (await session.rows<{ column: string }>(`SELECT DISTINCT "column" FROM ${MENDS} ORDER BY 1`)).map(({ column }) => column);
  if (mended.length === 0) return 0;
  const overlay = columns.map((name) => {
    const property = properties.find((one) => one.name === name);
    if (name === '_invalid') return `list_filter(_invalid, lambda _i: NOT (_i.rule = 'type' AND list_contains(_m._columns, _i."column"))) AS _invalid`;
    if (property === undefined || !mended.includes(name)) return `r.${ident(name)}`;
    return `CASE WHEN list_contains(_m._columns, ${literal(name)}) THEN ${typed(`_m._repairs[list_position(_m._columns, ${literal(name)})]`, property)} ELSE r.${ident(name)} END AS ${ident(name)}`;
  });
  const byRow = `SELECT id, list("column" ORDER BY "column") AS _columns, list(repaired ORDER BY "column") AS _repairs FROM ${MENDS} GROUP BY id`;
  const rows = `SELECT ${overlay.join(', ')}, r.rowid AS _mend FROM ${CANDIDATE} r JOIN (${byRow}) _m ON _m.id = r.rowid`;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${MENDED} AS ${annotateSql(plan, `(${rows})`, [...columns, '_mend'])}`);
  // What still breaks must have been broken before, and may not lie in a repaired column.
  const inMended = plan.checks.filter((check) => check.column !== undefined && mended.includes(check.column));
  const columnOf =
    inMended.length === 0 ? 'NULL' : `CASE _f ${inMended.map((check) => `WHEN ${literal(check.id)} THEN ${literal(check.column ?? '')}`).join(' ')} END`;
  const lost = mended.map(
    (name) =>
      `(n.${ident(name)} IS NULL AND list_contains(_m._columns, ${literal(name)}) AND _m._repairs[list_position(_m._columns, ${literal(name)})] IS NOT NULL)`,
  );
  await session.run(
    `DELETE FROM ${MENDED} WHERE _mend IN (SELECT n._mend FROM ${MENDED} n JOIN ${CANDIDATE} o ON o.rowid = n._mend JOIN (${byRow}) _m ON _m.id = n._mend
       WHERE len(list_filter(coalesce(n._failed, []), lambda _f: NOT list_contains(o._failed, _f) OR coalesce(list_contains(_m._columns, ${columnOf}), false))) > 0 OR ${lost.join(' OR ')})`,
  );
  await session.run(`DELETE FROM ${CANDIDATE} WHERE rowid IN (SELECT _mend FROM ${MENDED})`);
  await session.run(`INSERT INTO ${CANDIDATE} BY NAME SELECT * FROM ${MENDED}`);
  const [count] = await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${MENDED}`);
  return Number(count?.n ?? 0n);
}

function typed(text: string, property: Property): string {
  return `TRY_CAST(${text} AS ${engineType(property.type)})`;
}

/** Repairs that stand: SELECT of `MENDS` with the row that carries each. */
export const STANDING = `SELECT m.* FROM ${MENDS} m WHERE m.id IN (SELECT _mend FROM ${MENDED})`;
