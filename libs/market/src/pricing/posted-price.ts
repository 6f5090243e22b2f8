import { SkeinError } from '@skein/kernel';
import { demandBook, type DemandBook } from './demand-book.ts';

export interface PricingBounds {
  /** Minor units of one currency; no price is ever below the floor or above the ceiling. */
  readonly floor: bigint;
  readonly ceiling: bigint;
}

export interface PricingOptions extends PricingBounds {
  readonly seed: number;
  /** Prices on the ladder from floor to ceiling, evenly by ratio. */
  readonly steps?: number;
  /** The chance, with every buyer, that demand has become another: what was learnt before is discounted by it. */
  readonly change?: number;
}

/** What has been learnt about one product's demand. A value: the functions below return a new one. */
export interface Pricing {
  readonly prices: readonly bigint[];
  readonly book: DemandBook;
  /** How much each curve of the book is trusted; the sum is 1. */
  readonly weights: Float64Array;
  readonly change: number;
  readonly seed: number;
  /** Buyers answered so far: the next draw is made from this and the seed. */
  readonly buyers: number;
}

export interface PostedPrice {
  readonly price: bigint;
  /** Its step on the ladder. */
  readonly step: number;
}

const STEPS = 24;
const CHANGE = 0.0005;
/** Positions between floor and ceiling are kept in this many parts, so that money never is a float. */
const PARTS = 1_000_000_000n;

/** @throws SKEIN_PRICE_INVALID */
export function openPricing(options: PricingOptions): Pricing {
  const { floor, ceiling, seed, steps = STEPS, change = CHANGE } = options;
  if (floor <= 0n || ceiling < floor) throw new SkeinError('SKEIN_PRICE_INVALID', `prices cannot lie between ${floor} and ${ceiling}`);
  if (!Number.isSafeInteger(seed)) throw new SkeinError('SKEIN_PRICE_INVALID', `a seed is a whole number, not ${seed}`);
  if (!Number.isSafeInteger(steps) || steps < 2 || steps > 200) throw new SkeinError('SKEIN_PRICE_INVALID', `a ladder has 2 to 200 steps, not ${steps}`);
  if (!(change >= 0 && change < 1)) throw new SkeinError('SKEIN_PRICE_INVALID', `a chance lies between 0 and 1, not ${change}`);
  const prices = ladder(floor, ceiling, steps);
  const book = demandBook(prices.map((price) => Number((price * PARTS) / ceiling) / Number(PARTS)));
  return { prices, book, weights: book.prior, change, seed, buyers: 0 };
}

/**
 * The price for the next buyer, by Thompson sampling: a demand curve is drawn by the trust it has, and the price that earns most under it is posted.
 * The same state posts the same price.
 */
export function postPrice(pricing: Pricing): PostedPrice {
  let left = uniform(pricing.seed, pricing.buyers);
  let curve = 0;
  while (curve < pricing.book.curves - 1 && (left -= pricing.weights[curve] as number) >= 0) curve += 1;
  const step = pricing.book.best[curve] as number;
  return { price: pricing.prices[step] as bigint, step };
}

/**
 * Learns from one answer: curves are trusted by how likely they held it, and then a share `change` of all trust goes back to what was believed before
 * anything was seen. That discounts old answers only as far as new ones speak against them: while demand stays, what was learnt stays too.
 * @throws SKEIN_PRICE_INVALID for a step that the ladder lacks
 */
export function learn(pricing: Pricing, answer: { readonly step: number; readonly bought: boolean }): Pricing {
  const { book, change } = pricing;
  if (!Number.isSafeInteger(answer.step) || answer.step < 0 || answer.step >= book.prices)
    throw new SkeinError('SKEIN_PRICE_INVALID', `the ladder has ${book.prices} steps, and none is ${answer.step}`);
  const weights = new Float64Array(book.curves);
  let sum = 0;
  for (let curve = 0, at = answer.step; curve < book.curves; curve += 1, at += book.prices) {
    const share = book.acceptance[at] as number;
    sum += weights[curve] = (pricing.weights[curve] as number) * (answer.bought ? share : 1 - share);
  }
  for (let curve = 0; curve < book.curves; curve += 1)
    weights[curve] = ((1 - change) * (weights[curve] as number)) / sum + change * (book.prior[curve] as number);
  return { ...pricing, weights, buyers: pricing.buyers + 1 };
}

/** The share of buyers who would pay each price, as far as is known: what a demand index may show. */
export function expectedDemand(pricing: Pricing): readonly { readonly price: bigint; readonly share: number }[] {
  const { book, weights } = pricing;
  return pricing.prices.map((price, step) => {
    let share = 0;
    for (let curve = 0; curve < book.curves; curve += 1) share += (weights[curve] as number) * (book.acceptance[curve * book.prices + step] as number);
    return { price, share };
  });
}

function ladder(floor: bigint, ceiling: bigint, steps: number): bigint[] {
  const ratio = Math.log(Number((ceiling * PARTS) / floor) / Number(PARTS));
  const prices = Array.from({ length: steps }, (_, step) => {
    if (step === 0 || ratio <= 0) return floor;
    const share = BigInt(Math.round((Math.expm1((ratio * step) / (steps - 1)) / Math.expm1(ratio)) * Number(PARTS)));
    return floor + ((ceiling - floor) * share) / PARTS;
  });
  prices[steps - 1] = ceiling;
  return [...new Set(prices)];
}

/** A number from 0 to below 1 that seed and position alone decide (the mixing of SplitMix64, in two halves of 32 bits). */
function uniform(seed: number, position: number): number {
  let mixed = BigInt.asUintN(64, BigInt(seed) * 0x9e37_79b9_7f4a_7c15n + (BigInt(position) + 1n) * 0xd1b5_4a32_d192_ed03n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
  return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53;
}
