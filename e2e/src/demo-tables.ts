import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { Snapshot } from '@skein/product';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Runs the main job once over demo data and gives the newest snapshot of every table that it published. */
export async function publishDemo(data: string, rows: number): Promise<Snapshot[]> {
  const main = path.join(ROOT, 'platform/mesh/dist/main.js');
  await promisify(execFile)(process.execPath, [main, '--once', '--json', '--port', '0', '--data', data, '--rows', String(rows)], {
    cwd: ROOT,
    maxBuffer: 64 << 20,
  });
  const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
  const snapshots = await Promise.all((await store.tables()).map((table) => store.current(table)));
  return snapshots.filter((snapshot) => snapshot !== undefined);
}
