/** How a query ended, for clients that cannot read trailers. */
export interface QueryOutcome {
  readonly queryId: string;
  readonly status: 'done' | 'failed';
  readonly rows?: number;
  readonly truncated?: boolean;
  /** Code of what failed. */
  readonly code?: string;
}

/** The outcomes of the newest queries, each visible to its own subject only. Bounded: older ones are forgotten. */
export class RecentOutcomes {
  readonly #limit: number;
  readonly #outcomes = new Map<string, { readonly subject: string; readonly outcome: QueryOutcome }>();

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  add(subject: string, outcome: QueryOutcome): void {
    if (this.#outcomes.size >= this.#limit) this.#outcomes.delete(this.#outcomes.keys().next().value as string);
    this.#outcomes.set(outcome.queryId, { subject, outcome });
  }

  get(queryId: string, subject: string): QueryOutcome | undefined {
    const found = this.#outcomes.get(queryId);
    return found?.subject === subject ? found.outcome : undefined;
  }
}
