import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { ident, SkeinError } from '@skein/kernel';
import type { Binder, Bound, BoundRelation } from '@skein/ports';

/** Sets of relations that stay made between two calls. */
const KEPT_SETS = 64;
const DEADLINE_MS = 5_000;
/** What may be bound is planned, never run: it needs no more. */
const MEMORY = '256MB';

/**
 * What stands in for marks while a query is bound: types alone do not do, since the engine wants some arguments (patterns, formats,
 * orders, shares) as constants of a certain form. A query binds when it binds with any of these.
 */
const STAND_INS: readonly { readonly text: string; readonly any: string }[] = [
  { text: `'.*'`, any: '1' },
  { text: `'1'`, any: `'1'` },
  { text: `'ASC'`, any: 'NULL' },
  { text: `'2000-01-01'`, any: `'2000-01-01'` },
];
// Texts and quoted names pass unchanged.
const MARKS = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(text|int|number|flag|any)\d+\b/g;

/**
 * Binds in an engine of its own, in this process, that can reach no file and no network, and that runs nothing: a query is
 * planned over empty tables. Marks are named for their kind (`$text1`, `$int2`, `$number3`, `$flag4`, `$any5`).
 */
export function duckdbBinder(): Binder {
  let opening: Promise<DuckDBInstance> | undefined;
  let connection: DuckDBConnection | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;
  let count = 0;
  const made = new Map<string, string>();

  async function connected(): Promise<DuckDBConnection> {
    if (closed) throw new SkeinError('SKEIN_INTERNAL', 'the binder is closed');
    opening ??= DuckDBInstance.create(':memory:', {
      enable_external_access: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      memory_limit: MEMORY,
      threads: '1',
    });
    if (!connection) {
      connection = await (await opening).connect();
      await connection.run("SET TimeZone = 'UTC'");
    }
    return connection;
  }

  /** Makes a database of the relations, or finds it made; returns its name. */
  async function databaseOf(relations: readonly BoundRelation[], on: DuckDBConnection): Promise<string> {
    const key = JSON.stringify(relations);
    const known = made.get(key);
    if (known !== undefined) {
      made.delete(key);
      made.set(key, known);
      return known;
    }
    const name = `bound_${(count += 1)}`;
    await on.run('USE memory');
    for (const [oldest, database] of made) {
      if (made.size < KEPT_SETS) break;
      await on.run(`DETACH ${ident(database)}`);
      made.delete(oldest);
    }
    await on.run(`ATTACH ':memory:' AS ${ident(name)}`);
    try {
      for (const schema of new Set(relations.map((relation) => relation.schema))) await on.run(`CREATE SCHEMA ${ident(name)}.${ident(schema)}`);
      for (const { schema, name: table, columns } of relations) {
        // a relation has a column at least, whatever is left of its contract
        const list = columns.length === 0 ? [{ name: '_none', type: 'BOOLEAN' }] : columns;
        await on.run(
          `CREATE TABLE ${ident(name)}.${ident(schema)}.${ident(table)} (${list.map((column) => `${ident(column.name)} ${column.type}`).join(', ')})`,
        );
      }
    } catch (error) {
      await on.run(`DETACH ${ident(name)}`);
      throw new SkeinError('SKEIN_INTERNAL', `no table could be made of ${relations.map((one) => `${one.schema}.${one.name}`).join(', ')}`, { cause: error });
    }
    made.set(key, name);
    return name;
  }

  async function bindOnce(sql: string, database: string, on: DuckDBConnection): Promise<Bound> {
    await on.run(`USE ${ident(database)}`);
    const timer = setTimeout(() => on.interrupt(), DEADLINE_MS);
    try {
      const prepared = await on.prepare(sql);
      try {
        return { columns: Array.from({ length: prepared.columnCount }, (_, at) => ({ name: prepared.columnName(at), type: String(prepared.columnType(at)) })) };
      } finally {
        prepared.destroySync();
      }
    } catch (error) {
      return { error: firstLine(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  async function bindAll(sql: string, sets: readonly (readonly BoundRelation[])[]): Promise<Bound[]> {
    const on = await connected();
    const texts = [...new Set(STAND_INS.map((standIn) => filled(sql, standIn)))];
    const bound: Bound[] = [];
    let start = 0;
    for (const relations of sets) {
      const database = await databaseOf(relations, on);
      let first: Bound | undefined;
      for (let tried = 0; tried < texts.length; tried += 1) {
        const at = (start + tried) % texts.length;
        const answer = await bindOnce(texts[at] as string, database, on);
        if ('columns' in answer) {
          start = at;
          first = answer;
          break;
        }
        first ??= answer;
      }
      bound.push(first as Bound);
    }
    return bound;
  }

  return {
    bind(sql, sets) {
      // one connection, whose current database changes
      const done = tail.then(() => bindAll(sql, sets));
      tail = done.catch(() => undefined);
      return done;
    },
    async close() {
      if (closed) return;
      closed = true;
      await tail;
      connection?.closeSync();
      (await opening)?.closeSync();
    },
  };
}

function filled(sql: string, { text, any }: (typeof STAND_INS)[number]): string {
  const byKind: Readonly<Record<string, string>> = { text, int: '1', number: '0.5', flag: 'true', any };
  return sql.replaceAll(MARKS, (whole, kind: string | undefined) => (kind === undefined ? whole : (byKind[kind] ?? whole)));
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
