import { learn, openPricing, postPrice } from '@skein/market';
import type { BenchResult, Progress } from './bench.ts';

const BUYERS = 10_000;
/** Seeds that count; the policy was developed on others. */
const FIRST_SEED = 7_001;
const SEEDS = 20;
const FLOOR = 500n;
const CEILING = 10_000n;

/** Draws the most that one buyer would pay, in cents. */
type Limits = (unit: () => number) => number;

const lognormal =
  (median: number, spread: number): Limits =>
  (unit) =>
    median * Math.exp(spread * Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()));

/** Demand that no curve of the policy's book is made for. */
const OTHERS: Readonly<Record<string, (unit: () => number) => Limits>> = {
  uniform: (unit) => {
    const high = 2_000 + 7_000 * unit();
    return (draw) => 300 + (high - 300) * draw();
  },
  exponential: (unit) => {
    const mean = 1_500 + 3_000 * unit();
    return (draw) => -mean * Math.log(1 - draw());
  },
  power: (unit) => {
    const least = 700 + 800 * unit();
    return (draw) => least * (1 - draw()) ** (-1 / 1.5);
  },
  two_kinds: (unit) => {
    const share = 0.3 + 0.5 * unit();
    return (draw) => (draw() < share ? lognormal(1_200, 0.15) : lognormal(5_500, 0.15))(draw);
  },
};

/**
 * The share of what an oracle takes from 10,000 simulated buyers, whose limits are lognormal with a median and a spread of each seed's own: the mean of
 * 20 seeds. The oracle knows every buyer of a phase beforehand and posts the best single price of any amount between floor and ceiling, not only of the
 * policy's ladder. `shift_*`: the same policy where after half of the buyers the median becomes two to four times as large or small; the oracle changes
 * its price with it. The floor is ε-greedy (a tenth of the buyers) on the same ladder.
 */
export async function pricingBench(progress: Progress = () => undefined, seeds: number = SEEDS, buyers: number = BUYERS): Promise<BenchResult> {
  const started = performance.now();
  const over = (phases: (unit: () => number) => Limits[], sell: Sell): number[] =>
    Array.from({ length: seeds }, (_, at) => {
      const seed = FIRST_SEED + at;
      return shareOf(phases(uniform(seed)), sell, seed, buyers);
    });
  const resting = (unit: () => number): Limits[] => [lognormal(1_000 + 3_500 * unit(), 0.25 + 0.55 * unit())];
  const shifting = (unit: () => number): Limits[] => {
    const [factor, spread] = [2 + 2 * unit(), 0.25 + 0.45 * unit()];
    const low = 900 + 900 * unit();
    const pair = [lognormal(low, spread), lognormal(low * factor, spread)];
    return unit() < 0.5 ? pair : pair.toReversed();
  };
  progress('at rest');
  const rest = over(resting, thompson);
  const from = performance.now();
  const greedy = over(resting, epsilonGreedy);
  const floorSeconds = (performance.now() - from) / 1_000;
  progress('after a shift');
  const shift = over(shifting, thompson);
  const others: Record<string, number> = {};
  for (const [name, demand] of Object.entries(OTHERS)) {
    progress(name);
    others[name] = mean(over((unit) => [demand(unit)], thompson));
  }
  const [figure, floor] = [mean(rest), mean(greedy)];
  return {
    figure,
    floor,
    ratio: figure / floor,
    unit: 'share',
    rest_min: Math.min(...rest),
    shift_mean: mean(shift),
    shift_min: Math.min(...shift),
    others,
    buyers,
    seeds,
    wall_s: (performance.now() - started) / 1_000 - floorSeconds,
  };
}

/** Sells to one buyer after another: asked for a price, then told whether the buyer took it. */
type Sell = (seed: number) => { price(): number; told(bought: boolean): void };

const thompson: Sell = (seed) => {
  let pricing = openPricing({ floor: FLOOR, ceiling: CEILING, seed });
  let step = 0;
  return {
    price() {
      const posted = postPrice(pricing);
      step = posted.step;
      return Number(posted.price);
    },
    told(bought) {
      pricing = learn(pricing, { step, bought });
    },
  };
};

const epsilonGreedy: Sell = (seed) => {
  const prices = openPricing({ floor: FLOOR, ceiling: CEILING, seed }).prices.map(Number);
  const unit = uniform(seed ^ 0x5bd1);
  const taken = prices.map(() => 0);
  const asked = prices.map(() => 0);
  let step = 0;
  return {
    price() {
      const untried = asked.indexOf(0);
      const earns = (at: number): number => (taken[at] as number) / (asked[at] as number);
      step =
        untried >= 0 ? untried : unit() < 0.1 ? Math.floor(unit() * prices.length) : prices.reduce((best, _, at) => (earns(at) > earns(best) ? at : best), 0);
      return prices[step] as number;
    },
    told(bought) {
      asked[step] = (asked[step] as number) + 1;
      if (bought) taken[step] = (taken[step] as number) + (prices[step] as number);
    },
  };
};

function shareOf(phases: readonly Limits[], sell: Sell, seed: number, buyers: number): number {
  const seller = sell(seed);
  const unit = uniform(seed * 31 + 5);
  let [taken, oracle] = [0, 0];
  for (const limits of phases) {
    const all = Array.from({ length: Math.floor(buyers / phases.length) }, () => limits(unit));
    for (const limit of all) {
      const price = seller.price();
      const bought = limit >= price;
      if (bought) taken += price;
      seller.told(bought);
    }
    oracle += bestSinglePrice(all);
  }
  return taken / oracle;
}

/** Takings of the best price for these very buyers: it is somebody's limit, or the ceiling. */
function bestSinglePrice(limits: readonly number[]): number {
  const [floor, ceiling] = [Number(FLOOR), Number(CEILING)];
  return limits
    .map((limit) => Math.min(limit, ceiling))
    .toSorted((a, b) => b - a)
    .reduce((best, price, at) => (price >= floor ? Math.max(best, price * (at + 1)) : best), 0);
}

/** Numbers from 0 to below 1, by the seed (Mulberry32). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
