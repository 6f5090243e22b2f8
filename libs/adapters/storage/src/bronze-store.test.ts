import { spawn } from 'node:child_process';
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nextVersion } from './bronze-store.fixture.ts';
import { localBronzeStore } from './bronze-store.ts';

let root: string;
beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(tmpdir(), 'skein-bronze-')), 'bronze');
});
afterEach(() => rm(path.dirname(root), { recursive: true }));

const below = (folder: string) => readdirSync(path.join(root, 'shop/events', folder));

it('keeps what a version keeps, numbers versions from 1, and reads them where the directory has moved to', async () => {
  const store = localBronzeStore({ root });
  expect(await store.current('shop', 'events')).toBeUndefined();
  expect(await store.newest('shop', 'events')).toBe(0);
  const first = await nextVersion(store);
  const second = await nextVersion(store, (file) => file.path.endsWith('a.parquet'));
  expect([first.version, second.version]).toEqual([1, 2]);
  expect(second.files.map((file) => file.landings)).toEqual([[1], [2], [2]]);
  expect(second.rows).toBe(5n);
  expect(second.files[0]).toEqual(first.files[0]);
  expect(await localBronzeStore({ root }).current('shop', 'events')).toEqual(second);
  await rename(root, `${root}-moved`);
  const moved = localBronzeStore({ root: `${root}-moved` });
  const found = await moved.current('shop', 'events');
  expect(found?.files.every((file) => file.path.startsWith(`${root}-moved`))).toBe(true);
  expect(found && (await moved.damaged(found))).toEqual([]);
  await rename(`${root}-moved`, root);
});

it('refuses a second version after the same one, and leaves nothing of it', async () => {
  const store = localBronzeStore({ root });
  await nextVersion(store);
  const stages = [await store.stage('shop', 'events'), await store.stage('shop', 'events')];
  const plan = { bytes: 1, partitionBy: [], rowGroup: 20_480, reasons: [] };
  const draft = { expectedVersion: 1, definition: 'd', plan, landings: [], kept: [] };
  const outcomes = await Promise.allSettled(
    stages.map(async (stage, index) => {
      await writeFile(path.join(stage.directory, 'x'), `${index}`);
      return store.commit(stage, { ...draft, added: [{ path: path.join(stage.directory, 'x'), partition: {}, landings: [], rows: 1n, bytes: 1n }] });
    }),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(outcomes.find((outcome) => outcome.status === 'rejected')?.reason).toMatchObject({ code: 'SKEIN_STORAGE_CONTENDED' });
  expect(below('staging')).toEqual([]);
  expect(below('files')).toHaveLength(2);
  expect((await store.current('shop', 'events'))?.version).toBe(2);
});

it('finds files that are missing, torn or changed, and believes no manifest with a changed byte', async () => {
  const store = localBronzeStore({ root });
  await nextVersion(store);
  const version = await nextVersion(store, () => true);
  expect(version.files).toHaveLength(4);
  const [missing, torn, changed] = version.files.map((file) => file.path);
  rmSync(missing ?? '');
  truncateSync(torn ?? '', 10);
  const bytes = await readFile(changed ?? '');
  bytes[17] = (bytes[17] ?? 0) ^ 1;
  await writeFile(changed ?? '', bytes);
  expect((await store.damaged(version)).map((file) => file.path)).toEqual([missing, torn, changed]);
  const file = path.join(root, 'shop/events/versions/2.json');
  const good = await readFile(file);
  let looked = 0;
  for (let at = 0; at < good.length - 2; at += 7) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    // Blanks between values are no content.
    if (JSON.stringify(tryJson(bad)) === JSON.stringify(tryJson(good))) continue;
    await writeFile(file, bad);
    await expect(store.current('shop', 'events'), `byte ${at}`).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
    looked += 1;
  }
  expect(looked).toBeGreaterThan(50);
});

it('deletes what no version needs after the grace, counted from when it was replaced', async () => {
  const store = localBronzeStore({ root });
  const first = await nextVersion(store);
  const hour = 3_600_000;
  const old = (Date.now() - 2 * hour) / 1000;
  for (const file of first.files) await utimes(file.path, old, old);
  const second = await nextVersion(store, (file) => file.path.endsWith('a.parquet'));
  expect(await store.collect('shop', 'events', { graceMs: hour })).toBe(0);
  expect(await store.damaged(first)).toEqual([]);
  for (const file of [...first.files, ...second.files]) for (const entry of [file.path, path.dirname(file.path)]) await utimes(entry, old, old);
  expect(await store.collect('shop', 'events', { graceMs: hour })).toBe(1);
  expect(await store.damaged(second)).toEqual([]);
  expect((await store.damaged({ ...first, files: first.files.filter((file) => file.path.endsWith('a.parquet')), version: 2 })).length).toBe(0);
  await expect(store.collect('shop', 'events', { graceMs: -1 })).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
});

it('shows whole versions only, whenever a writer is killed', async () => {
  const store = localBronzeStore({ root });
  const script = path.join(import.meta.dirname, 'bronze-store.fixture.ts');
  let [kills, reads] = [0, 0];
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, ['--conditions=@skein/source', '--disable-warning=ExperimentalWarning', script, root]);
    let said = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (!said.includes('\n') && child.exitCode === null) await sleep(5);
    await sleep(7 * round + 3);
    child.kill('SIGKILL');
    await ended;
    expect(errors).toBe('');
    kills += 1;
    const acknowledged = Number(said.trimEnd().split('\n').at(-1));
    const version = await store.current('shop', 'events');
    expect(version?.version).toBeGreaterThanOrEqual(acknowledged);
    expect(version && (await store.damaged(version))).toEqual([]);
    // Its two new files, and one of each earlier version.
    expect(version?.files.length).toBe((version?.version ?? 0) < 2 ? 2 : (version?.version ?? 0));
    reads += 1;
  }
  expect([kills, reads]).toEqual([6, 6]);
  await nextVersion(store);
  await store.collect('shop', 'events', { graceMs: 0 });
  expect(below('files')).toHaveLength(1);
  expect(below('versions').filter((name) => !name.startsWith('.'))).toHaveLength(1);
});

function tryJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
