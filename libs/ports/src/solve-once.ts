import { SkeinError } from '@skein/kernel';
import type { Pattern } from '@skein/pattern';
import type { PatternBoard } from './pattern-board.ts';

export interface SolveOnce<Answer> {
  readonly board: PatternBoard;
  readonly signatureKey: string;
  /** Milliseconds of the lease: longer than solving takes, for until then nobody takes over from a holder that vanished. */
  readonly ttl: number;
  /** What the known patterns say; undefined when none of them is to be used, and the gap must be solved. */
  readonly choose: (patterns: readonly Pattern[]) => Answer | undefined;
  /** Looks for a solution; undefined when there is none. What it returns is published under the lease. */
  readonly solve: () => Promise<Pattern | undefined>;
}

/**
 * Closes a gap by what the swarm knows, or has one of its members find out. Of any number of callers with one signature key, one solves and
 * the others wait for it and choose from its pattern. When it found nothing, or vanished, the next one tries.
 * @returns what `choose` said, or undefined when this caller itself found nothing that `choose` takes.
 */
export async function solveOnce<Answer>({ board, signatureKey, ttl, choose, solve }: SolveOnce<Answer>): Promise<Answer | undefined> {
  for (;;) {
    const known = choose(board.lookup(signatureKey));
    if (known !== undefined) return known;
    const claim = await board.claim(signatureKey, ttl);
    if (claim === 'held') await board.park(signatureKey);
    if (typeof claim === 'string') continue;
    let pattern: Pattern | undefined;
    try {
      pattern = await solve();
    } catch (error) {
      await board.release(claim);
      throw error;
    }
    if (pattern === undefined) {
      await board.release(claim);
      return undefined;
    }
    try {
      await board.publish(pattern, claim);
    } catch (error) {
      // It took longer than the lease, and another has it now: what that one finds is what the swarm uses.
      if (error instanceof SkeinError && error.code === 'SKEIN_LEASE_LOST') continue;
      throw error;
    }
    return choose(board.lookup(signatureKey));
  }
}
