/** Calls and tokens of one run. What a call may cost at most is taken before it is made, so that calls side by side cannot exceed it together. */
export class Budget {
  readonly #most: { readonly calls: number; readonly tokens: number };
  #calls = 0;
  #tokens = 0;

  constructor(most: { readonly calls: number; readonly tokens: number }) {
    this.#most = most;
  }

  get spent(): { readonly calls: number; readonly tokens: number } {
    return { calls: this.#calls, tokens: this.#tokens };
  }

  /** Takes a call and the tokens that it may cost; false, and nothing taken, when they are not there. */
  take(tokens: number): boolean {
    if (this.#calls + 1 > this.#most.calls || this.#tokens + tokens > this.#most.tokens) return false;
    this.#calls += 1;
    this.#tokens += tokens;
    return true;
  }

  /** Gives back what a call did not cost. A cost that is not told, or cannot be, is what was taken. */
  settle(taken: number, cost: number | undefined): void {
    if (cost !== undefined && Number.isSafeInteger(cost) && cost > 0 && cost < taken) this.#tokens -= taken - cost;
  }
}
