import { refused } from './refusal.ts';

export interface GateLimits {
  /** Levels of syntax nodes, expressions, relations and queries alike. */
  readonly maxDepth: number;
  readonly maxNodes: number;
  /** Characters of the serialized tree. */
  readonly maxCharacters: number;
}

export const GATE_LIMITS: GateLimits = { maxDepth: 120, maxNodes: 20_000, maxCharacters: 4_000_000 };

/** Counts levels and nodes on the way through a tree; throws SKEIN_QUERY_REFUSED beyond the limits. */
export class Depth {
  readonly #limits: GateLimits;
  #depth = 0;
  #nodes = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  enter(): void {
    this.#depth += 1;
    this.#nodes += 1;
    if (this.#depth > this.#limits.maxDepth)
      throw refused(
        'depth',
        `the query is nested deeper than ${this.#limits.maxDepth} levels`,
        undefined,
        'Split long chains of operators into CTEs, or use IN and list functions.',
      );
    if (this.#nodes > this.#limits.maxNodes) throw refused('size', `the query has more than ${this.#limits.maxNodes} parts`);
  }

  leave(): void {
    this.#depth -= 1;
  }
}
