import type { Contract } from '@skein/contract';
import type { Expression } from '@skein/pattern';

/** A table of the engine whose columns are text: `_row` (BIGINT, from 1, unique) and columns of the contract by their names. */
export interface TextTable {
  readonly name: string;
  /** Columns of the contract that the table has. */
  readonly columns: readonly string[];
}

/** A row that a person has put right. */
export interface LabelledRow {
  readonly row: bigint;
  /** By column; null for a missing value. Columns that are not named were not looked at. */
  readonly values: Readonly<Record<string, string | null>>;
}

export interface HealOptions {
  readonly contract: Contract;
  readonly labels?: readonly LabelledRow[];
  /** Least probability of a repair that rests on other rows; 0.95 where silent. */
  readonly threshold?: number;
}

/** What repaired cells: one solution, applied wherever its pre-conditions hold. */
export interface AppliedSolution {
  readonly id: string;
  readonly column: string;
  /** `dependency`, `near-value`, `label`, or the synthesiser's family. */
  readonly category: string;
  readonly why: string;
  /** SQL that yields the column's new value. */
  readonly sql: string;
  /** Of a solution that holds for one row alone: it can be shared as a pattern. */
  readonly expression: Expression | undefined;
  readonly cells: number;
}

export type CellOutcome = 'repaired' | 'escalated' | 'left';

/** What became of the cells of one column that break one rule. */
export interface ColumnCount {
  readonly column: string;
  /** The row rule of the contract (`type`, `required`, `pattern`, `valid_values` …), `dependency`, `near-value` for a slip of what most rows hold, or `label` for what only labels taught. */
  readonly rule: string;
  readonly outcome: CellOutcome;
  readonly cells: number;
}

export interface Healing {
  readonly rows: number;
  /** Rounds of votes until nothing changed. */
  readonly rounds: number;
  readonly counts: readonly ColumnCount[];
  /** Labelled cells that the contract refuses: they were neither written nor learned from. */
  readonly refusedLabels: number;
  readonly solutions: readonly AppliedSolution[];
  /**
   * Temporary table of the session with one row for each violation, in order of row and column: `row` BIGINT, `column`, `rule`, `outcome`,
   * `before`, `after` (of an escalated cell what was proposed, where anything was), `solution`, `probability` DOUBLE, `why`.
   */
  readonly cells: string;
}
