import type { Expression } from './pattern.ts';
import type { Program } from './program/program.ts';

/** A tested solution for cells of one gap. */
export interface Proposal {
  readonly solution: Expression;
  /** The solution as data, for `evaluate`; `solution` is its SQL. */
  readonly program: Program;
  /** The family that found it. */
  readonly category: string;
  /** 0 to 1: share of held-back cells that it closed, times the share of its family's cells that it reads, less its length. Orders, and is no probability. */
  readonly score: number;
  /** One sentence: what it does, and what decided for it. */
  readonly why: string;
  /** Cells held back from the choice of the program, and those of them whose outcome kept the contract (and the label, where there is one). */
  readonly test: { readonly cells: number; readonly passed: number };
}

/** Readings of the same values that the evidence cannot tell apart. */
export interface Conflict {
  readonly between: readonly Proposal[];
  readonly why: string;
  /** Failing values on which the readings differ; a sample. */
  readonly values: readonly string[];
}

/**
 * Solutions are applied in order: the first whose pre-conditions hold. No two of them differ on a value of the gap; values that are
 * in conflict are outside the pre-conditions of all, and stand in `open`.
 */
export type Outcome =
  | { readonly kind: 'solutions'; readonly ranked: readonly Proposal[]; readonly open: readonly Conflict[] }
  | ({ readonly kind: 'conflict' } & Conflict)
  | { readonly kind: 'none'; readonly why: string };
