import bindings, { type Connection, type Database, type PreparedStatement, type Result } from '@duckdb/node-bindings';
import type { FailureNote, WireParameter } from './frames.ts';

/** An error of the child that says at which stage it came. */
export class ChildFailure extends Error {
  readonly note: FailureNote;
  constructor(note: FailureNote) {
    super(note.text);
    this.note = note;
  }
}

export function failureNote(stage: FailureNote['stage'], error: unknown): FailureNote {
  return error instanceof ChildFailure ? error.note : { stage, kind: 'engine', text: error instanceof Error ? error.message : String(error) };
}

/** An engine that can reach nothing outside of the process but the file system; `lockCatalog` takes that away too. */
export async function openEngine(options: {
  readonly memory: string;
  readonly threads: number;
  readonly tempDirectory: string;
  readonly tempLimit: string;
}): Promise<Database> {
  const config = bindings.create_config();
  const settings = {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    allow_unsigned_extensions: 'false',
    memory_limit: options.memory,
    threads: String(options.threads),
    temp_directory: options.tempDirectory,
    max_temp_directory_size: options.tempLimit,
    home_directory: '',
  };
  for (const [name, value] of Object.entries(settings)) bindings.set_config(config, name, value);
  const database = await bindings.open(':memory:', config);
  const connection = await bindings.connect(database);
  // freed memory goes back soon: by default a child kept half as much again; at 1 MB it spent a second of ten million rows on page faults
  const later = [
    "TimeZone = 'UTC'",
    'parquet_metadata_cache = true',
    "allocator_flush_threshold = '8MB'",
    "allocator_bulk_deallocation_flush_threshold = '8MB'",
  ];
  for (const setting of later) await bindings.query(connection, `SET GLOBAL ${setting}`);
  bindings.disconnect_sync(connection);
  return database;
}

export function bindParameters(statement: PreparedStatement, parameters: readonly WireParameter[]): void {
  parameters.forEach((parameter, index) => {
    const at = index + 1;
    switch (parameter[0]) {
      case 'null':
        return bindings.bind_null(statement, at);
      case 'text':
        return bindings.bind_varchar(statement, at, parameter[1]);
      case 'boolean':
        return bindings.bind_boolean(statement, at, parameter[1]);
      case 'integer':
        return bindings.bind_int32(statement, at, parameter[1]);
      case 'bigint':
        return bindings.bind_int64(statement, at, BigInt(parameter[1]));
      case 'hugeint':
        return bindings.bind_hugeint(statement, at, BigInt(parameter[1]));
      case 'double':
        return bindings.bind_double(statement, at, Number(parameter[1]));
    }
  });
}

/** The one text value of a one-row, one-column result. */
export async function singleText(result: Result): Promise<string> {
  const chunk = await bindings.fetch_chunk(result);
  if (chunk === null || bindings.data_chunk_get_size(chunk) !== 1) throw new Error('the engine gave no value');
  const vector = bindings.data_chunk_get_vector(chunk, 0);
  const data = bindings.vector_get_data(vector, 16);
  const view = new DataView(data.buffer, data.byteOffset, 16);
  const length = view.getUint32(0, true);
  const bytes = length <= 12 ? data.subarray(4, 4 + length) : bindings.get_data_from_pointer(data.buffer as ArrayBuffer, data.byteOffset + 8, length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Runs a prepared statement of one text parameter and one text result. */
export async function runText(statement: PreparedStatement, text: string): Promise<string> {
  bindings.bind_varchar(statement, 1, text);
  return await singleText(await bindings.execute_prepared(statement));
}

/** A connection for one query, with the two statements around it planned ahead: that takes 0.1 ms off the query. */
export interface QueryConnection {
  readonly connection: Connection;
  readonly begin: PreparedStatement;
  /** Any statement that an aborted transaction refuses. COMMIT is none: it passes, and hides the failure. */
  readonly probe: PreparedStatement;
}

export async function openConnection(database: Database): Promise<QueryConnection> {
  const connection = await bindings.connect(database);
  const begin = await bindings.prepare(connection, 'BEGIN TRANSACTION READ ONLY');
  const probe = await bindings.prepare(connection, 'SELECT 1');
  return { connection, begin, probe };
}

/** Its transaction, if one is open, is rolled back. */
export function closeConnection({ connection, begin, probe }: QueryConnection): void {
  bindings.destroy_prepare_sync(begin);
  bindings.destroy_prepare_sync(probe);
  bindings.disconnect_sync(connection);
}
