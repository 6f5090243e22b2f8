import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { fillFromColumns, repairColumn, repairForms, repairNear } from './column-repair.ts';
import { dependenciesOf, type Dependency } from './dependency.ts';
import { disputedCells, type Disputed, type Judged } from './dependency-round.ts';
import type { ColumnCount, Healing, HealOptions, TextTable } from './healing.ts';
import { learnedDependencies } from './learned-dependency.ts';
import { Trust } from './trust.ts';
import { Ward } from './ward.ts';

/** Least probability of a repair that rests on other rows. */
const THRESHOLD = 0.95;
/** Slips of case or punctuation in one column that may be chance. */
const FORMS = 10;
/** From here on a vote is worth weighing against another. */
const LIKELY = 0.3;
/** From here on another value is likelier than the one that stands. */
const EVEN = 0.5;
/** Rounds of votes: each repair may give evidence for others. */
const MOST_ROUNDS = 8;

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
  // A form put right is no repair where the group holds another value: whether the rest of it is right is not known.
  for (const property of ward.columns)
    await ward.reopen(
      property,
      disputes.filter(({ column, vote: best }) => column === property.name && best !== undefined && best.probability >= EVEN).map(({ row }) => row),
    );
  await ward.findBroken('_left');
  for (const property of ward.columns) await repairNear(ward, property, disputes);
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

/** Rounds of votes until none changes a cell. What is disputed at the end stands in the answer, by column and row. */
async function vote(ward: Ward, dependencies: readonly Dependency[], trust: Trust, threshold: number): Promise<{ disputes: Disputed[]; rounds: number }> {
  const judged = new Map(ward.columns.map(({ name, required }): [string, Judged] => [name, { name, required, accepts: ward.accepts(name) }]));
  let rounds = 0;
  let disputes: Disputed[] = [];
  while (dependencies.length > 0 && rounds < MOST_ROUNDS) {
    rounds++;
    await ward.findBroken('_broken');
    disputes = await disputedCells(ward.session, ward.table, dependencies, judged, '_broken');
    trust.learn(disputes);
    const contested = contestedCells(disputes);
    let changed = 0;
    for (const [column, cells] of Map.groupBy(disputes, (one) => one.column)) {
      const property = ward.columns.find(({ name }) => name === column);
      if (property === undefined) continue;
      const least = trust.leastProbability(column, threshold);
      const mixed = hasTwoForms(cells);
      const sure = cells
        .filter(({ vote: best }) => best !== undefined && best.support >= 2 && best.probability >= least)
        .filter((cell) => !contested.has(cell) && !(mixed && isForm(cell)));
      for (const [sources, found] of Map.groupBy(sure, ({ vote: best }) => best?.sources.join('; ') ?? '')) {
        const solution = {
          column,
          category: 'dependency',
          why: `what the other rows of the group attest, by ${sources}`,
          sql: groupSql(ward.table, column, sources),
          expression: undefined,
        };
        const changes = found.flatMap(({ row, vote: best }) =>
          best === undefined ? [] : [{ row, value: best.value, probability: best.probability, why: `${sources}: ${best.support} rows attest it` }],
        );
        await ward.reopen(
          property,
          changes.map(({ row }) => row),
        );
        changed += await ward.applyCells(property, solution, changes);
      }
    }
    if (changed === 0) break;
  }
  return { disputes, rounds };
}

/** A vote for another form of the same letters and digits, where the contract takes both. */
function isForm({ value, fails, vote: best }: Disputed): boolean {
  const bare = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  return !fails && value !== null && best !== undefined && bare(value) === bare(best.value) && bare(value) !== '';
}

/** Whether a column is written in two forms: that is decided for the column, not group by group. */
function hasTwoForms(cells: readonly Disputed[]): boolean {
  const forms = cells.filter(isForm).length;
  return forms > FORMS && forms > 0.3 * cells.length;
}

/**
 * Cells of which each is wrong if the other is right: `journal → issn` and `issn → journal` both speak, each against the other's cell. Two solutions
 * that are equally good are a conflict. A cell that the contract refuses is wrong in any case. Contested too is what rests on a determinant that is
 * in doubt itself: `zip → state` speaks against the state by which `state, salary → rate` looks for the rate.
 */
function contestedCells(disputes: readonly Disputed[]): Set<Disputed> {
  const contested = new Set<Disputed>();
  for (const cells of Map.groupBy(disputes, ({ row }) => row).values()) {
    for (const one of cells) {
      if (one.fails) continue;
      const rival = cells.find(
        (other) =>
          other !== one && one.vote?.determinants.includes(other.column) && other.vote?.determinants.includes(one.column) && other.vote.probability >= LIKELY,
      );
      const doubted = new Set(cells.filter((other) => other !== one && (other.vote?.probability ?? 0) >= LIKELY).map(({ column }) => column));
      const sources = one.vote?.sources ?? [];
      if (rival !== undefined || (sources.length > 0 && sources.every((source) => determinantOf(source).some((name) => doubted.has(name))))) contested.add(one);
    }
  }
  return contested;
}

/** The columns in front of a dependency's arrow. */
function determinantOf(source: string): string[] {
  return source.split(/ → | ⇠ /)[0]?.split(', ') ?? [];
}

/** What the evidence was counted by, for a person who wants to look: the first dependency that speaks. */
function groupSql(table: string, column: string, sources: string): string {
  const [first = ''] = sources.split('; ');
  const x = determinantOf(first).map(ident).join(', ');
  return `SELECT ${x}, ${ident(column)}, count(*) FROM ${ident(table)} GROUP BY ALL ORDER BY ${x}, 3 DESC`;
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
  const values = ward.columns.map(({ name }) => `WHEN ${literal(name)} THEN ${ident(name)}`).join(' ');
  await ward.session.run(
    `CREATE OR REPLACE TEMP TABLE _healed AS SELECT * FROM (
       SELECT f._row AS row, f._col AS "column", coalesce(b._rule, CASE WHEN f._solution IN (SELECT unnest(from_json($1, '["VARCHAR"]'))) THEN 'dependency' ELSE 'label' END) AS rule, 'repaired' AS outcome, f._before AS before, f._after AS after, f._solution AS solution, f._probability AS probability, f._why AS why
       FROM _fix f LEFT JOIN _found b ON b._row = f._row AND b._col = f._col
       UNION ALL
       SELECT l._row, l._col, l._rule, CASE WHEN d.a IS NULL THEN 'left' ELSE 'escalated' END, l._value, d.a, NULL, d.p, coalesce(d.w, 'no solution is known')
       FROM _left l LEFT JOIN _disputed d ON d.r = l._row AND d.c = l._col WHERE NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = l._row AND f._col = l._col)
       UNION ALL
       SELECT d.r, d.c, 'dependency', 'escalated', CASE d.c ${values} END, d.a, NULL, d.p, d.w FROM _disputed d JOIN ${ident(ward.table)} t ON t._row = d.r
       WHERE NOT EXISTS (SELECT 1 FROM _fix f WHERE f._row = d.r AND f._col = d.c) AND NOT EXISTS (SELECT 1 FROM _left l WHERE l._row = d.r AND l._col = d.c)
     ) ORDER BY row, "column"`,
    [
      JSON.stringify(
        ward
          .solutions()
          .filter(({ category }) => category === 'dependency')
          .map(({ id }) => id),
      ),
    ],
  );
}
