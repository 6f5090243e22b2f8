import { isArm, type Earned } from './bandit.ts';
import type { Tally } from './evidence.ts';
import type { Pattern } from './pattern.ts';
import type { Knowledge } from './pattern-set.ts';
import { isName, readEarned, readEvidence, readPattern, readTally } from './read-pattern.ts';

/**
 * One thing that a member tells the others: a pattern, the outcomes that an agent has counted so far, that a pattern is not to be used, or what an
 * agent has earned so far with a family of solutions.
 */
export type News =
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'evidence'; readonly id: string; readonly agent: string; readonly tally: Tally }
  | { readonly kind: 'rejected'; readonly id: string; readonly reason: string }
  | ({ readonly kind: 'reward' } & Earned);

const LONGEST_REASON = 4_096;
const ID = /^[0-9a-f]{64}$/;

/** Reads news that another writer sent. Returns it, or in words what is wrong with it. */
export function readNews(input: unknown): News | string {
  if (typeof input !== 'object' || input === null) return 'news is an object';
  const { kind, id, agent, tally, reason, pattern, arm } = input as Record<string, unknown>;
  if (kind === 'pattern') {
    const read = readPattern(pattern);
    return typeof read === 'string' ? read : { kind, pattern: read };
  }
  if (kind === 'reward') {
    const earned = readEarned(tally);
    return isArm(arm) && isName(agent) && earned ? { kind, arm, agent, tally: earned } : 'a reward is not { arm, agent, tally }';
  }
  if (kind !== 'evidence' && kind !== 'rejected') return 'kind is none of pattern, evidence, rejected, reward';
  if (typeof id !== 'string' || !ID.test(id)) return 'id is no sha256';
  if (kind === 'rejected')
    return typeof reason === 'string' && reason.length <= LONGEST_REASON ? { kind, id, reason } : 'reason is no text of at most 4096 characters';
  const counters = readTally(tally);
  return isName(agent) && counters ? { kind, id, agent, tally: counters } : 'evidence is not { id, agent, tally }';
}

/** Reads what another writer knows, and leaves out what is malformed. `refused` counts what was left out. */
export function readKnowledge(input: unknown): { readonly knowledge: Knowledge; readonly refused: number } {
  let refused = 0;
  const { patterns, evidence, rejected, rewards } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  if (!Array.isArray(patterns) || typeof evidence !== 'object' || typeof rejected !== 'object') refused += 1;
  const kept: Pattern[] = [];
  for (const one of Array.isArray(patterns) ? patterns : []) {
    const pattern = readPattern(one);
    if (typeof pattern === 'string') refused += 1;
    else kept.push(pattern);
  }
  const valid = <Value>(members: unknown, read: (id: string, value: unknown) => Value | undefined): Record<string, Value> => {
    const entries = Object.entries(members ?? {}).map(([id, value]) => [id, read(id, value)] as const);
    const good = entries.filter((entry): entry is readonly [string, Value] => entry[1] !== undefined);
    refused += entries.length - good.length;
    return Object.fromEntries(good);
  };
  return {
    knowledge: {
      patterns: kept,
      evidence: valid(evidence, (id, value) => (ID.test(id) ? readEvidence(value) : undefined)),
      rewards: valid(rewards, (arm, value) => (isArm(arm) ? readEvidence(value, readEarned) : undefined)),
      rejected: valid(rejected, (id, reason) => (typeof readNews({ kind: 'rejected', id, reason }) === 'string' ? undefined : (reason as string))),
    },
    refused,
  };
}
