import type { Place } from '@skein/kernel';
import type { Severity, Tolerance } from '@skein/contract';

/**
 * One rule compiled for the engine.
 * - `row`: `sql` is a boolean expression over the columns of the relation; TRUE marks the row as violating (NULL does not).
 * - `set`: `sql` is a SELECT over `{relation}` that yields one row with one BIGINT column `failed`: the violating rows. A reference
 *   reads the product it points to as `{ref:domain.name}`, for the caller to resolve.
 * - `metric`: `sql` is a SELECT over `{relation}` that yields one row with one VARCHAR column `value`; the gate compares it as an exact
 *   decimal, or as a moment where its operator is `mustNotBeOlderThan`. Where `rule` is `sql`, it holds a query of the contract's
 *   author, which is not to be trusted.
 * - `publication`: measured over the times of publications; it has no `sql`.
 */
export interface Check {
  /** Stable within the contract: `<column>.required`, `<column>.pattern`, `primary_key`, `quality.<id>` … */
  readonly id: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly level: 'row' | 'set' | 'metric' | 'publication';
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

/** A rule of the contract that no engine of Skein judges; the verdict lists it as skipped. */
export interface Unjudged {
  readonly id: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly severity: Severity;
  readonly dimension: string;
  readonly reason: string;
  readonly place: Place;
}

/** All checks of one contract: plain data; the engine runs it, `judge` reads the figures. */
export interface CheckPlan {
  readonly product: string;
  readonly contractHash: string;
  readonly checks: readonly Check[];
  readonly unjudged: readonly Unjudged[];
}

/** What the engine counted. */
export interface Figures {
  /** Rows judged, accepted and refused together. */
  readonly rows: bigint;
  /** Per check id: violating rows, or the metric's value as text, or why it could not be run. */
  readonly results: Readonly<
    Record<string, { readonly failed: bigint } | { readonly value: string | null } | { readonly error: string } | { readonly skipped: string }>
  >;
  /** Rows that broke at least one row check of severity error, so went to the feedback dataset. */
  readonly refused: bigint;
  /** When the table was published, in milliseconds since the epoch, oldest first; left out where that is not known. */
  readonly publications?: readonly number[];
}

export interface Gate {
  readonly check: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly severity: Severity;
  readonly outcome: 'passed' | 'failed' | 'error' | 'skipped';
  /** Violating rows, where the check counts rows. */
  readonly failed: bigint | undefined;
  /** The measured value, where the check measures one: a number, or a moment `YYYY-MM-DD HH:MM:SS.ffffff` in UTC. */
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
  /** Per quality dimension, the share of rows without a violation of its worst check, 0 to 1. */
  readonly scores: Readonly<Record<string, number>>;
  /** sha256 over contract hash and figures: equal for equal data and contract, whenever they were judged. */
  readonly hash: string;
}
