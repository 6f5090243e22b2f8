import { SkeinError } from '@skein/kernel';
import type { PatternBoard } from '@skein/ports';

/** So long a run waits for an answer of the board (ms), once: then it goes on without. */
const PATIENCE_MS = 5_000;
/** So long it waits for another agent's solution (ms): as long as a lease stands. */
const PARK_MS = 60_000;

/**
 * The board as a run uses it: one that stays away holds nobody up. What is told does not wait for it; the member keeps it, and sends it when the board is back.
 * A claim that is not answered, and each one after it, throws SKEIN_BOARD_UNAVAILABLE, until something that was told arrives.
 */
export function boardOfRun(board: PatternBoard, patience = PATIENCE_MS): PatternBoard {
  let away = false;
  const tell = async (told: Promise<void>): Promise<void> => {
    const answer = await within(
      told.then(
        () => 'told' as const,
        (error: unknown) => (isAway(error) ? undefined : { error }),
      ),
      away ? 0 : patience,
    );
    away = answer === undefined;
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
        );
        if (answer !== undefined) return answer;
        // One that is granted after all is wanted by nobody.
        claim.then((late) => (typeof late === 'object' && 'token' in late ? board.release(late) : undefined)).catch(() => undefined);
      }
      away = true;
      throw new SkeinError('SKEIN_BOARD_UNAVAILABLE', 'the pattern board does not answer', { hint: 'The run goes on alone; see to the board.' });
    },
    park: async (key) => (await within(board.park(key), PARK_MS)) ?? 'free',
    close: () => board.close(),
  };
}

export function isAway(error: unknown): boolean {
  return error instanceof SkeinError && error.code === 'SKEIN_BOARD_UNAVAILABLE';
}

/** What the promise says, or undefined when it takes longer. */
async function within<Answer>(promise: Promise<Answer>, milliseconds: number): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), milliseconds)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
