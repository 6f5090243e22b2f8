import type { Evidence } from './pattern.ts';

/** Outcomes of verified applications of one solution. */
export interface Tally {
  readonly successes: number;
  readonly failures: number;
}

const NOTHING: Tally = { successes: 0, failures: 0 };

/**
 * The join of two states of knowledge: each counter at its higher value (the G-counter of Shapiro, Preguiça, Baquero and Zawirski,
 * "A comprehensive study of convergent and commutative replicated data types", INRIA RR-7506, 2011). Idempotent, commutative and
 * associative, so duplicates and reordering of messages do no harm. Agents stand in order of name.
 */
export function mergeEvidence(one: Evidence, other: Evidence): Evidence {
  const merged = new Map<string, Tally>(Object.entries(one));
  for (const [agent, { successes, failures }] of Object.entries(other)) {
    const known = merged.get(agent) ?? NOTHING;
    merged.set(agent, { successes: Math.max(known.successes, successes), failures: Math.max(known.failures, failures) });
  }
  return ordered(merged);
}

/**
 * Counts further outcomes that the agent itself has verified. Only the agent that counted may call this with its name: two processes that
 * raise one counter each from its old value lose an outcome. An agent that starts again takes a new name, or goes on from its old counters.
 */
export function withOutcomes(evidence: Evidence, agent: string, { successes, failures }: Tally): Evidence {
  const known = new Map<string, Tally>(Object.entries(evidence));
  const before = known.get(agent) ?? NOTHING;
  known.set(agent, { successes: before.successes + successes, failures: before.failures + failures });
  return ordered(known);
}

/** The sum over agents. `perAgent` bounds what one agent can contribute: its counters are scaled down to that many outcomes, their ratio kept. */
export function totalEvidence(evidence: Evidence, perAgent = Number.POSITIVE_INFINITY): Tally {
  let [successes, failures] = [0, 0];
  for (const tally of Object.values(evidence)) {
    const count = tally.successes + tally.failures;
    const scale = count > perAgent ? perAgent / count : 1;
    successes += tally.successes * scale;
    failures += tally.failures * scale;
  }
  return { successes, failures };
}

/** Whether `one` knows nothing that `other` does not. */
export function withinEvidence(one: Evidence, other: Evidence): boolean {
  const known = new Map<string, Tally>(Object.entries(other));
  return Object.entries(one).every(([agent, { successes, failures }]) => {
    const there = known.get(agent);
    return there !== undefined && successes <= there.successes && failures <= there.failures;
  });
}

/** `Object.fromEntries` defines own properties: an agent named `__proto__` is a name like any other. */
function ordered(tallies: ReadonlyMap<string, Tally>): Evidence {
  return Object.fromEntries([...tallies].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
