import type { ColumnType } from '@skein/contract';
import type { Place } from '@skein/kernel';

/** How a column is shown that is not shown as it is. */
export type Mask = 'pseudonym' | 'redact' | 'null';
/** From most to least permissive. */
export const ACCESS_LEVELS = ['clear', 'pseudonym', 'redact', 'null'] as const;
export type Access = (typeof ACCESS_LEVELS)[number];

export const ROW_OPERATORS = ['equals', 'notEquals', 'lessThan', 'lessOrEqual', 'greaterThan', 'greaterOrEqual', 'in', 'notIn', 'isNull', 'isNotNull'] as const;
export type RowOperator = (typeof ROW_OPERATORS)[number];

/** One comparison of a column with constants. Rows for which it is not true stay hidden, so NULL hides. */
export interface RowCondition {
  readonly column: string;
  readonly type: ColumnType;
  readonly operator: RowOperator;
  /** Constants as SQL, or the claim that they come from. Null-tests have neither. */
  readonly operand: { readonly constants: readonly string[] } | { readonly claim: string } | undefined;
  readonly place: Place;
}

/** What some roles may see for some purposes: all conditions of `rows` hold together. */
export interface Grant {
  readonly roles: readonly string[];
  /** Undefined: for any purpose, and for none. */
  readonly purposes: readonly string[] | undefined;
  /** Classes shown as they are. */
  readonly allow: readonly string[];
  /** Classes shown masked. */
  readonly mask: Readonly<Record<string, Mask>>;
  /** Columns and classes never shown under this grant, whatever else it says. */
  readonly deny: readonly string[];
  readonly rows: readonly RowCondition[];
  readonly place: Place;
}

/** The policy file beside a contract. Nothing is granted that it does not grant. */
export interface Policy {
  /** `<domain>.<name>` and major version of the contract it stands beside. */
  readonly product: string;
  readonly file: string;
  /** Roles that may push new versions of the contract. */
  readonly owners: readonly string[];
  /** Persons who must approve a review of the product: 1 or 2. */
  readonly approvals: number;
  readonly grants: readonly Grant[];
  /** sha256 of the file's text. */
  readonly hash: string;
}

/** Columns a product's files may hold beside the contract's (row id, source position): of this class, since they can tell keys. */
export const LINEAGE_CLASS = 'restricted';
export const KNOWN_CLASSES = ['public', 'internal', 'confidential', 'restricted'] as const;
