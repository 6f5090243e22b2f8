import type { Clock } from '@skein/kernel';

const SILENCE_MS = 60_000;

/** Passes on what goes wrong again and again at most once a minute, with how often it did since. */
export function seldom(clock: Clock, tell: (error: unknown, times: number) => void): (error: unknown) => void {
  let last = Number.NEGATIVE_INFINITY;
  let times = 0;
  return (error) => {
    times += 1;
    if (clock.now() - last < SILENCE_MS) return;
    last = clock.now();
    tell(error, times);
    times = 0;
  };
}
