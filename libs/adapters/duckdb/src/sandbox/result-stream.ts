import type { SkeinError } from '@skein/kernel';

/** Bytes that may wait here for a slow reader before the child is made to wait. */
const HIGH = 4 * 1024 * 1024;
const LOW = 1024 * 1024;

/**
 * The body of one answer, from the pipe to its reader. A reader that leaves early cancels the query. It ends well only after
 * `end`; `fail` makes it throw, after the bytes that came before.
 */
export class ResultStream implements AsyncIterable<Uint8Array> {
  bytes = 0;
  #chunks: Uint8Array[] = [];
  #waiting = 0;
  #paused = false;
  #ended = false;
  #error: SkeinError | undefined;
  #wake: (() => void) | undefined;
  readonly #flow: { pause(): void; resume(): void; leave(): void };

  constructor(flow: { pause(): void; resume(): void; leave(): void }) {
    this.#flow = flow;
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    this.#waiting += chunk.length;
    this.#chunks.push(chunk);
    if (!this.#paused && this.#waiting > HIGH) {
      this.#paused = true;
      this.#flow.pause();
    }
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  fail(error: SkeinError): void {
    if (this.#ended) return;
    this.#error = error;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        // a failed query's bytes are of no use to anyone: stop at once
        if (this.#error !== undefined) throw this.#error;
        const chunk = this.#chunks.shift();
        if (chunk !== undefined) {
          this.#waiting -= chunk.length;
          if (this.#paused && this.#waiting < LOW) {
            this.#paused = false;
            this.#flow.resume();
          }
          yield chunk;
          continue;
        }
        if (this.#ended) return;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        this.#wake = undefined;
      }
    } finally {
      this.#chunks = [];
      if (!this.#ended && this.#error === undefined) this.#flow.leave();
    }
  }
}
