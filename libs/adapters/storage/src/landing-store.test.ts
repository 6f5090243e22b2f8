import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '@skein/kernel';
import { landingStoreConformance } from '@skein/ports/conformance';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { localLandingStore } from './landing-store.ts';

landingStoreConformance('local disk', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'skein-landing-'));
  return {
    store: localLandingStore({ root, clock: systemClock }),
    other: () => localLandingStore({ root, clock: systemClock }),
    now: () => systemClock.now(),
    dispose: () => rm(root, { recursive: true }),
  };
});

let root: string;
beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(tmpdir(), 'skein-landing-')), 'landing');
});
afterEach(() => rm(path.dirname(root), { recursive: true }));

async function landOne(): Promise<string> {
  const store = localLandingStore({ root, clock: systemClock });
  const stage = await store.stage('sap');
  await writeFile(path.join(stage.directory, 'a.parquet'), 'rows');
  const draft = { source: 's', table: 't', file: 'f', origin: 'o', sha256: 'a', bytes: 1, rows: 1, columns: undefined, rejects: [] };
  return (await store.commit(stage, draft, path.join(stage.directory, 'a.parquet'))).path;
}

it('reads landings where they are, after the data directory has moved', async () => {
  await landOne();
  const moved = `${root}-moved`;
  await rename(root, moved);
  const store = localLandingStore({ root: moved, clock: systemClock });
  const [landing] = await store.list('sap');
  expect(landing?.path.startsWith(moved)).toBe(true);
  if (landing) await store.verify('sap', landing);
});

it('refuses every changed byte of a record', async () => {
  await landOne();
  const file = path.join(root, 'sap', 'records', '1.json');
  const good = await readFile(file);
  let looked = 0;
  for (let at = 0; at < good.length - 1; at += 1) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(file, bad);
    const answer = await localLandingStore({ root, clock: systemClock })
      .list('sap')
      .catch((error: { code?: string }) => error.code);
    expect(answer, `byte ${at}`).toBe('SKEIN_SNAPSHOT_CORRUPT');
    looked += 1;
  }
  expect(looked).toBeGreaterThan(200);
});

it('survives a cache cut off by a crash, and leaves nothing in the staging', async () => {
  await landOne();
  await writeFile(path.join(root, 'sap', 'unchanged.json'), '{"[');
  const store = localLandingStore({ root, clock: systemClock });
  expect(await store.findUnchanged('sap', { source: 's', origin: 'o', file: 'f', size: 1, mtimeMs: 1 })).toBeUndefined();
  expect(await readdir(path.join(root, 'sap', 'staging'))).toEqual([]);
});

it('sweeps what crashed ingestors left, when it is a day old, and nothing that is recorded', async () => {
  const landed = await landOne();
  const crashed = localLandingStore({ root });
  const stage = await crashed.stage('sap');
  const young = await crashed.stage('sap');
  const orphan = path.join(root, 'sap', 'files', 'orphan.parquet');
  await writeFile(orphan, 'rows');
  const old = Date.now() / 1000 - 2 * 86_400;
  for (const entry of [landed, stage.directory, orphan]) await utimes(entry, old, old);
  await localLandingStore({ root }).stage('sap');
  expect(await readdir(path.join(root, 'sap', 'files'))).toEqual([path.basename(landed)]);
  await expect(readdir(stage.directory)).rejects.toThrow('ENOENT');
  expect(await readdir(young.directory)).toEqual([]);
});
