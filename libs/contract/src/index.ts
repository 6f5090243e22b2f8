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
export { throwFaults, type Fault } from './fault.ts';
export { isDate, normalTime, normalTimestamp } from './moment.ts';
export { inspectOdcs, readOdcs, type OdcsDocument } from './odcs.ts';
export { readContract } from './read-contract.ts';
export { exactNumber, readYaml, YamlText, type Tree, type TreeEntry, type TreeList, type TreeMap, type TreeScalar } from './yaml-tree.ts';
