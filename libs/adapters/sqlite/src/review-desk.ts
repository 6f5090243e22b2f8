import type { DatabaseSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import { decideReview, gapKey, newReview, type Review, type ReviewDesk } from '@skein/ports';
import { databaseError, openDatabase, transaction } from './database.ts';

export interface SqliteReviewDeskOptions {
  /** Made when it is absent, with its folder; readable by its owner only, since reviews hold values. */
  readonly file: string;
}

const SCHEMA = `
  CREATE TABLE review (
    id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, status TEXT NOT NULL, applied INTEGER NOT NULL, body TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX review_by_sequence ON review (sequence);
  CREATE INDEX review_by_status ON review (status, applied);
  CREATE TABLE gap (key TEXT NOT NULL, sequence INTEGER NOT NULL, review TEXT NOT NULL, PRIMARY KEY (key, sequence)) WITHOUT ROWID;
`;

/** Reviews in one SQLite file, which several processes may share: each decision is one transaction, on disk when it is answered. */
export function sqliteReviewDesk({ file }: SqliteReviewDeskOptions): ReviewDesk {
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

  return {
    open: (request) =>
      use((database) => {
        const review = newReview(request);
        const keys = [...new Set(review.gaps.map(gapKey))];
        return transaction(database, () => {
          const standing = get(database, review.id) ?? keys.map((key) => covering(database, key)).find((one) => one?.status === 'open');
          if (standing) return { review: standing, created: false };
          const { next } = database.prepare('SELECT coalesce(max(sequence), 0) + 1 AS next FROM review').get() as { next: number };
          database.prepare('INSERT INTO review VALUES (?, ?, ?, 0, ?)').run(review.id, next, review.status, JSON.stringify(review));
          const put = database.prepare('INSERT INTO gap VALUES (?, ?, ?)');
          for (const key of keys) put.run(key, next, review.id);
          return { review, created: true };
        });
      }),
    get: (id) => use((database) => get(database, id)),
    list: ({ status, limit = 100 } = {}) =>
      use((database) =>
        bodies(
          database
            .prepare('SELECT body FROM review WHERE status = coalesce(?, status) ORDER BY sequence DESC LIMIT ?')
            .all(status ?? null, Math.min(limit, 1_000)),
        ),
      ),
    covering: (key) => use((database) => covering(database, key)),
    decide: (id, decision) =>
      use((database) =>
        transaction(database, () => {
          const standing = get(database, id);
          if (!standing) throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `there is no review ${JSON.stringify(id.slice(0, 80))}`);
          const outcome = decideReview(standing, decision);
          if (outcome.review !== standing) put(database, outcome.review);
          return outcome;
        }),
      ),
    unapplied: () => use((database) => bodies(database.prepare("SELECT body FROM review WHERE status <> 'open' AND applied = 0 ORDER BY sequence").all())),
    applied: (id) =>
      use((database) =>
        transaction(database, () => {
          const standing = get(database, id);
          if (standing) put(database, { ...standing, applied: true });
        }),
      ),
    async close() {
      if (closed) return;
      closed = true;
      const database = await opening?.catch(() => undefined);
      database?.close();
    },
  };
}

function bodies(rows: readonly unknown[]): Review[] {
  return (rows as readonly { readonly body: string }[]).map(({ body }) => JSON.parse(body) as Review);
}

function get(database: DatabaseSync, id: string): Review | undefined {
  return bodies(database.prepare('SELECT body FROM review WHERE id = ?').all(id))[0];
}

function covering(database: DatabaseSync, key: string): Review | undefined {
  return bodies(database.prepare('SELECT body FROM gap JOIN review ON review.id = gap.review WHERE key = ? ORDER BY gap.sequence DESC LIMIT 1').all(key))[0];
}

function put(database: DatabaseSync, review: Review): void {
  database
    .prepare('UPDATE review SET status = ?, applied = ?, body = ? WHERE id = ?')
    .run(review.status, review.applied ? 1 : 0, JSON.stringify(review), review.id);
}
