import type { Example, Gap, Solution } from '@skein/pattern';

/** `repair`: how a gap is to be closed. `masking`: whether a column of a source, which seems to hold personal data, is hidden from bronze on. */
export type ReviewKind = 'repair' | 'masking';
export type ReviewStatus = 'open' | 'approved' | 'amended' | 'rejected';
export type DecisionVerb = 'approve' | 'amend' | 'reject';

/** One way to close the gap: solutions that are applied in order, the first whose pre-conditions hold. */
export interface Alternative {
  /** Hash of its solutions. */
  readonly id: string;
  /** The family that found it, or `amendment`. */
  readonly category: string;
  readonly solutions: readonly Solution[];
  /** One sentence: what it does, and what speaks for it. */
  readonly why: string;
  /** Cells of the cluster that it was tried on, and those whose outcome the contract accepts. */
  readonly test: { readonly cells: number; readonly passed: number };
  /** Who found it: an agent, or the person whose amendment it is. */
  readonly proposedBy: string;
}

/** A failing row as it stands, and what each alternative would make of the column. */
export interface ReviewRow {
  readonly before: Readonly<Record<string, string | null>>;
  /** By id of the alternative; an alternative that leaves the cell alone is not there. */
  readonly after: Readonly<Record<string, string | null>>;
}

/** What a decision would reach. */
export interface BlastRadius {
  readonly cells: number;
  readonly rows: number;
  /** Products made from this one by lineage, directly or by way of others. */
  readonly products: readonly string[];
}

/** What is handed to a person: one for a cluster of gaps, not one for a row. */
export interface ReviewRequest {
  /** Hash of the cluster: the same cluster asks once. */
  readonly id: string;
  readonly kind: ReviewKind;
  /** Product, rule and column of the cluster's largest gap. */
  readonly product: string;
  readonly rule: string;
  readonly column: string;
  /** Every product with a gap in the cluster. */
  readonly products: readonly string[];
  /** The gaps of the cluster, the largest first, each with a sample of its values. */
  readonly gaps: readonly Gap[];
  /** How the rule words the violation, and why no agent decided. */
  readonly message: string;
  readonly why: string;
  /** At most 20. */
  readonly rows: readonly ReviewRow[];
  readonly alternatives: readonly Alternative[];
  readonly blast: BlastRadius;
  /** Persons who must approve the same alternative: 1 or 2. */
  readonly approvals: number;
  readonly proposedBy: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
}

/** What one person said. */
export interface ReviewDecision {
  /** Chosen by the sender: sent again, after a lost answer say, it is the same decision. */
  readonly id: string;
  readonly decision: DecisionVerb;
  readonly by: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** approve: the alternative meant; may be left out where there is one only. */
  readonly choice?: string;
  /** amend: what is to be done instead. */
  readonly amendment?: Alternative;
  /** amend: the rows from which it was learned, at most 20. */
  readonly examples?: readonly Example[];
}

export interface Review extends ReviewRequest {
  readonly status: ReviewStatus;
  /** In the order in which they were taken. */
  readonly decisions: readonly ReviewDecision[];
  /** The alternative that was decided on; undefined while open, and when rejected. */
  readonly chosen: string | undefined;
  /** Whether the swarm has been told of the decision. */
  readonly applied: boolean;
}

export interface Decided {
  readonly review: Review;
  /** Whether this call settled the review: true once in its life. */
  readonly settled: boolean;
}

export interface ReviewQuery {
  readonly status?: ReviewStatus;
  /** At most 1,000; by default 100. */
  readonly limit?: number;
}

/**
 * Where persons decide what agents could not. Each review has exactly one effect: of decisions that race one settles it, over any number of
 * processes and restarts. Who may decide which review is for the caller to check; that nobody approves their own request is checked here.
 */
export interface ReviewDesk {
  /**
   * Opens a review. One that stands under the id, or of which a gap is part of another review that is open, is returned as it is.
   * Throws SKEIN_REQUEST_INVALID for a malformed request.
   */
  open(request: ReviewRequest): Promise<{ readonly review: Review; readonly created: boolean }>;
  get(id: string): Promise<Review | undefined>;
  /** The newest first. */
  list(query?: ReviewQuery): Promise<readonly Review[]>;
  /** The last review that the gap (see `gapKey`) was part of. */
  covering(gapKey: string): Promise<Review | undefined>;
  /**
   * Takes a decision. Throws SKEIN_REVIEW_UNKNOWN, SKEIN_REVIEW_DECIDED (it is settled, or the person has approved already), SKEIN_REVIEW_CONFLICT (the
   * decision's id was used for another one, or the choice is none of the alternatives), SKEIN_AUTH_FORBIDDEN (own request).
   */
  decide(id: string, decision: ReviewDecision): Promise<Decided>;
  /** Settled reviews that the swarm has not been told of yet, the oldest first. */
  unapplied(): Promise<readonly Review[]>;
  /** Notes that the swarm has been told. Twice does no harm. */
  applied(id: string): Promise<void>;
  close(): Promise<void>;
}
