import { describe, expect, it } from 'vitest';
import { arbitrageIn, bundlePrice, type ListedPrice } from './bundle.ts';
import { expectedDemand, learn, openPricing, postPrice, type Pricing } from './posted-price.ts';

const OPTIONS = { floor: 500n, ceiling: 10_000n, seed: 3 };

/** Limits of buyers by a generator of its own. */
function limits(count: number, seed: number, median: number, spread: number): number[] {
  let state = seed;
  const unit = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Array.from({ length: count }, () => median * Math.exp(spread * Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit())));
}

/** Sells to every buyer in turn; the takings come back beside what the best single price of the ladder would have taken. */
function sell(pricing: Pricing, buyers: readonly number[]): { after: Pricing; share: number; prices: bigint[] } {
  let state = pricing;
  let taken = 0;
  const prices: bigint[] = [];
  for (const limit of buyers) {
    const { price, step } = postPrice(state);
    const bought = limit >= Number(price);
    if (bought) taken += Number(price);
    prices.push(price);
    state = learn(state, { step, bought });
  }
  const oracle = Math.max(...pricing.prices.map((price) => Number(price) * buyers.filter((limit) => limit >= Number(price)).length));
  return { after: state, share: taken / oracle, prices };
}

describe('posted prices', () => {
  it('lie on a ladder from floor to ceiling, in whole minor units, however large', () => {
    const { prices } = openPricing(OPTIONS);
    expect([prices.length, prices[0], prices.at(-1)]).toEqual([24, 500n, 10_000n]);
    expect(prices.every((price, at) => at === 0 || price > (prices[at - 1] as bigint))).toBe(true);
    const large = openPricing({ floor: 9_007_199_254_740_993n, ceiling: 90_071_992_547_409_931_234n, seed: 1 }).prices;
    expect([large[0], large.at(-1)]).toEqual([9_007_199_254_740_993n, 90_071_992_547_409_931_234n]);
    expect(openPricing({ floor: 7n, ceiling: 7n, seed: 1 }).prices).toEqual([7n]);
    expect(openPricing({ floor: 1n, ceiling: 3n, seed: 1 }).prices).toEqual([1n, 2n, 3n]);
  });

  it('follow demand: much of what the best single price takes, at rest and after demand moves', () => {
    const first = sell(openPricing(OPTIONS), limits(3_000, 5, 2_000, 0.4));
    expect(first.share).toBeGreaterThan(0.9);
    const up = sell(first.after, limits(3_000, 6, 6_000, 0.4));
    expect(up.share).toBeGreaterThan(0.85);
    expect(sell(up.after, limits(3_000, 7, 1_500, 0.4)).share).toBeGreaterThan(0.85);
    const all = [...first.prices, ...up.prices];
    expect(all.every((price) => price >= 500n && price <= 10_000n)).toBe(true);
  });

  it('without a chance of change what was learnt stands in the way: the guard of the test above', () => {
    const stubborn = sell(openPricing({ ...OPTIONS, change: 0 }), limits(3_000, 5, 2_000, 0.4));
    const moved = sell(stubborn.after, limits(3_000, 6, 6_000, 0.4)).share;
    const open = sell(sell(openPricing(OPTIONS), limits(3_000, 5, 2_000, 0.4)).after, limits(3_000, 6, 6_000, 0.4)).share;
    expect(moved).toBeLessThan(open);
  });

  it('are the same for the same seed and answers, and change nothing that they are given', () => {
    const start = openPricing(OPTIONS);
    const before = start.weights.slice();
    const [a, b] = [sell(start, limits(200, 8, 3_000, 0.5)), sell(start, limits(200, 8, 3_000, 0.5))];
    expect(a.prices).toEqual(b.prices);
    expect(start.weights).toEqual(before);
    expect(sell(openPricing({ ...OPTIONS, seed: 4 }), limits(200, 8, 3_000, 0.5)).prices).not.toEqual(a.prices);
    expect(postPrice(a.after)).toEqual(postPrice(a.after));
  });

  it('keeps a sound belief through a flood of one answer', () => {
    for (const bought of [true, false]) {
      let state = openPricing(OPTIONS);
      for (let at = 0; at < 2_000; at += 1) state = learn(state, { step: postPrice(state).step, bought });
      expect(state.weights.every((weight) => weight > 0 && weight <= 1)).toBe(true);
      expect(state.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      const demand = expectedDemand(state);
      expect(demand.every(({ share }, at) => share >= 0 && share <= (demand[at - 1]?.share ?? 1) + 1e-12)).toBe(true);
      if (bought) expect(postPrice(state).price).toBe(10_000n);
    }
  });

  it.each([
    ['a floor of nothing', { floor: 0n }],
    ['a ceiling below the floor', { ceiling: 499n }],
    ['a seed of no number', { seed: Number.NaN }],
    ['one step', { steps: 1 }],
    ['a chance above one', { change: 1 }],
  ])('refuses %s', (_, over) => {
    expect(() => openPricing({ ...OPTIONS, ...over })).toThrow(expect.objectContaining({ code: 'SKEIN_PRICE_INVALID' }));
  });

  it('refuses an answer to a price that it does not have', () => {
    for (const step of [-1, 24, 0.5, Number.NaN]) expect(() => learn(openPricing(OPTIONS), { step, bought: true })).toThrow(/none is/);
  });
});

describe('bundles', () => {
  const list = (...entries: [string, bigint][]): ListedPrice[] => entries.map(([products, price]) => ({ products: products.split(''), price }));
  const DEAR = list(['a', 900n], ['b', 500n], ['c', 9_007_199_254_740_993n], ['ab', 2_000n], ['abc', 800n], ['bc', 50n]);

  it('cost the cheapest way to all of their products', () => {
    expect(bundlePrice(DEAR, ['a']).price).toBe(800n);
    expect(bundlePrice(DEAR, ['b', 'c']).price).toBe(50n);
    expect(bundlePrice(DEAR, ['a', 'b', 'c', 'a']).price).toBe(800n);
    expect(bundlePrice(list(['a', 3n], ['b', 4n], ['ab', 9n]), ['a', 'b'])).toMatchObject({
      price: 7n,
      offers: expect.arrayContaining(list(['a', 3n], ['b', 4n])) as unknown,
    });
    expect(bundlePrice(list(['a', 9_007_199_254_740_993n], ['b', 1n]), ['a', 'b']).price).toBe(9_007_199_254_740_994n);
  });

  it('leave no arbitrage, whatever is listed; the lists themselves do', () => {
    let state = 9;
    const below = (n: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    let found = 0;
    for (let round = 0; round < 20; round += 1) {
      const products = ['a', 'b', 'c', 'd'];
      const listed = [
        ...products.map((product): ListedPrice => ({ products: [product], price: BigInt(1 + below(1_000)) })),
        ...Array.from({ length: 5 }, (): ListedPrice => ({ products: products.filter(() => below(2) === 1), price: BigInt(below(1_500)) })),
      ];
      found += arbitrageIn(listed).length;
      const all = Array.from({ length: 15 }, (_, at) => products.filter((__, bit) => (((at + 1) >> bit) & 1) === 1));
      const made = all.map((set): ListedPrice => ({ products: set, price: bundlePrice(listed, set).price }));
      expect(arbitrageIn(made)).toEqual([]);
    }
    expect(found).toBeGreaterThan(20);
    expect(arbitrageIn(list(['a', 5n], ['ab', 4n]))).toMatchObject([{ kind: 'subset' }]);
    expect(arbitrageIn(list(['a', 5n], ['b', 4n], ['ab', 10n]))).toMatchObject([{ kind: 'union' }]);
  });

  it('refuses what cannot be priced', () => {
    expect(() => bundlePrice(DEAR, [])).toThrow(/at least one/);
    expect(() => bundlePrice(DEAR, ['a', 'z'])).toThrow(/no offer holds "z"/);
    expect(() => bundlePrice(list(['a', -1n]), ['a'])).toThrow(/below zero/);
    expect(() =>
      bundlePrice(
        DEAR,
        Array.from({ length: 17 }, (_, at) => `p${at}`),
      ),
    ).toThrow(/at most 16/);
  });
});
