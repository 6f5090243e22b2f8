import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fixedClock } from '@skein/kernel';
import { snapshotStoreConformance } from '@skein/ports/conformance';
import { localSnapshotStore } from './snapshot-store.ts';

snapshotStoreConformance('local disk', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'skein-store-'));
  const clock = fixedClock(1_700_000_000_000);
  return {
    store: localSnapshotStore({ root, clock }),
    other: () => localSnapshotStore({ root, clock }),
    advance: (milliseconds) => clock.advance(milliseconds),
    age: async (milliseconds) => {
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        const file = path.join(entry.parentPath, entry.name);
        const time = ((await stat(file)).mtimeMs - milliseconds) / 1000;
        await utimes(file, time, time);
      }
    },
    dispose: () => rm(root, { recursive: true }),
  };
});
