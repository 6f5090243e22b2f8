import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { banditContext, mergeRewards, orderFamilies, rewardOf, withReward, type Rewards } from './bandit.ts';

/** Mulberry32: a seed and nothing else. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const FAMILIES = ['date', 'number', 'unit', 'code', 'case', 'json'] as const;
/** In each context another family closes most gaps. */
const WORLD = new Map([
  ['type DATE', { date: 0.9, number: 0.2, unit: 0.05, code: 0.05, case: 0.05, json: 0.02 }],
  ['type DECIMAL', { date: 0.05, number: 0.85, unit: 0.5, code: 0.02, case: 0.02, json: 0.02 }],
  ['validValues VARCHAR', { date: 0.02, number: 0.02, unit: 0.05, code: 0.8, case: 0.6, json: 0.1 }],
]);

type Order = (rewards: Rewards, context: string, families: readonly (typeof FAMILIES)[number][], random: () => number) => (typeof FAMILIES)[number][];

/** Families tried in all before a gap was closed, over many gaps; fewer is sooner. */
function tried(order: Order, gaps: number, seed: number): number {
  const [world, choice] = [seeded(seed), seeded(seed + 1)];
  let rewards: Rewards = {};
  let count = 0;
  for (let gap = 0; gap < gaps; gap += 1) {
    const [context, rates] = [...WORLD][Math.floor(world() * WORLD.size)] as [string, Record<(typeof FAMILIES)[number], number>];
    for (const family of order(rewards, context, FAMILIES, choice)) {
      count += 1;
      const closed = world() < rates[family];
      rewards = withReward(rewards, 'a', context, family, closed ? 1 : 0);
      if (closed) break;
    }
  }
  return count;
}

const uniform: Order = (_, __, families, random) =>
  families
    .map((family) => ({ family, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ family }) => family);

describe('bandit', () => {
  it('tries the right family sooner than chance, in each context', () => {
    const seeds = [1, 2, 3, 4, 5];
    const total = (order: Order): number => seeds.reduce((sum, seed) => sum + tried(order, 600, seed * 101), 0) / seeds.length / 600;
    const [learned, chance] = [total(orderFamilies), total(uniform)];
    expect(chance).toBeGreaterThan(2.5);
    // The best fixed order, known beforehand, takes 1.3 trials.
    expect(learned).toBeLessThan(1.6);
    // A bandit that forgets its rewards is chance.
    expect(total((_, context, families, random) => orderFamilies({}, context, families, random))).toBeGreaterThan(2.5);
  });

  it('returns the families that it was given, whatever it has learned', () => {
    const families = fc.uniqueArray(fc.string(), { maxLength: 8 });
    const keys = fc.tuple(fc.string(), fc.string(), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(families, fc.array(keys), fc.integer(), (given, learned, seed) => {
        const rewards = learned.reduce<Rewards>((all, [context, family, reward]) => withReward(all, 'a', context, family, reward), {});
        const ordered = orderFamilies(rewards, 'c', given, seeded(seed));
        expect(ordered.toSorted()).toEqual(given.toSorted());
        expect(orderFamilies(rewards, 'c', given, seeded(seed))).toEqual(ordered);
      }),
      { numRuns: 100, seed: 4 },
    );
  });

  it('merges what agents earned, however often and in whatever order', () => {
    let [one, other]: [Rewards, Rewards] = [{}, {}];
    for (let trial = 0; trial < 40; trial += 1) {
      one = withReward(one, 'a', 'c', 'date', (trial % 4) / 4);
      other = withReward(other, 'b', 'c', trial % 2 === 0 ? 'date' : 'unit', 1);
    }
    const merged = mergeRewards(one, other);
    expect(mergeRewards(other, one)).toEqual(merged);
    expect(mergeRewards(merged, one)).toEqual(merged);
    expect(mergeRewards(JSON.parse(JSON.stringify(merged)) as Rewards, {})).toEqual(merged);
  });

  it('lends what is known elsewhere to a context that is new', () => {
    let rewards: Rewards = {};
    for (let trial = 0; trial < 50; trial += 1) {
      rewards = withReward(rewards, 'a', 'known', 'good', 1);
      rewards = withReward(rewards, 'a', 'known', 'bad', 0);
    }
    const random = seeded(9);
    const first = Array.from({ length: 200 }, () => orderFamilies(rewards, 'new', ['bad', 'good'], random)[0]);
    expect(first.filter((family) => family === 'good').length).toBeGreaterThan(150);
    expect(first).toContain('bad');
  });

  it('rewards verified cells in time', () => {
    expect(rewardOf({ cells: 10, verified: 8, took: 5, allowed: 100 })).toBe(0.8);
    expect(rewardOf({ cells: 10, verified: 10, took: 200, allowed: 100 })).toBe(0.5);
    expect(rewardOf({ cells: 10, verified: 10, took: 200 })).toBe(1);
    expect(rewardOf({ cells: 0, verified: 0, took: 1 })).toBe(0);
    expect(() => withReward({}, 'a', 'c', 'f', 2)).toThrow(RangeError);
    expect(banditContext({ rule: 'type', target: 'DATE required', shapes: ['9.9.9999', 'a'] })).toBe('type DATE .9');
  });
});
