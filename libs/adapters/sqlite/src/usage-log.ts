import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import { storageError, type QueryUse, type RecordedUse, type UsageLog, type UsedProduct } from '@skein/ports';
import { loadSqlite } from './load-sqlite.ts';

export interface SqliteUsageLogOptions {
  /** Made when it is absent, with its folder; readable by its owner only. */
  readonly file: string;
  /** Uses (a query by a principal) kept of each product, default 5,000. */
  readonly maxUses?: number;
  /** Milliseconds that what is recorded may wait for the disk, default 1,000. */
  readonly flushMs?: number;
  /** Told of what could not be kept, and why. */
  readonly onError?: (error: SkeinError) => void;
}

/** Runs that may wait, as distinct uses: beyond it they are not kept, since memory must not grow with a disk that hangs. */
const WAITING = 20_000;
/** Uses written at a stretch; between two stretches the process does other work. */
const STRETCH = 250;
const VERSION = 1;
const FULL = 13;

const SCHEMA = `
  CREATE TABLE query (hash TEXT PRIMARY KEY, sql TEXT NOT NULL, reads TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE reading (product TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (product, hash)) WITHOUT ROWID;
  CREATE TABLE usage (
    hash TEXT NOT NULL, principal TEXT NOT NULL, count INTEGER NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
    PRIMARY KEY (hash, principal)
  ) WITHOUT ROWID;
  CREATE TABLE purpose (hash TEXT NOT NULL, principal TEXT NOT NULL, purpose TEXT NOT NULL, PRIMARY KEY (hash, principal, purpose)) WITHOUT ROWID;
  CREATE TABLE dropped (product TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

/** Runs of one use that wait for the disk. */
interface Waiting {
  readonly use: QueryUse;
  readonly purposes: Set<string>;
  count: number;
  firstSeen: number;
  lastSeen: number;
}

/**
 * Uses in one SQLite file with a write-ahead log. `record` adds to a sum in memory; what has gathered is written in stretches of
 * one transaction each. What a crash takes is at most `flushMs` of runs.
 */
export function sqliteUsageLog({ file, maxUses = 5_000, flushMs = 1_000, onError }: SqliteUsageLogOptions): UsageLog {
  let waiting = new Map<string, Waiting>();
  let opening: Promise<UsageTable> | undefined;
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let recorded = 0;
  let failed = 0;
  let closed = false;

  const table = (): Promise<UsageTable> =>
    (opening ??= openTable(file, maxUses).catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  async function write(): Promise<void> {
    const batch = [...waiting.values()];
    waiting = new Map();
    for (let at = 0; at < batch.length; at += STRETCH) {
      const stretch = batch.slice(at, at + STRETCH);
      try {
        (await table()).write(stretch);
      } catch (thrown) {
        const lost = batch.slice(at).reduce((sum, one) => sum + one.count, 0);
        recorded -= lost;
        failed += lost;
        throw failure(thrown, file);
      }
      await new Promise((next) => setImmediate(next));
    }
  }

  /** One writer at a time; each has all that came before it. */
  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const done = writing.then(write);
    writing = done.catch(() => undefined);
    return done;
  }

  return {
    record(use) {
      const key = `${use.queryHash} ${use.principal}`;
      const known = waiting.get(key);
      if (closed || (!known && waiting.size >= WAITING)) {
        failed += 1;
        return;
      }
      recorded += 1;
      if (known) {
        known.count += 1;
        known.firstSeen = Math.min(known.firstSeen, use.time);
        known.lastSeen = Math.max(known.lastSeen, use.time);
        if (use.purpose !== undefined) known.purposes.add(use.purpose);
      } else waiting.set(key, { use, purposes: new Set(use.purpose === undefined ? [] : [use.purpose]), count: 1, firstSeen: use.time, lastSeen: use.time });
      timer ??= setTimeout(() => void flush().catch((error: unknown) => onError?.(failure(error, file))), flushMs).unref();
    },
    async usesOf(product) {
      await flush();
      return read(async () => (await table()).usesOf(product), file);
    },
    async dropped() {
      await flush();
      return read(async () => (await table()).dropped(), file);
    },
    flush,
    stats: () => ({ recorded, failed }),
    async close() {
      if (closed) return;
      closed = true;
      try {
        await flush();
      } finally {
        const opened = await opening?.catch(() => undefined);
        opening = undefined;
        opened?.close();
      }
    },
  };
}

interface UsageTable {
  write(batch: readonly Waiting[]): void;
  usesOf(product: string): RecordedUse[];
  dropped(): { product: string; dropped: number }[];
  close(): void;
}

async function openTable(file: string, maxUses: number): Promise<UsageTable> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // SQLite gives the files beside it the mode of this one
  await (await open(file, 'a', 0o600)).close();
  const { DatabaseSync } = await loadSqlite();
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 250; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version === 0) transaction(database, () => database.exec(SCHEMA));
    else if (version !== VERSION)
      throw new SkeinError('SKEIN_STORAGE_FAILED', `${file} was written by another version of Skein (its layout is ${version}, not ${VERSION})`);
    return usageTable(database, maxUses);
  } catch (error) {
    database.close();
    throw error;
  }
}

function usageTable(database: DatabaseSync, maxUses: number): UsageTable {
  const prepared = (sql: string): StatementSync => database.prepare(sql);
  const putQuery = prepared('INSERT INTO query VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sql = excluded.sql, reads = excluded.reads');
  const putReading = prepared('INSERT INTO reading VALUES (?, ?) ON CONFLICT DO NOTHING');
  const putUsage = prepared(
    'INSERT INTO usage VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count, ' +
      'first_seen = min(first_seen, excluded.first_seen), last_seen = max(last_seen, excluded.last_seen)',
  );
  const putPurpose = prepared('INSERT INTO purpose VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const surplus = prepared(
    'SELECT usage.hash, usage.principal FROM usage JOIN reading USING (hash) WHERE product = ? ORDER BY last_seen DESC, usage.hash LIMIT -1 OFFSET ?',
  );
  const productsOf = prepared('SELECT product FROM reading WHERE hash = ?');
  const putDropped = prepared('INSERT INTO dropped VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1');
  const dropUsage = prepared('DELETE FROM usage WHERE hash = ? AND principal = ?');
  const dropPurposes = prepared('DELETE FROM purpose WHERE hash = ? AND principal = ?');
  const left = prepared('SELECT count(*) AS left FROM usage WHERE hash = ?');
  const dropQuery = prepared('DELETE FROM query WHERE hash = ?');
  const dropReadings = prepared('DELETE FROM reading WHERE hash = ?');
  const uses = prepared(
    'SELECT hash, sql, reads, principal, count, first_seen, last_seen, ' +
      '(SELECT json_group_array(purpose ORDER BY purpose) FROM purpose WHERE purpose.hash = usage.hash AND purpose.principal = usage.principal) AS purposes ' +
      'FROM reading JOIN query USING (hash) JOIN usage USING (hash) WHERE product = ? ORDER BY last_seen DESC, hash, principal',
  );
  const allDropped = prepared('SELECT product, count AS dropped FROM dropped ORDER BY product');

  function drop(hash: string, principal: string): void {
    for (const { product } of productsOf.all(hash) as { product: string }[]) putDropped.run(product);
    dropUsage.run(hash, principal);
    dropPurposes.run(hash, principal);
    if ((left.get(hash) as { left: number }).left > 0) return;
    dropQuery.run(hash);
    dropReadings.run(hash);
  }

  return {
    write(batch) {
      transaction(database, () => {
        const products = new Set<string>();
        for (const { use, purposes, count, firstSeen, lastSeen } of batch) {
          putQuery.run(use.queryHash, use.sql, JSON.stringify(use.reads));
          for (const { product } of use.reads) {
            putReading.run(product, use.queryHash);
            products.add(product);
          }
          putUsage.run(use.queryHash, use.principal, count, firstSeen, lastSeen);
          for (const purpose of purposes) putPurpose.run(use.queryHash, use.principal, purpose);
        }
        for (const product of products)
          for (const { hash, principal } of surplus.all(product, maxUses) as { hash: string; principal: string }[]) drop(hash, principal);
      });
    },
    usesOf: (product) =>
      (uses.all(product) as unknown as UseRow[]).map((row) => ({
        queryHash: row.hash,
        sql: row.sql,
        principal: row.principal,
        purposes: JSON.parse(row.purposes) as string[],
        reads: JSON.parse(row.reads) as UsedProduct[],
        count: row.count,
        firstSeen: row.first_seen,
        lastSeen: row.last_seen,
      })),
    dropped: () => (allDropped.all() as { product: string; dropped: number }[]).map(({ product, dropped }) => ({ product, dropped })),
    close: () => database.close(),
  };
}

interface UseRow {
  readonly hash: string;
  readonly sql: string;
  readonly reads: string;
  readonly principal: string;
  readonly count: number;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly purposes: string;
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // a full disk may have ended it already
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

async function read<Value>(work: () => Promise<Value>, file: string): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw failure(error, file);
  }
}

function failure(error: unknown, file: string): SkeinError {
  if (error instanceof SkeinError) return error;
  const message = `the usage log ${file} cannot be read or written`;
  if ((error as { errcode?: unknown } | undefined)?.errcode === FULL) return new SkeinError('SKEIN_STORAGE_FULL', message, { cause: error });
  return storageError(error, message);
}
