import { ident } from '@skein/kernel';
import { examplesOf } from './column-repair.ts';
import type { Dependency } from './dependency.ts';
import type { Ward } from './ward.ts';

/** Share of the rows in groups that may disagree with their group before a dependency is none. */
const MOST_DISAGREEMENT = 0.1;
/** Labelled cells that a dependency must explain: corrections, and all of them. */
const CORRECTIONS = 1;
const CONFIRMATIONS = 4;
/** Rows of a group that count as a witness. */
const WITNESSES = 3;

/**
 * Dependencies that labels confirm, for columns of which the contract states none: a column of which a labelled correction is what the other rows of
 * its group hold, of which no labelled cell says otherwise, and which the table keeps nearly everywhere.
 */
export async function learnedDependencies(ward: Ward, stated: readonly Dependency[]): Promise<Dependency[]> {
  const table = ident(ward.table);
  const determined = new Set(stated.filter(({ backwards }) => !backwards).flatMap(({ dependent }) => dependent));
  const found = new Map<string, string[]>();
  for (const property of ward.columns) {
    if (determined.has(property.name)) continue;
    const examples = (await examplesOf(ward, property)).filter(({ output }) => output !== null);
    if (!examples.some(({ input, output }) => input !== output)) continue;
    const a = ident(property.name);
    for (const other of ward.columns) {
      if (other.name === property.name) continue;
      const x = ident(other.name);
      const groups = `SELECT ${x} AS x, ${a} AS v, count(*) AS n FROM ${table} WHERE ${x} IS NOT NULL AND ${a} IS NOT NULL GROUP BY ALL`;
      const tops = `SELECT x, first(v ORDER BY n DESC, v) AS top, max(n) AS most, sum(n) AS total, count(*) AS forms FROM (${groups}) GROUP BY x`;
      const [kept] = await ward.session.rows<{ rows: bigint | null; off: bigint | null; tops: bigint }>(
        `SELECT sum(total)::BIGINT AS rows, sum(total - most)::BIGINT AS off, count(DISTINCT top) AS tops FROM (${tops}) WHERE total >= ${WITNESSES}`,
      );
      // A column of one value is determined by everything, and tells nothing.
      if (!kept?.rows || kept.tops < 2n || Number(kept.off) > MOST_DISAGREEMENT * Number(kept.rows)) continue;
      const inputs = [...new Set(examples.flatMap(({ row }) => row?.[other.name] ?? []))];
      const witnesses = await ward.session.rows<{ x: string; top: string; most: bigint; total: bigint }>(
        `SELECT x, top, most, total FROM (${tops}) WHERE total >= ${WITNESSES} AND most * 2 > total AND x IN (SELECT unnest(from_json($1, '["VARCHAR"]')))`,
        [JSON.stringify(inputs)],
      );
      const top = new Map(witnesses.map((one) => [one.x, one.top]));
      let [right, corrected, wrong] = [0, 0, 0];
      for (const { input, output, row } of examples) {
        const says = top.get(row?.[other.name] ?? '');
        if (says === undefined) continue;
        if (says !== output) wrong++;
        else {
          right++;
          if (input !== output) corrected++;
        }
      }
      if (wrong === 0 && corrected >= CORRECTIONS && right >= CONFIRMATIONS) found.set(other.name, [...(found.get(other.name) ?? []), property.name]);
    }
  }
  return [...found].map(([determinant, dependent]) => ({ determinant: [determinant], dependent, backwards: false, learned: true }));
}
