import type { DatabaseSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import { decideMarket, emptyMarket, fold, numbered, type MarketEvent } from '@skein/market';
import type { MarketStore } from '@skein/ports';
import { databaseError, openDatabase, transaction } from './database.ts';

export interface SqliteMarketStoreOptions {
  /** Made when it is absent, with its folder; readable by its owner only. */
  readonly file: string;
}

const SCHEMA = 'CREATE TABLE event (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)';
const MOST_EVENTS = 10_000;

/**
 * The market's log in one SQLite file, which several processes may share. Each keeps the state in memory, and reads what the others
 * have added before it looks: one indexed read.
 */
export function sqliteMarketStore({ file }: SqliteMarketStoreOptions): MarketStore {
  const state = emptyMarket();
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

  const after = (database: DatabaseSync, seq: number, limit: number): MarketEvent[] =>
    (database.prepare('SELECT body FROM event WHERE seq > ? ORDER BY seq LIMIT ?').all(seq, limit) as { body: string }[]).map(
      ({ body }) => JSON.parse(body) as MarketEvent,
    );
  function catchUp(database: DatabaseSync): void {
    for (const event of after(database, state.seq, -1)) {
      if (event.seq !== state.seq + 1) throw new SkeinError('SKEIN_STORAGE_FAILED', `${file} lacks the event ${state.seq + 1}`);
      fold(state, event);
    }
  }

  return {
    state: () =>
      use((database) => {
        catchUp(database);
        return state;
      }),
    run: (command, now) =>
      use((database) => {
        const events = transaction(database, () => {
          catchUp(database);
          const made = numbered(state, decideMarket(state, command, now), now);
          const put = database.prepare('INSERT INTO event VALUES (?, ?)');
          for (const event of made) put.run(event.seq, JSON.stringify(event));
          return made;
        });
        // only what is committed has happened
        for (const event of events) fold(state, event);
        return events;
      }),
    events: (seq, limit = MOST_EVENTS) => use((database) => after(database, seq, Math.min(limit, MOST_EVENTS))),
    async close() {
      if (closed) return;
      closed = true;
      const database = await opening?.catch(() => undefined);
      database?.close();
    },
  };
}
