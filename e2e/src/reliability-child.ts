import fs, { writeSync } from 'node:fs';
import { open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { SnapshotStore, WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';

// A process of the reliability tests: publishes or reads until it has done its part, or is killed. One JSON line an event.

export const TABLE: TableRef = { domain: 'reliability', name: 'kept', major: 1 };
export const COLUMNS: readonly WantedColumn[] = [
  { propertyId: 'mark', name: 'mark', type: { kind: 'int', bits: 64 }, required: false },
  { propertyId: 'n', name: 'n', type: { kind: 'int', bits: 64 }, required: false },
];

/** How the commit is broken, to see that a test notices. */
export type Fault = 'none' | 'rename' | 'in-place' | 'unsynced' | 'early';

export type ChildTask =
  | {
      readonly kind: 'publish';
      readonly root: string;
      readonly count: number;
      readonly fault: Fault;
      /** Folder of `<mark>-<part>.parquet`; random bytes without it. */ readonly templates?: string;
      readonly marks?: number;
    }
  | { readonly kind: 'read'; readonly root: string; readonly holdMs: number }
  | { readonly kind: 'fill'; readonly root: string; readonly rounds: number; readonly fault: Fault };

export type ChildEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'acknowledged'; readonly version: number; readonly id: string; readonly mark: number }
  | { readonly kind: 'outcome'; readonly looked: number; readonly faults: readonly string[]; readonly detail?: Readonly<Record<string, number>> };

function say(event: ChildEvent): void {
  writeSync(1, `${JSON.stringify(event)}\n`);
}

/** Puts a broken commit in the place of the right one: other system calls, the same program. */
async function breakCommit(fault: Fault): Promise<void> {
  const { promises } = fs;
  if (fault === 'rename')
    promises.link = async (from, to) => promises.copyFile(from, `${String(to)}.twin`).then(() => promises.rename(`${String(to)}.twin`, to));
  if (fault === 'in-place') {
    promises.link = async (from, to) => {
      const bytes = await promises.readFile(from);
      const target = await promises.open(to, 'wx');
      for (let at = 0; at < bytes.length; at += 512) {
        await target.write(bytes, at, Math.min(512, bytes.length - at));
        await sleep(1);
      }
      await target.close();
    };
  }
  if (fault === 'unsynced' || fault === 'early') {
    const handle = await open(process.execPath, 'r');
    const prototype = Object.getPrototypeOf(handle) as { sync(): Promise<void> };
    await handle.close();
    const { sync } = prototype;
    const { link } = promises;
    let linked = false;
    promises.link = async (from, to) => {
      await link(from, to);
      linked = true;
    };
    // `early` leaves out only what comes after the link, so that the acknowledgement comes too soon
    prototype.sync = async function (this: unknown) {
      if (fault === 'early' && !linked) await sync.call(this as never);
    };
  }
  syncBuiltinESMExports();
}

async function publishOne(store: SnapshotStore, mark: number, parts: readonly Uint8Array[]): Promise<Snapshot> {
  const staging = await store.begin(TABLE, COLUMNS);
  const files = [];
  for (const [index, bytes] of parts.entries()) {
    const file = path.join(staging.directory, `part-${index}.parquet`);
    await writeFile(file, bytes);
    files.push({ path: file, rows: 10n, bytes: BigInt(bytes.length), stats: {} });
  }
  const hash = 'a'.repeat(64);
  return store.commit(staging, {
    files,
    contractHash: hash,
    contractVersion: '1.0.0',
    verdictHash: hash,
    inputHash: `mark ${mark}`,
    lineage: { run: 'r', inputs: [], columns: [] },
    verdict: {},
  });
}

async function publish(task: ChildTask & { kind: 'publish' }): Promise<void> {
  await breakCommit(task.fault);
  const store = localSnapshotStore({ root: task.root, clock: systemClock });
  say({ kind: 'ready' });
  for (let round = 0; round < task.count; round += 1) {
    const mark = Math.floor(Math.random() * (task.marks ?? 1_000_000));
    const { templates } = task;
    const parts = await Promise.all(
      [0, 1].map(async (part) => (templates === undefined ? randomBytes(64) : readFile(path.join(templates, `${mark}-${part}.parquet`)))),
    );
    const snapshot = await publishOne(store, mark, parts);
    say({ kind: 'acknowledged', version: snapshot.version, id: String(snapshot.id), mark });
  }
}

/** Reads the newest snapshot, holds it as a query would, and checks that every byte is still there. */
async function read(task: ChildTask & { kind: 'read' }): Promise<void> {
  const store = localSnapshotStore({ root: task.root, clock: systemClock });
  const faults: string[] = [];
  let looked = 0;
  let highest = 0;
  let stopped = false;
  process.stdin.on('end', () => (stopped = true)).resume();
  say({ kind: 'ready' });
  while (!stopped) {
    try {
      const snapshot = await store.current(TABLE);
      if (snapshot !== undefined) {
        if (snapshot.version < highest) faults.push(`read version ${snapshot.version} after ${highest}`);
        highest = snapshot.version;
        await sleep(Math.random() * task.holdMs);
        await store.verify(snapshot);
        looked += 1;
      }
    } catch (error) {
      faults.push(String(error));
    }
    await sleep(1);
  }
  say({ kind: 'outcome', looked, faults: faults.slice(0, 20) });
}

/** Publishes on a disk that is full at another step each time. */
async function fill(task: ChildTask & { kind: 'fill' }): Promise<void> {
  await breakCommit(task.fault);
  const store = localSnapshotStore({ root: task.root, clock: systemClock });
  const fresh = (): SnapshotStore => localSnapshotStore({ root: task.root, clock: systemClock });
  const faults: string[] = [];
  const filler = path.join(path.dirname(task.root), 'filler');
  let last: Snapshot | undefined;
  let [refused, resumed, collected] = [0, 0, 0];

  const check = async (when: string): Promise<void> => {
    try {
      const current = await fresh().current(TABLE);
      if (current?.id !== last?.id) faults.push(`${when}: version ${current?.version} is current, acknowledged was ${last?.version}`);
      if (current !== undefined) await fresh().verify(current);
    } catch (error) {
      faults.push(`${when}: ${String(error)}`);
    }
  };
  const attempt = async (size: number, when: string): Promise<boolean> => {
    try {
      last = await publishOne(store, 0, [randomBytes(size)]);
      return true;
    } catch (error) {
      // the data file itself is written by the caller here, as an engine would: its error is not the store's
      const code = (error as { code?: string }).code;
      if (code !== 'SKEIN_STORAGE_FULL' && code !== 'ENOSPC') faults.push(`${when}: ${String(error)}`);
      refused += 1;
      return false;
    }
  };

  // filled by its own versions
  for (let version = 0; version < 100; version += 1) {
    const done = await attempt(600_000, 'filling');
    await check('filling');
    if (!done) break;
  }
  for (let round = 0; round < task.rounds && faults.length === 0; round += 1) {
    await rm(filler, { force: true });
    // what crashed publishers left goes first: that needs no room, while an expiry writes metadata
    collected += (await store.collect(TABLE, { graceMs: 0 })).deletedFiles;
    await store.expire(TABLE, { keep: 1 });
    collected += (await store.collect(TABLE, { graceMs: 0 })).deletedFiles;
    if (await attempt(1_000, `round ${round}, after the collection`)) resumed += 1;
    else faults.push(`round ${round}: still full after the collection`);
    // so many pages of 4 KiB are left: each number stops the commit at another of its writes
    const { bavail, bsize } = await statfs(task.root);
    await writeFile(filler, Buffer.alloc(Math.max(0, Number(bavail) - (round % 12)) * Number(bsize)));
    await attempt(1_000, `round ${round}, full`);
    await check(`round ${round}`);
  }
  say({ kind: 'outcome', looked: refused, faults: faults.slice(0, 20), detail: { resumed, collected, refused } });
}

if (import.meta.main) {
  const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
  if (task.kind === 'publish') await publish(task);
  else if (task.kind === 'read') await read(task);
  else await fill(task);
}
