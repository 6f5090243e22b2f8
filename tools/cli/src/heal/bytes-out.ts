import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

const PIECE = 1 << 20;

/** Writes a file piece by piece, and gives it its name when it is complete. */
export class BytesOut {
  readonly #path: string;
  readonly #part: string;
  readonly #stream: ReturnType<typeof createWriteStream>;
  #pieces: Buffer[] = [];
  #held = 0;

  constructor(path: string) {
    this.#path = path;
    this.#part = `${path}.part`;
    this.#stream = createWriteStream(this.#part);
    // An error is told where the file is finished.
    this.#stream.on('error', () => undefined);
  }

  async write(...pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#held += piece.length;
    }
    if (this.#held >= PIECE) await this.#flush();
  }

  async #flush(): Promise<void> {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    if (!this.#stream.write(whole) && !this.#stream.errored)
      await new Promise<void>((resolve) => {
        // Whichever comes takes the other with it: a long file drains a thousand times.
        const done = (): void => {
          this.#stream.off('drain', done).off('close', done);
          resolve();
        };
        this.#stream.on('drain', done).on('close', done);
      });
  }

  async finish(): Promise<void> {
    await this.#flush();
    this.#stream.end();
    await finished(this.#stream);
    await rename(this.#part, this.#path);
  }

  async abandon(): Promise<void> {
    this.#stream.destroy();
    await rm(this.#part, { force: true });
  }
}
