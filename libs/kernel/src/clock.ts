/** Where time comes from. Ordering never depends on it: versions and sequence numbers order things. */
export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock for tests: starts at `start` and moves only when told. */
export function fixedClock(start: number): Clock & { advance(milliseconds: number): void } {
  let now = start;
  return { now: () => now, advance: (milliseconds) => void (now += milliseconds) };
}
