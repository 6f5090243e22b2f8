import { copyFile, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { duckdbEngine, duckdbSandbox } from '@skein/adapter-duckdb';
import { memoryBoard, memoryBus } from '@skein/adapter-memory';
import { attachLibrary, sqlitePatternLibrary } from '@skein/adapter-sqlite';
import { localLandingStore, localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { QueryEngine } from '@skein/ports';
import type { Domain } from '@skein/product';
import { createSwarm, type Swarm, type SystemContracts } from '@skein/swarm';
import { OverlayLandings } from './overlay-landings.ts';
import { OverlaySnapshots } from './overlay-snapshots.ts';

export interface ScratchSwarm {
  readonly swarm: Swarm;
  readonly store: OverlaySnapshots;
  readonly landings: OverlayLandings;
  readonly engine: QueryEngine;
  close(): Promise<void>;
}

/**
 * A swarm that works as one over `data` would, and writes below `scratch` only: tables and landings of `data` are read where they lie, and what was
 * learned from a copy. Bronze is read from the landings, which makes the same rows.
 */
export async function scratchSwarm(domain: Domain, system: SystemContracts, data: string, scratch: string): Promise<ScratchSwarm> {
  const board = await memoryBoard().join(`plan-${process.pid}`);
  const file = await patternCopy(path.join(data, 'patterns', 'patterns.sqlite'), path.join(scratch, 'patterns'));
  const library = await sqlitePatternLibrary({ file, run: `plan-${process.pid}` });
  const detach = await attachLibrary(library, board);
  const store = new OverlaySnapshots(
    localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock }),
    localSnapshotStore({ root: path.join(scratch, 'tables'), clock: systemClock }),
  );
  const landings = new OverlayLandings(localLandingStore({ root: path.join(data, 'landing') }), localLandingStore({ root: path.join(scratch, 'landing') }));
  const engine = duckdbEngine({ tempDirectory: path.join(scratch, 'tmp') });
  const bus = memoryBus();
  const sandbox = duckdbSandbox({ workers: 1, spares: 0, startEarly: false, tempDirectory: path.join(scratch, 'rules') });
  return {
    swarm: createSwarm(domain, system, { engine, store, landings, bus, board, sandbox }),
    ...{ store, landings, engine },
    async close() {
      await detach();
      library.close();
      await sandbox.close();
      await engine.close();
      await bus.close();
      await board.close();
    },
  };
}

const COPIES = 20;

/** Copies a database with its log, anew where somebody wrote meanwhile. Opening the original would write beside it. */
async function patternCopy(from: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const to = path.join(folder, 'patterns.sqlite');
  const stamps = async () =>
    await Promise.all(
      ['', '-wal'].map((end) =>
        stat(`${from}${end}`, { bigint: true }).then(
          ({ size, mtimeNs }) => `${size} ${mtimeNs}`,
          () => 'none',
        ),
      ),
    );
  for (let copy = 0; copy < COPIES; copy += 1) {
    const before = await stamps();
    for (const [index, end] of ['', '-wal'].entries()) if (before[index] !== 'none') await copyFile(`${from}${end}`, `${to}${end}`).catch(() => undefined);
    if ((await stamps()).join() === before.join()) break;
  }
  return to;
}
