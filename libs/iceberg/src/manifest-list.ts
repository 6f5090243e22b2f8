import { readContainer, recordType, writeContainer } from './avro-container.ts';

/** One manifest of added data files, as a manifest list names it. */
export interface ManifestReference {
  readonly path: string;
  /** Bytes. */
  readonly length: bigint;
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
  readonly files: number;
  readonly rows: bigint;
}

const needed = (id: number, name: string, type: unknown) => ({ name, type, 'field-id': id });
const optional = (id: number, name: string, type: unknown) => ({ name, type: ['null', type], default: null, 'field-id': id });

/** Iceberg table spec v2, "Manifest Lists": fields and their ids. */
const MANIFEST_FILE = recordType({
  type: 'record',
  name: 'manifest_file',
  fields: [
    needed(500, 'manifest_path', 'string'),
    needed(501, 'manifest_length', 'long'),
    needed(502, 'partition_spec_id', 'int'),
    needed(517, 'content', 'int'),
    needed(515, 'sequence_number', 'long'),
    needed(516, 'min_sequence_number', 'long'),
    needed(503, 'added_snapshot_id', 'long'),
    needed(504, 'added_files_count', 'int'),
    needed(505, 'existing_files_count', 'int'),
    needed(506, 'deleted_files_count', 'int'),
    needed(512, 'added_rows_count', 'long'),
    needed(513, 'existing_rows_count', 'long'),
    needed(514, 'deleted_rows_count', 'long'),
    optional(507, 'partitions', {
      type: 'array',
      'element-id': 508,
      items: {
        type: 'record',
        name: 'r508',
        fields: [
          needed(509, 'contains_null', 'boolean'),
          optional(518, 'contains_nan', 'boolean'),
          optional(510, 'lower_bound', 'bytes'),
          optional(511, 'upper_bound', 'bytes'),
        ],
      },
    }),
    optional(519, 'key_metadata', 'bytes'),
  ],
});

/** The manifest list of one snapshot. A snapshot that replaces a table's content names only its own manifest. */
export function writeManifestList(list: {
  readonly snapshotId: bigint;
  readonly parentId: bigint | undefined;
  readonly sequenceNumber: bigint;
  readonly manifests: readonly ManifestReference[];
}): Uint8Array {
  const metadata = {
    'snapshot-id': String(list.snapshotId),
    'parent-snapshot-id': list.parentId === undefined ? 'null' : String(list.parentId),
    'sequence-number': String(list.sequenceNumber),
    'format-version': '2',
  };
  return writeContainer(
    MANIFEST_FILE,
    metadata,
    list.manifests.map((manifest) => ({
      manifest_path: manifest.path,
      manifest_length: manifest.length,
      partition_spec_id: 0,
      content: 0,
      sequence_number: manifest.sequenceNumber,
      min_sequence_number: manifest.sequenceNumber,
      added_snapshot_id: manifest.snapshotId,
      added_files_count: manifest.files,
      existing_files_count: 0,
      deleted_files_count: 0,
      added_rows_count: manifest.rows,
      existing_rows_count: 0n,
      deleted_rows_count: 0n,
      partitions: [],
      key_metadata: null,
    })),
  );
}

/** Reads what `writeManifestList` wrote. Throws SKEIN_SNAPSHOT_CORRUPT. */
export function readManifestList(content: Uint8Array): { manifests: ManifestReference[] } {
  const records = readContainer(MANIFEST_FILE, content).records as {
    manifest_path: string;
    manifest_length: bigint;
    sequence_number: bigint;
    added_snapshot_id: bigint;
    added_files_count: number;
    added_rows_count: bigint;
  }[];
  return {
    manifests: records.map((record) => ({
      path: record.manifest_path,
      length: record.manifest_length,
      snapshotId: record.added_snapshot_id,
      sequenceNumber: record.sequence_number,
      files: record.added_files_count,
      rows: record.added_rows_count,
    })),
  };
}
