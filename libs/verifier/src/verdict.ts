import type { Place } from '@skein/kernel';
import type { Severity, Tolerance } from '@skein/contract';

/**
 * One rule compiled for the engine.
 * - `row`: `sql` is a boolean expression over the columns of the relation; TRUE marks the row as violating (NULL does not).
 * - `set`: `sql` is a SELECT over `{relation}` that yields one row with one BIGINT column `failed`: the violating rows.
 * - `metric`: `sql` is a SELECT over `{relation}` that yields one row with one column `value`; the gate compares it.
 */
export interface Check {
  /** Stable within the contract: `<column>.required`, `<column>.pattern`, `primary_key`, `quality.<id>` … */
  readonly id: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly level: 'row' | 'set' | 'metric';
  readonly sql: string;
  readonly severity: Severity;
  readonly dimension: string;
  readonly tolerance: Tolerance;
  /** For `metric` checks: how the value is compared. */
  readonly comparison: { readonly operator: string; readonly operands: readonly string[] } | undefined;
  /** Columns that the check reads; where one is missing the check is skipped with that reason. */
  readonly reads: readonly string[];
  readonly place: Place;
}

/** All checks of one contract: plain data; the engine runs it, `judge` reads the figures. */
export interface CheckPlan {
  readonly product: string;
  readonly contractHash: string;
  readonly checks: readonly Check[];
}

/** What the engine counted. */
export interface Figures {
  /** Rows judged, accepted and refused together. */
  readonly rows: bigint;
  /** Per check id: violating rows, or the metric's value as text, or why it could not be run. */
  readonly results: Readonly<Record<string, { readonly failed: bigint } | { readonly value: string | null } | { readonly error: string } | { readonly skipped: string }>>;
  /** Rows that broke at least one row check of severity error, so went to the feedback dataset. */
  readonly refused: bigint;
}

export interface Gate {
  readonly check: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly severity: Severity;
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** Violating rows, where the check counts rows. */
  readonly failed: bigint | undefined;
  /** The measured value, where the check measures one. */
  readonly value: string | undefined;
  readonly tolerance: Tolerance;
  /** Why it failed, erred or was skipped, in words. */
  readonly reason: string | undefined;
}

/** The verifier's answer. `passed` is false when a gate of severity error failed or erred. */
export interface Verdict {
  readonly product: string;
  readonly contractHash: string;
  readonly passed: boolean;
  readonly rows: bigint;
  readonly refused: bigint;
  readonly gates: readonly Gate[];
  /** Share of rows without a violation, 0 to 1, per quality dimension. */
  readonly scores: Readonly<Record<string, number>>;
  /** sha256 over contract hash and figures: equal for equal data and contract. */
  readonly hash: string;
}
