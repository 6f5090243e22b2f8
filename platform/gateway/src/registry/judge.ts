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
}

export interface Judgement {
  /** What breaks first, and no more than 100. */
  readonly findings: readonly ContractFinding[];
  readonly total: number;
  readonly breaking: number;
  readonly modeChanged: boolean;
  readonly asked: Bump;
  readonly given: Comparison['given'];
  /** Whether the mode lets it follow, and its number says so. */
  readonly allowed: boolean;
}

/** Milliseconds; the contracts of this repository take less than 100. */
const DEADLINE_MS = 5_000;
const MEMORY_MB = 512;

let turn: Promise<unknown> = Promise.resolve();

/**
 * Judges a step between versions in a thread of its own, one at a time: contracts of 256 KB can be written that take minutes to
 * compare, and queries wait for nothing. Throws SKEIN_CONTRACT_LIMIT when it takes too long or too much memory.
 */
export function judgeStep(request: JudgementRequest, deadlineMs = DEADLINE_MS): Promise<Judgement> {
  const result = turn.then(() => judge(request, deadlineMs));
  turn = result.catch(() => undefined);
  return result;
}

async function judge(request: JudgementRequest, deadlineMs: number): Promise<Judgement> {
  const source = import.meta.url.endsWith('.ts');
  const worker = new Worker(new URL(source ? './judge-worker.ts' : './judge-worker.js', import.meta.url), {
    workerData: request,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    execArgv: source ? ['--conditions=@skein/source', '--disable-warning=ExperimentalWarning'] : [],
  });
  const { promise, resolve, reject } = Promise.withResolvers<Judgement>();
  const late = setTimeout(() => reject(tooMuch(`it took longer than ${deadlineMs / 1_000} s`)), deadlineMs);
  worker.once('message', resolve);
  worker.once('error', (error: NodeJS.ErrnoException) =>
    reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`it took more than ${MEMORY_MB} MB`) : error),
  );
  worker.once('exit', (code) => reject(new SkeinError('SKEIN_INTERNAL', `the thread that compares contracts ended with ${code}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    await worker.terminate();
  }
}

function tooMuch(why: string): SkeinError {
  return new SkeinError('SKEIN_CONTRACT_LIMIT', `the change could not be judged: ${why}`, {
    hint: 'Change fewer columns at once, or write simpler patterns.',
  });
}
