import type { Property } from '@skein/contract';
import { ident, sha256 } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { textAccepts } from '@skein/verifier';
import { brokenCells, isSingle } from './cell-rule.ts';
import { repairColumn } from './column-repair.ts';
import { dependenciesOf, dependencyName } from './dependency.ts';
import { disputedCells, type Disputed, type Judged } from './dependency-round.ts';
import type { AppliedSolution, HealedCell, Healing, HealOptions, TextTable } from './healing.ts';

/** Least probability of a repair that rests on other rows. */
const THRESHOLD = 0.95;
/** Rounds of votes: each repair may give evidence for others. */
const MOST_ROUNDS = 8;

export interface Change {
  readonly row: bigint;
  readonly column: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly rule: string;
  readonly solution: string;
  readonly probability: number | undefined;
  readonly why: string;
}

/** The state of one healing: what stands in the table now, and what was done to it. */
export class Ward {
  readonly session: EngineSession;
  readonly table: string;
  readonly columns: readonly Property[];
  readonly accepts: ReadonlyMap<string, (value: string | null) => boolean>;
  readonly changes: Map<string, Change> = new Map();
  readonly solutions: Map<string, AppliedSolution> = new Map();

  constructor(session: EngineSession, table: TextTable, options: HealOptions) {
    this.session = session;
    this.table = table.name;
    const has = new Set(table.columns);
    this.columns = options.contract.properties.filter((property) => has.has(property.name) && isSingle(property));
    this.accepts = new Map(this.columns.map((property) => [property.name, textAccepts(property)]));
  }

  /** Writes repairs into the table. A cell is repaired once: what comes later of it is not taken. */
  async apply(changes: readonly Change[]): Promise<Change[]> {
    const fresh = changes.filter((change) => {
      const key = cellKey(change.row, change.column);
      if (this.changes.has(key)) return false;
      this.changes.set(key, change);
      return true;
    });
    const byColumn = Map.groupBy(fresh, ({ column }) => column);
    for (const [column, list] of byColumn) {
      for (let from = 0; from < list.length; from += 50_000) {
        const rows = list.slice(from, from + 50_000).map(({ row, after }) => ({ r: String(row), v: after }));
        await this.session.run(
          `UPDATE ${ident(this.table)} t SET ${ident(column)} = f.v FROM (SELECT unnest(from_json($1, '[{"r":"BIGINT","v":"VARCHAR"}]'), recursive := true)) f WHERE t._row = f.r`,
          [JSON.stringify(rows)],
        );
      }
    }
    return fresh;
  }

  solution(one: Omit<AppliedSolution, 'id' | 'cells'>): string {
    const id = sha256(JSON.stringify([one.category, one.column, one.sql])).slice(0, 16);
    if (!this.solutions.has(id)) this.solutions.set(id, { id, ...one, cells: 0 });
    return id;
  }

  /** `_broken`: the cells that break a rule of the contract by themselves. */
  async findBroken(name: string): Promise<void> {
    const selects = this.columns.map((property, index) => `SELECT _row, ${index} AS _at, _value, _rule FROM (${brokenCells(this.table, property)})`);
    const names = this.columns.map(({ name: column }) => column);
    await this.session.run(
      `CREATE OR REPLACE TEMP TABLE ${ident(name)} AS SELECT _row, from_json($1, '["VARCHAR"]')[_at + 1] AS _col, _value, _rule FROM (${selects.join(' UNION ALL ')})`,
      [JSON.stringify(names)],
    );
  }
}

export function cellKey(row: bigint, column: string): string {
  return `${row} ${column}`;
}

/**
 * Heals a table of text by its contract: cells that break a rule are repaired by programs that the synthesiser finds, cells that break a
 * dependency by what the rows of their groups attest, labelled errors by what the labels teach. The table is changed in place. A cell for which the
 * evidence does not suffice, or speaks for two values, stays as it is and is told.
 */
export async function heal(session: EngineSession, table: TextTable, options: HealOptions): Promise<Healing> {
  const ward = new Ward(session, table, options);
  const threshold = options.threshold ?? THRESHOLD;
  const [counted] = await session.rows<{ rows: bigint }>(`SELECT count(*) AS rows FROM ${ident(table.name)}`);
  await ward.findBroken('_found');
  for (const property of ward.columns) await repairColumn(ward, property, options.labels ?? []);
  const dependencies = dependenciesOf(
    options.contract,
    ward.columns.map(({ name }) => name),
  );
  const judged = new Map(
    ward.columns.map(({ name, required }): [string, Judged] => [name, { name, required, accepts: ward.accepts.get(name) ?? (() => true) }]),
  );
  const disputes = new Map<string, Disputed>();
  let rounds = 0;
  while (dependencies.length > 0 && rounds < MOST_ROUNDS) {
    rounds++;
    await ward.findBroken('_broken');
    const disputed = await disputedCells(session, table.name, dependencies, judged, '_broken');
    for (const one of disputed) if (one.broken.length > 0) disputes.set(cellKey(one.row, one.column), one);
    const changes = disputed.flatMap((cell): Change[] => {
      const { vote } = cell;
      if (!vote || vote.probability < threshold || vote.support < 2) return [];
      const why = `${vote.sources.join('; ')}: attested by ${vote.support} rows`;
      const sql = `${vote.sources.join('; ')}`;
      const solution = ward.solution({
        column: cell.column,
        category: 'dependency',
        why: `the value that the other rows of ${vote.sources.join(', ')} hold`,
        sql,
        expression: undefined,
      });
      return [{ row: cell.row, column: cell.column, before: cell.value, after: vote.value, rule: 'dependency', solution, probability: vote.probability, why }];
    });
    if ((await ward.apply(changes)).length === 0) break;
  }
  await ward.findBroken('_left');
  return { rows: Number(counted?.rows ?? 0n), rounds, ...(await outcomes(ward, disputes)) };
}

async function outcomes(ward: Ward, disputes: ReadonlyMap<string, Disputed>): Promise<Pick<Healing, 'cells' | 'solutions'>> {
  type Row = { row: bigint; column: string; value: string | null; rule: string };
  const read = (name: string): Promise<Row[]> =>
    ward.session.rows<Row>(`SELECT _row AS row, _col AS "column", _value AS value, _rule AS rule FROM ${ident(name)} ORDER BY 1, 2`);
  const found = new Map((await read('_found')).map((one) => [cellKey(one.row, one.column), one]));
  const left = new Map((await read('_left')).map((one) => [cellKey(one.row, one.column), one]));
  const cells: HealedCell[] = [];
  const counts = new Map<string, number>();
  for (const [key, change] of ward.changes) {
    counts.set(change.solution, (counts.get(change.solution) ?? 0) + 1);
    cells.push({ ...change, rule: found.get(key)?.rule ?? change.rule, outcome: 'repaired' });
  }
  for (const [key, one] of left) {
    if (ward.changes.has(key)) continue;
    cells.push({
      row: one.row,
      column: one.column,
      rule: one.rule,
      outcome: 'left',
      before: one.value,
      after: null,
      solution: undefined,
      probability: undefined,
      why: 'no solution is known',
    });
  }
  for (const [key, { row, column, value, vote, broken }] of disputes) {
    if (ward.changes.has(key) || left.has(key)) continue;
    const why = `${broken.join('; ')}: ${vote === undefined ? 'the group attests nothing' : 'the evidence does not suffice'}`;
    cells.push({
      row,
      column,
      rule: 'dependency',
      outcome: 'escalated',
      before: value,
      after: vote?.value ?? null,
      solution: undefined,
      probability: vote?.probability,
      why,
    });
  }
  cells.sort((a, b) => (a.row < b.row ? -1 : a.row > b.row ? 1 : a.column < b.column ? -1 : 1));
  const solutions = [...ward.solutions.values()].map((one) => ({ ...one, cells: counts.get(one.id) ?? 0 })).filter(({ cells: n }) => n > 0);
  return { cells, solutions: solutions.sort((a, b) => b.cells - a.cells) };
}

export { dependencyName };
