/** One accepted event; its payload is kept as JSON text, so that nobody can change history through a reference. */
export interface LogEntry {
  readonly offset: number;
  readonly key: string;
  readonly text: string;
}

/** The events of one topic, in order, from `start` to `end` (exclusive). Trimming moves `start`; offsets never change. */
export class TopicLog {
  #entries: LogEntry[] = [];
  #start = 0;
  /** Entries at the head of the array that are trimmed already; dropped in bulk, because shift() on long arrays is linear. */
  #trimmed = 0;

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#start + this.#entries.length - this.#trimmed;
  }

  append(key: string, text: string): LogEntry {
    const entry = { offset: this.end, key, text };
    this.#entries.push(entry);
    return entry;
  }

  at(offset: number): LogEntry | undefined {
    return this.#entries[offset - this.#start + this.#trimmed];
  }

  /** Forgets events below `offset`. */
  trim(offset: number): void {
    const drop = Math.min(offset, this.end) - this.#start;
    if (drop <= 0) return;
    this.#start += drop;
    this.#trimmed += drop;
    if (this.#trimmed < 1_024 && this.#trimmed < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#trimmed);
    this.#trimmed = 0;
  }
}
