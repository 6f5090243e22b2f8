import type { Expression } from '@skein/pattern';

/**
 * What a model is told of a gap: its signature and the column's contract. `examples` are failing values, and empty unless the operator allowed them and the
 * column is public; nothing else of it comes from rows, and a shape holds no letter or digit of one.
 */
export interface ProposalQuestion {
  readonly rule: string;
  readonly column: string;
  /** Engine type. */
  readonly type: string;
  readonly required: boolean;
  /** Pattern, bounds and code list of the contract, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Shapes of the failing values (see `shapeOf`) with the share of cells that have each. */
  readonly shapes: readonly { readonly shape: string; readonly share: number }[];
  readonly examples: readonly string[];
}

/**
 * Why there is no proposal: `silent` (no answer in time), `failed` (an error, or the connection), `refused` (an answer that is none: prose, too large, a
 * redirect, an expression that cannot be read), `spent` (the budget).
 */
export type NoProposal = 'silent' | 'failed' | 'refused' | 'spent';

/** `solutions` are as the model gave them: untrusted, to be gated, tested and judged like any other. */
export type ProposerAnswer = { readonly kind: 'solutions'; readonly solutions: readonly Expression[] } | { readonly kind: NoProposal; readonly why: string };

/** The proposer within one run: its budget is for the run. */
export interface ProposerRun {
  /** Never rejects: what went wrong is an answer. Any number may be asked at once; the budget holds for all of them. */
  ask(question: ProposalQuestion): Promise<ProposerAnswer>;
  /** Calls made and tokens counted so far; never above the budget. */
  readonly spent: { readonly calls: number; readonly tokens: number };
}

/** Somebody outside the swarm who proposes solutions for gaps that no agent could read. */
export interface Proposer {
  /** Whether failing values of public columns may be told to it. */
  readonly tellsValues: boolean;
  /** Opens a budget. */
  begin(): ProposerRun;
}
