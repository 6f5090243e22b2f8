import { canonicalJson, SkeinError } from '@skein/kernel';
import { evolve, NO_COLUMNS, type EvolvedColumns, type KnownColumns } from './evolution.ts';
import { nameMapping, type NestedField, type Schema, type WantedField } from './schema.ts';

/** A snapshot in the spec's JSON form. Ids stay below 2^53, so that every JSON reader keeps them exact. */
export interface SnapshotEntry {
  readonly 'snapshot-id': number;
  readonly 'parent-snapshot-id'?: number;
  readonly 'sequence-number': number;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  readonly summary: Readonly<Record<string, string>>;
  readonly 'schema-id': number;
}

/** Table metadata, version 2, of an unpartitioned, unsorted table (Iceberg table spec, "Table Metadata Fields"). */
export interface TableMetadata {
  readonly 'format-version': 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': number;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly 'current-schema-id': number;
  readonly schemas: readonly Schema[];
  readonly 'default-spec-id': 0;
  readonly 'partition-specs': readonly { readonly 'spec-id': 0; readonly fields: readonly [] }[];
  readonly 'last-partition-id': 999;
  readonly 'default-sort-order-id': 0;
  readonly 'sort-orders': readonly { readonly 'order-id': 0; readonly fields: readonly [] }[];
  readonly properties: Readonly<Record<string, string>>;
  readonly 'current-snapshot-id': number;
  readonly refs: { readonly main: { readonly 'snapshot-id': number; readonly type: 'branch' } };
  readonly snapshots: readonly SnapshotEntry[];
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': number }[];
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[];
}

/** Where a table's keys of columns are kept: JSON, key → field id. */
export const COLUMN_KEYS_PROPERTY = 'skein.property-ids';
const NAME_MAPPING_PROPERTY = 'schema.name-mapping.default';

/** Metadata to build on, and the path under which its file is known: it goes into the log. */
export interface BaseMetadata {
  readonly metadata: TableMetadata;
  readonly file: string;
}

/** The columns of a snapshot to come: field ids for the wanted columns, given the table's metadata so far. */
export function planColumns(base: TableMetadata | undefined, wanted: readonly WantedField[]): EvolvedColumns {
  return evolve(base === undefined ? NO_COLUMNS : knownColumns(base), wanted);
}

/** Column keys by field id. */
export function columnKeys(metadata: TableMetadata): Map<number, string> {
  return new Map(Object.entries(keyIds(metadata)).map(([key, id]) => [id, key]));
}

function keyIds(metadata: TableMetadata): Record<string, number> {
  const parsed: unknown = JSON.parse(metadata.properties[COLUMN_KEYS_PROPERTY] ?? '{}');
  return parsed as Record<string, number>;
}

function knownColumns(metadata: TableMetadata): KnownColumns {
  const fields = new Map<number, NestedField>();
  for (const schema of metadata.schemas) for (const field of schema.fields) fields.set(field.id, field);
  // a schema that came back is the newest again, wherever it stands in the list
  for (const field of currentSchema(metadata).fields) fields.set(field.id, field);
  return { ids: keyIds(metadata), fields, current: new Set(currentSchema(metadata).fields.map((field) => field.id)), lastColumnId: metadata['last-column-id'] };
}

export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata['current-schema-id']);
}

export function schemaById(metadata: TableMetadata, id: number): Schema {
  const schema = metadata.schemas.find((candidate) => candidate['schema-id'] === id);
  if (schema === undefined)
    throw new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `the table metadata names schema ${id}, which it does not hold`, { context: { schema: id } });
  return schema;
}

/** The schema that a snapshot with these columns will have: an existing one where the table had exactly these before. */
export function schemaFor(base: TableMetadata | undefined, fields: readonly NestedField[]): Schema {
  const text = canonicalJson(fields);
  const known = base?.schemas.find((schema) => canonicalJson(schema.fields) === text);
  if (known !== undefined) return known;
  const highest = Math.max(-1, ...(base?.schemas ?? []).map((schema) => schema['schema-id']));
  return { type: 'struct', 'schema-id': highest + 1, fields };
}

export interface NewSnapshot {
  readonly id: bigint;
  readonly timestampMs: number;
  readonly manifestList: string;
  readonly summary: Readonly<Record<string, string>>;
  readonly columns: EvolvedColumns;
}

/** Sequence number and time of the next snapshot. Times never run backward in a table, whatever the clock does. */
export function nextPosition(base: TableMetadata | undefined, now: number): { sequenceNumber: number; timestampMs: number } {
  return { sequenceNumber: (base?.['last-sequence-number'] ?? 0) + 1, timestampMs: Math.max(now, base?.['last-updated-ms'] ?? 0) };
}

/** The metadata after a snapshot that replaces the table's whole content; of a new table when there is no base. */
export function withSnapshot(
  base: BaseMetadata | undefined,
  table: { readonly uuid: string; readonly location: string },
  snapshot: NewSnapshot,
): TableMetadata {
  const before = base?.metadata;
  const { sequenceNumber } = nextPosition(before, snapshot.timestampMs);
  const schema = schemaFor(before, snapshot.columns.fields);
  const id = Number(snapshot.id);
  if (!Number.isSafeInteger(id) || id <= 0) throw new SkeinError('SKEIN_INTERNAL', `snapshot id ${snapshot.id} is not between 1 and 2^53 - 1`);
  const entry: SnapshotEntry = {
    'snapshot-id': id,
    ...(before === undefined ? {} : { 'parent-snapshot-id': before['current-snapshot-id'] }),
    'sequence-number': sequenceNumber,
    'timestamp-ms': snapshot.timestampMs,
    'manifest-list': snapshot.manifestList,
    summary: snapshot.summary,
    'schema-id': schema['schema-id'],
  };
  return {
    'format-version': 2,
    'table-uuid': before?.['table-uuid'] ?? table.uuid,
    location: before?.location ?? table.location,
    'last-sequence-number': sequenceNumber,
    'last-updated-ms': snapshot.timestampMs,
    'last-column-id': Math.max(before?.['last-column-id'] ?? 0, snapshot.columns.lastColumnId),
    'current-schema-id': schema['schema-id'],
    schemas: before?.schemas.includes(schema) ? before.schemas : [...(before?.schemas ?? []), schema],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    'last-partition-id': 999,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: {
      ...before?.properties,
      [COLUMN_KEYS_PROPERTY]: JSON.stringify(snapshot.columns.ids),
      [NAME_MAPPING_PROPERTY]: JSON.stringify(nameMapping(schema.fields)),
    },
    'current-snapshot-id': id,
    refs: { main: { 'snapshot-id': id, type: 'branch' } },
    snapshots: [...(before?.snapshots ?? []), entry],
    'snapshot-log': [...(before?.['snapshot-log'] ?? []), { 'timestamp-ms': snapshot.timestampMs, 'snapshot-id': id }],
    'metadata-log': metadataLog(base),
  };
}

/** The metadata without the snapshots for which `keep` is false (the current one always stays), and without log entries for which `keepFile` is. */
export function withoutSnapshots(base: BaseMetadata, now: number, keep: (entry: SnapshotEntry) => boolean, keepFile: (file: string) => boolean): TableMetadata {
  const { metadata } = base;
  const snapshots = metadata.snapshots.filter((entry) => entry['snapshot-id'] === metadata['current-snapshot-id'] || keep(entry));
  const kept = new Set(snapshots.map((entry) => entry['snapshot-id']));
  return {
    ...metadata,
    'last-updated-ms': Math.max(now, metadata['last-updated-ms']),
    snapshots,
    'snapshot-log': metadata['snapshot-log'].filter((entry) => kept.has(entry['snapshot-id'])),
    'metadata-log': metadataLog(base).filter((entry) => keepFile(entry['metadata-file'])),
  };
}

/** The metadata of a table that has moved: every snapshot as `move` rewrites it, and the log without files that lie elsewhere. */
export function withLocation(base: BaseMetadata, now: number, location: string, move: (entry: SnapshotEntry) => SnapshotEntry): TableMetadata {
  const { metadata } = base;
  return {
    ...metadata,
    location,
    'last-updated-ms': Math.max(now, metadata['last-updated-ms']),
    snapshots: metadata.snapshots.map(move),
    'metadata-log': [],
  };
}

function metadataLog(base: BaseMetadata | undefined): TableMetadata['metadata-log'] {
  if (base === undefined) return [];
  return [...base.metadata['metadata-log'], { 'timestamp-ms': base.metadata['last-updated-ms'], 'metadata-file': base.file }];
}

/** Reads table metadata and checks that it holds together. Throws SKEIN_SNAPSHOT_CORRUPT. */
export function parseTableMetadata(text: string, file: string): TableMetadata {
  const corrupt = (reason: string, cause?: unknown): SkeinError => new SkeinError('SKEIN_SNAPSHOT_CORRUPT', `${file}: ${reason}`, { cause, context: { file } });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw corrupt('the table metadata is not JSON', error);
  }
  if (parsed === null || typeof parsed !== 'object') throw corrupt('the table metadata is not an object');
  const metadata = parsed as TableMetadata;
  if (metadata['format-version'] !== 2) throw corrupt(`format version ${JSON.stringify(metadata['format-version'])} is not 2`);
  if (
    !Array.isArray(metadata.schemas) ||
    !Array.isArray(metadata.snapshots) ||
    !Array.isArray(metadata['snapshot-log']) ||
    !Array.isArray(metadata['metadata-log'])
  )
    throw corrupt('schemas, snapshots or logs are missing');
  if (
    typeof metadata.location !== 'string' ||
    typeof metadata['table-uuid'] !== 'string' ||
    metadata.properties === null ||
    typeof metadata.properties !== 'object'
  )
    throw corrupt('location, uuid or properties are missing');
  for (const name of ['last-sequence-number', 'last-updated-ms', 'last-column-id', 'current-schema-id', 'current-snapshot-id'] as const) {
    if (!Number.isSafeInteger(metadata[name])) throw corrupt(`${name} is not an exact integer`);
  }
  if (!metadata.snapshots.some((entry) => entry['snapshot-id'] === metadata['current-snapshot-id']))
    throw corrupt(`snapshot ${metadata['current-snapshot-id']} is current and missing`);
  for (const entry of metadata.snapshots) schemaById(metadata, entry['schema-id']);
  currentSchema(metadata);
  return metadata;
}
