import type { Contract } from '@skein/contract';
import type { Expression } from '@skein/pattern';

/** A table of the engine whose columns are text: `_row` (BIGINT, from 1, unique) and columns of the contract by their names. */
export interface TextTable {
  readonly name: string;
  /** Columns of the contract that the table has. */
  readonly columns: readonly string[];
}

/** A cell that a person has looked at: what is right there. */
export interface LabelledRow {
  readonly row: bigint;
  /** By column; null for a missing value. Columns that are not named were not looked at. */
  readonly values: Readonly<Record<string, string | null>>;
}

export interface HealOptions {
  readonly contract: Contract;
  readonly labels?: readonly LabelledRow[];
  /** Least probability of a repair that evidence within the table proposes. */
  readonly threshold?: number;
}

/** How cells were repaired: one solution, applied to as many cells as its pre-conditions hold for. */
export interface AppliedSolution {
  readonly id: string;
  readonly column: string;
  /** Family: `dependency`, `near-value`, `label`, or one of the synthesiser's. */
  readonly category: string;
  readonly why: string;
  /** The SQL of the solution; of a dependency, what its evidence was counted by. */
  readonly sql: string;
  readonly expression: Expression | undefined;
  readonly cells: number;
}

export type CellOutcome = 'repaired' | 'escalated' | 'left';

/** One violation and what became of it. */
export interface HealedCell {
  readonly row: bigint;
  readonly column: string;
  /** What the contract's row rules or dependencies say of the cell: `type`, `required`, `pattern`, `dependency`, or `label` where only labels taught it. */
  readonly rule: string;
  readonly outcome: CellOutcome;
  readonly before: string | null;
  /** The repaired value; of an escalated cell the one that was proposed. */
  readonly after: string | null;
  readonly solution: string | undefined;
  readonly probability: number | undefined;
  readonly why: string;
}

export interface Healing {
  readonly rows: number;
  readonly cells: readonly HealedCell[];
  readonly solutions: readonly AppliedSolution[];
  readonly rounds: number;
}
