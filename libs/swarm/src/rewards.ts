import type { Contract } from '@skein/contract';
import { sha256 } from '@skein/kernel';
import { banditContext, earn, familyOf, LIBRARY, orderFamilies, rewardOf, type FamilyTrial, type Signature } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import type { OpenGap } from './gap.ts';

/** Gaps that a run looks at, at most: they share the time that the service level leaves. */
const MOST_GAPS = 200;
/** Share of the service level's bound that looking for solutions may take in all. */
const SHARE = 0.5;
const UNITS: Readonly<Partial<Record<string, number>>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(ms|milliseconds?)$/i, 'ms'],
  [/^(s|sec|seconds?)$/i, 's'],
  [/^(m|min|minutes?)$/i, 'm'],
  [/^(h|hours?)$/i, 'h'],
  [/^(d|days?)$/i, 'd'],
  [/^(w|weeks?)$/i, 'w'],
];

/** A gap that was looked at, and what each family took. */
export interface GapTrials {
  readonly gap: OpenGap;
  readonly trials: readonly FamilyTrial[];
}

/**
 * Milliseconds that looking for a solution of one gap may take before its reward falls, by the tightest of the contract's service levels on freshness,
 * latency and frequency; undefined where it states none.
 */
export function allowedTime({ serviceLevels }: Pick<Contract, 'serviceLevels'>): number | undefined {
  const bounds = serviceLevels.flatMap(({ property, value, unit }) => {
    if (!/^(freshness|latency|frequency)$/i.test(property)) return [];
    const name = WORDS.find(([words]) => words.test(unit ?? ''))?.[1];
    const bound = Number(value) * (UNITS[name ?? ''] ?? Number.NaN);
    return Number.isFinite(bound) && bound > 0 ? [bound] : [];
  });
  return bounds.length === 0 ? undefined : (Math.min(...bounds) * SHARE) / MOST_GAPS;
}

/**
 * The families of the library in the order in which to try them on a gap, by what the swarm has earned with each. The draws depend on the gap and on what is
 * known, and on nothing else: the same knowledge gives the same order.
 */
export function familiesFor(board: PatternBoard, { key, gap }: Pick<OpenGap, 'key' | 'gap'>): readonly string[] {
  const rewards = board.rewards();
  const context = banditContext(gap.signature);
  const families = Object.keys(LIBRARY);
  let drawn = 0;
  // Trials so far: each one draws anew.
  const tallies = Object.values(rewards).flatMap((one) => Object.values(one));
  const known = Math.round(tallies.reduce((sum, { successes, failures }) => sum + successes + failures, 0));
  const random = (): number => {
    drawn += 1;
    // 48 bits: exact as a number.
    return Number.parseInt(sha256(`${key} ${known} ${drawn}`).slice(0, 12), 16) / 2 ** 48;
  };
  return orderFamilies(rewards, context, families, random);
}

/**
 * Tells the board what each family earned: the share of the gap's values of which its repairs stand, less what looking took beyond the time
 * allowed. `stands` has repaired values by gap and category. The swarm does not wait for it: speed is all that it can change.
 */
export function shareRewards(
  board: PatternBoard,
  contract: Pick<Contract, 'serviceLevels'>,
  tried: readonly GapTrials[],
  stands: (gap: OpenGap, family: string) => number,
): void {
  const allowed = allowedTime(contract);
  for (const { gap, trials } of tried) {
    const context = banditContext(gap.gap.signature);
    for (const { family, tried: readings, milliseconds } of trials) {
      if (readings === 0) continue;
      const cells = gap.gap.values.length;
      const reward = rewardOf({ cells, verified: Math.min(cells, stands(gap, family)), took: milliseconds, ...(allowed !== undefined && { allowed }) });
      tellReward(board, context, family, reward);
    }
  }
}

/** Rewards the family of a category by what a person decided: 1 where it was taken, 0 where it was not. */
export function rewardDecision(board: PatternBoard, signature: Signature, category: string, taken: boolean): void {
  const family = familyOf(category);
  if (family !== undefined) tellReward(board, banditContext(signature), family, taken ? 1 : 0);
}

function tellReward(board: PatternBoard, context: string, family: string, reward: number): void {
  board.reward(earn(board.rewards(), board.agent, context, family, reward)).catch(() => undefined);
}
