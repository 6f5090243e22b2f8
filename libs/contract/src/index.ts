export { primaryKey } from './contract.ts';
export type { ColumnType, Contract, Property, QualityRule, Reference, ServiceLevel, Severity, StructField, Tolerance, TypeOptions } from './contract.ts';
