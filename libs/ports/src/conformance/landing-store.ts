import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Landing } from '@skein/product';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LandingDraft, LandingStore } from '../landing-store.ts';

export interface LandingStoreUnderTest {
  readonly store: LandingStore;
  /** Another store on the same data, as another process would have it. */
  readonly other: () => LandingStore;
  readonly now: () => number;
  readonly dispose?: () => Promise<void>;
}

const draft = (marks: Partial<LandingDraft> = {}): LandingDraft => ({
  source: 'marc',
  table: 'marc',
  file: 'sub/MARC "ü".csv',
  origin: 'demo',
  sha256: 'a'.repeat(64),
  bytes: 100,
  rows: 3,
  columns: ['MATNR', 'MARC.WERKS', 'Größe'],
  rejects: [{ row: 2, reason: 'cut off', raw: '{"a":\u0000' }],
  ...marks,
});

async function land(store: LandingStore, marks: Partial<LandingDraft> = {}, domain = 'sap'): Promise<Landing> {
  const stage = await store.stage(domain);
  const file = path.join(stage.directory, 'landed.parquet');
  await writeFile(file, randomBytes(64));
  return store.commit(stage, draft(marks), file);
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** What every LandingStore keeps. `make` gives an empty store; call it at the top level of a test file. */
export function landingStoreConformance(name: string, make: () => Promise<LandingStoreUnderTest>): void {
  describe(`landing store: ${name}`, () => {
    let made: LandingStoreUnderTest;
    let store: LandingStore;
    beforeEach(async () => {
      made = await make();
      store = made.store;
    });
    afterEach(async () => {
      await made.dispose?.();
    });

    it('lists nothing before the first commit', async () => {
      expect(await store.list('sap')).toEqual([]);
      await store.stage('sap');
      expect(await store.list('sap')).toEqual([]);
    });

    it('keeps a profile beside a landing, for others too, and for that content alone', async () => {
      const landing = await land(store);
      expect(await store.profileOf('sap', landing)).toBeUndefined();
      const profile = { rows: 3, sampled: 3, columns: [{ name: 'MATNR', nulls: 1, distinct: 2, type: 'text' as const, shapes: [], texts: 2, forms: {} }] };
      await store.keepProfile('sap', landing, { ...profile, rows: 2 });
      await store.keepProfile('sap', landing, profile);
      expect(await made.other().profileOf('sap', landing)).toEqual(profile);
      expect(await store.profileOf('sap', { ...landing, sha256: 'b'.repeat(64) })).toBeUndefined();
      expect(await store.profileOf('sap', await land(store, { file: 'other.csv' }))).toBeUndefined();
      expect(await store.list('sap')).toHaveLength(2);
    });

    it('gives back what was landed, to itself and to others, and the stage is gone', async () => {
      const stage = await store.stage('sap');
      expect(await readdir(stage.directory)).toEqual([]);
      const bytes = randomBytes(300);
      await writeFile(path.join(stage.directory, 'x.parquet'), bytes);
      const landing = await store.commit(stage, draft(), path.join(stage.directory, 'x.parquet'));
      expect(landing).toEqual({ ...draft(), sequence: 1, path: landing.path });
      expect(await readFile(landing.path)).toEqual(bytes);
      await expect(readdir(stage.directory)).rejects.toThrow();
      for (const reader of [store, made.other()]) {
        expect(await reader.list('sap')).toEqual([landing]);
        expect(await reader.list('ga4')).toEqual([]);
        await reader.verify('sap', landing);
      }
    });

    it('keeps a landing without columns as such', async () => {
      await land(store, { columns: undefined });
      expect((await made.other().list('sap'))[0]?.columns).toBeUndefined();
    });

    it('adds nothing when the newest landing of the file has the same content', async () => {
      const first = await land(store);
      expect(await land(store)).toEqual(first);
      expect(await land(made.other(), { rows: 9 })).toEqual(first);
      expect(await store.list('sap')).toEqual([first]);
      await store.verify('sap', first);
    });

    it('lands each of source, table, origin, file and content that differs', async () => {
      await land(store);
      for (const [index, marks] of [{ source: 's2' }, { table: 't2' }, { origin: 'o2' }, { file: 'f2' }, { sha256: 'b'.repeat(64) }].entries())
        expect((await land(store, marks)).sequence).toBe(index + 2);
    });

    it('lands content anew that came back after another', async () => {
      await land(store, { sha256: 'a'.repeat(64) });
      await land(store, { sha256: 'b'.repeat(64) });
      expect((await land(store, { sha256: 'a'.repeat(64) })).sequence).toBe(3);
    });

    it('numbers contiguously under concurrency, and lands equal content once', async () => {
      const stores = [store, made.other(), made.other(), made.other()];
      const work = stores.flatMap((racer, index) => [
        ...Array.from({ length: 6 }, (_, file) => land(racer, { file: `${index}-${file}` })),
        land(racer, { file: 'same' }),
      ]);
      const landings = await Promise.all(work);
      expect(new Set(landings.filter((landing) => landing.file === 'same').map((landing) => landing.sequence)).size).toBe(1);
      const all = await made.other().list('sap');
      expect(all.map((landing) => landing.sequence)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
      for (const landing of all) await store.verify('sap', landing);
      expect(await store.list('sap')).toEqual(all);
    });

    it('numbers each domain by itself', async () => {
      await land(store);
      expect((await land(store, {}, 'ga4')).sequence).toBe(1);
    });

    it('finds unchanged files by size and time, not when in doubt', async () => {
      const old = made.now() - 60_000;
      const state = { source: 'marc', origin: 'demo', file: draft().file, size: 100, mtimeMs: old };
      const landing = await land(store, { mtimeMs: old });
      expect(await store.findUnchanged('sap', state)).toEqual(landing);
      expect(await made.other().findUnchanged('sap', state)).toEqual(landing);
      for (const change of [{ size: 101 }, { mtimeMs: old + 1 }, { file: 'other' }, { origin: 'other' }, { source: 'other' }])
        expect(await store.findUnchanged('sap', { ...state, ...change })).toBeUndefined();
      expect(await store.findUnchanged('ga4', state)).toBeUndefined();

      // touched: hashed again and found the same
      const touched = { ...state, mtimeMs: old + 10 };
      await store.noteUnchanged('sap', touched, landing);
      expect(await store.findUnchanged('sap', touched)).toEqual(landing);
      // changed a moment before it was landed: it may have changed once more within the grain of its time
      const fresh = await land(store, { sha256: 'b'.repeat(64), mtimeMs: made.now() - 500 });
      expect(fresh.sequence).toBe(2);
      expect(await store.findUnchanged('sap', { ...state, mtimeMs: made.now() - 500 })).toBeUndefined();
      // what was noted of an older landing no longer counts
      expect(await store.findUnchanged('sap', touched)).toBeUndefined();
    });

    it('forgets an abandoned stage', async () => {
      const stage = await store.stage('sap');
      await writeFile(path.join(stage.directory, 'x.parquet'), 'x');
      await store.abandon(stage);
      await store.abandon(stage);
      await expect(readdir(stage.directory)).rejects.toThrow();
      expect((await land(store)).sequence).toBe(1);
    });

    it('refuses a file from outside the stage, and a missing one, and lands nothing then', async () => {
      const kept = await land(store);
      await expect(store.commit(await store.stage('sap'), draft({ file: 'f2' }), kept.path)).rejects.toEqual(code('SKEIN_INTERNAL'));
      const stage = await store.stage('sap');
      await expect(store.commit(stage, draft({ file: 'f2' }), path.join(stage.directory, 'missing.parquet'))).rejects.toEqual(code('SKEIN_STORAGE_FAILED'));
      expect(await store.list('sap')).toEqual([kept]);
    });

    it('finds damage', async () => {
      const landing = await land(store);
      await writeFile(landing.path, randomBytes(64));
      await expect(store.verify('sap', landing)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
      await rm(landing.path);
      await expect(store.verify('sap', landing)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
    });

    it('refuses domains that are no plain names', async () => {
      for (const domain of ['', '..', '../x', 'a/b', 'a\0', '..%2f', 'A', '*', 'x'.repeat(64)]) {
        await expect(store.list(domain)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
        await expect(store.stage(domain)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
      }
    });
  });
}
