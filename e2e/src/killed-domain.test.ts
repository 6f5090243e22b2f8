import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { localSnapshotStore } from '@skein/adapter-storage';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import { systemClock } from '@skein/kernel';
import type { SnapshotStore } from '@skein/ports';
import { soak, temporaryDirectory } from '@skein/testing';

// Promise: a domain may be killed at any moment. What it published stays whole, and the next start finishes the work.

const root = path.resolve(import.meta.dirname, '../..');
const main = path.join(root, 'domains/ga4/dist/main.js');

const digest = async (store: SnapshotStore) => {
  const found: Record<string, string> = {};
  for (const table of await store.tables()) {
    const snapshot = await store.current(table);
    if (snapshot) found[snapshot.product] = `${snapshot.rows} ${snapshot.verdictHash}`;
  }
  return found;
};

describe('a domain that is killed again and again', () => {
  it('leaves only whole versions, and ends where an undisturbed one ends', async () => {
    using folder = temporaryDirectory('skein-killed-');
    const sources = folder.file('sources');
    await writeGa4Source({ directory: sources, seed: 7, rows: 4000, materials: demoMaterials(7) });
    const run = (data: string) => promisify(execFile)(process.execPath, [main, '--once', '--from', sources, '--data', data], { cwd: root });

    const calm = folder.file('calm');
    const started = performance.now();
    await run(calm);
    const whole = performance.now() - started;
    const expected = await digest(localSnapshotStore({ root: path.join(calm, 'tables'), clock: systemClock }));
    expect(Object.keys(expected).length).toBeGreaterThan(6);

    const data = folder.file('killed');
    const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
    const kills = soak(60);
    const seen = new Map<string, number>();
    let killedBusy = 0;
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(process.execPath, [main, '--once', '--from', sources, '--data', data], { cwd: root, stdio: 'ignore' });
      const ended = once(child, 'exit');
      // Spread over the whole run, so that every phase is hit.
      await Promise.race([sleep((whole * (kill + 0.5)) / kills), ended]);
      if (child.exitCode === null) killedBusy++;
      child.kill('SIGKILL');
      await ended;
      for (const table of await store.tables()) {
        const snapshot = await store.current(table);
        if (!snapshot) continue;
        await store.verify(snapshot);
        expect(snapshot.version, snapshot.product).toBeGreaterThanOrEqual(seen.get(snapshot.product) ?? 0);
        seen.set(snapshot.product, snapshot.version);
      }
    }
    expect(killedBusy).toBeGreaterThan(0);
    await run(data);
    expect(await digest(store)).toEqual(expected);
  }, 240_000);
});
