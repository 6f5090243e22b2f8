import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { repairCommonSlips } from './common-slip.ts';
import { fillFromColumns, repairColumn, repairForms, repairNear } from './column-repair.ts';
import { dependenciesOf } from './dependency.ts';
import type { Disputed } from './dependency-round.ts';
import type { ColumnCount, Healing, HealOptions, TextTable } from './healing.ts';
import { learnedDependencies } from './learned-dependency.ts';
import { Trust } from './trust.ts';
import { reopenDisputed, THRESHOLD, vote } from './vote.ts';
import { Ward } from './ward.ts';

/**
 * Heals a table of text by its contract, in place: cells that break a rule by programs that the synthesiser finds, cells that break a
 * dependency by what the rows of their groups attest, labelled errors by what the labels teach. A cell for which the evidence does not
 * suffice, or speaks for two values, stays as it is and is told.
 */
export async function heal(session: EngineSession, table: TextTable, options: HealOptions): Promise<Healing> {
  const ward = new Ward(session, table, options);
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${ident(table.name)}`);
  await ward.begin();
  // Labels put their own rows right last: until then they are examples, of what stands in the table.
  for (const property of ward.columns) await fillFromColumns(ward, property);
  const stated = dependenciesOf(
    options.contract,
    ward.columns.map(({ name }) => name),
  );
  // A form that several labels agree on is put right first: groups cannot say which of two forms is meant.
  for (const property of ward.columns) await repairForms(ward, property);
  // What other rows attest goes before what a program makes of a value: it has more to go by.
  const dependencies = [...stated, ...(await learnedDependencies(ward, stated))];
  const trust = new Trust(ward.labels);
  const least = options.threshold ?? THRESHOLD;
  const first = await vote(ward, dependencies, trust, least);
  for (const property of ward.columns) await repairColumn(ward, property);
  const { disputes, rounds } = await vote(ward, dependencies, trust, least);
  await reopenDisputed(ward, disputes);
  await ward.findBroken('_left');
  for (const property of ward.columns) {
    await repairNear(ward, property, disputes);
    await repairCommonSlips(ward, property, disputes);
  }
  await applyLabels(ward);
  await ward.recount();
  await ward.findBroken('_left');
  await writeOutcomes(ward, disputes);
  const counts = await session.rows<{ column: string; rule: string; outcome: ColumnCount['outcome']; cells: bigint }>(
    'SELECT "column", rule, outcome, count(*) AS cells FROM _healed GROUP BY ALL ORDER BY ALL',
  );
  return {
    rows: Number(counted?.rows ?? 0n),
    rounds: first.rounds + rounds,
    refusedLabels: ward.refusedLabels,
    counts: counts.map((one) => ({ ...one, cells: Number(one.cells) })),
    solutions: ward.solutions().sort((a, b) => b.cells - a.cells || (a.id < b.id ? -1 : 1)),
    cells: '_healed',
  };
}

/** A labelled cell holds what its label says, whatever was found for it. */
async function applyLabels(ward: Ward): Promise<void> {
  for (const property of ward.columns) {
    const given = ward.labels
      .filter(({ values }) => Object.hasOwn(values, property.name))
      .map(({ row, values }) => ({ r: String(row), v: values[property.name] ?? null }));
    if (given.length > 0) await ward.label(property, given);
  }
}

async function writeOutcomes(ward: Ward, disputes: readonly Disputed[]): Promise<void> {
  const rows = disputes
    .filter(({ broken }) => broken.length > 0)
    .map(({ row, column, vote: best, broken }) => ({
      r: String(row),
      c: column,
      a: best?.value ?? null,
      p: best?.probability ?? null,
      w: `${broken.join('; ')}: ${best === undefined ? 'no other value is attested' : 'the evidence does not suffice'}`,
    }));
  await ward.session.run('CREATE OR REPLACE TEMP TABLE _disputed (r BIGINT, c VARCHAR, a VARCHAR, p DOUBLE, w VARCHAR)');
  for (let from = 0; from < rows.length; from += 50_000) {
    await ward.session.run(
      `INSERT INTO _disputed SELECT unnest(from_json($1, '[{"r":"BIGINT","c":"VARCHAR","a":"VARCHAR","p":"DOUBLE","w":"VARCHAR"}]'), recursive := true)`,
      [JSON.stringify(rows.slice(from, from + 50_000))],
    );
  }
  const of = (wanted: string): string => JSON.stringify(ward.solutions().flatMap(({ id, category }) => (category === wanted ? [id] : [])));
  const values = ward.columns.map(({ name }) => `WHEN ${literal(name)} THEN ${ident(name)}`).join(' ');
  await ward.session.run(
    `CREATE OR REPLACE TEMP TABLE _healed AS SELECT * FROM (
       SELECT f._row AS row, f._col AS "column", coalesce(b._rule, CASE WHEN f._solution IN (SELECT unnest(from_json($1, '["VARCHAR"]'))) THEN 'dependency' WHEN f._solution IN (SELECT unnest(from_json($2, '["VARCHAR"]'))) THEN 'near-value' ELSE 'label' END) AS rule, 'repaired' AS outcome, f._before AS before, f._after AS after, f._solution AS solution, f._probability AS probability, f._why AS why
       FROM _fix f LEFT JOIN _found b ON b._row = f._row AND b._col = f._col
       UNION ALL
       SELECT l._row, l._col, l._rule, CASE WHEN d.a IS NULL THEN 'left' ELSE 'escalated' END, l._value, d.a, NULL, d.p, coalesce(d.w, 'no solution is known')
       FROM _left l LEFT JOIN _disputed d ON d.r = l._row AND d.c = l._col WHERE NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = l._row AND f._col = l._col)
       UNION ALL
       SELECT d.r, d.c, 'dependency', 'escalated', CASE d.c ${values} END, d.a, NULL, d.p, d.w FROM _disputed d JOIN ${ident(ward.table)} t ON t._row = d.r
       WHERE NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = d.r AND f._col = d.c) AND NOT EXISTS (SELECT 1 FROM _left l WHERE l._row = d.r AND l._col = d.c)
     ) ORDER BY row, "column"`,
    [of('dependency'), of('near-value')],
  );
}
