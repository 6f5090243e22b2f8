import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { heal } from './heal.ts';
import type { HealOptions, TextTable } from './healing.ts';
import { Ward } from './ward.ts';

/** A row worth a person's look, and what it would teach. */
export interface Suggestion {
  readonly row: bigint;
  readonly why: string;
}

/** Times that one kind of trouble is shown: once to learn it, once more to be sure, once to refute. */
const TIMES = 3;
const MOST_ROWS = 200;
/** Shapes that fewer rows of a column have are odd. */
const ODD = 0.2;

/**
 * Rows whose labels would teach most: a greedy cover of the kinds of trouble in the table (column, rule, outcome and the value's shape), the
 * kinds with most cells first, unsolved ones before solved; after them odd shapes that break no rule. The table is healed on a copy.
 */
export async function suggestLabels(session: EngineSession, table: TextTable, options: HealOptions, most: number): Promise<Suggestion[]> {
  const copy = `${table.name}_copy`;
  await session.run(`CREATE OR REPLACE TEMP TABLE ${ident(copy)} AS FROM ${ident(table.name)}`);
  const { cells } = await heal(session, { ...table, name: copy }, options);
  const known = new Set((options.labels ?? []).map(({ row }) => row));
  const ward = new Ward(session, table, options);
  const odd = ward.columns.map(({ name }) => {
    const shaped = `SELECT _row, ${shapeSql(ident(name))} AS shape FROM ${ident(table.name)}`;
    return `SELECT _row AS row, ${literal(name)} AS col, 'odd' AS rule, 'odd' AS outcome, shape FROM (${shaped}) QUALIFY count(*) OVER (PARTITION BY shape) < ${ODD} * count(*) OVER ()`;
  });
  const troubles = `SELECT row, "column" AS col, rule, outcome, ${shapeSql('before')} AS shape FROM ${ident(cells)}`;
  await session.run(
    `CREATE OR REPLACE TEMP TABLE _kinds AS SELECT *, count(*) OVER (PARTITION BY col, rule, outcome, shape) AS n FROM (${[troubles, ...odd].join(' UNION ALL ')})`,
  );
  // A few rows of each kind suffice to choose from.
  const rows = await session.rows<{ row: bigint; kinds: { col: string; rule: string; outcome: string; shape: string; n: bigint }[] }>(
    `WITH few AS (SELECT DISTINCT row FROM (SELECT row FROM _kinds QUALIFY row_number() OVER (PARTITION BY col, rule, outcome, shape ORDER BY hash(row), row) <= ${TIMES * 2}) )
     SELECT row, list({'col': col, 'rule': rule, 'outcome': outcome, 'shape': coalesce(shape, ''), 'n': n}) AS kinds FROM _kinds SEMI JOIN few USING (row) GROUP BY row ORDER BY row`,
  );
  const shownTimes = new Map<string, number>();
  const weights: Readonly<Record<string, number>> = { left: 4, escalated: 3, repaired: 2, odd: 0.5 };
  const chosen: Suggestion[] = [];
  const open = new Map(rows.filter(({ row }) => !known.has(row)).map((one) => [one.row, one.kinds]));
  while (chosen.length < Math.min(most, MOST_ROWS) && open.size > 0) {
    let [best, gain, why]: [bigint | undefined, number, string] = [undefined, 0, ''];
    for (const [row, kinds] of open) {
      let [sum, top, reason] = [0, 0, ''];
      for (const kind of kinds) {
        const times = shownTimes.get(keyOf(kind)) ?? 0;
        const worth = times >= TIMES ? 0 : ((weights[kind.outcome] ?? 1) * Math.log2(1 + Number(kind.n))) / 2 ** times;
        sum += worth;
        if (worth > top)
          [top, reason] = [worth, `${kind.col}: ${kind.rule === 'odd' ? 'an odd shape' : `${kind.rule}, ${kind.outcome}`}, ${kind.n} cells alike`];
      }
      if (sum > gain) [best, gain, why] = [row, sum, reason];
    }
    if (best === undefined) break;
    for (const kind of open.get(best) ?? []) shownTimes.set(keyOf(kind), (shownTimes.get(keyOf(kind)) ?? 0) + 1);
    open.delete(best);
    chosen.push({ row: best, why });
  }
  await session.run(`DROP TABLE ${ident(copy)}`);
  return chosen;
}

function keyOf(kind: { readonly col: string; readonly rule: string; readonly outcome: string; readonly shape: string }): string {
  return JSON.stringify([kind.col, kind.rule, kind.outcome, kind.shape]);
}

/** A coarse shape in SQL: runs of digits, capitals, small letters and blanks as one sign each. */
function shapeSql(text: string): string {
  return `regexp_replace(regexp_replace(regexp_replace(regexp_replace(left(${text}, 60), '[0-9]+', '9', 'g'), '\\p{Lu}*\\p{Ll}+|\\p{Lu}+', 'a', 'g'), 'a([ -]a)+', 'a a', 'g'), '[ ]+', ' ', 'g')`;
}
