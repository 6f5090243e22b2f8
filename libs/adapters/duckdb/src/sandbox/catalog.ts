import bindings, { type Connection } from '@duckdb/node-bindings';
import { ident, literal, qualified } from '@skein/kernel';
import type { SandboxView } from '@skein/ports';
import { HeldTables } from './held-tables.ts';
import { resultType } from '../wire/result-type.ts';
import { scalarText } from '../wire/scalar.ts';
import { isValid, vectorView } from '../wire/vector-view.ts';

/** Everything a catalog may read, as views `governed.<schema>.<name>`; then nothing else can be reached any more. */
export async function lockCatalog(connection: Connection, views: readonly SandboxView[]): Promise<void> {
  const run = async (sql: string): Promise<void> => void (await bindings.query(connection, sql));
  await run("ATTACH ':memory:' AS governed");
  for (const schema of new Set(views.map((view) => view.schema))) await run(`CREATE SCHEMA ${qualified('governed', schema)}`);
  const held = new HeldTables(connection);
  for (const view of views) {
    const scan = await held.hold(view, await fileScan(connection, view));
    await run(`CREATE VIEW ${qualified('governed', view.schema, view.name)} AS ${withFiles(view.sql, scan)}`);
  }
  const files = [...new Set(views.flatMap((view) => view.files))];
  // each path is also a grant to write: only SELECT reaches the engine, and the files belong to another user where the platform allows
  await run(`SET GLOBAL allowed_paths = [${files.map(literal).join(', ')}]`);
  await run('SET GLOBAL enable_external_access = false');
  await run('SET GLOBAL lock_configuration = true');
}

/** `{files}` outside of constants and quoted names becomes the scan; inside of them it is data. */
export function withFiles(sql: string, scan: string): string {
  return sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\{files\}/g, (token) => (token === '{files}' ? scan : token));
}

/**
 * The snapshot's files under the names of `fields`, matched by field id, so that a file written before a rename is read rightly.
 * Names are resolved here, once: `read_parquet(schema => MAP {…})` does it on every bind, which cost 0.45 ms a query.
 */
async function fileScan(connection: Connection, view: SandboxView): Promise<string> {
  if (view.files.length === 0) return `(SELECT ${view.fields.map((field) => `NULL::${field.type} AS ${ident(field.name)}`).join(', ')} WHERE false)`;
  const groups = new Map<string, string[]>();
  for (const file of view.files) {
    const columns = await fileColumns(connection, file);
    const select = view.fields.map((field) => {
      const stored =
        columns.length > 0 && columns.every((column) => column.id === undefined)
          ? columns.find((column) => column.name === field.name)
          : columns.find((column) => column.id === field.id);
      return `${stored === undefined ? 'NULL' : ident(stored.name)}::${field.type} AS ${ident(field.name)}`;
    });
    const projection = select.join(', ');
    groups.set(projection, [...(groups.get(projection) ?? []), file]);
  }
  const scans = [...groups].map(([projection, files]) => `SELECT ${projection} FROM read_parquet([${files.map(literal).join(', ')}])`);
  return `(${scans.join(' UNION ALL ')})`;
}

/** Top-level columns of a Parquet file with their field ids; undefined where the file carries none. */
async function fileColumns(connection: Connection, file: string): Promise<{ name: string; id: number | undefined }[]> {
  // the schema is a tree written in pre-order: a top-level column is a child of the root, and its own children follow it
  const result = await bindings.query(connection, `SELECT name, field_id::INTEGER, coalesce(num_children, 0)::INTEGER FROM parquet_schema(${literal(file)})`);
  const types = [0, 1, 2].map((index) => resultType(bindings.column_logical_type(result, index)));
  const columns: { name: string; id: number | undefined }[] = [];
  const open: number[] = [];
  for (;;) {
    const chunk = await bindings.fetch_chunk(result);
    const rows = chunk === null ? 0 : bindings.data_chunk_get_size(chunk);
    if (chunk === null || rows === 0) return columns;
    const [names, ids, counts] = types.map((type, index) => {
      const vector = vectorView(bindings.data_chunk_get_vector(chunk, index), type, rows);
      return { vector, text: scalarText(type, vector) };
    });
    for (let row = 0; row < rows; row++) {
      if (open.length === 1) columns.push({ name: names?.text(row) ?? '', id: ids && isValid(ids.vector, row) ? Number(ids.text(row)) : undefined });
      if (open.length > 0) open[open.length - 1] = (open.at(-1) ?? 1) - 1;
      const children = Number(counts?.text(row) ?? 0);
      if (children > 0) open.push(children);
      while (open.length > 1 && open.at(-1) === 0) open.pop();
    }
  }
}
