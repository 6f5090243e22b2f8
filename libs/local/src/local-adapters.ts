import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard, memoryBus } from '@skein/adapter-memory';
import { attachLibrary, sqlitePatternLibrary } from '@skein/adapter-sqlite';
import { localBronzeStore, localLandingStore, localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { PatternBoard } from '@skein/ports';
import type { SwarmAdapters } from '@skein/swarm';

export interface LocalOptions {
  /** Who this process is to others on the board. */
  readonly name: string;
  /** Address of a board that processes share; by default one in memory. */
  readonly redis?: string | undefined;
  /** Bytes of source files from which on a bronze table is kept as files; default 10 GB. */
  readonly partitionFrom?: number | undefined;
}

export interface LocalAdapters extends SwarmAdapters {
  readonly board: PatternBoard;
  close(): Promise<void>;
}

/**
 * Everything on this machine: DuckDB in the process, tables and landings below `data`, an in-memory bus, and a board for what the swarms learn, which
 * is kept in `data`, so that the next run, and every other process on the directory, begins with it.
 */
export async function localAdapters(data: string, { name, redis, partitionFrom }: LocalOptions): Promise<LocalAdapters> {
  const agent = `${name}-${process.pid}`;
  // A client that nobody asked for is not loaded.
  const board =
    redis === undefined
      ? await memoryBoard().join(agent)
      : await (await import('@skein/adapter-redis')).joinRedisBoard({ url: redis, migration: 'mesh', agent });
  const library = await sqlitePatternLibrary({ file: path.join(data, 'patterns', 'patterns.sqlite'), run: randomUUID() });
  const detach = await attachLibrary(library, board);
  const adapters = {
    engine: duckdbEngine({ tempDirectory: path.join(data, 'tmp', String(process.pid)) }),
    store: localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock }),
    landings: localLandingStore({ root: path.join(data, 'landing') }),
    bronze: localBronzeStore({ root: path.join(data, 'bronze') }),
    layout: partitionFrom === undefined ? {} : { partitionFrom },
    bus: memoryBus(),
    board,
    // One child at a time, and none before a contract has an SQL rule; consumers' queries have a sandbox of their own.
    sandbox: duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(data, 'tmp', `rules-${process.pid}`) }),
  };
  return {
    ...adapters,
    async close() {
      await detach();
      library.close();
      await adapters.sandbox.close();
      await adapters.engine.close();
      await adapters.bus.close();
      await board.close();
    },
  };
}
