import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from 'vitest';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { SnapshotStore } from '@skein/ports';
import { soak, temporaryDirectory } from '@skein/testing';
import { COLUMNS, TABLE } from './reliability-child.ts';
import { startChild, warmUp } from './reliability-process.ts';

// Bar 5: garbage collection beside four readers deletes nothing that is live, read or being staged, and leaves no orphan.

const HOLD_MS = 40;
beforeAll(warmUp);

interface Collected {
  readonly reads: number;
  readonly faults: readonly string[];
  readonly deleted: number;
  readonly orphans: readonly string[];
  readonly versions: number;
}

async function publish(store: SnapshotStore, hash = 'a'): Promise<void> {
  const staging = await store.begin(TABLE, COLUMNS);
  const files = [];
  for (const part of [0, 1]) {
    const file = path.join(staging.directory, `part-${part}.parquet`);
    await writeFile(file, randomBytes(20_000));
    files.push({ path: file, rows: 10n, bytes: 20_000n, stats: {} });
  }
  await store.commit(staging, {
    files,
    contractHash: hash,
    contractVersion: '1.0.0',
    verdictHash: hash,
    inputHash: hash,
    lineage: { run: 'r', inputs: [], columns: [] },
    verdict: {},
  });
}

async function collecting(rounds: number, graceMs: number): Promise<Collected> {
  using folder = temporaryDirectory('skein-collect-');
  const store = localSnapshotStore({ root: folder.path, clock: systemClock });
  await publish(store);
  const readers = Array.from({ length: 4 }, () => startChild({ kind: 'read', root: folder.path, holdMs: HOLD_MS }));
  await Promise.all(readers.map((reader) => reader.ready));
  let deleted = 0;
  const faults: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // somebody writes slowly and commits at the end, somebody crashes
    const slow = await store.begin(TABLE, COLUMNS);
    const file = path.join(slow.directory, 'part-0.parquet');
    await writeFile(file, randomBytes(500));
    const crashed = await store.begin(TABLE, COLUMNS);
    await writeFile(path.join(crashed.directory, 'part-0.parquet'), randomBytes(500));
    await publish(store);
    await store.expire(TABLE, { keep: 1 });
    deleted += (await store.collect(TABLE, { graceMs })).deletedFiles;
    try {
      await store.commit(slow, {
        files: [{ path: file, rows: 1n, bytes: 500n, stats: {} }],
        contractHash: '',
        contractVersion: '',
        verdictHash: '',
        inputHash: '',
        lineage: { run: '', inputs: [], columns: [] },
        verdict: {},
      });
      for (const snapshot of await store.history(TABLE)) await store.verify(snapshot);
    } catch (error) {
      faults.push(String(error));
    }
  }
  let reads = 0;
  for (const reader of readers) {
    reader.process.stdin.end();
    await reader.ended;
    for (const event of reader.events) {
      if (event.kind !== 'outcome') continue;
      reads += event.looked;
      faults.push(...event.faults);
    }
  }
  await sleep(graceMs + 10);
  await store.expire(TABLE, { keep: 1 });
  await sleep(graceMs + 10);
  deleted += (await store.collect(TABLE, { graceMs })).deletedFiles;
  const current = await store.current(TABLE);
  if (current === undefined) throw new Error('nothing is current');
  await store.verify(current);
  const place = path.join(folder.path, TABLE.domain, TABLE.name, 'v1');
  const units = new Set(current.files.map((one) => path.basename(path.dirname(one.path))));
  const orphans = (await readdir(path.join(place, 'data'))).filter((unit) => !units.has(unit));
  const metadata = await readdir(path.join(place, 'metadata'));
  // of the current version: manifest, manifest list, sidecar; its metadata, that of the expiry, the hint
  if (metadata.length > 6) orphans.push(...metadata);
  return { reads, faults, deleted, orphans, versions: current.version };
}

it(`bar 5: ${soak(200)} collections beside four readers: 0 orphans past the grace, 0 live files deleted`, async () => {
  const rounds = soak(200);
  const result = await collecting(rounds, 2_000);
  console.log(`bar 5: ${rounds} collections, ${result.deleted} files deleted, ${result.reads} reads, ${result.versions} versions`);
  expect(result.faults).toEqual([]);
  expect(result.orphans).toEqual([]);
  expect(result.versions).toBe(2 * rounds + 1);
  expect(result.deleted).toBeGreaterThan(rounds * 5);
  expect(result.reads).toBeGreaterThan(rounds);
}, 600_000);

it('bar 5, broken twin: without a grace, readers and stagings lose their files', async () => {
  const result = await collecting(15, 0);
  expect(result.faults.length).toBeGreaterThan(0);
});
