import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { literal } from '@skein/kernel';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import type { Progress } from './bench.ts';
import { cellSql, COLUMNS, contractText, grammars, KINDS, PARTITIONS, truthSql, type ColumnName, type Grammar } from './swarm-learning-grammars.ts';

/** A table as a worker gets it: a file, its contract, and what the judge of its repairs holds against it. */
export interface TableFile {
  readonly name: string;
  readonly path: string;
  readonly contract: string;
  /** SQL of the true value over `row`. The judge reads it, after a repair. */
  readonly truth: Readonly<Record<ColumnName, string>>;
}

export interface Dataset {
  readonly records: number;
  readonly grammars: readonly Grammar[];
  readonly occurrences: number;
  /** In the order in which they are handed out: each kind of table begins a little after the one before, so new gaps come up during most of the run. */
  readonly tables: readonly TableFile[];
  /** Of `tables`, the first one of a kind from the middle: when it is handed out, gaps are being solved. */
  readonly middle: number;
  readonly written: number;
}

const RECORDS = 50_000_000;
const TABLES = 200;
const GRAMMARS = 500;
export const SEED = 20_240_229;

const kept = new Map<number, { folder: TemporaryDirectory; dataset: Dataset }>();

/** Writes the tables, once for all modes of a run. */
export async function dataset(scale: number, progress: Progress): Promise<Dataset> {
  const known = kept.get(scale);
  if (known !== undefined) return known.dataset;
  const folder = temporaryDirectory('skein-bench-');
  process.once('exit', () => folder[Symbol.dispose]());
  const start = performance.now();
  const tables = Math.max(4, Math.round(TABLES * scale));
  const kinds = Math.min(KINDS, Math.max(2, Math.round(KINDS * scale)));
  const all = grammars(Math.max(30, Math.round(GRAMMARS * scale)), kinds, SEED);
  const rows = Math.max(2_500, Math.round((RECORDS * scale) / tables));
  progress(`writing ${tables} tables of ${rows} records`);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' });
  const connection = await instance.connect();
  const planned = Array.from({ length: tables }, (_, index) => ({ kind: index % kinds, turn: Math.floor(index / kinds) }));
  const order = planned.sort((a, b) => a.turn + 2 * a.kind - (b.turn + 2 * b.kind) || a.kind - b.kind);
  const files: TableFile[] = [];
  try {
    for (const [index, { kind, turn }] of order.entries()) {
      const file = path.join(folder.path, `facts-${kind}-${turn}.parquet`);
      await writeTable(connection, file, index * rows, rows, kind, turn, all);
      const truth = Object.fromEntries(COLUMNS.map((column) => [column, truthSql(column, 'row')])) as Record<ColumnName, string>;
      files.push({ name: `facts_${kind}_${turn}`, path: file, contract: contractText(kind), truth });
    }
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  const middle = order.findIndex(({ kind, turn }) => kind === Math.floor(kinds / 2) && turn === 0);
  const written = (performance.now() - start) / 1000;
  const made = { records: rows * tables, grammars: all, occurrences: tables * PARTITIONS * COLUMNS.length, tables: files, middle, written };
  progress(`${made.records} records in ${tables} tables written in ${written.toFixed(1)} s, ${made.occurrences} occurrences of ${all.length} grammars`);
  kept.set(scale, { folder, dataset: made });
  return made;
}

/** Removes what was written. */
export function forgetDatasets(): void {
  for (const { folder } of kept.values()) folder[Symbol.dispose]();
  kept.clear();
}

async function writeTable(
  connection: DuckDBConnection,
  file: string,
  first: number,
  rows: number,
  kind: number,
  turn: number,
  all: readonly Grammar[],
): Promise<void> {
  const cells = COLUMNS.map((column) => {
    const own = all.filter((grammar) => grammar.kind === kind && grammar.column === column);
    const byPartition = Array.from({ length: PARTITIONS }, (_, at) => own[(turn * PARTITIONS + at) % own.length] as Grammar);
    return cellSql(column, 'row', 'part', byPartition);
  });
  const source = `SELECT i AS row, ((i - ${first}) * ${PARTITIONS} // ${rows})::INTEGER AS part FROM range(${first}, ${first + rows}) t(i)`;
  await connection.run(`COPY (SELECT row, part, ${cells.join(', ')} FROM (${source})) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`);
}
