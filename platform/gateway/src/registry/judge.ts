import { Worker } from 'node:worker_threads';
import type { CompatibilityMode, Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import type { Bump, Comparison, ContractFinding } from '@skein/verifier/compat';

interface NamedText {
  /** As places name it. */
  readonly name: string;
  readonly text: string;
}

export interface JudgementRequest {
  /** Versions before the last one, oldest first; read by transitive modes. */
  readonly earlier: readonly NamedText[];
  readonly last: NamedText | Contract;
  readonly next: NamedText;
  readonly mode: CompatibilityMode;
  /** `YYYY-MM-DD` */
  readonly today: string;
  /** Findings that are told. A hostile contract has thousands, and each shows a row of all columns. */
  readonly most: number;
}

export interface Judgement {
  /** What breaks first, and no more than were asked for. */
  readonly findings: readonly ContractFinding[];
  readonly total: number;
  readonly breaking: number;
  readonly modeChanged: boolean;
  readonly asked: Bump;
  /** What is asked for by all that does not break. */
  readonly askedBeside: Bump;
  readonly given: Comparison['given'];
  /** Whether the mode lets it follow, and its number says so. */
  readonly allowed: boolean;
}

export interface JudgeOptions {
  readonly deadlineMs?: number;
  /** How many may be waiting or under way when this one comes. */
  readonly mostWaiting?: number;
}

/** Milliseconds; the contracts of this repository take less than 100. */
const DEADLINE_MS = 5_000;
const MEMORY_MB = 512;
/** From source it takes a second, on a busy machine several. */
const START_MS = 60_000;
/** A thread ends when nothing came for so long, or after so many judgements: what they leave in memory goes with it. */
const IDLE_MS = 30_000;
const MOST_JUDGEMENTS = 200;
/** With the deadline, who is let in waits less than a minute and a half. */
const MOST_WAITING = 16;

interface Thread {
  readonly worker: Worker;
  readonly started: Promise<void>;
  judged: number;
}

let turn: Promise<unknown> = Promise.resolve();
let waiting = 0;
let thread: Thread | undefined;
let idle: NodeJS.Timeout | undefined;

/**
 * Judges a step between versions in a thread beside this one, one at a time: contracts of 256 KB can be written that take minutes to
 * compare, and queries wait for nothing. The thread is kept warm, and ended where a judgement takes too long or too much memory:
 * SKEIN_CONTRACT_LIMIT is thrown then, and SKEIN_QUERY_BUSY where too many wait.
 */
export function judgeStep(request: JudgementRequest, { deadlineMs = DEADLINE_MS, mostWaiting = MOST_WAITING }: JudgeOptions = {}): Promise<Judgement> {
  if (waiting >= mostWaiting)
    return Promise.reject(
      new SkeinError('SKEIN_QUERY_BUSY', `${waiting} changes of contracts wait to be judged`, { context: { retryAfterSeconds: DEADLINE_MS / 1_000 } }),
    );
  waiting += 1;
  const result = turn.then(() => judge(request, deadlineMs)).finally(() => (waiting -= 1));
  turn = result.catch(() => undefined);
  return result;
}

async function judge(request: JudgementRequest, deadlineMs: number): Promise<Judgement> {
  clearTimeout(idle);
  const own = (thread ??= start());
  const { worker } = own;
  const answer = Promise.withResolvers<Judgement>();
  const fail = (error: NodeJS.ErrnoException): void =>
    answer.reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`it took more than ${MEMORY_MB} MB`) : error);
  const ended = (code: number): void => answer.reject(new SkeinError('SKEIN_INTERNAL', `the thread that compares contracts ended with ${code}`));
  worker.on('error', fail).on('exit', ended);
  worker.ref();
  let late: NodeJS.Timeout | undefined;
  try {
    // Its start is no fault of the contract.
    await Promise.race([own.started, answer.promise]);
    late = setTimeout(() => answer.reject(tooMuch(`it took longer than ${deadlineMs / 1_000} s`)), deadlineMs);
    worker.once('message', answer.resolve).postMessage(request);
    const judgement = await answer.promise;
    own.judged += 1;
    if (own.judged >= MOST_JUDGEMENTS) await end(own);
    return judgement;
  } catch (error) {
    await end(own);
    throw error;
  } finally {
    clearTimeout(late);
    worker.off('message', answer.resolve).off('error', fail).off('exit', ended);
    worker.unref();
    idle = setTimeout(() => void end(own), IDLE_MS).unref();
  }
}

function start(): Thread {
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(new URL(source ? './judge-worker.ts' : './judge-worker.js', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: source ? ['--conditions=@skein/source', '--disable-warning=ExperimentalWarning'] : [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new SkeinError('SKEIN_INTERNAL', 'the thread that compares contracts did not start')), START_MS).unref();
  worker.once('message', () => {
    clearTimeout(late);
    resolve();
  });
  // It may fail between two judgements as well; the next one starts another.
  worker.once('error', reject);
  worker.once('exit', () => {
    if (thread?.worker === worker) thread = undefined;
  });
  promise.catch(() => undefined);
  return { worker, started: promise, judged: 0 };
}

async function end(own: Thread): Promise<void> {
  if (thread === own) thread = undefined;
  await own.worker.terminate();
}

function tooMuch(why: string): SkeinError {
  return new SkeinError('SKEIN_CONTRACT_LIMIT', `the change could not be judged: ${why}`, {
    hint: 'Change fewer columns at once, or write simpler patterns.',
  });
}
