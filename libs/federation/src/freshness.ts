import type { Contract } from '@skein/contract';
import type { Snapshot } from '@skein/product';

export interface Freshness {
  /** `unstated`: the contract promises nothing. */
  readonly state: 'fresh' | 'stale' | 'unstated';
  /** Since the commit of the snapshot. */
  readonly ageMs: number;
  readonly limitMs: number | undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  y: 31_557_600_000,
  yr: 31_557_600_000,
  year: 31_557_600_000,
  years: 31_557_600_000,
};
/** ODCS `slaProperties` that promise an age, the most exact first. */
const PROMISES = ['freshness', 'latency', 'frequency'];

/** The age that the contract's service levels promise, in milliseconds; undefined where they promise none that can be read. */
export function promisedAge(contract: Contract): number | undefined {
  for (const name of PROMISES) {
    const level = contract.serviceLevels.find((candidate) => candidate.property.toLowerCase() === name);
    if (!level) continue;
    const value = Number(level.value);
    const unit = UNITS[(level.unit ?? 'd').toLowerCase()];
    if (Number.isFinite(value) && value > 0 && unit !== undefined) return value * unit;
  }
  return undefined;
}

/** How old a snapshot is, against what its contract promises. The one place where a decision looks at a clock. */
export function freshnessOf(contract: Contract, snapshot: Snapshot, now: number): Freshness {
  const ageMs = Math.max(0, now - snapshot.committedAt);
  const limitMs = promisedAge(contract);
  return { state: limitMs === undefined ? 'unstated' : ageMs <= limitMs ? 'fresh' : 'stale', ageMs, limitMs };
}
