import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that a test started. `await using` ends it; what is forgotten goes with the test's own process. */
export interface TestProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Standard output and standard error so far, as they came. */
  said(): string;
  /** Resolves once it has gone and all that it said was read; never rejects. */
  readonly ended: Promise<Ended>;
  /** The first group of the match, or all of it, once it has said so. @throws Error with what it said, when it ends first or takes longer than `withinMs`. */
  says(what: RegExp, withinMs?: number): Promise<string>;
  /**
   * Ends it as an operator does, by SIGTERM, unless another signal is named; nothing is done when it has gone.
   * @throws Error with what it said, when it is still there after `withinMs`; it is killed then.
   */
  end(signal?: NodeJS.Signals, withinMs?: number): Promise<Ended>;
  /** SIGKILL, as a crash. */
  kill(): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const SAYS_MS = 90_000;
const ENDS_MS = 20_000;
const POLL_MS = 10;
/** How long what it said may take to be read after it has gone; its own children may hold the pipes open for ever. */
const READ_MS = 1_000;

/** Starts a command. Its standard output and error are read by the test; standard input is empty, unless `stdio` says otherwise. */
export function testProcess(command: string, args: readonly string[], options: SpawnOptions = {}): TestProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const name = [command, ...args].map((word) => word.slice(-80)).join(' ');
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const last = (): string => text.slice(-4_000);
  const orphan = (): void => void child.kill('SIGKILL');
  process.once('exit', orphan);

  // Heard from the start: an end that came before somebody waits for it is not missed.
  let gone: Ended | undefined;
  const ended = new Promise<Ended>((resolve) => {
    const settle = (end: Ended): void => {
      process.removeListener('exit', orphan);
      resolve((gone = end));
    };
    child.once('close', (code, signal) => settle({ code, signal }));
    child.once('exit', (code, signal) => void setTimeout(() => settle({ code, signal }), READ_MS).unref());
    child.once('error', (error) => {
      text += String(error);
      // What could not be started closes nothing.
      if (child.pid === undefined) settle({ code: null, signal: null });
    });
  });

  const end = async (signal: NodeJS.Signals = 'SIGTERM', withinMs = ENDS_MS): Promise<Ended> => {
    if (gone) return gone;
    child.kill(signal);
    const late = new AbortController();
    const inTime = await Promise.race([ended, sleep(withinMs, undefined, { signal: late.signal, ref: false }).catch(() => undefined)]);
    late.abort();
    if (inTime) return inTime;
    const said = last();
    child.kill('SIGKILL');
    await ended;
    throw new Error(`${name} did not end within ${withinMs} ms of ${signal}; it said: ${said}`);
  };
  return {
    child,
    said: () => text,
    ended,
    async says(what, withinMs = SAYS_MS) {
      for (const deadline = performance.now() + withinMs; ; await sleep(POLL_MS)) {
        const over = gone;
        const match = what.exec(text);
        if (match) return match[1] ?? match[0];
        if (over) throw new Error(`${name} ended with ${over.code ?? over.signal} before it said ${what}; it said: ${last()}`);
        if (performance.now() > deadline) throw new Error(`${name} did not say ${what} within ${withinMs} ms; it said: ${last()}`);
      }
    },
    end,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
    [Symbol.asyncDispose]: async () => void (await end()),
  };
}
