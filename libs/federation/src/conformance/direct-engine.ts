import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { ident, literal, qualified, SkeinError } from '@skein/kernel';
import type { QuerySandbox, SandboxCatalog, SandboxRequest, SandboxResult } from '@skein/ports';

/**
 * The real engine in this process, for tests of the gate: whatever the gate lets through runs at once, with nothing but the
 * governed views and the locks of the configuration between it and the data. It has no deadline and no memory cap.
 */
export interface DirectEngine extends QuerySandbox {
  /** Runs SQL as it is written, around the gate, where the governed catalog is the current one: what the text means to the engine. */
  raw(catalog: SandboxCatalog, sql: string): Promise<unknown[][]>;
}

export async function directEngine(): Promise<DirectEngine> {
  const parser = await (await DuckDBInstance.create(':memory:')).connect();
  const open = new Map<string, Promise<Governed>>();

  const one = async (connection: DuckDBConnection, sql: string, parameter: string): Promise<string> => {
    const reader = await connection.runAndReadAll(sql, [parameter]);
    return String(reader.getRows()[0]?.[0]);
  };
  const governedBy = (catalog: SandboxCatalog): Promise<Governed> => {
    let made = open.get(catalog.key);
    if (!made) {
      made = governed(catalog);
      open.set(catalog.key, made);
    }
    return made;
  };

  return {
    async parse(sql) {
      return one(parser, 'SELECT CAST(json_serialize_sql(CAST($1 AS VARCHAR)) AS VARCHAR)', sql);
    },
    async print(ast) {
      return one(parser, 'SELECT json_deserialize_sql(CAST($1 AS JSON))', ast);
    },
    async execute(request: SandboxRequest): Promise<SandboxResult> {
      const { connection } = await governedBy(request.catalog);
      try {
        const reader = await connection.runAndReadAll(request.sql, [...request.parameters]);
        const rows = reader.getRowsJson();
        const body = Buffer.from(JSON.stringify(rows.slice(0, request.maxRows)));
        const names = reader.columnNames();
        return {
          columns: reader.columnTypes().map((type, index) => ({ name: names[index] ?? '', type: type.toString() })),
          body: (async function* () {
            yield body;
          })(),
          outcome: Promise.resolve({ rows: BigInt(Math.min(rows.length, request.maxRows)), bytes: body.length, truncated: rows.length > request.maxRows }),
        };
      } catch (error) {
        throw classified(error);
      }
    },
    async raw(catalog, sql) {
      return (await (await governedBy(catalog)).plain.runAndReadAll(sql)).getRowsJson();
    },
    async warm(catalog) {
      await governedBy(catalog);
    },
    stats: () => ({ workers: open.size, busy: 0, queued: 0, killed: 0 }),
    async close() {
      for (const one of open.values()) {
        const { connection, plain } = await one;
        connection.closeSync();
        plain.closeSync();
      }
      parser.closeSync();
    },
  };
}

interface Governed {
  readonly connection: DuckDBConnection;
  readonly plain: DuckDBConnection;
}

async function governed(catalog: SandboxCatalog): Promise<Governed> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'; ATTACH ':memory:' AS governed;`);
  const files = catalog.views.flatMap((view) => view.files);
  await connection.run(`SET allowed_paths = [${files.map((file) => literal(file)).join(', ')}]; SET enable_external_access = false;`);
  for (const schema of new Set(catalog.views.map((view) => view.schema))) await connection.run(`CREATE SCHEMA ${qualified('governed', schema)}`);
  for (const view of catalog.views) {
    const scan =
      view.files.length === 0
        ? `(SELECT ${view.fields.map((field) => `CAST(NULL AS ${field.type}) AS ${ident(field.name)}`).join(', ')} WHERE FALSE)`
        : `read_parquet([${view.files.map((file) => literal(file)).join(', ')}])`;
    await connection.run(`CREATE VIEW ${qualified('governed', view.schema, view.name)} AS ${view.sql.replace('{files}', () => scan)}`);
  }
  const plain = await instance.connect();
  await plain.run('USE governed');
  await connection.run('SET lock_configuration = true');
  return { connection, plain };
}

function classified(error: unknown): SkeinError {
  const text = error instanceof Error ? error.message : String(error);
  const code = /^Binder Error: (Referenced|.* does not have a column named)/.test(text)
    ? 'SKEIN_QUERY_UNKNOWN_COLUMN'
    : /^(Binder|Catalog|Parser|Not implemented) Error/.test(text)
      ? 'SKEIN_QUERY_INVALID'
      : 'SKEIN_QUERY_FAILED';
  return new SkeinError(code, 'the engine says no', { cause: error });
}
