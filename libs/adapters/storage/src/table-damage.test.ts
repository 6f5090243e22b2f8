import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fixedClock, systemClock, type Clock } from '@skein/kernel';
import type { SnapshotStore, WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localLandingStore } from './landing-store.ts';
import { relocateTables } from './relocate.ts';
import { localSnapshotStore } from './snapshot-store.ts';
import { linkVersion, readVersion } from './table-file.ts';
import { tablePlace } from './table-place.ts';

const TABLE: TableRef = { domain: 'sap', name: 'material', major: 1 };
const COLUMNS: readonly WantedColumn[] = [{ propertyId: 'p1', name: 'n', type: { kind: 'int', bits: 64 }, required: false }];
const CORRUPT = expect.objectContaining({ code: 'SKEIN_SNAPSHOT_CORRUPT' }) as unknown;

let root: string;
const fresh = (clock: Clock = systemClock): SnapshotStore => localSnapshotStore({ root, clock });
const inMetadata = (name: string): string => path.join(tablePlace(root, TABLE).metadata, name);

beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(tmpdir(), 'skein-damage-')), 'tables');
});
afterEach(() => rm(path.dirname(root), { recursive: true }));

async function publish(store = fresh()): Promise<Snapshot> {
  const staging = await store.begin(TABLE, COLUMNS);
  const file = path.join(staging.directory, 'part-0.parquet');
  await writeFile(file, 'rows');
  const marks = {
    contractHash: 'c',
    contractVersion: '1.0.0',
    verdictHash: 'v',
    inputHash: 'i',
    verdict: { passed: true },
    lineage: { run: 'r', inputs: [], columns: [] },
  };
  return store.commit(staging, { files: [{ path: file, rows: 1n, bytes: 4n, stats: {} }], ...marks });
}

async function age(days: number): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const time = (await stat(file)).mtimeMs / 1000 - days * 86_400;
    await utimes(file, time, time);
  }
}

describe('damage', () => {
  /** Changes single bytes of a file, all of them or some, and gives every answer that is not an error. */
  async function answers(file: string, ask: () => Promise<unknown>): Promise<{ looked: number; accepted: number[] }> {
    const good = await readFile(file);
    const accepted: number[] = [];
    let looked = 0;
    const step = Math.max(1, Math.floor(good.length / 100));
    for (let at = 0; at < good.length; at += step) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(file, bad);
      looked += 1;
      await ask().then(
        () => accepted.push(at),
        (error: unknown) => expect(error, `byte ${at}`).toEqual(CORRUPT),
      );
    }
    await writeFile(file, good);
    return { looked, accepted };
  }

  it('of any file of a snapshot is an error, never another answer', async () => {
    await publish();
    const snapshot = await publish();
    const files = await readdir(tablePlace(root, TABLE).metadata);
    const id = path.basename(path.dirname(snapshot.files[0]?.path ?? ''));
    const reading = ['v2.metadata.json', `${id}.skein.json`];
    for (const name of reading) {
      const { looked, accepted } = await answers(inMetadata(name), () => fresh().current(TABLE));
      expect(looked, name).toBeGreaterThan(90);
      expect(accepted, name).toEqual([]);
    }
    const verified = files.filter((name) => name.includes(id) && name.endsWith('.avro'));
    expect(verified).toHaveLength(2);
    for (const file of [...verified.map(inMetadata), snapshot.files[0]?.path ?? '']) {
      const { looked, accepted } = await answers(file, () => fresh().verify(snapshot));
      expect(looked).toBeGreaterThan(3);
      expect(accepted, file).toEqual([]);
    }
    await fresh().verify(snapshot);
  });

  it('is not passed over by taking an older version', async () => {
    await publish();
    await publish();
    for (const content of ['', '{}', 'null', '[]', '{"format-version":2}']) {
      await writeFile(inMetadata('v2.metadata.json'), content);
      await expect(fresh().current(TABLE), content).rejects.toEqual(CORRUPT);
      await expect(publish(), content).rejects.toEqual(CORRUPT);
      await expect(fresh().collect(TABLE, { graceMs: 0 }), content).rejects.toEqual(CORRUPT);
    }
    expect(await readdir(tablePlace(root, TABLE).data)).toHaveLength(2);
  });

  it('of one sidecar stops a collection, since nobody knows what it named', async () => {
    const first = await publish();
    await publish();
    await unlink(inMetadata(`${path.basename(path.dirname(first.files[0]?.path ?? ''))}.skein.json`));
    await age(10);
    await expect(fresh().collect(TABLE, { graceMs: 0 })).rejects.toEqual(CORRUPT);
    expect(await readFile(first.files[0]?.path ?? '', 'utf8')).toBe('rows');
  });

  it('of the hint means nothing', async () => {
    const snapshot = await publish();
    for (const hint of ['0', '99', 'x', '', '-1', '../../etc/passwd']) {
      await writeFile(inMetadata('version-hint.text'), hint);
      expect(await fresh().current(TABLE)).toEqual(snapshot);
    }
    await unlink(inMetadata('version-hint.text'));
    expect((await publish()).version).toBe(2);
  });
});

describe('foreign things', () => {
  it('in the data directory are neither read nor deleted', async () => {
    const snapshot = await publish();
    const foreign = [
      'README',
      'Sap/x/v1/metadata/v1.metadata.json',
      'sap/material/v01/metadata/v1.metadata.json',
      'sap/material/old/x',
      'sap/material/v1/metadata/v0.metadata.json',
      'sap/material/v1/metadata/v02.metadata.json',
      'sap/material/v1/metadata/v9.metadata.json.bak',
    ];
    for (const file of foreign) {
      await mkdir(path.dirname(path.join(root, file)), { recursive: true });
      await writeFile(path.join(root, file), 'foreign');
    }
    expect(await fresh().tables()).toEqual([TABLE]);
    expect(await fresh().current(TABLE)).toEqual(snapshot);
    await relocateTables({ root });
  });
});

describe('collection', () => {
  it('goes by the clock that stamps files: a process a day ahead deletes nothing that is young', async () => {
    await publish();
    const ahead = fresh(fixedClock(Date.now() + 86_400_000));
    const staging = await ahead.begin(TABLE, COLUMNS);
    await writeFile(path.join(staging.directory, 'x.parquet'), 'x');
    expect((await ahead.collect(TABLE, { graceMs: 3_600_000 })).deletedFiles).toBe(0);
    await age(1);
    const behind = fresh(fixedClock(Date.now() - 86_400_000));
    expect((await behind.collect(TABLE, { graceMs: 3_600_000 })).deletedFiles).toBe(1);
  });

  it('brings back what a collector had put aside when it crashed, if it is live', async () => {
    const snapshot = await publish();
    const { data } = tablePlace(root, TABLE);
    const [unit = ''] = await readdir(data);
    await cp(path.join(data, unit), path.join(data, `.trash-${unit}`), { recursive: true });
    await rm(path.join(data, unit), { recursive: true });
    await mkdir(path.join(data, '.trash-dead'));
    await writeFile(path.join(data, '.trash-dead', 'x'), 'x');
    expect(await fresh().collect(TABLE, { graceMs: 3_600_000 })).toMatchObject({ deletedFiles: 1 });
    await fresh().verify(snapshot);
    expect(await readdir(data)).toEqual([unit]);
  });

  it('frees numbers that a sleeping publisher cannot take: it has to start from what stands', async () => {
    await publish();
    const place = tablePlace(root, TABLE);
    const [base] = [await readVersion(place, 1)];
    for (let version = 2; version <= 5; version += 1) await publish();
    await fresh().expire(TABLE, { keep: 1 });
    await age(1);
    await fresh().collect(TABLE, { graceMs: 0 });
    expect((await readdir(place.metadata)).filter((name) => name.startsWith('v') && name.endsWith('.json')).sort()).toEqual([
      'v5.metadata.json',
      'v6.metadata.json',
    ]);
    // the number after its base is free, and so is the very first
    expect(await linkVersion(place, base, base?.metadata as never, () => undefined)).toBe(false);
    expect(await linkVersion(place, undefined, base?.metadata as never, () => undefined)).toBe(false);
    expect(await readVersion(place, 2)).toBeUndefined();
    expect(await readVersion(place, 1)).toBeUndefined();
    expect((await fresh().current(TABLE))?.version).toBe(5);
  });
});

describe('bar 17: 2,000 arbitrary identifiers', () => {
  it('lead nowhere: canary files stay as they are, and nothing appears outside', async () => {
    await publish();
    const outside = path.dirname(root);
    const canaries = ['canary', 'sap/canary', 'etc/passwd', 'tables/canary', 'tables/sap/canary'];
    for (const file of canaries) {
      await mkdir(path.dirname(path.join(outside, file)), { recursive: true });
      await writeFile(path.join(outside, file), `canary ${file}`);
    }
    const state = async (): Promise<string[]> => {
      const entries = (await readdir(outside, { recursive: true, withFileTypes: true })).map((entry) => path.join(entry.parentPath, entry.name));
      return entries.filter((file) => !file.startsWith(path.join(root, 'sap', 'material'))).sort();
    };
    const before = await state();
    const store = fresh();
    const landings = localLandingStore({ root: path.join(outside, 'landing') });
    const parts = [
      '..',
      '/',
      '..%2f',
      '\0',
      '*',
      '?',
      '[a-z]',
      '~',
      '$HOME',
      '`id`',
      '|',
      '\\',
      '%00',
      'a',
      'sap',
      '.',
      ' ',
      '\n',
      'canary',
      '{',
      ';',
      'ü',
      '\u202e',
      'C:',
      "'",
      '"',
      '--',
      'v1',
    ];
    const identifier = fc.oneof(
      fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 6 }).map((list) => list.join('')),
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('../'.repeat(20), `${'../'.repeat(8)}etc/passwd`, 'a'.repeat(10_000), '__proto__', 'constructor'),
    );
    let looked = 0;
    await fc.assert(
      fc.asyncProperty(identifier, fc.boolean(), async (text, asDomain) => {
        if (/^[a-z][a-z0-9_]{0,62}$/.test(text)) return;
        looked += 1;
        const table = asDomain ? { ...TABLE, domain: text } : { ...TABLE, name: text };
        const calls = [
          () => store.begin(table, COLUMNS),
          () => store.current(table),
          () => store.history(table),
          () => store.expire(table, { keep: 1 }),
          () => store.collect(table, { graceMs: 0 }),
          () => store.asOf(table, { version: 1 }),
          () => landings.stage(text),
          () => landings.list(text),
        ];
        for (const call of calls) {
          const code = await call().then(
            () => 'accepted',
            (error: { code?: string }) => error.code,
          );
          if (code !== 'SKEIN_NAME_INVALID') throw new Error(`${JSON.stringify(text)}: ${code}`);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(looked).toBeGreaterThan(1_800);
    expect(await state()).toEqual(before);
    for (const file of canaries) expect(await readFile(path.join(outside, file), 'utf8')).toBe(`canary ${file}`);
  });

  it('as names of columns are stored and come back, as a hostile staging is refused', async () => {
    const store = fresh();
    const names = ['a/../../b', '..', 'x\u0000y', '"; DROP TABLE', '*', 'Größe', '__proto__', ' '];
    const staging = await store.begin(
      { ...TABLE, name: 'odd' },
      names.map((name) => ({ propertyId: `id ${name}`, name, type: { kind: 'string' }, required: false })),
    );
    expect(staging.fields.map((field) => field.name)).toEqual(names);
    const elsewhere = path.join(path.dirname(root), 'elsewhere');
    await mkdir(elsewhere);
    for (const directory of [elsewhere, path.join(staging.directory, '..'), path.join(staging.directory, '..', '..', 'metadata')]) {
      await expect(store.abandon({ ...staging, directory })).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
      await expect(store.commit({ ...staging, directory }, { files: [] } as never)).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
    }
    expect(await readdir(elsewhere)).toEqual([]);
  });
});
