import type { Contract, Property } from '@skein/contract';
import type { Place } from '@skein/kernel';
import type { ContractRuleId } from './contract-rule.ts';

/** One difference between two contracts, before it is known what it breaks. */
export interface Change {
  readonly rule: ContractRuleId;
  /** What it is about: `column price`, `column items, field price`, `service level freshness`. */
  readonly subject: string;
  /** From what to what. */
  readonly detail: string;
  readonly old?: Place;
  readonly next?: Place;
  /** How it can be shown. */
  readonly show: Showing;
}

/** What would show a change. */
export type Showing =
  /** A row that differs in this column. */
  | { readonly by: 'row'; readonly old: Property | undefined; readonly next: Property | undefined }
  /** Rows that agree in `same` and differ in `apart`. */
  | { readonly by: 'rows'; readonly same: readonly string[]; readonly apart: readonly string[] }
  /** No row: the words say what does. */
  | { readonly by: 'words'; readonly words: string };

/** The two contracts being compared. */
export interface Versions {
  readonly old: Contract;
  readonly next: Contract;
}

export function quoted(value: string | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
