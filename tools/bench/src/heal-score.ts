import type { Contract } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { heal, suggestLabels, type LabelledRow } from '@skein/swarm';
import { Random } from './heal-random.ts';

/** A dirty table and the clean one, as two tables of text of the engine with `_row`; rows with one number belong together. */
export interface HealTask {
  readonly contract: Contract;
  readonly columns: readonly string[];
  readonly dirty: string;
  readonly clean: string;
}

/** Figures as the literature has them (Raha, SIGMOD 2019; Baran, VLDB 2020): by cell, over all cells that differ between dirty and clean. */
export interface HealScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly detection_precision: number;
  readonly detection_recall: number;
  readonly detection_f1: number;
  readonly errors: number;
  readonly repaired: number;
  readonly wrong: number;
  readonly escalated: number;
  readonly rows_per_s: number;
}

/** A missing value and an empty text are one: delimited text does not tell them apart. */
const same = (a: string, b: string): string => `coalesce(${a}, '') = coalesce(${b}, '')`;

export async function scoreHealing(session: EngineSession, task: HealTask, labels: readonly LabelledRow[]): Promise<HealScore> {
  await session.run(`CREATE OR REPLACE TEMP TABLE _work AS FROM ${ident(task.dirty)}`);
  const start = performance.now();
  const healing = await heal(session, { name: '_work', columns: task.columns }, { contract: task.contract, labels });
  const seconds = (performance.now() - start) / 1000;
  const cells = task.columns.map(
    (column) =>
      `SELECT d._row, ${literal(column)} AS col, d.${ident(column)} AS dirty, c.${ident(column)} AS clean, w.${ident(column)} AS healed FROM ${ident(task.dirty)} d JOIN ${ident(task.clean)} c USING (_row) JOIN _work w USING (_row)`,
  );
  const [counted] = await session.rows<Record<'errors' | 'repaired' | 'right' | 'found' | 'hit' | 'escalated', bigint>>(
    `WITH cells AS (SELECT *, NOT (${same('dirty', 'clean')}) AS error, NOT (${same('dirty', 'healed')}) AS changed, ${same('healed', 'clean')} AS correct FROM (${cells.join(' UNION ALL ')})),
       told AS (SELECT DISTINCT row AS _row, "column" AS col FROM ${ident(healing.cells)})
     SELECT count(*) FILTER (error) AS errors, count(*) FILTER (changed) AS repaired, count(*) FILTER (changed AND correct) AS right,
       count(*) FILTER (told._row IS NOT NULL) AS found, count(*) FILTER (told._row IS NOT NULL AND error) AS hit,
       (SELECT count(*) FROM ${ident(healing.cells)} WHERE outcome <> 'repaired') AS escalated
     FROM cells LEFT JOIN told USING (_row, col)`,
  );
  const n = (name: 'errors' | 'repaired' | 'right' | 'found' | 'hit' | 'escalated'): number => Number(counted?.[name] ?? 0n);
  const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  const f1 = (p: number, r: number): number => (p + r === 0 ? 0 : (2 * p * r) / (p + r));
  const [precision, recall] = [share(n('right'), n('repaired')), share(n('right'), n('errors'))];
  const [found, hit] = [share(n('hit'), n('found')), share(n('hit'), n('errors'))];
  return {
    precision,
    recall,
    f1: f1(precision, recall),
    detection_precision: found,
    detection_recall: hit,
    detection_f1: f1(found, hit),
    errors: n('errors'),
    repaired: n('repaired'),
    wrong: n('repaired') - n('right'),
    escalated: n('escalated'),
    rows_per_s: Math.round(healing.rows / seconds),
  };
}

/** Labels of these rows, as a person who knows the clean table writes them. */
export async function labelsOf(session: EngineSession, { columns, clean }: HealTask, rows: readonly bigint[]): Promise<LabelledRow[]> {
  if (rows.length === 0) return [];
  const found = await session.rows<Record<string, string | bigint | null>>(`SELECT * FROM ${ident(clean)} WHERE _row IN (${rows.join(', ')}) ORDER BY _row`);
  return found.map((row) => ({ row: row['_row'] as bigint, values: Object.fromEntries(columns.map((column) => [column, row[column] as string | null])) }));
}

/** Rows chosen by chance, all alike. */
export async function randomRows(session: EngineSession, { dirty }: HealTask, count: number, seed: number): Promise<bigint[]> {
  const rows = await session.rows<{ row: bigint }>(`SELECT _row AS row FROM ${ident(dirty)} ORDER BY _row`);
  const random = new Random(seed);
  const chosen = new Set<bigint>();
  while (chosen.size < Math.min(count, rows.length)) chosen.add(random.one(rows).row);
  return [...chosen];
}

/** Rows that `skein heal --suggest-labels` names. */
export async function suggestedRows(session: EngineSession, { dirty, columns, contract }: HealTask, count: number): Promise<bigint[]> {
  return (await suggestLabels(session, { name: dirty, columns }, { contract }, count)).map(({ row }) => row);
}

/** What a person would try first: each dependent column takes the commonest value of its group, and nothing else is done. Its correction F1. */
export async function majorityF1(session: EngineSession, task: HealTask): Promise<number> {
  await session.run(`CREATE OR REPLACE TEMP TABLE _work AS FROM ${ident(task.dirty)}`);
  for (const { determinant, dependent } of task.contract.dependencies) {
    for (const column of dependent) {
      const x = determinant.map(ident);
      const [a, on] = [ident(column), x.map((name) => `t.${name} = m.${name}`).join(' AND ')];
      await session.run(
        `UPDATE _work t SET ${a} = m.v FROM (SELECT ${x.join(', ')}, mode(${a}) AS v, count(*) AS n FROM _work GROUP BY ALL) m WHERE ${on} AND m.n > 1 AND m.v IS NOT NULL`.replace(
          'GROUP BY ALL',
          `GROUP BY ${x.join(', ')}`,
        ),
      );
    }
  }
  const cells = task.columns.map(
    (column) =>
      `SELECT d.${ident(column)} AS dirty, c.${ident(column)} AS clean, w.${ident(column)} AS healed FROM ${ident(task.dirty)} d JOIN ${ident(task.clean)} c USING (_row) JOIN _work w USING (_row)`,
  );
  const [row] = await session.rows<{ errors: bigint; repaired: bigint; right: bigint }>(
    `SELECT count(*) FILTER (NOT (${same('dirty', 'clean')})) AS errors, count(*) FILTER (NOT (${same('dirty', 'healed')})) AS repaired, count(*) FILTER (NOT (${same('dirty', 'healed')}) AND ${same('healed', 'clean')}) AS right FROM (${cells.join(' UNION ALL ')})`,
  );
  const [errors, repaired, right] = [Number(row?.errors ?? 0n), Number(row?.repaired ?? 0n), Number(row?.right ?? 0n)];
  return errors + repaired === 0 ? 0 : (2 * right) / (errors + repaired);
}
