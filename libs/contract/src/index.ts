export { engineType, sameType } from './column-type.ts';
export { primaryKey } from './contract.ts';
export type {
  ColumnType,
  Contract,
  Property,
  QualityOperator,
  QualityRule,
  Reference,
  ServiceLevel,
  Severity,
  StructField,
  Tolerance,
  TypeOptions,
} from './contract.ts';
export { compareDecimal, isMultiple } from './exact.ts';
export type { Fault } from './fault.ts';
export { isDate, normalTime, normalTimestamp } from './moment.ts';
export { inspectOdcs, readOdcs, type OdcsDocument } from './odcs.ts';
export { readContract } from './read-contract.ts';
export type { Tree, TreeEntry, TreeList, TreeMap, TreeScalar } from './yaml-tree.ts';
