import type { Contract } from '@skein/contract';
import type { Snapshot } from '@skein/product';
import { isTimed, periodAfter, serviceChecks, timedGate, type Check, type Figures, type Gate } from '@skein/verifier';

export interface Freshness {
  /** `stale`: a promise of freshness, latency or frequency is missed now; `unstated`: the contract makes none that can be judged. */
  readonly state: 'fresh' | 'stale' | 'unstated';
  /** Since the commit of the snapshot. */
  readonly ageMs: number;
  /** The shortest age at which a publication is promised to have been replaced; undefined where none is. */
  readonly limitMs: number | undefined;
}

const compiled = new WeakMap<Contract, readonly Check[]>();

function timedChecks(contract: Contract): readonly Check[] {
  let checks = compiled.get(contract);
  if (!checks) compiled.set(contract, (checks = serviceChecks(contract).checks.filter(isTimed)));
  return checks;
}

/**
 * The gates of the service levels that depend on when one looks, as the verifier judges them at `now`: by the figures that the
 * snapshot's verdict keeps, and by the time of its commit.
 */
export function serviceGates(contract: Contract, snapshot: Snapshot, now: number): Gate[] {
  const checks = timedChecks(contract);
  if (checks.length === 0) return [];
  const results: Record<string, Figures['results'][string]> = {};
  const stored = storedGates(snapshot.verdict);
  for (const check of checks) {
    const gate = stored.get(check.id);
    if (gate === undefined) results[check.id] = { skipped: 'the snapshot was judged before the contract promised it' };
    else results[check.id] = gate.outcome === 'error' ? { error: gate.reason ?? 'it could not be measured' } : { value: gate.value ?? null };
  }
  return checks.map((check) => timedGate(check, { results, publications: [snapshot.committedAt] }, now));
}

/** How old a snapshot is, against what its contract promises. The one place where a decision looks at a clock. */
export function freshnessOf(contract: Contract, snapshot: Snapshot, now: number): Freshness {
  const promised = timedChecks(contract).filter((check) => check.rule !== 'retention');
  const names = new Set(promised.map((check) => check.id));
  const judged = serviceGates(contract, snapshot, now).filter((gate) => names.has(gate.check) && (gate.outcome === 'passed' || gate.outcome === 'failed'));
  const limits = promised
    .filter((check) => check.level === 'publication')
    .flatMap(({ comparison }) => periodAfter(snapshot.committedAt, comparison?.operands[0] ?? '', comparison?.operands[1]) ?? []);
  return {
    state: judged.length === 0 ? 'unstated' : judged.some((gate) => gate.outcome === 'failed') ? 'stale' : 'fresh',
    ageMs: Math.max(0, now - snapshot.committedAt),
    limitMs: limits.length === 0 ? undefined : Math.min(...limits),
  };
}

type StoredGate = { readonly check: string; readonly outcome?: string; readonly value?: string; readonly reason?: string };

/** What the publisher kept is JSON, of whatever version of Skein wrote it. */
function storedGates(verdict: unknown): Map<string, StoredGate> {
  const gates = verdict !== null && typeof verdict === 'object' && 'gates' in verdict && Array.isArray(verdict.gates) ? (verdict.gates as unknown[]) : [];
  return new Map(
    gates.flatMap((gate) =>
      gate !== null && typeof gate === 'object' && 'check' in gate && typeof gate.check === 'string' ? [[gate.check, gate as StoredGate] as const] : [],
    ),
  );
}
