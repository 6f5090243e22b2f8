import { SkeinError } from '@skein/kernel';
import type { Pattern } from '@skein/pattern';
import type { Attempt, PatternBoard } from './pattern-board.ts';

export interface SolveOnce<Answer> {
  readonly board: PatternBoard;
  readonly signatureKey: string;
  /** Milliseconds of the lease: longer than solving takes, for until then nobody takes over from a holder that vanished. */
  readonly ttl: number;
  /** What the known patterns say; undefined when none of them is to be used, and the gap must be solved. */
  readonly choose: (patterns: readonly Pattern[]) => Answer | undefined;
  /** Looks for a solution; undefined when there is none. What it returns is published under the lease. */
  readonly solve: () => Promise<Pattern | undefined>;
  /** With what it is solved; what was tried with the same in vain is not tried again. Asked before each claim; without it, everyone tries. */
  readonly attempt?: () => Attempt;
  /** Why nothing was found, when `solve` found nothing: it is noted for so many milliseconds. Undefined leaves no note. */
  readonly vain?: () => { readonly why: string; readonly ttl: number } | undefined;
  /** Told when another one's attempt was in vain. */
  readonly onVain?: (why: string) => void;
}

/**
 * Closes a gap by what the swarm knows, or has one of its members find out. Of any number of callers with one signature key, one solves and
 * the others wait for it and choose from its pattern. When it vanished, the next one tries; when it found nothing, those whose attempt
 * is another.
 * @returns what `choose` said, or undefined when this caller itself found nothing that `choose` takes.
 */
export async function solveOnce<Answer>({ board, signatureKey, ttl, choose, solve, attempt, vain, onVain }: SolveOnce<Answer>): Promise<Answer | undefined> {
  for (;;) {
    const known = choose(board.lookup(signatureKey));
    if (known !== undefined) return known;
    const made = attempt?.();
    const claim = await board.claim(signatureKey, ttl, made);
    if (claim === 'held') await board.park(signatureKey);
    if (typeof claim === 'string') continue;
    if ('vain' in claim) {
      onVain?.(claim.vain);
      return undefined;
    }
    let pattern: Pattern | undefined;
    try {
      pattern = await solve();
    } catch (error) {
      await board.release(claim);
      throw error;
    }
    if (pattern === undefined) {
      const note = made && vain?.();
      await board.release(claim, made && note && { ...made, ...note });
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
