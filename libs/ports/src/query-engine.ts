import type { DataFile, Field } from '@skein/product';

/** BIGINT and wider are bigint, DECIMAL and dates are text, timestamps are ISO text, lists arrays, structs objects. */
export type EngineValue = string | number | bigint | boolean | null | EngineValue[] | { [key: string]: EngineValue };

/** Values that may be bound to `$1`, `$2` … */
export type EngineParameter = string | number | bigint | boolean | null;

/** How rows lie in files. */
export interface FileShape {
  /** Rows of a row group; default the engine's. */
  readonly rowGroup?: number;
  /** Files of about equally many rows, one after the other; default 1. */
  readonly files?: number;
  /** Names of fields that rows are ordered by, across all files; rows that are equal in them stay in the order of the query. */
  readonly sortBy?: readonly string[];
}

/** The trusted engine of a swarm: runs SQL of steps, never SQL of consumers. */
export interface QueryEngine {
  open(): Promise<EngineSession>;
  close(): Promise<void>;
}

/** One connection with temporary relations of its own. Not for concurrent use. */
export interface EngineSession {
  run(sql: string, parameters?: readonly EngineParameter[]): Promise<void>;
  rows<Row = Record<string, EngineValue>>(sql: string, parameters?: readonly EngineParameter[]): Promise<Row[]>;
  /** Column names and engine types of a query, without running it. */
  describe(sql: string): Promise<{ name: string; type: string }[]>;
  /**
   * Writes the result of `query` as zstd Parquet with Iceberg field ids into `directory` (which exists and is empty),
   * one or more files, not yet synced. Columns come in the order of `fields`, rows in the order of the query, or in that of the shape.
   */
  writeParquet(query: string, directory: string, fields: readonly Field[], shape?: FileShape): Promise<DataFile[]>;
  close(): Promise<void>;
}
