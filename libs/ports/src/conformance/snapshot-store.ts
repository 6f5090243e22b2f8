import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DataFile, Field, Snapshot, TableRef } from '@skein/product';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SnapshotDraft, SnapshotStore, Staging, WantedColumn } from '../snapshot-store.ts';

export interface SnapshotStoreUnderTest {
  readonly store: SnapshotStore;
  /** Another store on the same data, as another process would have it. */
  readonly other: () => SnapshotStore;
  /** Moves the clock that stamps snapshots. */
  readonly advance: (milliseconds: number) => void;
  /** Makes all that is stored look older by so much. */
  readonly age: (milliseconds: number) => Promise<void>;
  readonly dispose?: () => Promise<void>;
}

const MATERIAL: TableRef = { domain: 'sap', name: 'material', major: 1 };

const text = (name: string, propertyId = name, required = false): WantedColumn => ({ propertyId, name, type: { kind: 'string' }, required });
const typed = (name: string, type: WantedColumn['type'], propertyId = name): WantedColumn => ({ propertyId, name, type, required: false });
const COLUMNS = [text('material_number', 'id-number', true), typed('weight', { kind: 'decimal', precision: 9, scale: 2 })];

const draft = (files: readonly DataFile[], marks: Partial<SnapshotDraft> = {}): SnapshotDraft => ({
  files,
  contractHash: 'c'.repeat(64),
  contractVersion: '1.2.0',
  verdictHash: 'd'.repeat(64),
  inputHash: 'e'.repeat(64),
  lineage: {
    run: 'r1',
    inputs: [
      { kind: 'landing', name: 'marc', sha256: 'f'.repeat(64) },
      { kind: 'product', name: 'ga4.events', version: 3 },
    ],
    columns: [{ column: 'weight', from: ['landing:marc'] }],
  },
  verdict: { passed: true, rows: 9007199254740993n, note: 'Zoë "quoted"\n' },
  ...marks,
});

/** Files of arbitrary bytes: a store never looks into them. */
async function write(staging: Staging, name: string, bytes: Uint8Array, rows = 1n): Promise<DataFile> {
  const file = path.join(staging.directory, name);
  await writeFile(file, bytes);
  const stats = Object.fromEntries(staging.fields.map((field) => [field.name, { nulls: 0n, values: rows, bytes: 1n, min: 'a', max: 'z' }]));
  return { path: file, rows, bytes: BigInt(bytes.length), stats };
}

async function publish(
  store: SnapshotStore,
  table: TableRef = MATERIAL,
  columns: readonly WantedColumn[] = COLUMNS,
  marks: Partial<SnapshotDraft> = {},
): Promise<Snapshot> {
  const staging = await store.begin(table, columns);
  return store.commit(staging, draft([await write(staging, 'part-0.parquet', randomBytes(200))], marks));
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected });
const ids = (fields: readonly Field[]): Record<string, number> => Object.fromEntries(fields.map((field) => [field.name, field.id]));

/** What every SnapshotStore keeps. `make` gives an empty store; call it at the top level of a test file. */
export function snapshotStoreConformance(name: string, make: () => Promise<SnapshotStoreUnderTest>): void {
  describe(`snapshot store: ${name}`, () => {
    let made: SnapshotStoreUnderTest;
    let store: SnapshotStore;
    beforeEach(async () => {
      made = await make();
      store = made.store;
    });
    afterEach(async () => {
      await made.dispose?.();
    });

    describe('publishing', () => {
      it('has nothing before the first commit, staging included', async () => {
        expect(await store.current(MATERIAL)).toBeUndefined();
        expect(await store.history(MATERIAL)).toEqual([]);
        await store.begin(MATERIAL, COLUMNS);
        expect(await store.current(MATERIAL)).toBeUndefined();
        expect(await store.tables()).toEqual([]);
        await expect(store.asOf(MATERIAL, { version: 1 })).rejects.toEqual(code('SKEIN_SNAPSHOT_NOT_FOUND'));
      });

      it('gives back all that was committed, to itself and to others', async () => {
        const staging = await store.begin(MATERIAL, COLUMNS);
        const [one, two] = [randomBytes(300), randomBytes(1)];
        const committed = await store.commit(staging, draft([await write(staging, 'a.parquet', one, 7n), await write(staging, 'b.parquet', two, 0n)]));
        expect(committed).toMatchObject({
          table: MATERIAL,
          product: 'sap.material',
          version: 1,
          parent: undefined,
          rows: 7n,
          contractVersion: '1.2.0',
          contractHash: 'c'.repeat(64),
          verdictHash: 'd'.repeat(64),
          inputHash: 'e'.repeat(64),
        });
        expect(committed.lineage).toEqual(draft([]).lineage);
        expect(committed.verdict).toEqual({ passed: true, rows: '9007199254740993', note: 'Zoë "quoted"\n' });
        expect(committed.id).toBeGreaterThan(0n);
        expect(committed.id).toBeLessThan(1n << 53n);
        expect(committed.files.map((file) => [path.basename(file.path), file.rows, file.bytes])).toEqual([
          ['a.parquet', 7n, 300n],
          ['b.parquet', 0n, 1n],
        ]);
        expect(await readFile(committed.files[0]?.path ?? '')).toEqual(one);
        for (const reader of [store, made.other()]) {
          expect(await reader.current(MATERIAL)).toEqual(committed);
          expect(await reader.history(MATERIAL)).toEqual([committed]);
          expect(await reader.tables()).toEqual([MATERIAL]);
          await reader.verify(committed);
        }
      });

      it('replaces the whole content: versions are contiguous, and each knows its parent', async () => {
        const versions = [await publish(store), await publish(made.other()), await publish(store)];
        expect(versions.map((snapshot) => snapshot.version)).toEqual([1, 2, 3]);
        expect(versions.map((snapshot) => snapshot.parent)).toEqual([undefined, versions[0]?.id, versions[1]?.id]);
        expect(new Set(versions.map((snapshot) => snapshot.id)).size).toBe(3);
        expect((await store.current(MATERIAL))?.files).toEqual(versions[2]?.files);
        expect(await made.other().history(MATERIAL)).toEqual(versions);
      });

      it('sees at once what another store published, and keeps what it read before', async () => {
        const first = await publish(store);
        expect(await store.current(MATERIAL)).toEqual(first);
        const second = await publish(made.other());
        expect(await store.current(MATERIAL)).toEqual(second);
        await store.verify(first);
      });

      it('publishes an empty version, and one without files', async () => {
        const staging = await store.begin(MATERIAL, COLUMNS);
        expect(await store.commit(staging, draft([await write(staging, 'empty.parquet', Buffer.alloc(0), 0n)]))).toMatchObject({ version: 1, rows: 0n });
        expect(await store.commit(await store.begin(MATERIAL, COLUMNS), draft([]))).toMatchObject({ version: 2, rows: 0n, files: [] });
        expect((await store.current(MATERIAL))?.version).toBe(2);
      });

      it('lets racing publishers through one after the other', async () => {
        const stores = [store, made.other(), made.other(), made.other()];
        const all = (await Promise.all(stores.flatMap((racer) => Array.from({ length: 5 }, () => publish(racer))))).map((snapshot) => snapshot.version);
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
        const history = await made.other().history(MATERIAL);
        expect(history.map((snapshot) => snapshot.parent)).toEqual([undefined, ...history.slice(0, -1).map((snapshot) => snapshot.id)]);
      });

      it('refuses a draft that was made for an older version, and takes it for the one that is there', async () => {
        const offer = async (expectedVersion: number) => {
          const staging = await store.begin(MATERIAL, COLUMNS);
          return store.commit(staging, { ...draft([await write(staging, 'part-0.parquet', randomBytes(50))]), expectedVersion });
        };
        expect(await offer(0)).toMatchObject({ version: 1 });
        await expect(offer(0)).rejects.toEqual(code('SKEIN_STORAGE_CONTENDED'));
        expect(await offer(1)).toMatchObject({ version: 2 });
        const [one, other] = await Promise.allSettled([offer(2), offer(2)]);
        expect([one.status, other.status].sort()).toEqual(['fulfilled', 'rejected']);
        expect(await store.current(MATERIAL)).toMatchObject({ version: 3 });
      });

      it('keeps tables and majors apart', async () => {
        const major2 = { ...MATERIAL, major: 2 };
        const orders = { domain: 'sap', name: 'sales_order_items', major: 1 };
        await publish(store);
        await publish(store, major2, [typed('material_number', { kind: 'int', bits: 64 }, 'id-number')]);
        await publish(store, orders);
        expect(await store.tables()).toEqual([MATERIAL, major2, orders]);
        expect((await store.current(major2))?.version).toBe(1);
      });

      it('forgets an abandoned staging, but never one that was committed', async () => {
        const staging = await store.begin(MATERIAL, COLUMNS);
        await write(staging, 'x.parquet', randomBytes(9));
        await store.abandon(staging);
        await expect(readdir(staging.directory)).rejects.toThrow();
        await store.abandon(staging);
        const second = await store.begin(MATERIAL, COLUMNS);
        const snapshot = await store.commit(second, draft([await write(second, 'x.parquet', randomBytes(9))]));
        await store.abandon(second);
        await store.verify(snapshot);
      });

      it('refuses a file that is not in the staging, or not as long as the writer said', async () => {
        const staging = await store.begin(MATERIAL, COLUMNS);
        const outside = await publish(store);
        await expect(store.commit(staging, draft([{ path: outside.files[0]?.path ?? '', rows: 1n, bytes: 200n, stats: {} }]))).rejects.toEqual(
          code('SKEIN_INTERNAL'),
        );
        const again = await store.begin(MATERIAL, COLUMNS);
        const file = await write(again, 'x.parquet', randomBytes(9));
        await expect(store.commit(again, draft([{ ...file, bytes: 10n }]))).rejects.toEqual(code('SKEIN_STORAGE_FAILED'));
        await expect(store.commit(again, draft([{ ...file, path: path.join(again.directory, 'missing.parquet') }]))).rejects.toEqual(
          code('SKEIN_STORAGE_FAILED'),
        );
        expect((await store.current(MATERIAL))?.version).toBe(1);
      });

      it('never runs backward in time, whatever the clock does', async () => {
        const first = await publish(store);
        made.advance(-86_400_000);
        const second = await publish(store);
        made.advance(2 * 86_400_000);
        const third = await publish(store);
        expect(second.committedAt).toBe(first.committedAt);
        expect(third.committedAt).toBe(first.committedAt + 86_400_000);
        expect([first, second, third].map((snapshot) => snapshot.version)).toEqual([1, 2, 3]);
      });
    });

    describe('columns', () => {
      it('keep their field ids through renames, new columns, reordering and removal', async () => {
        const first = await publish(store, MATERIAL, [text('number', 'p1', true), typed('weight', { kind: 'int', bits: 32 }, 'p2')]);
        expect(ids(first.fields)).toEqual({ number: 1, weight: 2 });
        const renamed = await publish(store, MATERIAL, [
          typed('plant', { kind: 'string' }, 'p3'),
          typed('mass', { kind: 'int', bits: 64 }, 'p2'),
          text('number', 'p1', true),
        ]);
        expect(ids(renamed.fields)).toEqual({ plant: 3, mass: 2, number: 1 });
        const dropped = await publish(made.other(), MATERIAL, [text('number', 'p1', true), text('weight', 'p4')]);
        expect(ids(dropped.fields)).toEqual({ number: 1, weight: 4 });
        const back = await publish(store, MATERIAL, [text('number', 'p1', true), typed('mass', { kind: 'int', bits: 64 }, 'p2'), text('newest', 'p5')]);
        expect(ids(back.fields)).toEqual({ number: 1, mass: 2, newest: 5 });
        expect((await store.asOf(MATERIAL, { version: 1 })).fields).toEqual(first.fields);
        expect(back.fields.map((field) => field.propertyId)).toEqual(['p1', 'p2', 'p5']);
      });

      it('swap names without swapping identities', async () => {
        await publish(store, MATERIAL, [text('a', 'p1'), text('b', 'p2')]);
        expect(ids((await publish(store, MATERIAL, [text('b', 'p1'), text('a', 'p2')])).fields)).toEqual({ b: 1, a: 2 });
      });

      it('have types that come back as they went in, nested parts with ids of their own', async () => {
        const columns: WantedColumn[] = [
          typed('s', { kind: 'string' }),
          typed('b', { kind: 'boolean' }),
          typed('i', { kind: 'int', bits: 32 }),
          typed('l', { kind: 'int', bits: 64 }),
          typed('f', { kind: 'float', bits: 32 }),
          typed('d', { kind: 'float', bits: 64 }),
          typed('n', { kind: 'decimal', precision: 38, scale: 18 }),
          typed('day', { kind: 'date' }),
          typed('time', { kind: 'time' }),
          typed('ts', { kind: 'timestamp', zoned: false }),
          typed('tz', { kind: 'timestamp', zoned: true }),
          typed('raw', { kind: 'binary' }),
          typed('items', {
            kind: 'list',
            element: {
              kind: 'struct',
              fields: [
                { name: 'price', type: { kind: 'decimal', precision: 9, scale: 2 }, required: true },
                { name: 'tags', type: { kind: 'list', element: { kind: 'string' } }, required: false },
              ],
            },
          }),
          typed('params', {
            kind: 'map',
            key: { kind: 'string' },
            value: { kind: 'struct', fields: [{ name: 'int_value', type: { kind: 'int', bits: 64 }, required: false }] },
          }),
        ];
        const snapshot = await publish(store, MATERIAL, columns);
        expect(snapshot.fields.map((field) => field.type)).toEqual(columns.map((column) => column.type));
        const items = snapshot.fields.find((field) => field.name === 'items');
        expect(Object.keys(items?.nested ?? {}).sort()).toEqual(['element', 'element.price', 'element.tags', 'element.tags.element']);
        expect(Object.keys(snapshot.fields.find((field) => field.name === 'params')?.nested ?? {}).sort()).toEqual(['key', 'value', 'value.int_value']);
        const every = snapshot.fields.flatMap((field) => [field.id, ...Object.values(field.nested)]);
        expect(new Set(every).size).toBe(every.length);
        expect((await store.begin(MATERIAL, columns)).fields).toEqual(snapshot.fields);
      });

      it('refuse a change of type that Iceberg does not allow, and duplicates', async () => {
        await publish(store, MATERIAL, [typed('weight', { kind: 'int', bits: 64 }, 'p1')]);
        for (const type of [{ kind: 'int', bits: 32 }, { kind: 'string' }, { kind: 'list', element: { kind: 'int', bits: 64 } }] as const) {
          await expect(store.begin(MATERIAL, [typed('weight', type, 'p1')])).rejects.toEqual(code('SKEIN_SCHEMA_INCOMPATIBLE'));
        }
        await expect(store.begin(MATERIAL, [text('a', 'p1'), text('A', 'p2')])).rejects.toEqual(code('SKEIN_CONTRACT_INVALID'));
        await expect(store.begin(MATERIAL, [text('a', 'p1'), text('b', 'p1')])).rejects.toEqual(code('SKEIN_CONTRACT_INVALID'));
        await expect(store.begin(MATERIAL, [])).rejects.toEqual(code('SKEIN_CONTRACT_INVALID'));
      });

      it('changed by another between begin and commit make the commit fail, not the data wrong', async () => {
        await publish(store, MATERIAL, [text('a')]);
        const staging = await store.begin(MATERIAL, [text('a'), text('mine')]);
        await publish(made.other(), MATERIAL, [text('a'), text('theirs')]);
        await expect(store.commit(staging, draft([await write(staging, 'x.parquet', randomBytes(9))]))).rejects.toEqual(code('SKEIN_STORAGE_CONTENDED'));
        expect(ids((await publish(store, MATERIAL, [text('a'), text('mine')])).fields)).toEqual({ a: 1, mine: 3 });
      });
    });

    describe('time travel', () => {
      it('finds by version, by snapshot and by time', async () => {
        const first = await publish(store);
        made.advance(1_000);
        const second = await publish(store);
        expect(await store.asOf(MATERIAL, { version: 1 })).toEqual(first);
        expect(await store.asOf(MATERIAL, { snapshotId: second.id })).toEqual(second);
        expect(await store.asOf(MATERIAL, { time: second.committedAt - 1 })).toEqual(first);
        expect(await store.asOf(MATERIAL, { time: second.committedAt })).toEqual(second);
        for (const when of [{ version: 0 }, { version: 3 }, { version: 1.5 }, { snapshotId: 1n }, { time: first.committedAt - 1 }, { time: Number.NaN }]) {
          await expect(
            store.asOf(MATERIAL, when),
            JSON.stringify(when, (_key, value: unknown) => String(value)),
          ).rejects.toEqual(code('SKEIN_SNAPSHOT_NOT_FOUND'));
        }
      });
    });

    describe('damage', () => {
      it('is found by verify: a changed byte, a missing file', async () => {
        const snapshot = await publish(store);
        const file = snapshot.files[0]?.path ?? '';
        const bytes = await readFile(file);
        bytes[100] = (bytes[100] ?? 0) ^ 1;
        await writeFile(file, bytes);
        await expect(store.verify(snapshot)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
        await rm(file);
        await expect(store.verify(snapshot)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
        await expect(made.other().current(MATERIAL)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
      });

      it('is found on reading when a file has another size', async () => {
        const snapshot = await publish(store);
        await writeFile(snapshot.files[0]?.path ?? '', randomBytes(199));
        await expect(made.other().current(MATERIAL)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
        await expect(made.other().asOf(MATERIAL, { version: 1 })).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
      });
    });

    describe('expiry and collection', () => {
      it('drops old versions, keeps the numbering, and always keeps the current one', async () => {
        for (let version = 1; version <= 5; version += 1) await publish(store);
        expect(await store.expire(MATERIAL, { keep: 2 })).toBe(3);
        expect((await made.other().history(MATERIAL)).map((snapshot) => snapshot.version)).toEqual([4, 5]);
        await expect(store.asOf(MATERIAL, { version: 3 })).rejects.toEqual(code('SKEIN_SNAPSHOT_NOT_FOUND'));
        expect(await store.expire(MATERIAL, { keep: 2 })).toBe(0);
        expect(await publish(store)).toMatchObject({ version: 6 });
        expect(await store.expire(MATERIAL, { keep: 1 })).toBe(2);
        expect((await store.current(MATERIAL))?.version).toBe(6);
        for (const keep of [0, -1, 1.5, Number.NaN]) await expect(store.expire(MATERIAL, { keep })).rejects.toEqual(code('SKEIN_CONFIG_INVALID'));
        expect(await store.expire({ ...MATERIAL, name: 'nothing' }, { keep: 1 })).toBe(0);
      });

      it('deletes what nobody names and what is old, and nothing else', async () => {
        const kept = await publish(store);
        const abandoned = await store.begin(MATERIAL, COLUMNS);
        await write(abandoned, 'x.parquet', randomBytes(50));
        expect((await store.collect(MATERIAL, { graceMs: 60_000 })).deletedFiles).toBe(0);
        await made.age(120_000);
        const young = await store.begin(MATERIAL, COLUMNS);
        const file = await write(young, 'y.parquet', randomBytes(50));
        const report = await store.collect(MATERIAL, { graceMs: 60_000 });
        expect(report).toMatchObject({ deletedFiles: 1, deletedBytes: 50n });
        expect(report.keptFiles).toBeGreaterThan(0);
        await expect(readdir(abandoned.directory)).rejects.toThrow();
        await store.verify(kept);
        expect(await store.commit(young, draft([file]))).toMatchObject({ version: 2 });
      });

      it('gives readers of an expired version the grace period, from the expiry on', async () => {
        const first = await publish(store);
        const second = await publish(store);
        await made.age(3_600_000);
        await store.expire(MATERIAL, { keep: 1 });
        expect((await store.collect(MATERIAL, { graceMs: 60_000 })).deletedFiles).toBe(0);
        await store.verify(first);
        await made.age(120_000);
        expect((await made.other().collect(MATERIAL, { graceMs: 60_000 })).deletedFiles).toBeGreaterThan(0);
        await expect(store.verify(first)).rejects.toEqual(code('SKEIN_SNAPSHOT_CORRUPT'));
        await store.verify(second);
        expect(await store.current(MATERIAL)).toEqual(second);
        expect(await publish(store)).toMatchObject({ version: 3 });
        expect((await store.collect(MATERIAL, { graceMs: 60_000 })).deletedFiles).toBe(0);
      });

      it('collects nothing of a table that does not exist', async () => {
        expect(await store.collect(MATERIAL, { graceMs: 0 })).toEqual({ deletedFiles: 0, deletedBytes: 0n, keptFiles: 0 });
      });
    });

    describe('watching', () => {
      it('tells of commits here and elsewhere, of new tables too, until stopped', async () => {
        await publish(store);
        const seen: string[] = [];
        let wake = (): void => undefined;
        const stop = store.watch((table) => {
          seen.push(table.name);
          wake();
        });
        const next = async (work: () => Promise<unknown>): Promise<void> => {
          const told = new Promise<void>((resolve, reject) => {
            wake = resolve;
            setTimeout(() => reject(new Error('nothing was told in 2 s')), 2_000).unref();
          });
          await work();
          await told;
        };
        await next(() => publish(store));
        await next(() => publish(made.other()));
        await next(() => publish(made.other(), { ...MATERIAL, name: 'brand_new' }));
        stop();
        expect(seen).toEqual(['material', 'material', 'brand_new']);
        await publish(store);
        expect(seen).toHaveLength(3);
      });
    });

    describe('names', () => {
      it('that are no plain names are refused everywhere', async () => {
        const bad: TableRef[] = [
          '',
          '..',
          '.',
          '../x',
          'a/b',
          'a\\b',
          'a\0',
          '..%2f',
          '%2e%2e',
          'A',
          'ä',
          '*',
          'a b',
          '-x',
          '1a',
          'x'.repeat(64),
          'con:',
        ].flatMap((part) => [
          { ...MATERIAL, domain: part },
          { ...MATERIAL, name: part },
        ]);
        for (const major of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '../..' as unknown as number]) bad.push({ ...MATERIAL, major });
        for (const table of bad) {
          for (const attempt of [
            () => store.begin(table, COLUMNS),
            () => store.current(table),
            () => store.history(table),
            () => store.asOf(table, { version: 1 }),
            () => store.expire(table, { keep: 1 }),
            () => store.collect(table, { graceMs: 0 }),
          ]) {
            await expect(attempt(), JSON.stringify(table)).rejects.toEqual(code('SKEIN_NAME_INVALID'));
          }
        }
        expect(await store.tables()).toEqual([]);
      });
    });
  });
}
