import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, type Clock } from '@skein/kernel';

/** Where time and chance come from; tests give their own. */
export interface Timing {
  readonly clock: Clock;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** 0 ≤ n < 1. */
  random(): number;
}

export const systemTiming: Timing = {
  clock: systemClock,
  sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal ? { signal } : {}),
  random: Math.random,
};

export interface PaceOptions {
  /** Requests a second: at first, at least, at most. */
  readonly start?: number;
  readonly least?: number;
  readonly most?: number;
}

/**
 * How fast a provider is asked: a bucket of tokens whose rate grows while it answers, and halves when it asks to be spared. Additive increase,
 * multiplicative decrease, as in congestion control: the rate settles below a limit that nobody states.
 */
export interface Pace {
  /** Requests a second that are allowed now. */
  readonly rate: number;
  /** Waits until a request may be sent. */
  take(signal?: AbortSignal): Promise<void>;
  answered(): void;
  /** The provider refused for the rate; `retryAfterMs` is how long it asked to wait. */
  limited(retryAfterMs?: number): void;
}

export function pace({ start = 20, least = 3, most = 500 }: PaceOptions = {}, timing: Timing = systemTiming): Pace {
  let rate = Math.min(most, Math.max(least, start));
  /** When the next token is there (ms): one after the other, so that requests do not come in bursts. */
  let next = timing.clock.now();
  let lowered = Number.NEGATIVE_INFINITY;
  return {
    get rate() {
      return rate;
    },
    async take(signal) {
      signal?.throwIfAborted();
      const now = timing.clock.now();
      // What was not used is forgotten, but for a tenth of a second.
      next = Math.max(next, now - 100);
      const at = next;
      next += 1_000 / rate;
      if (at > now) await timing.sleep(at - now, signal);
    },
    answered() {
      rate = Math.min(most, rate + 1);
    },
    limited(retryAfterMs = 0) {
      const now = timing.clock.now();
      next = Math.max(next, now + retryAfterMs);
      // Requests under way are refused together: that is one sign, not many.
      if (now - lowered < 1_000) return;
      lowered = now;
      rate = Math.max(least, rate / 2);
    },
  };
}

/** How long an answer asks to wait (`Retry-After`: seconds, or a date), a minute at most; undefined where it does not say. */
export function retryAfterMs(header: string | null, timing: Timing): number | undefined {
  if (header === null) return undefined;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - timing.clock.now();
  return Number.isFinite(wait) ? Math.min(60_000, Math.max(0, wait)) : undefined;
}
