import { DuckDBInstance, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import { readContract, type Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { bindExpression, checkSolution, signatureKey, signatureOf, solutionQueries, type ColumnFacts, type Expression, type Gap } from '@skein/pattern';
import { numberForm, rowRules, textAccepts, textForm, type Form } from '@skein/verifier';
import type { TableFile } from './swarm-learning-data.ts';

/** A gap in one column of one partition of one table. */
export interface Occurrence {
  readonly table: TableFile;
  readonly partition: number;
  /** In the worker's engine: the cells of the column that break the contract, and below it their repairs. */
  readonly cells: string;
  readonly key: string;
  readonly gap: Gap;
  readonly facts: ColumnFacts;
}

/** What an attempt to close a gap came to, by cells. `wrong` is told by the truth, and nobody but the counting of the bench looks at it. */
export interface Attempt {
  readonly cells: number;
  readonly touched: number;
  /** Touched cells whose outcome the contract does not accept. */
  readonly refused: number;
  readonly wrong: number;
  /** Outcomes by value. */
  readonly outcomes: ReadonlyMap<string, string | null>;
}

const ACCEPTED = 200;

/** The tables of one worker in its own DuckDB: what breaks the contract, and what the repairs made of it. */
export class Tables {
  readonly #connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  readonly #properties = new Map<string, readonly Property[]>();
  #scans = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** One thread and 256 MB: many workers share a machine. */
  static async open(): Promise<Tables> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' });
    const connection = await instance.connect();
    return new Tables(instance, connection);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** Scans a table by its contract and groups what breaks it. A row check depends on the value alone, so each distinct value is checked once. */
  scan(table: TableFile): Promise<Occurrence[]> {
    return this.#inTurn(async () => {
      const file = `read_parquet(${literal(table.path)})`;
      const occurrences: Occurrence[] = [];
      for (const property of this.#propertiesOf(table.contract)) {
        const column = ident(property.name);
        const { ok, value } = formOf('_value', property);
        const rules = rowRules(property).map(({ rule, sql }) => ` WHEN ${sql} THEN ${literal(rule)}`);
        await this.#connection.run(
          `CREATE OR REPLACE TEMP TABLE judged AS SELECT _value, n, CASE WHEN NOT _ok THEN 'type'${rules.join('')} END AS rule FROM
           (SELECT *, CASE WHEN _ok THEN ${value} END AS ${column} FROM (SELECT *, CASE WHEN _value IS NOT NULL THEN coalesce(${ok}, FALSE) END AS _ok
            FROM (SELECT ${column} AS _value, count(*) AS n FROM ${file} GROUP BY 1)))`,
        );
        const accepted = await this.#rows(`SELECT _value, n FROM judged WHERE rule IS NULL ORDER BY n DESC, _value LIMIT ${ACCEPTED}`);
        const facts: ColumnFacts = {
          property,
          accepts: textAccepts(property),
          accepted: accepted.map(([value, count]) => ({ value: String(value), count: Number(count) })),
        };
        const cells = `broken_${this.#scans++}`;
        await this.#connection.run(
          `CREATE TEMP TABLE ${cells} AS SELECT row, part, t.${column} AS value, rule FROM ${file} t JOIN judged ON t.${column} IS NOT DISTINCT FROM _value WHERE rule IS NOT NULL`,
        );
        await this.#connection.run(
          `CREATE TEMP TABLE ${cells}_repaired (row BIGINT, part INTEGER, pattern VARCHAR, rule VARCHAR, value VARCHAR, after VARCHAR)`,
        );
        const rows = await this.#rows(`SELECT part, rule, value, count(*) FROM ${cells} GROUP BY ALL ORDER BY part, rule, count(*) DESC, value`);
        const groups = new Map<string, { part: number; rule: string; values: { value: string | null; count: number }[] }>();
        for (const [part, rule, value, count] of rows) {
          const name = `${String(part)} ${String(rule)}`;
          const group = groups.get(name) ?? { part: Number(part), rule: String(rule), values: [] };
          group.values.push({ value: value === null ? null : String(value), count: Number(count) });
          groups.set(name, group);
        }
        for (const { part, rule, values } of groups.values()) {
          const signature = signatureOf(rule, property, values);
          const gap: Gap = {
            context: { domain: 'bench', product: `bench.${table.name}`, column: property.name },
            signature,
            cells: values.reduce((sum, { count }) => sum + count, 0),
            values,
          };
          occurrences.push({ table, partition: part, cells, key: signatureKey(signature), gap, facts });
        }
      }
      return occurrences;
    });
  }

  /** Applies a solution to the cells of a gap. The repairs stand beside the raw values until `undo`. */
  attempt({ cells, partition, gap, facts: { property }, table }: Occurrence, pattern: string, expression: Expression): Promise<Attempt> {
    return this.#inTurn(async () => {
      const own = `part = ${partition} AND rule = ${literal(gap.signature.rule)}`;
      const { touches, repaired } = bindExpression(expression, 'value', (name) => ident(name));
      await this.#connection.run(
        `INSERT INTO ${cells}_repaired SELECT row, part, ${literal(pattern)}, rule, value, ${repaired} FROM ${cells} WHERE ${own} AND ${touches}`,
      );
      const { ok, value } = formOf('after', property);
      const column = ident(property.name);
      const breaks = rowRules(property).map(({ sql }) => `coalesce(${sql}, FALSE)`);
      const refused = `coalesce(NOT _ok, FALSE) OR ${['FALSE', ...breaks].join(' OR ')}`;
      const truth = table.truth[property.name as keyof TableFile['truth']];
      const outcomes = await this.#rows(
        `SELECT value, any_value(after), count(*), count(*) FILTER (${refused}), count(*) FILTER (${column} IS DISTINCT FROM ${truth}) FROM
         (SELECT *, CASE WHEN _ok THEN ${value} END AS ${column} FROM (SELECT *, CASE WHEN after IS NOT NULL THEN coalesce(${ok}, FALSE) END AS _ok FROM ${cells}_repaired WHERE ${own}))
         GROUP BY value`,
      );
      const sum = (at: number): number => outcomes.reduce((total, row) => total + Number(row[at]), 0);
      return {
        cells: gap.cells,
        touched: sum(2),
        refused: sum(3),
        wrong: sum(4),
        outcomes: new Map(outcomes.map(([value, after]) => [String(value), after === null ? null : String(after)])),
      };
    });
  }

  /** Takes the repairs of a gap back. */
  undo({ cells, partition, gap }: Occurrence): Promise<void> {
    return this.#inTurn(async () => {
      await this.#connection.run(`DELETE FROM ${cells}_repaired WHERE part = ${partition} AND rule = ${literal(gap.signature.rule)}`);
    });
  }

  /** Whether the allow-list lets a solution of somebody else run. */
  allows(expression: Expression): Promise<boolean> {
    return this.#inTurn(async () => {
      const asts: string[] = [];
      try {
        for (const query of solutionQueries(expression))
          asts.push(String((await this.#rows(`SELECT CAST(json_serialize_sql(${literal(query)}) AS VARCHAR)`))[0]?.[0]));
        checkSolution(expression, asts, []);
        return true;
      } catch {
        return false;
      }
    });
  }

  #propertiesOf(contract: string): readonly Property[] {
    const known = this.#properties.get(contract) ?? readContract(contract, 'bench.yaml').properties;
    this.#properties.set(contract, known);
    return known;
  }

  async #rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#connection.runAndReadAll(sql)).getRows();
  }

  /** One after the other: a temporary table is nobody else's meanwhile. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work, work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

function formOf(text: string, { type }: Property): Form {
  return type.kind === 'int' || type.kind === 'decimal' ? numberForm(text, type) : textForm(text, type);
}
