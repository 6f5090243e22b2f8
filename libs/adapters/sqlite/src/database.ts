import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import { storageError } from '@skein/ports';
import { loadSqlite } from './load-sqlite.ts';

const FULL = 13;

export interface DatabaseOptions {
  /** Made when it is absent, with its folder; readable by its owner only. */
  readonly file: string;
  /** Of the tables, set with them. */
  readonly version: number;
  readonly schema: string;
  /** FULL: what is committed outlives a power cut. */
  readonly synchronous: 'NORMAL' | 'FULL';
}

/** One SQLite file with a write-ahead log, its tables made. Throws SKEIN_STORAGE_FAILED for a file of another layout. */
export async function openDatabase({ file, version, schema, synchronous }: DatabaseOptions): Promise<DatabaseSync> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it the mode of this one
    await (await open(file, 'a', 0o600)).close();
    const { DatabaseSync } = await loadSqlite();
    const database = new DatabaseSync(file);
    try {
      database.exec(`PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};`);
      transaction(database, () => {
        const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
        if (found === 0) database.exec(`${schema}; PRAGMA user_version = ${version};`);
        else if (found !== version)
          throw new SkeinError('SKEIN_STORAGE_FAILED', `${file} was written by another version of Skein (its layout is ${found}, not ${version})`);
      });
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw databaseError(error, file);
  }
}

/** Runs the work in a transaction that no other writer, of this process or another, can come between. */
export function transaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // a full disk may have ended it already
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

export function databaseError(error: unknown, file: string): SkeinError {
  if (error instanceof SkeinError) return error;
  const message = `${file} cannot be read or written`;
  if ((error as { errcode?: unknown } | undefined)?.errcode === FULL) return new SkeinError('SKEIN_STORAGE_FULL', message, { cause: error });
  return storageError(error, message);
}
