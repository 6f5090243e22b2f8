import { betaQuantile } from './confidence-beta.ts';
import { mergeEvidence, totalEvidence, type Tally } from './evidence.ts';
import type { Evidence, Signature } from './pattern.ts';

/**
 * What the swarm has earned with each family of solutions in each context: sums of rewards (as successes) and of what was missing to the full
 * reward (as failures), by agent. Keys are `armKey(context, family)`. JSON data; merges like evidence.
 */
export type Rewards = Readonly<Record<string, Evidence>>;

/** What one agent has earned so far with a family in a context, as it goes from member to member; `arm` is the key in `Rewards`. */
export interface Earned {
  readonly arm: string;
  readonly agent: string;
  readonly tally: Tally;
}

/** What came of trying a family on a gap. */
export interface Trial {
  /** Cells for which a solution was proposed, and those of them that were verified. */
  readonly cells: number;
  readonly verified: number;
  /** Milliseconds that looking took, and those that the product's service level leaves for it, when it says so. */
  readonly took: number;
  readonly allowed?: number;
}

/** Characters of a context that count. */
const LONGEST_CONTEXT = 256;
/** The weight of what is known of a family elsewhere, in trials, when it has not been tried in a context. */
const BORROWED = 2;

/** What gaps have in common for the choice of a family: the rule, the engine type, and the kind of the commonest shape. */
export function banditContext({ rule, target, shapes }: Signature): string {
  const kind = [...new Set(shapes[0] ?? '')].sort().join('');
  return `${rule} ${target.split(' ', 1)[0] ?? ''} ${kind}`.replaceAll(SEPARATOR, ' ').slice(0, LONGEST_CONTEXT);
}

/** From 0 to 1: the share of verified cells, less what looking took beyond the time allowed. */
export function rewardOf({ cells, verified, took, allowed }: Trial): number {
  if (cells <= 0) return 0;
  const late = allowed !== undefined && took > allowed ? allowed / took : 1;
  return Math.min(1, Math.max(0, (verified / cells) * late));
}

/** What the agent has earned with one trial more. Only the agent itself may add under its name. Throws RangeError. */
export function earn(rewards: Rewards, agent: string, context: string, family: string, reward: number): Earned {
  if (!(reward >= 0 && reward <= 1)) throw new RangeError(`a reward of ${reward}; it is from 0 to 1`);
  const arm = armKey(context, family);
  const before = new Map(Object.entries(rewards[arm] ?? {})).get(agent) ?? { successes: 0, failures: 0 };
  return { arm, agent, tally: { successes: before.successes + reward, failures: before.failures + 1 - reward } };
}

/** Adds one trial's reward. Only the agent itself may add under its name. */
export function withReward(rewards: Rewards, agent: string, context: string, family: string, reward: number): Rewards {
  const { arm, tally } = earn(rewards, agent, context, family, reward);
  return mergeRewards(rewards, { [arm]: Object.fromEntries([[agent, tally]]) });
}

/** Idempotent, commutative, associative. */
export function mergeRewards(one: Rewards, other: Rewards): Rewards {
  const merged = new Map(Object.entries(one).map(([key, evidence]) => [key, mergeEvidence(evidence, {})]));
  for (const [key, evidence] of Object.entries(other)) merged.set(key, mergeEvidence(merged.get(key) ?? {}, evidence));
  return Object.fromEntries([...merged].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The families in the order in which to try them, by Thompson sampling (W. R. Thompson, Biometrika 25, 1933): each draws its success rate in
 * the context from its posterior, and the higher draw goes first. A family that is new to the context starts from its rate over all contexts, with the
 * weight of two trials. The result holds exactly the families given: what can be found does not depend on it, only how soon.
 * `random` gives numbers in [0, 1), one for each family in the order given.
 */
export function orderFamilies<Family extends string>(rewards: Rewards, context: string, families: readonly Family[], random: () => number): Family[] {
  const drawn = families.map((family) => {
    const here = totalEvidence(rewards[armKey(context, family)] ?? {});
    const prior = priorOf(rewards, family);
    return { family, draw: betaQuantile({ alpha: prior.alpha + here.successes, beta: prior.beta + here.failures }, random()) };
  });
  // The sort is stable: equal draws keep the library's own order.
  return drawn.sort((a, b) => b.draw - a.draw).map(({ family }) => family);
}

function priorOf(rewards: Rewards, family: string): { alpha: number; beta: number } {
  let [successes, failures] = [0, 0];
  for (const [key, evidence] of Object.entries(rewards)) {
    if (!key.endsWith(SEPARATOR + family)) continue;
    const total = totalEvidence(evidence);
    successes += total.successes;
    failures += total.failures;
  }
  const trials = successes + failures;
  const weight = Math.min(BORROWED, trials);
  return { alpha: 1 + (trials > 0 ? (weight * successes) / trials : 0), beta: 1 + (trials > 0 ? (weight * failures) / trials : 0) };
}

const SEPARATOR = '\u001f';
const LONGEST_ARM = 512;

/** Whether a text is the key of a context and a family. */
export function isArm(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_ARM && value.split(SEPARATOR).length === 2;
}

function armKey(context: string, family: string): string {
  return `${context}${SEPARATOR}${family}`;
}
