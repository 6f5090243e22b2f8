import { describe, expect, it } from 'vitest';
import { readManifest, writeManifest, type ManifestFileEntry } from './manifest.ts';
import { readManifestList, writeManifestList } from './manifest-list.ts';
import type { Schema } from './schema.ts';

const SCHEMA: Schema = { type: 'struct', 'schema-id': 3, fields: [{ id: 1, name: 'a', required: true, type: 'long' }] };
const FILE: ManifestFileEntry = {
  path: 'file:///data/ü/a.parquet',
  rows: (1n << 53n) + 1n,
  bytes: 9n,
  columns: new Map([
    [1, { size: 1n, values: (1n << 62n) + 1n, nulls: 0n, nans: 0n, lower: Uint8Array.of(1), upper: Uint8Array.of(255, 0) }],
    [2, { values: 2n }],
  ]),
};

describe('manifest', () => {
  it('gives back what was written, 64-bit numbers exact', () => {
    const id = (1n << 53n) - 1n;
    const read = readManifest(writeManifest({ schema: SCHEMA, snapshotId: id, files: [FILE, { ...FILE, columns: new Map() }] }));
    expect(read.schema).toEqual(SCHEMA);
    expect(read.snapshotId).toBe(id);
    expect(
      read.files.map((file) => ({
        ...file,
        columns: [...file.columns].map(([key, { lower, upper, ...rest }]) => [key, rest, lower && [...lower], upper && [...upper]]),
      })),
    ).toEqual([
      {
        path: FILE.path,
        rows: FILE.rows,
        bytes: 9n,
        columns: [
          [1, { size: 1n, values: (1n << 62n) + 1n, nulls: 0n, nans: 0n }, [1], [255, 0]],
          [2, { values: 2n }, undefined, undefined],
        ],
      },
      { path: FILE.path, rows: FILE.rows, bytes: 9n, columns: [] },
    ]);
  });

  it('keeps the field ids that Iceberg looks for, and the metadata it asks for', () => {
    const text = Buffer.from(writeManifest({ schema: SCHEMA, snapshotId: 1n, files: [FILE] })).toString('latin1');
    const ids = [...text.matchAll(/"field-id":(\d+)/g)].map((match) => Number(match[1])).sort((a, b) => a - b);
    expect(ids).toEqual([
      0, 1, 2, 3, 4, 100, 101, 102, 103, 104, 108, 109, 110, 117, 118, 119, 120, 121, 122, 125, 126, 127, 128, 129, 130, 131, 132, 134, 135, 137, 138, 139, 140,
    ]);
    for (const key of ['schema', 'schema-id', 'partition-spec', 'partition-spec-id', 'format-version', 'content']) expect(text).toContain(key);
  });

  it('writes equal bytes for equal content', () => {
    const write = (rows: bigint): string => Buffer.from(writeManifest({ schema: SCHEMA, snapshotId: 1n, files: [{ ...FILE, rows }] })).toString('hex');
    expect(write(1n)).toBe(write(1n));
    expect(write(1n)).not.toBe(write(2n));
  });

  it('refuses what is cut off or not Avro', () => {
    const good = writeManifest({ schema: SCHEMA, snapshotId: 1n, files: [FILE] });
    let looked = 0;
    // every length but the two at which a whole file ends: after the header (no entries yet) and at the end
    for (let length = 0; length < good.length; length += 1) {
      const read = (): unknown => readManifest(good.subarray(0, length)).files.length;
      try {
        expect(read()).toBe(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
        looked += 1;
      }
    }
    expect(looked).toBe(good.length - 1);
    expect(() => readManifest(new TextEncoder().encode('PAR1 is something else entirely, and long enough'))).toThrow(
      expect.objectContaining({ code: 'SKEIN_SNAPSHOT_CORRUPT' }),
    );
    expect(() => readManifestList(good)).toThrow(expect.objectContaining({ code: 'SKEIN_SNAPSHOT_CORRUPT' }));
  });
});

describe('manifest list', () => {
  it('gives back what was written, an empty one too', () => {
    const reference = { path: 'file:///m.avro', length: 7n, snapshotId: (1n << 53n) - 1n, sequenceNumber: 12n, files: 2, rows: (1n << 60n) + 1n };
    const list = { snapshotId: 5n, parentId: undefined, sequenceNumber: 12n };
    expect(readManifestList(writeManifestList({ ...list, manifests: [reference] }))).toEqual({ manifests: [reference] });
    expect(readManifestList(writeManifestList({ ...list, parentId: 4n, manifests: [] }))).toEqual({ manifests: [] });
  });
});
