import type { Place } from '@skein/kernel';
import type { CompatibilityMode } from './compatibility-mode.ts';

/** Skein's exact column types: what `logicalType` and `physicalType` of an ODCS property resolve to, and every target agrees on. */
export type ColumnType =
  | { readonly kind: 'string' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'int'; readonly bits: 32 | 64 }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly kind: 'date' }
  | { readonly kind: 'time' }
  /** Microseconds; `zoned` is an instant (UTC), else a wall-clock time. */
  | { readonly kind: 'timestamp'; readonly zoned: boolean }
  | { readonly kind: 'binary' }
  | { readonly kind: 'struct'; readonly fields: readonly StructField[] }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType };

export interface StructField {
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
}

export type Severity = 'error' | 'warning' | 'info';

/** How many rows may break a rule before its gate fails. `percent` is of the rows judged. */
export interface Tolerance {
  readonly unit: 'rows' | 'percent';
  readonly max: number;
}

export interface Property {
  readonly name: string;
  /** Stable identifier (ODCS `id`); a rename keeps it. Falls back to the name. */
  readonly id: string;
  readonly type: ColumnType;
  readonly logicalType: string;
  readonly description: string | undefined;
  /** NOT NULL. */
  readonly required: boolean;
  readonly unique: boolean;
  /** 1-based position within the primary key; undefined when not part of it. */
  readonly keyPosition: number | undefined;
  /** ODCS `classification`, for example public, internal, confidential, restricted; `public` where silent. */
  readonly classification: string;
  readonly options: TypeOptions;
  readonly quality: readonly QualityRule[];
  readonly references: readonly Reference[];
  /** Columns of one join key must agree in type over the whole mesh (custom property `joinKey`). */
  readonly joinKey: string | undefined;
  /** ODCS 3.2 `semanticType`: column, measure or dimension. */
  readonly semanticType?: string;
  /** Notice that the column will be removed (ODCS 3.2 `deprecated`, or the custom property; custom properties `removeAfter`, `replacedBy`). */
  readonly deprecation?: Deprecation;
  readonly examples: readonly unknown[];
  readonly place: Place;
}

/**
 * ODCS `logicalTypeOptions`, the code list of `enum`, and what the physical type implies (`VARCHAR(18)`, `TINYINT`), in one shape.
 * Bounds and codes are exact text in one form: numbers as plain decimals (`-12.5`), dates `YYYY-MM-DD`, times
 * `HH:MM:SS.ffffff`, timestamps `YYYY-MM-DD HH:MM:SS.ffffff` (in UTC where the column is zoned).
 */
export interface TypeOptions {
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly exclusiveMinimum?: string;
  readonly exclusiveMaximum?: string;
  readonly multipleOf?: string;
  /** Of a list its elements, of a map its entries. */
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly validValues?: readonly string[];
  /** Of a list that is a vector: `minItems` and `maxItems` are its length, and no element is missing. */
  readonly vector?: Vector;
}

/** ODCS 3.2 `logicalType: vector`. */
export interface Vector {
  readonly dimensions: number;
  readonly elementType: 'bfloat16' | 'binary' | 'float16' | 'float32' | 'float64' | 'int8' | 'uint8';
  /** What the contract says of the vectors and no row can show. */
  readonly normalized: boolean;
  readonly distanceMetric?: string;
  readonly embeddingModel?: string;
  readonly embeddingModelVersion?: string;
}

/** Notice of the removal of a column. */
export interface Deprecation {
  /** `YYYY-MM-DD`: the last day on which the column is promised; undefined where no day was named. */
  readonly removeAfter: string | undefined;
  /** The column that takes its place. */
  readonly replacedBy: string | undefined;
}

export interface Reference {
  /** `<domain>.<product>` */
  readonly product: string;
  readonly column: string;
  readonly place: Place;
}

export type QualityOperator =
  | 'mustBe'
  | 'mustNotBe'
  | 'mustBeGreaterThan'
  | 'mustBeGreaterOrEqualTo'
  | 'mustBeLessThan'
  | 'mustBeLessOrEqualTo'
  | 'mustBeBetween'
  | 'mustNotBeBetween';

/** One rule of ODCS `quality`. */
export interface QualityRule {
  readonly id: string;
  /** `text` is for people and `custom` for another engine: neither is judged, and the verdict says so. */
  readonly type: 'library' | 'sql' | 'text' | 'custom';
  /** For `library`: nullValues, missingValues, invalidValues, duplicateValues or rowCount. */
  readonly metric: string | undefined;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** For `sql`: one SELECT that yields one number; `{object}` and `{property}` stand for the table and the column. */
  readonly query: string | undefined;
  /** Undefined for `text` and `custom` rules only. */
  readonly operator: QualityOperator | undefined;
  /** One number as text, or two for the between operators. */
  readonly operands: readonly string[];
  readonly unit: 'rows' | 'percent';
  readonly dimension: string;
  readonly severity: Severity;
  readonly description: string | undefined;
  readonly place: Place;
}

/** Rows that agree in all of `determinant` agree in each of `dependent`; a row that lacks one of `determinant` is not bound. */
export interface FunctionalDependency {
  readonly determinant: readonly string[];
  readonly dependent: readonly string[];
  readonly place: Place;
}

export interface ServiceLevel {
  readonly property: string;
  readonly value: string;
  readonly unit: string | undefined;
  readonly element: string | undefined;
  readonly place: Place;
}

/** An ODCS data contract, read, checked and resolved: the contract of exactly one output port. */
export interface Contract {
  readonly apiVersion: string;
  readonly id: string;
  /** Semver of the contract. */
  readonly version: string;
  readonly status: string;
  /** `<domain>.<name of the schema object>`: the address of the product in SQL. */
  readonly product: string;
  readonly domain: string;
  readonly name: string;
  readonly owner: string | undefined;
  readonly description: string | undefined;
  readonly properties: readonly Property[];
  /** Object-level quality rules. */
  readonly quality: readonly QualityRule[];
  /** Share of rows that row checks may send to the feedback dataset before the gate fails (custom property `quarantineTolerance`, such as `1%`); 0 rows where silent. */
  readonly tolerance: Tolerance;
  /** Custom property `functionalDependencies` of the schema object; the primary key and unique columns are not repeated here. */
  readonly dependencies: readonly FunctionalDependency[];
  readonly serviceLevels: readonly ServiceLevel[];
  /** What its next version must not break (custom property `compatibilityMode`). */
  readonly compatibilityMode?: CompatibilityMode;
  /** sha256 of the canonical content: equal for files that differ only in comments, order of keys or white space. */
  readonly hash: string;
  readonly file: string;
}

/** Columns of the primary key, in key order. */
export function primaryKey(contract: Contract): Property[] {
  return contract.properties.filter((property) => property.keyPosition !== undefined).sort((a, b) => (a.keyPosition ?? 0) - (b.keyPosition ?? 0));
}
