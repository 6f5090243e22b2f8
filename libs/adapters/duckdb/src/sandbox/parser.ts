import { SkeinError } from '@skein/kernel';
import { FRAME, type FrameType } from './frames.ts';
import { queryError } from './query-error.ts';
import { processorMs } from './processor-time.ts';
import { askAgainIfLost, type SandboxWorker } from './worker.ts';

const PATIENCE = 8;
const LEAST_WAIT_MS = 20;

/** Parses and prints, one text at a time, in a child that never sees data. A text that takes too long costs the child its life. */
export class Parser {
  readonly #take: () => SandboxWorker;
  readonly #deadlineMs: number;
  readonly #queueLimit: number;
  #worker: SandboxWorker | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  killed = 0;

  constructor(take: () => SandboxWorker, deadlineMs: number, queueLimit: number) {
    this.#take = take;
    this.#deadlineMs = deadlineMs;
    this.#queueLimit = queueLimit;
  }

  start(): void {
    if (this.#worker === undefined || !this.#worker.alive) this.#worker = this.#take();
  }

  parse(sql: string): Promise<string> {
    return this.#ask(FRAME.parse, sql, 'SKEIN_QUERY_SYNTAX');
  }

  print(ast: string): Promise<string> {
    return this.#ask(FRAME.print, ast, 'SKEIN_INTERNAL');
  }

  #ask(type: FrameType, text: string, slow: 'SKEIN_QUERY_SYNTAX' | 'SKEIN_INTERNAL'): Promise<string> {
    if (this.#waiting >= this.#queueLimit)
      throw new SkeinError('SKEIN_QUERY_BUSY', 'too many queries wait to be parsed', { context: { retryAfterSeconds: 1 } });
    this.#waiting++;
    const asked = this.#tail.then(async () => {
      try {
        return await askAgainIfLost(() => this.#once(type, text, slow));
      } finally {
        this.#waiting--;
      }
    });
    this.#tail = asked.catch(() => {});
    return asked;
  }

  async #once(type: FrameType, text: string, slow: 'SKEIN_QUERY_SYNTAX' | 'SKEIN_INTERNAL'): Promise<string> {
    this.start();
    const worker = this.#worker as SandboxWorker;
    await worker.ready();
    const stop = this.#whenLate(worker, () => {
      this.killed++;
      worker.kill(new SkeinError(slow, `the SQL could not be parsed within ${this.#deadlineMs} ms`, { hint: 'Write it shorter and less nested.' }));
    });
    try {
      return await worker.ask<string>(
        () => worker.sendText(type, text),
        (note) =>
          note.kind === 'engine' && type === FRAME.parse
            ? queryError({ ...note, kind: 'syntax' }, text)
            : note.stage === 'print'
              ? new SkeinError('SKEIN_QUERY_REFUSED', 'the syntax tree could not be written as SQL', { cause: new Error(note.text) })
              : queryError(note, text),
      );
    } finally {
      stop();
      if (!worker.alive) {
        this.#worker = undefined;
        this.start();
      }
    }
  }

  /**
   * Calls `late` when the child has worked for as long as the deadline, or has had `PATIENCE` times as long: a text pays for its own length, not for what
   * else the machine does. Where processor time is not told, the clock alone counts. Returns how to stop it.
   */
  #whenLate({ pid }: SandboxWorker, late: () => void): () => void {
    const worked = (): number | undefined => (pid === undefined ? undefined : processorMs(pid));
    const [before, end] = [worked(), performance.now() + PATIENCE * this.#deadlineMs];
    let timer: NodeJS.Timeout;
    const wait = (milliseconds: number): void => {
      timer = setTimeout(() => {
        const now = worked();
        const left = before === undefined || now === undefined ? 0 : this.#deadlineMs - (now - before);
        if (left <= 0 || performance.now() >= end) late();
        else wait(Math.max(left, LEAST_WAIT_MS));
      }, milliseconds);
    };
    wait(this.#deadlineMs);
    return () => clearTimeout(timer);
  }

  close(reason: SkeinError): Promise<void> | undefined {
    this.#worker?.kill(reason);
    return this.#worker?.gone;
  }
}
