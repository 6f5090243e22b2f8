import type { Pattern } from '@skein/pattern';
import type { EngineSession, PatternBoard, QuerySandbox } from '@skein/ports';
import type { OpenGap } from './gap.ts';
import type { Application } from './mending.ts';
import type { ModelUse } from './model.ts';
import type { DataProduct } from '@skein/product';
import type { CheckPlan, Verdict } from '@skein/verifier';

/** Relations of a session, while a product is made in it. */
export const CANDIDATE = '_candidate';
/** Repairs of cells: `id` (row before), `column`, `rule`, `check_id`, `value` (before), `repaired`, `pattern`, `gap`, `evidence` (of the cell, where it has its own). */
export const MENDS = '_mends';
export const ACCEPTED = '_accepted';
export const OFFENDERS = '_offenders';
export const FEEDBACK = '_feedback';

/** A line that never became a record, charged to the product that would have held it. */
export interface Malformed {
  readonly file: string;
  readonly row: number;
  readonly reason: string;
  readonly raw: string;
}

/** What the agents need to make one product. */
export interface Task {
  readonly session: EngineSession;
  readonly product: DataProduct;
  /** The contract's checks. */
  readonly plan: CheckPlan;
  readonly malformed: readonly Malformed[];
  /** The relation of another product, by its id; undefined when it has no snapshot. */
  readonly relationOf: (product: string) => string | undefined;
  readonly sandbox: QuerySandbox;
  readonly healing: HealingWith;
}

/** What cleaner and gap resolver work with. */
export interface HealingWith {
  /** Where the swarm shares what it learned; without it, each product finds its own solutions. */
  readonly board?: PatternBoard;
  /** The patterns of a run that is replayed, by signature key: these are applied, and no others looked for. */
  readonly fixed?: ReadonlyMap<string, readonly Pattern[]>;
  /** Ids of patterns that failed in this run. */
  readonly barred?: ReadonlySet<string>;
  /** Whether what families earned orders them, and is told; default true, where there is a board. */
  readonly rewards?: boolean;
  /** Who is asked about gaps that no agent can read; default nobody. */
  readonly model?: ModelUse;
}

/** Rows that a step made: columns of the contract, and those of the swarm's own that the step offers. */
export interface Rows {
  /** SELECT of the step's rows. */
  readonly sql: string;
  readonly columns: readonly string[];
  /** Of `_file`, `_row`, `_repairs`, `_invalid` those that the step offers. */
  readonly extras: readonly string[];
  /** The contract's checks, and those that the step's types and faults call for. */
  readonly plan: CheckPlan;
  /** SQL that identifies a row within the run. */
  readonly position: string;
}

/** Cells of one column that one pattern repaired. */
export interface Mended {
  readonly column: string;
  readonly rule: string;
  readonly cells: number;
  readonly pattern: Pattern;
  readonly why: string;
}

/** What a step made and the contract said of it. The rows lie in relations of the session. */
export interface Candidate {
  /** Relation with the rows that may be published: the contract's columns, and `_source`, `_position` for silver. */
  readonly accepted: string;
  /** SELECT for the feedback dataset. */
  readonly feedback: string;
  readonly verdict: Verdict;
  readonly duplicates: number;
  readonly repairs: Readonly<Record<string, number>>;
  readonly violations: Readonly<Record<string, number>>;
  /** Check → cells repaired. */
  readonly repaired: Readonly<Record<string, number>>;
  /** Check → violations that nobody could close. */
  readonly escalated: Readonly<Record<string, number>>;
  /** Patterns of which repairs stand, and those by which the votes of dependencies came to what they say. */
  readonly patterns: readonly Pattern[];
  /** Ids of all patterns that were tried. */
  readonly tried: readonly string[];
  readonly persisting: readonly { readonly gap: OpenGap; readonly why: string }[];
  /** Repairs that stand, by column, rule and pattern. */
  readonly mended: readonly Mended[];
  /** Applications that were taken back, for what broke afterwards. */
  readonly takenBack: readonly Application[];
}
