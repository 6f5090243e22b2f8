import type { DatabaseSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import type { StateStore } from '@skein/ports';
import { databaseError, openDatabase, transaction } from './database.ts';

export interface SqliteStateStoreOptions {
  /** Made when it is absent, with its folder; readable by its owner only. */
  readonly file: string;
}

const SCHEMA = 'CREATE TABLE state (space TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (space, key)) WITHOUT ROWID';
/** UTF-8 has no such byte: it stands above every continuation of a prefix. */
const END = Buffer.from([0xff]);

/** State in one SQLite file, which several processes may share. */
export function sqliteStateStore({ file }: SqliteStateStoreOptions): StateStore {
  let opening: Promise<DatabaseSync> | undefined;
  let closed = false;

  async function use<Result>(work: (database: DatabaseSync) => Result): Promise<Result> {
    if (closed) throw new SkeinError('SKEIN_STORAGE_FAILED', `${file} is closed`);
    opening ??= openDatabase({ file, version: 1, schema: SCHEMA, synchronous: 'FULL' });
    opening.catch(() => (opening = undefined));
    const database = await opening;
    try {
      return work(database);
    } catch (error) {
      throw databaseError(error, file);
    }
  }
  const range = (prefix: string): [Buffer, Buffer] => [Buffer.from(prefix), Buffer.concat([Buffer.from(prefix), END])];

  return {
    get: (space, key) =>
      use((database) => {
        const row = database.prepare('SELECT value FROM state WHERE space = ? AND key = ?').get(space, Buffer.from(key));
        return row === undefined ? undefined : (row['value'] as Uint8Array);
      }),
    put: (space, entries) =>
      use((database) =>
        transaction(database, () => {
          const put = database.prepare('INSERT INTO state VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
          for (const [key, value] of entries) put.run(space, Buffer.from(key), value);
        }),
      ),
    list: (space, prefix) =>
      use((database) =>
        database
          .prepare('SELECT key, value FROM state WHERE space = ? AND key >= ? AND key < ? ORDER BY key')
          .all(space, ...range(prefix))
          .map((row) => [Buffer.from(row['key'] as Uint8Array).toString(), row['value'] as Uint8Array] as const),
      ),
    remove: (space, prefix) =>
      use((database) => void database.prepare('DELETE FROM state WHERE space = ? AND key >= ? AND key < ?').run(space, ...range(prefix))),
    async close() {
      if (closed) return;
      closed = true;
      const database = await opening?.catch(() => undefined);
      database?.close();
    },
  };
}
