import { readContainer, recordType, writeContainer } from './avro-container.ts';
import type { Schema } from './schema.ts';

/** Figures of one column in one file; bounds in single-value serialization. */
export interface ColumnFigures {
  readonly size?: bigint;
  readonly values?: bigint;
  readonly nulls?: bigint;
  readonly nans?: bigint;
  readonly lower?: Uint8Array;
  readonly upper?: Uint8Array;
}

/** A live data file, added by the snapshot of its manifest. */
export interface ManifestFileEntry {
  readonly path: string;
  readonly rows: bigint;
  readonly bytes: bigint;
  /** By field id. */
  readonly columns: ReadonlyMap<number, ColumnFigures>;
}

const optional = (id: number, name: string, type: unknown) => ({ name, type: ['null', type], default: null, 'field-id': id });
const needed = (id: number, name: string, type: unknown) => ({ name, type, 'field-id': id });
const byField = (keyId: number, valueId: number, value: string) => ({
  type: 'array',
  logicalType: 'map',
  items: { type: 'record', name: `k${keyId}_v${valueId}`, fields: [needed(keyId, 'key', 'int'), needed(valueId, 'value', value)] },
});

/** Iceberg table spec v2, "Manifests": fields and their ids. */
const ENTRY = recordType({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    needed(0, 'status', 'int'),
    optional(1, 'snapshot_id', 'long'),
    optional(3, 'sequence_number', 'long'),
    optional(4, 'file_sequence_number', 'long'),
    needed(2, 'data_file', {
      type: 'record',
      name: 'r2',
      fields: [
        needed(134, 'content', 'int'),
        needed(100, 'file_path', 'string'),
        needed(101, 'file_format', 'string'),
        needed(102, 'partition', { type: 'record', name: 'r102', fields: [] }),
        needed(103, 'record_count', 'long'),
        needed(104, 'file_size_in_bytes', 'long'),
        optional(108, 'column_sizes', byField(117, 118, 'long')),
        optional(109, 'value_counts', byField(119, 120, 'long')),
        optional(110, 'null_value_counts', byField(121, 122, 'long')),
        optional(137, 'nan_value_counts', byField(138, 139, 'long')),
        optional(125, 'lower_bounds', byField(126, 127, 'bytes')),
        optional(128, 'upper_bounds', byField(129, 130, 'bytes')),
        optional(131, 'key_metadata', 'bytes'),
        optional(132, 'split_offsets', { type: 'array', items: 'long', 'element-id': 133 }),
        optional(135, 'equality_ids', { type: 'array', items: 'int', 'element-id': 136 }),
        optional(140, 'sort_order_id', 'int'),
      ],
    }),
  ],
});

const ADDED = 1;

/**
 * A manifest of files added by one snapshot of an unpartitioned table. Entries have no sequence number of their own: they inherit
 * the one in the manifest list (spec, "Sequence Number Inheritance"), so a publisher that lost a race keeps its manifest.
 */
export function writeManifest(manifest: { readonly schema: Schema; readonly snapshotId: bigint; readonly files: readonly ManifestFileEntry[] }): Uint8Array {
  const metadata = {
    schema: JSON.stringify(manifest.schema),
    'schema-id': String(manifest.schema['schema-id']),
    'partition-spec': '[]',
    'partition-spec-id': '0',
    'format-version': '2',
    content: 'data',
  };
  return writeContainer(
    ENTRY,
    metadata,
    manifest.files.map((file) => ({
      status: ADDED,
      snapshot_id: manifest.snapshotId,
      sequence_number: null,
      file_sequence_number: null,
      data_file: {
        content: 0,
        file_path: file.path,
        file_format: 'PARQUET',
        partition: {},
        record_count: file.rows,
        file_size_in_bytes: file.bytes,
        column_sizes: pairs(file.columns, (column) => column.size),
        value_counts: pairs(file.columns, (column) => column.values),
        null_value_counts: pairs(file.columns, (column) => column.nulls),
        nan_value_counts: pairs(file.columns, (column) => column.nans),
        lower_bounds: pairs(file.columns, (column) => bytes(column.lower)),
        upper_bounds: pairs(file.columns, (column) => bytes(column.upper)),
        key_metadata: null,
        split_offsets: null,
        equality_ids: null,
        sort_order_id: 0,
      },
    })),
  );
}

/** Reads what `writeManifest` wrote. Throws SKEIN_SNAPSHOT_CORRUPT. */
export function readManifest(content: Uint8Array): { schema: Schema; snapshotId: bigint | undefined; files: ManifestFileEntry[] } {
  const { metadata, records } = readContainer(ENTRY, content);
  const entries = records as StoredEntry[];
  return {
    schema: JSON.parse(metadata['schema'] ?? 'null') as Schema,
    snapshotId: entries[0]?.snapshot_id ?? undefined,
    files: entries.map(({ data_file: file }) => ({
      path: file.file_path,
      rows: file.record_count,
      bytes: file.file_size_in_bytes,
      columns: figures(file),
    })),
  };
}

interface Pair<Value> {
  readonly key: number;
  readonly value: Value;
}

interface StoredEntry {
  readonly snapshot_id: bigint | null;
  readonly data_file: {
    readonly file_path: string;
    readonly record_count: bigint;
    readonly file_size_in_bytes: bigint;
    readonly column_sizes: readonly Pair<bigint>[] | null;
    readonly value_counts: readonly Pair<bigint>[] | null;
    readonly null_value_counts: readonly Pair<bigint>[] | null;
    readonly nan_value_counts: readonly Pair<bigint>[] | null;
    readonly lower_bounds: readonly Pair<Uint8Array>[] | null;
    readonly upper_bounds: readonly Pair<Uint8Array>[] | null;
  };
}

function figures(file: StoredEntry['data_file']): Map<number, ColumnFigures> {
  const columns = new Map<number, ColumnFigures>();
  const gather = <Value>(list: readonly Pair<Value>[] | null, member: keyof ColumnFigures): void => {
    for (const { key, value } of list ?? []) columns.set(key, { ...columns.get(key), [member]: value });
  };
  gather(file.column_sizes, 'size');
  gather(file.value_counts, 'values');
  gather(file.null_value_counts, 'nulls');
  gather(file.nan_value_counts, 'nans');
  gather(file.lower_bounds, 'lower');
  gather(file.upper_bounds, 'upper');
  return columns;
}

function pairs<Value>(columns: ReadonlyMap<number, ColumnFigures>, pick: (column: ColumnFigures) => Value | undefined): Pair<Value>[] | null {
  const list = [...columns].flatMap(([key, column]) => {
    const value = pick(column);
    return value === undefined ? [] : [{ key, value }];
  });
  return list.length === 0 ? null : list;
}

function bytes(value: Uint8Array | undefined): Buffer | undefined {
  return value === undefined ? undefined : Buffer.from(value);
}
