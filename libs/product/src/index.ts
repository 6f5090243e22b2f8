export { conformedStep, conformedTable, type Conforming } from './conform.ts';
export { namedFiles } from './named-files.ts';
export { DEFAULT_LIMITS, LEAST_GROUP, planLayout, type ColumnProfile, type Layout, type LayoutLimits, type LayoutStats, type QueryProfile } from './layout.ts';
export { contractSet, feedbackTableOf, majorOf, tableOf, type ContractSet } from './contract-set.ts';
export type { BronzePart, BronzeTable, DataProduct, Domain, Landing, Layer, Source, Step } from './product.ts';
export type { ColumnLineage, ColumnStats, DataFile, Field, Snapshot, SnapshotFile, SnapshotLineage, TableRef } from './snapshot.ts';
export type { FieldProfile, ProfileDrift, SourceProfile } from './source-profile.ts';
