import { primaryKey, type Property } from '@skein/contract';
import { ident, literal, sha256 } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { textAccepts } from '@skein/verifier';
import { brokenCells, isSingle } from './cell-rule.ts';
import type { AppliedSolution, HealOptions, LabelledRow, TextTable } from './healing.ts';

/** A repair of one cell. */
export interface Change {
  readonly row: bigint;
  readonly value: string;
  readonly probability: number;
  readonly why: string;
}

type NewSolution = Omit<AppliedSolution, 'id' | 'cells'>;

/** A healing under way: the table as it stands now, and the log of what was done to it (`_fix`), in which a cell stands at most once. */
export class Ward {
  readonly session: EngineSession;
  readonly table: string;
  readonly columns: readonly Property[];
  readonly labels: readonly LabelledRow[];
  /** Labelled cells that the contract refuses. */
  readonly refusedLabels: number;
  readonly #accepts = new Map<string, (value: string | null) => boolean>();
  readonly #solutions = new Map<string, AppliedSolution>();
  readonly #dependent: ReadonlySet<string>;
  /** The primary key and each unique column: no repair makes two rows equal in them. */
  readonly #keys: readonly (readonly string[])[];
  /** Columns that have repaired cells. */
  readonly #repaired = new Set<string>();

  constructor(session: EngineSession, table: TextTable, { contract, labels = [] }: HealOptions) {
    this.session = session;
    this.table = table.name;
    this.#dependent = new Set(contract.dependencies.flatMap(({ determinant, dependent }) => [...determinant, ...dependent]));
    const has = new Set(table.columns);
    this.#keys = [primaryKey(contract).map(({ name }) => name), ...contract.properties.filter(({ unique }) => unique).map(({ name }) => [name])].filter(
      (key) => key.length > 0 && key.every((name) => has.has(name)),
    );
    this.columns = contract.properties.filter((property) => has.has(property.name) && isSingle(property));
    for (const property of this.columns) this.#accepts.set(property.name, textAccepts(property));
    // The contract judges labels as it judges every repair: what it refuses is neither written nor learned from.
    this.labels = labels.map(({ row, values }) => ({
      row,
      values: Object.fromEntries(Object.entries(values).filter(([column, value]) => this.accepts(column)(value))),
    }));
    this.refusedLabels = labels.reduce((sum, { values }) => sum + Object.entries(values).filter(([column, value]) => !this.accepts(column)(value)).length, 0);
  }

  async begin(): Promise<void> {
    await this.openLog();
    await this.findBroken('_found');
  }

  async openLog(): Promise<void> {
    await this.session.run(
      'CREATE OR REPLACE TEMP TABLE _fix (_row BIGINT, _col VARCHAR, _before VARCHAR, _after VARCHAR, _solution VARCHAR, _probability DOUBLE, _why VARCHAR)',
    );
  }

  /** Whether a column's values are names of things, which come back: text, and what takes part in a dependency. */
  isCode({ name, type }: Property): boolean {
    return type.kind === 'string' || this.#dependent.has(name);
  }

  /** Whether a column is part of the primary key, or unique. */
  isKey({ name }: Property): boolean {
    return this.#keys.some((key) => key.includes(name));
  }

  accepts(column: string): (value: string | null) => boolean {
    return this.#accepts.get(column) ?? (() => true);
  }

  solutions(): AppliedSolution[] {
    return [...this.#solutions.values()];
  }

  /** Fills a temporary table with the cells that break a rule of the contract by themselves: `_row`, `_col`, `_value`, `_rule`. */
  async findBroken(name: string): Promise<void> {
    const selects = this.columns.map((property) => `SELECT _row, ${literal(property.name)} AS _col, _value, _rule FROM (${brokenCells(this.table, property)})`);
    const none = 'SELECT NULL::BIGINT AS _row, NULL::VARCHAR AS _col, NULL::VARCHAR AS _value, NULL::VARCHAR AS _rule WHERE FALSE';
    await this.session.run(`CREATE OR REPLACE TEMP TABLE ${ident(name)} AS ${[...selects, none].join(' UNION ALL ')}`);
  }

  /**
   * Applies an expression to a column, in the engine. `touches` and `repaired` are SQL over the row. What would break the contract, or make
   * two rows of a unique column equal, is put back.
   */
  async applySql(property: Property, solution: NewSolution, touches: string, repaired: string, probability: number): Promise<number> {
    const [table, column] = [ident(this.table), ident(property.name)];
    const id = idOf(solution);
    const open = this.#repaired.has(property.name) ? `_row NOT IN (SELECT _row FROM _fix WHERE _col = ${literal(property.name)})` : 'TRUE';
    await this.session.run(
      `INSERT INTO _fix SELECT _row, ${literal(property.name)}, _before, _after, ${literal(id)}, $1::DOUBLE, $2 FROM (SELECT _row, ${column} AS _before, ${repaired} AS _after FROM ${table} WHERE (${touches}) AND ${open}) WHERE _before IS DISTINCT FROM _after`,
      [probability, solution.why],
    );
    return this.#settle(property, { ...solution, id });
  }

  /** Applies repairs that were found cell by cell. */
  async applyCells(property: Property, solution: NewSolution, changes: readonly Change[]): Promise<number> {
    if (changes.length === 0) return 0;
    const id = idOf(solution);
    const [table, column] = [ident(this.table), ident(property.name)];
    for (let from = 0; from < changes.length; from += 50_000) {
      const rows = changes.slice(from, from + 50_000).map(({ row, value, probability, why }) => ({ r: String(row), v: value, p: probability, w: why }));
      await this.session.run(
        `INSERT INTO _fix SELECT t._row, ${literal(property.name)}, t.${column}, f.v, ${literal(id)}, f.p, f.w
         FROM (SELECT unnest(from_json($1, '[{"r":"BIGINT","v":"VARCHAR","p":"DOUBLE","w":"VARCHAR"}]'), recursive := true)) f JOIN ${table} t ON t._row = f.r
         WHERE t.${column} IS DISTINCT FROM f.v AND t._row NOT IN (SELECT _row FROM _fix WHERE _col = ${literal(property.name)})`,
        [JSON.stringify(rows)],
      );
    }
    return this.#settle(property, { ...solution, id });
  }

  /** Takes back what programs have made of these cells, so that better evidence may decide them. */
  async reopen({ name }: Property, rows: readonly bigint[]): Promise<void> {
    const programs = this.solutions().filter(({ category, column }) => column === name && category !== 'dependency' && category !== 'label');
    if (programs.length === 0 || rows.length === 0) return;
    const [table, column] = [ident(this.table), ident(name)];
    await this.session.run(
      `CREATE OR REPLACE TEMP TABLE _reopened AS SELECT _row, _before FROM _fix WHERE _col = ${literal(name)} AND _solution IN (${programs.map(({ id }) => literal(id)).join(', ')}) AND _row IN (SELECT unnest(from_json($1, '["BIGINT"]')))`,
      [`[${rows.join(',')}]`],
    );
    await this.session.run(`UPDATE ${table} t SET ${column} = f._before FROM _reopened f WHERE t._row = f._row`);
    await this.session.run(`DELETE FROM _fix WHERE _col = ${literal(name)} AND _row IN (SELECT _row FROM _reopened)`);
  }

  /** Counts what each solution has repaired in the end: labels and better evidence may have taken cells from it. */
  async recount(): Promise<void> {
    const counted = await this.session.rows<{ id: string; n: bigint }>('SELECT _solution AS id, count(*) AS n FROM _fix GROUP BY 1');
    const cells = new Map(counted.map(({ id, n }) => [id, Number(n)]));
    for (const [id, solution] of this.#solutions) {
      const n = cells.get(id) ?? 0;
      if (n === 0) this.#solutions.delete(id);
      else this.#solutions.set(id, { ...solution, cells: n });
    }
  }

  /** Writes labels over whatever stands in their cells; a repair that a label contradicts is taken out of the log. */
  async label(property: Property, given: readonly { readonly r: string; readonly v: string | null }[]): Promise<void> {
    const [table, column, name] = [ident(this.table), ident(property.name), literal(property.name)];
    const labels = `(SELECT unnest(from_json($1, '[{"r":"BIGINT","v":"VARCHAR"}]'), recursive := true))`;
    const solution = {
      column: property.name,
      category: 'label',
      why: 'what a person has labelled',
      sql: `the labels of ${property.name}`,
      expression: undefined,
    };
    const id = idOf(solution);
    const parameters = [JSON.stringify(given)];
    const alone = this.#keys.some((key) => key.length === 1 && key[0] === property.name);
    // What stood there first is the log's, where the cell has been repaired.
    await this.session.run(
      `CREATE OR REPLACE TEMP TABLE _labelled AS SELECT t._row, coalesce(f._row IS NOT NULL, FALSE) AS _fixed, CASE WHEN f._row IS NULL THEN t.${column} ELSE f._before END AS _before, l.v AS _after
       FROM ${labels} l JOIN ${table} t ON t._row = l.r LEFT JOIN _fix f ON f._row = t._row AND f._col = ${name} WHERE t.${column} IS DISTINCT FROM l.v${alone ? ` AND l.v NOT IN (SELECT ${column} FROM ${table} WHERE ${column} IS NOT NULL)` : ''}`,
      parameters,
    );
    await this.session.run(`DELETE FROM _fix WHERE _col = ${name} AND _row IN (SELECT _row FROM _labelled)`);
    await this.session.run(`UPDATE ${table} t SET ${column} = l._after FROM _labelled l WHERE t._row = l._row`);
    await this.session.run(
      `INSERT INTO _fix SELECT _row, ${name}, _before, _after, ${literal(id)}, 1, ${literal(solution.why)} FROM _labelled WHERE _before IS DISTINCT FROM _after`,
    );
    const [counted] = await this.session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM _fix WHERE _solution = ${literal(id)}`);
    if (counted !== undefined && counted.n > 0n) this.#solutions.set(id, { ...solution, id, cells: Number(counted.n) });
  }

  async #settle(property: Property, solution: Omit<AppliedSolution, 'cells'>): Promise<number> {
    const { session } = this;
    const [table, column, name, id] = [ident(this.table), ident(property.name), literal(property.name), literal(solution.id)];
    const mine = `_fix WHERE _col = ${name} AND _solution = ${id}`;
    await session.run(`CREATE OR REPLACE TEMP TABLE _changed AS SELECT _row, _before, _after AS ${column} FROM ${mine}`);
    await session.run(`UPDATE ${table} t SET ${column} = f.${column} FROM _changed f WHERE t._row = f._row`);
    // The contract judges: what it refuses is taken back. U+FFFD stands for what is lost, so no repair brings it.
    const refused = [`SELECT _row FROM (${brokenCells('_changed', property)})`, `SELECT _row FROM _changed WHERE contains(${column}, chr(65533))`];
    for (const key of this.#keys.filter((names) => names.includes(property.name))) {
      const k = key.map(ident).join(', ');
      refused.push(`SELECT _row FROM ${table} JOIN (SELECT ${k} FROM ${table} GROUP BY ALL HAVING count(*) > 1) USING (${k})`);
    }
    const [taken] = await session.rows<{ rows: bigint[] | null }>(`SELECT list(_row) AS rows FROM _changed WHERE _row IN (${refused.join(' UNION ALL ')})`);
    if (taken?.rows) {
      const rows = `(SELECT unnest([${taken.rows.join(', ')}]))`;
      await session.run(`UPDATE ${table} t SET ${column} = f._before FROM _changed f WHERE t._row = f._row AND t._row IN ${rows}`);
      await session.run(`DELETE FROM ${mine} AND _row IN ${rows}`);
    }
    const [counted] = await session.rows<{ n: bigint }>(`SELECT count(*) AS n FROM ${mine}`);
    const cells = Number(counted?.n ?? 0n);
    const before = this.#solutions.get(solution.id)?.cells ?? 0;
    if (cells > 0) {
      this.#solutions.set(solution.id, { ...solution, cells });
      this.#repaired.add(property.name);
    }
    return cells - before;
  }
}

function idOf({ category, column, sql }: NewSolution): string {
  return sha256(JSON.stringify([category, column, sql])).slice(0, 16);
}
