import { join } from 'node:path';
import { DuckDBInstance, DuckDBMapValue, type DuckDBConnection, type DuckDBMaterializedResult } from '@duckdb/node-api';
import { SkeinError } from '@skein/kernel';
import type { EngineParameter, EngineSession, EngineValue, FileShape, QueryEngine } from '@skein/ports';
import type { DataFile, Field } from '@skein/product';
import { bindable } from './bind.ts';
import { engineError } from './engine-error.ts';
import { copyStatement, dataFile, fieldsOf, type CopiedFile } from './parquet-write.ts';
import { engineValue } from './value.ts';

export interface DuckdbEngineOptions {
  /** For example `2GB`; DuckDB's default is 80 % of memory. */
  readonly memoryLimit?: string;
  /** Worker threads; DuckDB's default is the number of cores. */
  readonly threads?: number;
  /** Where larger-than-memory operators spill; without it nothing spills, and a query beyond the memory limit fails. */
  readonly tempDirectory?: string;
}

/**
 * DuckDB in this process, for a swarm's own SQL. One in-memory instance, made when first needed; every session is a connection,
 * so temporary tables and views are its own. Time zone UTC, insertion order kept, no extension is ever loaded or fetched.
 */
export function duckdbEngine(options: DuckdbEngineOptions = {}): QueryEngine {
  let instance: Promise<DuckDBInstance> | undefined;
  let closed = false;
  const sessions = new Set<EngineSession>();
  return {
    async open() {
      if (closed) throw new SkeinError('SKEIN_INTERNAL', 'the engine is closed');
      instance ??= createInstance(options);
      const session = engineSession(await (await instance).connect(), () => sessions.delete(session));
      sessions.add(session);
      return session;
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const session of sessions) await session.close();
      (await instance)?.closeSync();
    },
  };
}

async function createInstance(options: DuckdbEngineOptions): Promise<DuckDBInstance> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    temp_directory: options.tempDirectory ?? '',
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
  });
  const connection = await instance.connect();
  await connection.run("SET GLOBAL TimeZone = 'UTC'");
  connection.closeSync();
  return instance;
}

function engineSession(connection: DuckDBConnection, onClose: () => void): EngineSession {
  let open = true;
  const execute = async (sql: string, parameters: readonly EngineParameter[] = []): Promise<DuckDBMaterializedResult> => {
    if (!open) throw new SkeinError('SKEIN_INTERNAL', 'the engine session is closed');
    try {
      if (parameters.length === 0) return await connection.run(sql);
      const { values, types } = bindable(parameters);
      return await connection.run(sql, values, types);
    } catch (error) {
      throw engineError(error, sql);
    }
  };
  return {
    async run(sql, parameters) {
      await execute(sql, parameters);
    },
    async rows<Row>(sql: string, parameters?: readonly EngineParameter[]) {
      return (await objects(await execute(sql, parameters))) as Row[];
    },
    async describe(sql) {
      const result = await execute(`DESCRIBE ${sql}`);
      return (await result.getRows()).map((row) => ({ name: String(row[0]), type: String(row[1]) }));
    },
    async writeParquet(query: string, directory: string, fields: readonly Field[], shape: FileShape = {}): Promise<DataFile[]> {
      const { files = 1 } = shape;
      const select = fieldsOf(query, fields, shape);
      const write = async (from: string, name: string) =>
        (await (await execute(copyStatement(from, join(directory, name), fields, shape))).getRows()).map(copied);
      if (files === 1) return (await write(select, 'data.parquet')).map(dataFile);
      // Parts of a query that is run once: its rows must not change between one file and the next.
      const parts: CopiedFile[] = [];
      await execute(`CREATE OR REPLACE TEMP TABLE _parts AS ${select}`);
      try {
        const [[rows] = []] = await (await execute('SELECT count(*) FROM _parts')).getRows();
        const each = Math.max(1, Math.ceil(Number(rows) / files));
        for (let from = 0; from === 0 || from < Number(rows); from += each) {
          const name = `data-${String(from / each).padStart(5, '0')}.parquet`;
          parts.push(...(await write(`SELECT * FROM _parts WHERE rowid >= ${from} AND rowid < ${from + each}`, name)));
        }
      } finally {
        await execute('DROP TABLE IF EXISTS _parts');
      }
      return parts.map(dataFile);
    },
    async close() {
      if (!open) return;
      open = false;
      connection.closeSync();
      onClose();
    },
  };
}

function copied(row: readonly unknown[]): CopiedFile {
  return {
    filename: String(row[0]),
    count: BigInt(String(row[1])),
    bytes: BigInt(String(row[2])),
    statistics: entries(row[4]).map(([path, figures]) => ({
      path: String(path),
      figures: Object.fromEntries(entries(figures).map(([name, figure]) => [String(name), String(figure)])),
    })),
  };
}

function entries(value: unknown): [unknown, unknown][] {
  return value instanceof DuckDBMapValue ? value.entries.map((entry) => [entry.key, entry.value]) : [];
}

async function objects(result: DuckDBMaterializedResult): Promise<Record<string, EngineValue>[]> {
  const names = result.deduplicatedColumnNames();
  const rows: Record<string, EngineValue>[] = [];
  for (const chunk of await result.fetchAllChunks()) {
    const columns = chunk.getColumns().map((column) => column.map(engineValue));
    for (let row = 0; row < chunk.rowCount; row++) rows.push(Object.fromEntries(names.map((name, column) => [name, columns[column]?.[row] ?? null])));
  }
  return rows;
}
