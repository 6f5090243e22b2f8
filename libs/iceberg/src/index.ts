export { evolve, NO_COLUMNS, type EvolvedColumns, type KnownColumns } from './evolution.ts';
export { readManifest, writeManifest, type ColumnFigures, type ManifestFileEntry } from './manifest.ts';
export { readManifestList, writeManifestList, type ManifestReference } from './manifest-list.ts';
export {
  decimalOf,
  describeType,
  nameMapping,
  partIds,
  partsOf,
  type IcebergType,
  type ListType,
  type MapType,
  type NameMapping,
  type NestedField,
  type PrimitiveType,
  type Schema,
  type StructType,
  type WantedField,
  type WantedType,
} from './schema.ts';
export { encodeBound } from './single-value.ts';
export {
  COLUMN_KEYS_PROPERTY,
  columnKeys,
  currentSchema,
  nextPosition,
  parseTableMetadata,
  planColumns,
  schemaById,
  schemaFor,
  withLocation,
  withoutSnapshots,
  withSnapshot,
  type BaseMetadata,
  type NewSnapshot,
  type SnapshotEntry,
  type TableMetadata,
} from './table-metadata.ts';
