import { describe, expect, it } from 'vitest';
import {
  columnKeys,
  nextPosition,
  parseTableMetadata,
  planColumns,
  withLocation,
  withoutSnapshots,
  withSnapshot,
  type TableMetadata,
} from './table-metadata.ts';
import type { WantedField } from './schema.ts';

const TABLE = { uuid: '00000000-0000-4000-8000-000000000000', location: 'file:///t' };
const wanted = (key: string, name = key): WantedField => ({ key, name, type: 'string', required: false });

/** A table after one publication for each list of columns. */
function published(...versions: WantedField[][]): TableMetadata {
  let metadata: TableMetadata | undefined;
  for (const [index, columns] of versions.entries()) {
    const base: TableMetadata | undefined = metadata;
    metadata = withSnapshot(base && { metadata: base, file: `file:///t/metadata/v${index}.metadata.json` }, TABLE, {
      id: BigInt(index + 1) * 10n,
      timestampMs: 1_000 + index,
      manifestList: `file:///t/metadata/snap-${index}.avro`,
      summary: { operation: 'overwrite' },
      columns: planColumns(base, columns),
    });
  }
  return metadata as TableMetadata;
}

describe('table metadata', () => {
  it('holds what the spec demands of a v2 table', () => {
    const metadata = published([wanted('a')], [wanted('a'), wanted('b')]);
    expect(metadata).toMatchObject({
      'format-version': 2,
      'table-uuid': TABLE.uuid,
      location: 'file:///t',
      'last-sequence-number': 2,
      'last-column-id': 2,
      'current-schema-id': 1,
      'current-snapshot-id': 20,
      'default-spec-id': 0,
      'last-partition-id': 999,
      refs: { main: { 'snapshot-id': 20, type: 'branch' } },
      'snapshot-log': [{ 'snapshot-id': 10 }, { 'snapshot-id': 20 }],
      'metadata-log': [{ 'timestamp-ms': 1_000, 'metadata-file': 'file:///t/metadata/v1.metadata.json' }],
    });
    expect(metadata.snapshots.map((entry) => [entry['sequence-number'], entry['parent-snapshot-id'], entry['schema-id']])).toEqual([
      [1, undefined, 0],
      [2, 10, 1],
    ]);
    expect(parseTableMetadata(JSON.stringify(metadata), 'x')).toEqual(metadata);
    expect([...columnKeys(metadata)]).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('reuses a schema that it had before', () => {
    const metadata = published([wanted('a')], [wanted('b')], [wanted('a')]);
    expect(metadata.schemas).toHaveLength(2);
    expect(metadata['current-schema-id']).toBe(0);
    // and the newest form of a column is the one that counts, wherever its schema stands
    const renamed = published([wanted('a', 'x')], [wanted('a', 'y')], [wanted('a', 'x')], [wanted('a', 'x'), wanted('b')]);
    expect(renamed.schemas.at(-1)?.fields.map((field) => [field.id, field.name])).toEqual([
      [1, 'x'],
      [2, 'b'],
    ]);
  });

  it('never lets time or numbers run backward', () => {
    const metadata = published([wanted('a')]);
    expect(nextPosition(metadata, 5)).toEqual({ sequenceNumber: 2, timestampMs: 1_000 });
    expect(nextPosition(undefined, 5)).toEqual({ sequenceNumber: 1, timestampMs: 5 });
  });

  it('drops snapshots but never the current one', () => {
    const metadata = published([wanted('a')], [wanted('a')], [wanted('a')]);
    const dropped = withoutSnapshots(
      { metadata, file: 'file:///t/metadata/v3.metadata.json' },
      5_000,
      () => false,
      (file) => file.includes('v3'),
    );
    expect(dropped.snapshots.map((entry) => entry['snapshot-id'])).toEqual([30]);
    expect(dropped['snapshot-log']).toHaveLength(1);
    expect(dropped['metadata-log'].map((entry) => entry['metadata-file'])).toEqual(['file:///t/metadata/v3.metadata.json']);
    expect(dropped['last-sequence-number']).toBe(3);
  });

  it('moves', () => {
    const metadata = published([wanted('a')]);
    const moved = withLocation({ metadata, file: 'f' }, 1, 'https://x/t', (entry) => ({ ...entry, 'manifest-list': 'https://x/t/l.avro' }));
    expect([moved.location, moved.snapshots[0]?.['manifest-list'], moved['last-updated-ms']]).toEqual(['https://x/t', 'https://x/t/l.avro', 1_000]);
  });

  it('refuses metadata that does not hold together', () => {
    const good = published([wanted('a')]);
    const bad: unknown[] = [
      null,
      1,
      [],
      {},
      { ...good, 'format-version': 1 },
      { ...good, snapshots: [] },
      { ...good, schemas: [] },
      { ...good, schemas: null },
      { ...good, 'current-snapshot-id': 2 ** 60 },
      { ...good, 'current-schema-id': 7 },
      { ...good, properties: null },
      { ...good, location: 1 },
    ];
    for (const value of bad)
      expect(() => parseTableMetadata(JSON.stringify(value), 'v1.metadata.json'), JSON.stringify(value).slice(0, 80)).toThrow(
        expect.objectContaining({ code: 'SKEIN_SNAPSHOT_CORRUPT' }),
      );
    for (const text of ['', '{', JSON.stringify(good).slice(0, -5)])
      expect(() => parseTableMetadata(text, 'v1.metadata.json')).toThrow(expect.objectContaining({ code: 'SKEIN_SNAPSHOT_CORRUPT' }));
  });
});
