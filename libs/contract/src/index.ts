export { arrowSchema, type ArrowField } from './arrow-schema.ts';
export { engineType, sameType } from './column-type.ts';
export { COMPATIBILITY_MODES, type CompatibilityMode } from './compatibility-mode.ts';
export { primaryKey } from './contract.ts';
export type {
  ColumnType,
  Contract,
  Deprecation,
  FunctionalDependency,
  Property,
  QualityOperator,
  QualityRule,
  Reference,
  ServiceLevel,
  Severity,
  StructField,
  Tolerance,
  TypeOptions,
  Vector,
} from './contract.ts';
export { compareDecimal, isMultiple } from './exact.ts';
export { throwFaults, type Fault } from './fault.ts';
export { toJsonSchema, type JsonSchema } from './json-schema.ts';
export { isDate, normalTime, normalTimestamp } from './moment.ts';
export { inspectOdcs, readOdcs, type OdcsDocument } from './odcs.ts';
export type { ReadOptions } from './document.ts';
export {
  inspectOdps,
  readOdps,
  type ContractKey,
  type DataProduct,
  type ManagementPort,
  type OdpsDocument,
  type OdpsOptions,
  type OutputPort,
  type ProductPort,
} from './odps.ts';
export { findingOf, frameAt, lintContract, ordered, type Finding, type LintProfile, type LintReport } from './lint.ts';
export { inspectContract, readContract, type Inspection } from './read-contract.ts';
export { decimalForm, RECORD_FORMS, TEXT_FORMATS } from './text-format.ts';
export { boundText } from './type-options.ts';
export type { Variables } from './variables.ts';
export { vectorRange } from './vector.ts';
export { exactNumber, readYaml, YamlText, type Tree, type TreeEntry, type TreeList, type TreeMap, type TreeScalar } from './yaml-tree.ts';
