import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';
import {
  isDecision,
  mergeEvidence,
  readKnowledge,
  readPattern,
  signatureKey,
  signatureVector,
  similarity,
  totalEvidence,
  VECTOR_LENGTH,
  withinEvidence,
  type Evidence,
  type Knowledge,
  type Pattern,
  type Rewards,
  type Signature,
} from '@skein/pattern';
import { storageError, type PatternBoard } from '@skein/ports';
import { loadSqlite } from './load-sqlite.ts';

export interface SqlitePatternLibraryOptions {
  /** Made when it is absent, with its folder; readable by its owner only. */
  readonly file: string;
  /** Names this run. Evidence of other runs is taken as one agent's, `library`; what this run counts is kept by agent. */
  readonly run: string;
}

export interface SimilarPattern {
  readonly pattern: Pattern;
  /** Cosine of the signatures' vectors, at most 1. */
  readonly similarity: number;
}

/** What swarms have learned over many runs, in one file. */
export interface SqlitePatternLibrary {
  /** All that was learned; evidence of other runs summed under the agent `library`. */
  load(): Knowledge;
  /** Adds knowledge, in one transaction: it is on the disk when this returns. What is known already changes nothing. */
  keep(knowledge: Knowledge): void;
  /** Whether another connection, of this process or another, has written since this was last asked; the first answer tells nothing. */
  changed(): boolean;
  /** The patterns whose signatures are nearest, the nearest first, without rejected ones. Looks at all of them. */
  nearest(signature: Signature, count: number): readonly SimilarPattern[];
  /** Rows that could not be read, such as those of a damaged or newer file; they were left out. */
  readonly unreadable: number;
  close(): void;
}

/** The agent in whose name the evidence of earlier runs comes to a board. It is never written back. */
export const LIBRARY_AGENT = 'library';

const VERSION = 2;
/** What version 2 adds. */
const REWARDS = `
  CREATE TABLE reward (
    arm TEXT NOT NULL, run TEXT NOT NULL, agent TEXT NOT NULL, successes REAL NOT NULL, failures REAL NOT NULL,
    PRIMARY KEY (arm, run, agent)
  ) WITHOUT ROWID;
  PRAGMA user_version = 2;
`;
const SCHEMA = `
  CREATE TABLE pattern (id TEXT PRIMARY KEY, key TEXT NOT NULL, body TEXT NOT NULL, vector BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE evidence (
    pattern TEXT NOT NULL, run TEXT NOT NULL, agent TEXT NOT NULL, successes INTEGER NOT NULL, failures INTEGER NOT NULL,
    PRIMARY KEY (pattern, run, agent)
  ) WITHOUT ROWID;
  CREATE TABLE rejected (pattern TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
  ${REWARDS}
`;

/** Opens or makes a library. Throws SKEIN_STORAGE_FAILED when the file is no database of this version. */
export async function sqlitePatternLibrary({ file, run }: SqlitePatternLibraryOptions): Promise<SqlitePatternLibrary> {
  const { DatabaseSync: Database } = await loadSqlite();
  try {
    mkdirSync(dirname(file), { recursive: true });
    const database = new Database(file, { timeout: 5_000 });
    try {
      chmodSync(file, 0o600);
      prepare(database, file);
      return library(database, file, run);
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw storageError(error, `opening the pattern library ${file}`);
  }
}

/**
 * Puts what the library holds on a board that lacks it, and keeps in the library what the board learns, `every` so many milliseconds and at the end. What
 * other processes put into the file comes to the board as soon.
 * @returns how to stop: writes what is left.
 */
export async function attachLibrary(store: SqlitePatternLibrary, board: PatternBoard, every = 250): Promise<() => Promise<void>> {
  store.changed();
  await bring(store, board);
  let dirty = false;
  const stopListening = board.onChange(() => void (dirty = true));
  const write = (): void => {
    if (!dirty) return;
    dirty = false;
    try {
      store.keep(board.knowledge());
    } catch (error) {
      dirty = true;
      throw error;
    }
  };
  let [stale, bringing] = [false, false];
  const timer = setInterval(() => {
    try {
      write();
      // Other processes write into the file as well: what they learned is known here in a moment.
      stale = store.changed() || stale;
      if (bringing || !stale) return;
      [stale, bringing] = [false, true];
      bring(store, board)
        .catch(() => (stale = true))
        .finally(() => (bringing = false));
    } catch {
      // A disk that is full or busy now may not be in a second; the last write, at the end, says so.
    }
  }, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    stopListening();
    dirty = true;
    write();
  };
}

/** Puts on the board what the library knows and the board does not. */
async function bring(store: SqlitePatternLibrary, board: PatternBoard): Promise<void> {
  const { patterns, rejected, rewards } = store.load();
  const known = new Map(board.knowledge().patterns.map((pattern) => [pattern.id, pattern]));
  const news = patterns.filter(({ id, evidence }) => {
    if (board.rejection(id) !== undefined) return false;
    const there = known.get(id);
    return (
      there === undefined ||
      (evidence[LIBRARY_AGENT] !== undefined && JSON.stringify(there.evidence[LIBRARY_AGENT]) !== JSON.stringify(evidence[LIBRARY_AGENT]))
    );
  });
  await Promise.all([
    ...news.map((pattern) => board.publish(pattern)),
    ...Object.entries(rejected).flatMap(([id, reason]) => (board.rejection(id) === undefined ? [board.reject(id, reason)] : [])),
    ...Object.entries(rewards).flatMap(([arm, tallies]) => {
      const there = board.rewards()[arm] ?? {};
      return Object.entries(tallies).flatMap(([agent, tally]) => (withinEvidence({ [agent]: tally }, there) ? [] : [board.reward({ arm, agent, tally })]));
    }),
  ]);
}

function prepare(database: DatabaseSync, file: string): void {
  // WAL with FULL: a committed transaction survives the machine, and readers do not wait for the writer.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  transaction(database, () => {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version === 0) database.exec(SCHEMA);
    else if (version === 1) database.exec(REWARDS);
    else if (version !== VERSION)
      throw new SkeinError('SKEIN_STORAGE_FAILED', `${file} is a pattern library of version ${version}; this is version ${VERSION}`);
  });
}

function library(database: DatabaseSync, file: string, run: string): SqlitePatternLibrary {
  let unreadable = 0;
  let version: unknown;
  const insertPattern = database.prepare('INSERT INTO pattern (id, key, body, vector) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING');
  const raise = database.prepare(`
    INSERT INTO evidence (pattern, run, agent, successes, failures) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET successes = max(successes, excluded.successes), failures = max(failures, excluded.failures)`);
  const earn = database.prepare(`
    INSERT INTO reward (arm, run, agent, successes, failures) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET successes = max(successes, excluded.successes), failures = max(failures, excluded.failures)`);
  const rewardRows = database.prepare('SELECT arm AS id, run, agent, successes, failures FROM reward ORDER BY arm, run, agent');
  const reject = database.prepare('INSERT INTO rejected (pattern, reason) VALUES (?, ?) ON CONFLICT DO NOTHING');
  const patternRows = database.prepare('SELECT id, body, vector FROM pattern WHERE id NOT IN (SELECT pattern FROM rejected) ORDER BY id');
  const allRows = database.prepare('SELECT id, body FROM pattern ORDER BY id');
  const evidenceRows = database.prepare('SELECT pattern AS id, run, agent, successes, failures FROM evidence ORDER BY pattern, run, agent');
  const rejectedRows = database.prepare('SELECT pattern, reason FROM rejected ORDER BY pattern');

  function keepEvidence(id: string, evidence: Evidence): void {
    for (const [agent, { successes, failures }] of Object.entries(evidence)) {
      if (agent !== LIBRARY_AGENT) raise.run(id, run, agent, successes, failures);
    }
  }

  /** Evidence by id of the pattern, or rewards by arm. */
  function readTallies(statement: StatementSync): Map<string, Evidence> {
    const own = new Map<string, Evidence>();
    const before = new Map<string, Evidence>();
    for (const row of statement.iterate() as Iterable<{ id: string; run: string; agent: string; successes: number; failures: number }>) {
      const [map, agent] = row.run === run || isDecision(row.agent) ? [own, row.agent] : [before, `${row.run}\u001f${row.agent}`];
      map.set(row.id, mergeEvidence(map.get(row.id) ?? {}, { [agent]: { successes: row.successes, failures: row.failures } }));
    }
    for (const [id, evidence] of before) own.set(id, mergeEvidence(own.get(id) ?? {}, { [LIBRARY_AGENT]: totalEvidence(evidence) }));
    return own;
  }

  function readRewards(): Rewards {
    const { knowledge, refused } = readKnowledge({ patterns: [], evidence: {}, rejected: {}, rewards: Object.fromEntries(readTallies(rewardRows)) });
    unreadable += refused;
    return knowledge.rewards;
  }

  function read(id: string, body: string, evidence: Evidence): Pattern | undefined {
    let pattern: Pattern | string = 'no JSON';
    try {
      pattern = readPattern({ ...(JSON.parse(body) as object), id, evidence });
    } catch {
      // Counted below with what is malformed in other ways.
    }
    if (typeof pattern !== 'string') return pattern;
    unreadable += 1;
    return undefined;
  }

  const guarded = <Result>(what: string, work: () => Result): Result => {
    try {
      return work();
    } catch (error) {
      throw storageError(error, `${what} the pattern library ${file}`);
    }
  };

  return {
    get unreadable() {
      return unreadable;
    },
    load: () =>
      guarded('reading', () => {
        unreadable = 0;
        const evidence = readTallies(evidenceRows);
        const rows = allRows.all() as { id: string; body: string }[];
        const patterns = rows.map(({ id, body }) => read(id, body, evidence.get(id) ?? {})).filter((pattern) => pattern !== undefined);
        const there = new Set(rows.map(({ id }) => id));
        const rejected = rejectedRows.all() as { pattern: string; reason: string }[];
        return {
          patterns,
          evidence: Object.fromEntries([...evidence].filter(([id]) => !there.has(id))),
          rejected: Object.fromEntries(rejected.map(({ pattern, reason }) => [pattern, reason])),
          rewards: readRewards(),
        };
      }),
    keep: (knowledge) =>
      guarded('writing', () =>
        transaction(database, () => {
          for (const pattern of knowledge.patterns) {
            const { id, evidence, ...body } = pattern;
            insertPattern.run(id, signatureKey(pattern.signature), JSON.stringify(body), new Uint8Array(signatureVector(pattern.signature).buffer));
            keepEvidence(id, evidence);
          }
          for (const [id, evidence] of Object.entries(knowledge.evidence)) keepEvidence(id, evidence);
          for (const [id, reason] of Object.entries(knowledge.rejected)) reject.run(id, reason);
          for (const [arm, tallies] of Object.entries(knowledge.rewards)) {
            for (const [agent, { successes, failures }] of Object.entries(tallies)) if (agent !== LIBRARY_AGENT) earn.run(arm, run, agent, successes, failures);
          }
        }),
      ),
    changed: () =>
      guarded('reading', () => {
        const { data_version: now } = database.prepare('PRAGMA data_version').get() as { data_version: number };
        const other = version !== undefined && version !== now;
        version = now;
        return other;
      }),
    nearest: (signature, count) =>
      guarded('searching', () => {
        const sought = signatureVector(signature);
        const rows = patternRows.all() as { id: string; body: string; vector: Uint8Array }[];
        const near = rows
          .filter(({ vector }) => vector.byteLength === VECTOR_LENGTH * Float32Array.BYTES_PER_ELEMENT)
          .map((row) => ({ row, similarity: similarity(sought, new Float32Array(row.vector.slice().buffer)) }))
          .sort((a, b) => b.similarity - a.similarity || (a.row.id < b.row.id ? -1 : 1))
          .slice(0, count);
        const evidence = readTallies(evidenceRows);
        return near.flatMap(({ row, similarity: cosine }) => {
          const pattern = read(row.id, row.body, evidence.get(row.id) ?? {});
          return pattern === undefined ? [] : [{ pattern, similarity: cosine }];
        });
      }),
    close: () => database.close(),
  };
}

function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
