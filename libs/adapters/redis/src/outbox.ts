import { SkeinError } from '@skein/kernel';
import type { News } from '@skein/pattern';
import type { Lease } from '@skein/ports';

/** News that waits to be acknowledged. */
export interface Letter {
  readonly news: News;
  readonly text: string;
  readonly lease: Lease | undefined;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** So many letters may wait: an agent that is cut off for long must not fill its memory. */
const MOST = 100_000;

/**
 * Letters in the order in which they were posted. They leave when the board has acknowledged them, and not before: sent twice they change nothing.
 */
export class Outbox {
  readonly #letters = new Set<Letter>();
  readonly #empty = new Set<() => void>();

  get size(): number {
    return this.#letters.size;
  }

  /** Throws SKEIN_BOARD_UNAVAILABLE when too much is waiting. */
  post(news: News, text: string, lease: Lease | undefined): Promise<void> {
    if (this.#letters.size >= MOST) throw new SkeinError('SKEIN_BOARD_UNAVAILABLE', `${MOST} entries are waiting for the board; no more are kept`);
    return new Promise((resolve, reject) => this.#letters.add({ news, text, lease, resolve, reject }));
  }

  first(count: number): Letter[] {
    const letters: Letter[] = [];
    for (const letter of this.#letters) {
      if (letters.length === count) break;
      letters.push(letter);
    }
    return letters;
  }

  done(letter: Letter, error?: Error): void {
    if (!this.#letters.delete(letter)) return;
    if (error === undefined) letter.resolve();
    else letter.reject(error);
    if (this.#letters.size > 0) return;
    for (const resolve of this.#empty) resolve();
    this.#empty.clear();
  }

  /** Resolves when nothing waits, or after so many milliseconds. */
  async drained(milliseconds: number): Promise<void> {
    if (this.#letters.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#empty.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  abandon(error: Error): void {
    for (const letter of this.#letters) this.done(letter, error);
  }
}
