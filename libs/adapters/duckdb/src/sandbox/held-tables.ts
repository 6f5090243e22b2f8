import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import bindings, { type Connection } from '@duckdb/node-bindings';
import { ident, qualified } from '@skein/kernel';
import type { SandboxView } from '@skein/ports';

/** What is held of one view, and of all views of a catalog: compressed bytes, and values (rows × columns). */
const FILE_BYTES = 512 * 1024;
const VALUES = 250_000;
const ALL_VALUES = 1_000_000;

/**
 * Small snapshots are read once, when a child takes its catalog: a query over Parquet binds its file twice and unpacks it, which
 * is most of what a small query costs. They lie in a database whose name nobody can guess, under the governed views.
 */
export class HeldTables {
  readonly #connection: Connection;
  readonly #database = `held_${randomBytes(12).toString('hex')}`;
  #tables = 0;
  #values = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The relation to read instead of `scan`: a table in memory where the rows are few, else `scan` itself. */
  async hold(view: SandboxView, scan: string): Promise<string> {
    if (view.files.length === 0 || view.files.reduce((sum, file) => sum + statSync(file).size, 0) > FILE_BYTES) return scan;
    const values = (await this.#count(scan)) * view.fields.length;
    if (values > VALUES || this.#values + values > ALL_VALUES) return scan;
    if (this.#tables === 0) await this.#run(`ATTACH ':memory:' AS ${ident(this.#database)}`);
    const table = qualified(this.#database, 'main', `t${this.#tables++}`);
    try {
      await this.#run(`CREATE TABLE ${table} AS SELECT * FROM ${scan}`);
    } catch {
      // few values, but too long for the child's memory
      return scan;
    }
    this.#values += values;
    return table;
  }

  async #run(sql: string): Promise<void> {
    await bindings.query(this.#connection, sql);
  }

  async #count(scan: string): Promise<number> {
    const result = await bindings.query(this.#connection, `SELECT count(*)::DOUBLE FROM ${scan}`);
    const chunk = await bindings.fetch_chunk(result);
    if (chunk === null) return Infinity;
    const data = bindings.vector_get_data(bindings.data_chunk_get_vector(chunk, 0), 8);
    return new DataView(data.buffer, data.byteOffset, 8).getFloat64(0, true);
  }
}
