import type { Contract } from '@skein/contract';
import type { Comparison, ContractFinding } from '@skein/verifier/compat';

/** What recorded queries say of one finding. */
export interface QueryImpact {
  /** The queries that fail, or mean something else. */
  readonly breaks: readonly string[];
  /** Those that read what changes, and go on. */
  readonly touched: readonly string[];
  readonly safe: number;
  /** Who asked the queries that break. */
  readonly consumers: readonly string[];
}

/** Weighs the findings of one step against recorded queries; undefined for a finding of which they say nothing. */
export type Operations = (last: Contract, next: Contract, comparison: Comparison) => Promise<(finding: ContractFinding) => QueryImpact | undefined>;
