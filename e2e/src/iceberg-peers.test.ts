import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { icebergMetadata } from 'icebird';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore, relocateTables } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { EngineSession, QueryEngine, SnapshotStore, WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { fetchFiles } from './file-fetch.ts';
import { EVERY_KIND, publishQuery } from './iceberg-table.ts';
import { rowsByDuckdb, rowsByIcebird } from './icebird-reader.ts';

// Promise: a product is an Apache Iceberg table. icebird knows nothing of Skein, and reads every row of every version.

const TABLE: TableRef = { domain: 'peers', name: 'orders', major: 1 };
const column = (name: string, propertyId: string, type: WantedColumn['type'] = { kind: 'string' }): WantedColumn => ({
  propertyId,
  name,
  type,
  required: false,
});
const INT = { kind: 'int', bits: 32 } as const;
const LONG = { kind: 'int', bits: 64 } as const;

let folder: TemporaryDirectory;
let root: string;
let engine: QueryEngine;
let session: EngineSession;
let store: SnapshotStore;
let restore: () => void;

beforeAll(async () => {
  engine = duckdbEngine();
  session = await engine.open();
  restore = fetchFiles();
});
afterAll(async () => {
  restore();
  await engine.close();
});
beforeEach(() => {
  // names that a careless joining of addresses would break
  folder = temporaryDirectory('skein peers ü%20-');
  root = folder.file('tables');
  store = localSnapshotStore({ root, clock: systemClock });
});
afterEach(() => folder[Symbol.dispose]());

const location = (): string => `file://${root}/peers/orders/v1`;
const publish = (columns: readonly WantedColumn[], sql: string): Promise<Snapshot> => publishQuery(store, session, TABLE, columns, sql);

describe('icebird', () => {
  it('reads every kind of column, row for row', async () => {
    const snapshot = await publish(EVERY_KIND.columns, EVERY_KIND.sql);
    const ours = await rowsByDuckdb(session, snapshot);
    expect(ours).toHaveLength(200);
    const theirs = await rowsByIcebird(location(), snapshot.fields);
    expect(theirs).toEqual(ours);
    // the comparison can fail
    expect(theirs).not.toEqual(ours.toReversed());
  });

  it('follows renames, new columns, removals and wider types, and reads every version as it was', async () => {
    const versions = [
      await publish([column('number', 'p1'), column('weight', 'p2', INT)], `SELECT 'a' AS number, 1 AS weight`),
      await publish([column('material', 'p1'), column('weight', 'p2', LONG)], `SELECT 'b' AS material, 3000000000 AS weight`),
      await publish(
        [column('plant', 'p3'), column('weight', 'p2', LONG), column('material', 'p1')],
        `SELECT 'x' AS plant, 2 AS weight, 'c' AS material UNION ALL SELECT NULL, NULL, 'd'`,
      ),
      await publish([column('plant', 'p3')], `SELECT 'only' AS plant`),
    ];
    for (const snapshot of versions) {
      const theirs = await rowsByIcebird(location(), snapshot.fields, snapshot.version);
      expect(theirs, `version ${snapshot.version}`).toEqual(await rowsByDuckdb(session, snapshot));
      expect(theirs.length).toBeGreaterThan(0);
    }
    const metadata = await icebergMetadata({ tableUrl: location() });
    expect(metadata.schemas.map((schema) => schema.fields.map((field) => [field.id, field.name, field.type]))).toEqual([
      [
        [1, 'number', 'string'],
        [2, 'weight', 'int'],
      ],
      [
        [1, 'material', 'string'],
        [2, 'weight', 'long'],
      ],
      [
        [3, 'plant', 'string'],
        [2, 'weight', 'long'],
        [1, 'material', 'string'],
      ],
      [[3, 'plant', 'string']],
    ]);
    expect(metadata.snapshots?.map((entry) => entry['sequence-number'])).toEqual([1, 2, 3, 4]);
    expect(metadata['metadata-log']?.map((entry) => entry['metadata-file'].split('/').at(-1))).toEqual([
      'v1.metadata.json',
      'v2.metadata.json',
      'v3.metadata.json',
    ]);
    expect(metadata.properties?.['schema.name-mapping.default']).toBe('[{"field-id":3,"names":["plant"]}]');
  });

  it('reads a version without rows, and the ones after an expiry and a collection', async () => {
    const columns = [column('n', 'p1', LONG)];
    await publish(columns, 'SELECT 1 AS n WHERE false');
    expect(await rowsByIcebird(location(), (await store.current(TABLE))!.fields)).toEqual([]);
    for (let n = 2; n <= 5; n += 1) await publish(columns, `SELECT ${n} AS n`);
    expect(await store.expire(TABLE, { keep: 2 })).toBe(3);
    expect((await store.collect(TABLE, { graceMs: 0 })).deletedFiles).toBeGreaterThan(8);
    const fields = (await store.current(TABLE))!.fields;
    expect(await rowsByIcebird(location(), fields)).toEqual([{ n: 5n }]);
    expect(await rowsByIcebird(location(), fields, 4)).toEqual([{ n: 4n }]);
  });

  it('reads a table that moved once its location is rewritten, while we need no rewriting', async () => {
    const columns = [column('n', 'p1', LONG)];
    const first = await publish(columns, 'SELECT 1 AS n');
    await publish(columns, 'SELECT 2 AS n');
    const moved = folder.file('elsewhere', 'tables');
    await mkdir(folder.file('elsewhere'));
    await rename(root, moved);
    root = moved;
    store = localSnapshotStore({ root, clock: systemClock });
    const current = (await store.current(TABLE))!;
    await store.verify(current);
    expect(await rowsByDuckdb(session, current)).toEqual([{ n: 2n }]);
    await expect(rowsByIcebird(location(), current.fields)).rejects.toThrow(/invalid|not found/);

    const done = await relocateTables({ root });
    expect(done).toEqual([{ table: TABLE, location: location(), metadataVersion: 3 }]);
    expect(await relocateTables({ root })).toEqual([]);
    expect(await rowsByIcebird(location(), current.fields)).toEqual([{ n: 2n }]);
    // nothing changed but where things lie: same versions, same snapshots, and the next one follows
    const history = await store.history(TABLE);
    expect(history.map((snapshot) => [snapshot.version, snapshot.id])).toEqual([
      [1, first.id],
      [2, current.id],
    ]);
    for (const snapshot of history) await store.verify(snapshot);
    expect((await publish(columns, 'SELECT 3 AS n')).version).toBe(3);
    expect(await rowsByIcebird(location(), current.fields)).toEqual([{ n: 3n }]);
    await store.expire(TABLE, { keep: 2 });
    await store.collect(TABLE, { graceMs: 0 });
    await store.verify(await store.asOf(TABLE, { version: 2 }));
    expect(await rowsByIcebird(location(), current.fields)).toEqual([{ n: 3n }]);
  });

  it('keeps every snapshot id exact in JSON', async () => {
    let next = (1n << 53n) - 4n;
    store = localSnapshotStore({ root, clock: systemClock, idSource: () => (next += 1n) });
    for (let n = 0; n < 3; n += 1) await publish([column('n', 'p1', LONG)], `SELECT ${n} AS n`);
    const metadata = await icebergMetadata({ tableUrl: location() });
    expect(metadata.snapshots?.map((entry) => BigInt(entry['snapshot-id']))).toEqual([(1n << 53n) - 3n, (1n << 53n) - 2n, (1n << 53n) - 1n]);
    await expect(publish([column('n', 'p1', LONG)], 'SELECT 9 AS n')).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
  });

  it('would be misled by a changed file, where we refuse', async () => {
    const snapshot = await publish([column('n', 'p1', LONG)], 'SELECT 1 AS n');
    const file = `${root}/peers/orders/v1/metadata/v1.metadata.json`;
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"name":"n"', '"name":"m"'));
    expect((await icebergMetadata({ tableUrl: location() })).schemas[0]?.fields[0]?.name).toBe('m');
    await expect(store.current(TABLE)).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
    await writeFile(file, text);
    expect(await store.current(TABLE)).toEqual(snapshot);
    await appendFile(snapshot.files[0]!.path, 'x');
    await expect(localSnapshotStore({ root, clock: systemClock }).current(TABLE)).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
  });
});
