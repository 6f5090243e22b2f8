import { SkeinError } from '@skein/kernel';
import type { PatternBoard } from '@skein/ports';

export interface BoardOfRunOptions {
  /** So long a run waits for an answer of the board (ms), once: then it goes on without; default 5,000. */
  readonly patience?: number;
  /** Ends every waiting with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const PATIENCE_MS = 5_000;
/** So long it waits for another agent's solution (ms): as long as a lease stands. */
const PARK_MS = 60_000;

/**
 * The board as a run uses it: one that stays away holds nobody up. What is told does not wait for it; the member keeps it, and sends it when the board is back.
 * A claim that is not answered, and each one after it, throws SKEIN_BOARD_UNAVAILABLE, until something that was told arrives; who is parked by then goes on.
 */
export function boardOfRun(board: PatternBoard, { patience = PATIENCE_MS, signal }: BoardOfRunOptions = {}): PatternBoard {
  let away = false;
  const parked = new Set<() => void>();
  const turn = (gone: boolean): void => {
    away = gone;
    if (gone) for (const wake of parked) wake();
  };
  const tell = async (told: Promise<void>): Promise<void> => {
    const answer = await within(
      told.then(
        () => 'told' as const,
        (error: unknown) => (isAway(error) ? undefined : { error }),
      ),
      away ? 0 : patience,
      signal,
    );
    turn(answer === undefined);
    if (typeof answer === 'object') throw answer.error;
  };
  return {
    agent: board.agent,
    lookup: (key) => board.lookup(key),
    rejection: (id) => board.rejection(id),
    knowledge: () => board.knowledge(),
    counts: () => board.counts(),
    rewards: () => board.rewards(),
    onChange: (listener) => board.onChange(listener),
    publish: (pattern, lease) => tell(board.publish(pattern, lease)),
    evidence: (id, agent, tally) => tell(board.evidence(id, agent, tally)),
    reward: (earned) => tell(board.reward(earned)),
    reject: (id, reason) => tell(board.reject(id, reason)),
    release: (lease, vain) => tell(board.release(lease, vain)),
    async claim(key, ttl, attempt) {
      if (!away) {
        const claim = board.claim(key, ttl, attempt);
        const answer = await within(
          claim.catch((error: unknown) => {
            if (isAway(error)) return undefined;
            throw error;
          }),
          patience,
          signal,
        );
        if (answer !== undefined) return answer;
        // One that is granted after all is wanted by nobody.
        claim.then((late) => (typeof late === 'object' && 'token' in late ? board.release(late) : undefined)).catch(() => undefined);
      }
      turn(true);
      throw new SkeinError('SKEIN_BOARD_UNAVAILABLE', 'the pattern board does not answer', { hint: 'The run goes on alone; see to the board.' });
    },
    async park(key) {
      if (away) return 'free';
      // Whoever holds the lease may have released it to a board that does not hear.
      let wake: () => void = () => undefined;
      const gone = new Promise<undefined>((resolve) => parked.add((wake = () => resolve(undefined))));
      try {
        return (await within(Promise.race([board.park(key), gone]), PARK_MS, signal)) ?? 'free';
      } finally {
        parked.delete(wake);
      }
    },
    close: () => board.close(),
  };
}

export function isAway(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'SKEIN_BOARD_UNAVAILABLE';
}

/** What the promise says, or undefined when it takes longer. Throws the signal's reason. */
async function within<Answer>(promise: Promise<Answer>, milliseconds: number, signal: AbortSignal | undefined): Promise<Answer | undefined> {
  promise.catch(() => undefined);
  signal?.throwIfAborted();
  let [timer, end]: [NodeJS.Timeout | undefined, (() => void) | undefined] = [undefined, undefined];
  const late = new Promise<undefined>((resolve, reject) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
    end = () => reject(signal?.reason);
    signal?.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    if (end) signal?.removeEventListener('abort', end);
  }
}
