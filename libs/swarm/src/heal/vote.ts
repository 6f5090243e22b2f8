import { ident } from '@skein/kernel';
import type { Dependency } from './dependency.ts';
import { disputedCells, type Disputed, type Judged } from './dependency-round.ts';
import type { Trust } from './trust.ts';
import type { Ward } from './ward.ts';

/** Least probability of a repair that rests on other rows. */
export const THRESHOLD = 0.95;
/** Rows that must attest it. */
export const SUPPORT = 2;
/** Slips of case or punctuation in one column that may be chance. */
const FORMS = 10;
/** Share of a column's cells up to which another form is a slip too: hardly any source writes so little. */
const RARE_FORM = 0.05;
/** From here on a vote is worth weighing against another. */
const LIKELY = 0.3;
/** From here on another value is likelier than the one that stands. */
const EVEN = 0.5;
/** Rounds of votes: each repair may give evidence for others. */
const MOST_ROUNDS = 8;

export interface VoteBounds {
  /** Columns that may be changed; all where silent. */
  readonly may?: (column: string) => boolean;
  /** Cells of one dependency that are looked at; of one that more cells break, nothing is believed. */
  readonly most?: number;
}

/** Rounds of votes until none changes a cell. What is disputed at the end stands in the answer, by column and row. */
export async function vote(
  ward: Ward,
  dependencies: readonly Dependency[],
  trust: Trust,
  threshold: number,
  { may = () => true, most }: VoteBounds = {},
): Promise<{ disputes: Disputed[]; rounds: number }> {
  const judged = new Map(ward.columns.map(({ name, required }): [string, Judged] => [name, { name, required, accepts: ward.accepts(name) }]));
  const [counted] = await ward.session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${ident(ward.table)}`);
  let rounds = 0;
  let disputes: Disputed[] = [];
  while (dependencies.length > 0 && rounds < MOST_ROUNDS) {
    rounds++;
    await ward.findBroken('_broken');
    disputes = await disputedCells(ward.session, ward.table, dependencies, judged, '_broken', most);
    const contested = contestedCells(disputes);
    trust.learn(disputes, (one) => (one.vote?.support ?? 0) >= SUPPORT && !contested.has(one));
    let changed = 0;
    for (const [column, cells] of Map.groupBy(disputes, (one) => one.column)) {
      const property = ward.columns.find(({ name }) => name === column);
      if (property === undefined || !may(column)) continue;
      const least = trust.leastProbability(column, threshold);
      const mixed = hasTwoForms(cells, Number(counted?.rows ?? 0n));
      const sure = cells
        .filter(({ vote: best }) => best !== undefined && best.support >= SUPPORT && best.probability >= least)
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

/** Takes back what programs made of cells where another value is likelier: whether the rest of a form put right is right is not known. */
export async function reopenDisputed(ward: Ward, disputes: readonly Disputed[]): Promise<void> {
  for (const property of ward.columns)
    await ward.reopen(
      property,
      disputes.filter(({ column, vote: best }) => column === property.name && best !== undefined && best.probability >= EVEN).map(({ row }) => row),
    );
}

/** A vote for another form of the same letters and digits, where the contract takes both. */
function isForm({ value, fails, vote: best }: Disputed): boolean {
  const bare = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  return !fails && value !== null && best !== undefined && bare(value) === bare(best.value) && bare(value) !== '';
}

/** Whether a column is written in two forms: that is decided for the column, not group by group. */
function hasTwoForms(cells: readonly Disputed[], rows: number): boolean {
  const forms = cells.filter(isForm).length;
  return forms > FORMS && forms > 0.3 * cells.length && forms > RARE_FORM * rows;
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
  return `SELECT ${x}, ${ident(column)}, count(*) FROM ${ident(table)} GROUP BY ALL ORDER BY ${x}, 3 DESC, 2`;
}
