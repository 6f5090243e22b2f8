import type { Earned, Knowledge, Pattern, Rewards, Tally } from '@skein/pattern';

/**
 * The right to solve the gap of one signature, for a time. Tokens of one signature key rise with every grant, so what comes late from a
 * holder that was thought dead can be told from what its successor publishes.
 */
export interface Lease {
  readonly signatureKey: string;
  readonly token: number;
}

/**
 * `held`: another agent has the lease. `changed`: patterns of the signature came to the local cache after the claim was made and before it
 * was answered; no lease was kept, look them up. `vain`: somebody has made the same attempt, and found nothing.
 */
export type ClaimAnswer = Lease | 'held' | 'changed' | Vain;

/** With what a gap was looked at: what nobody could close with it, nobody closes with the same. */
export interface Attempt {
  /** Hash of all that could decide: where the gap is, what is known of its kind, what was decided. Another one is another attempt. */
  readonly basis: string;
  /** Distinct values that were looked at. Twice as many are another attempt. */
  readonly values: number;
}

/** That an attempt was made and found nothing, and why. */
export interface Vain {
  readonly vain: string;
}

/** A note that an attempt was in vain, for `ttl` milliseconds of the board's clock. */
export interface VainAttempt extends Attempt {
  readonly why: string;
  readonly ttl: number;
}

/** Growth of a gap's values from which on an attempt is made again. */
export const NEW_VALUES_FACTOR = 2;

/** `changed`: the local cache holds other patterns of the signature than before. `free`: no lease stands on it, and nothing came. */
export type ParkAnswer = 'changed' | 'free';

export interface BoardCounts {
  readonly patterns: number;
  /** Entries from other writers that were malformed, too large or unknown, and were skipped. */
  readonly refused: number;
  /** Own entries that the board has not acknowledged yet. */
  readonly unsent: number;
}

/**
 * Where the agents of one swarm share what they learned. Each member has a local cache, which all of `lookup`, `rejection`, `rewards`, `knowledge` and
 * `counts` read without waiting; the board brings to it, in some order and at least once, whatever any member wrote. Knowledge merges
 * (`PatternSet`): duplicates and reordering change nothing.
 *
 * The shape of patterns is checked on the way in; whether their SQL may run is for the user of a pattern to check (`checkSolution`).
 *
 * Solving once: look up, claim, and when the claim is held, park and look up again. `solveOnce` does it. The look-up that decides must stand
 * directly before the claim: what comes later is then reported as `changed`.
 */
export interface PatternBoard {
  /** The member's name: unique for the life of the process, because evidence is counted by it. */
  readonly agent: string;

  /** Patterns known for a signature key in order of id, without rejected ones. What it returns is frozen in time: a later answer is a new list. */
  lookup(signatureKey: string): readonly Pattern[];

  /** Why a pattern was rejected; undefined when it was not. */
  rejection(patternId: string): string | undefined;

  /** All that the member knows, such as for a library on disk. */
  knowledge(): Knowledge;

  counts(): BoardCounts;

  /**
   * Puts a pattern on the board, or adds its evidence to it. It stands in the own cache at once, and for all once the promise resolves. While the
   * board is away the promise waits, the pattern is kept and sent again. With a lease, the lease is released with it, in one step, and those who
   * parked on it wake; a lease that has since been granted to another agent is refused with SKEIN_LEASE_LOST, and the pattern is forgotten again.
   * Throws SKEIN_BOARD_ENTRY (malformed or too large), SKEIN_BOARD_UNAVAILABLE (closed, or too much is waiting to be sent).
   */
  publish(pattern: Pattern, lease?: Lease): Promise<void>;

  /**
   * Shares what an agent has verified of a pattern: its counters so far, not the new outcomes. Lower counters than those known change nothing.
   * Errors and waiting as with `publish`.
   */
  evidence(patternId: string, agent: string, tally: Tally): Promise<void>;

  /** What the swarm has earned with families of solutions, as far as the member knows. */
  rewards(): Rewards;

  /** Shares what an agent has earned so far with a family (`earn` counts a trial). Lower sums than those known change nothing. Errors and waiting as with `publish`. */
  reward(earned: Earned): Promise<void>;

  /** Takes a pattern out of every cache, for ever: published again, even by one who has not heard, it stays out. Errors and waiting as with `publish`. */
  reject(patternId: string, reason: string): Promise<void>;

  /** Calls back with every signature key whose patterns changed in the local cache, by anyone. The listener must not throw. Returns how to stop it. */
  onChange(listener: (signatureKey: string) => void): () => void;

  /**
   * Asks for the right to solve a gap for `ttl` milliseconds of the board's clock. A holder that vanishes loses it then; one that is merely late can
   * still publish, unless another has been granted it. When granted, the local cache holds all that was published before.
   * With an `attempt`, a note that the same one was in vain is the answer, and no lease is kept.
   * Throws SKEIN_BOARD_UNAVAILABLE when the board stays away.
   */
  claim(signatureKey: string, ttl: number, attempt?: Attempt): Promise<ClaimAnswer>;

  /**
   * Waits until a pattern of the signature changes, or its lease is released or expires. Resolves at once when there is no lease. Several may park
   * on one signature; all wake. It keeps waiting while the board is away, and resolves `free` when this member is closed.
   */
  park(signatureKey: string): Promise<ParkAnswer>;

  /**
   * Gives the lease back without a solution. A lease that is no longer held is left alone. With `vain`, a note of the attempt is left in the same
   * step, unless the lease was granted to another since: one note for a signature and a basis, the newer one in the place of the older.
   */
  release(lease: Lease, vain?: VainAttempt): Promise<void>;

  /** Waits a little for what is unsent, then leaves. Promises still waiting reject with SKEIN_BOARD_UNAVAILABLE. A second call does no harm. */
  close(): Promise<void>;
}
