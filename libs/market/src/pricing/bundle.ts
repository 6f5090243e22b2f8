import { SkeinError } from '@skein/kernel';

/** What a set of products is listed at, in minor units of one currency. */
export interface ListedPrice {
  readonly products: readonly string[];
  readonly price: bigint;
}

export interface BundlePrice {
  readonly price: bigint;
  /** The offers that the price is made of. */
  readonly offers: readonly ListedPrice[];
}

/** A bundle of more products than this would take too many covers to weigh. */
const MOST_PRODUCTS = 16;

/**
 * The price of a set of products: the cheapest way to get all of it out of the listed offers, each of which may hold more than is asked. Whatever is
 * listed, prices so made leave nothing to trade on: a subset never costs more than the whole, and A and B together never more than A and B apart,
 * since what covers the one side covers the other.
 *
 * Minimum weighted set cover by dynamic programming over the subsets of what is asked: O(2^products × offers).
 * @throws SKEIN_PRICE_INVALID for no products, too many, a price below zero, or products that no offer holds
 */
export function bundlePrice(listed: readonly ListedPrice[], products: readonly string[]): BundlePrice {
  const asked = [...new Set(products)];
  if (asked.length === 0) throw new SkeinError('SKEIN_PRICE_INVALID', 'a bundle holds at least one product');
  if (asked.length > MOST_PRODUCTS) throw new SkeinError('SKEIN_PRICE_INVALID', `a bundle holds at most ${MOST_PRODUCTS} products, not ${asked.length}`);
  const bit = new Map(asked.map((product, at) => [product, 1 << at]));
  // Of the offers that hold the same part of the bundle only the cheapest matters.
  const offers = new Map<number, ListedPrice>();
  for (const offer of listed) {
    if (offer.price < 0n) throw new SkeinError('SKEIN_PRICE_INVALID', `a price is not below zero, as ${offer.price} is`);
    const part = offer.products.reduce((mask, product) => mask | (bit.get(product) ?? 0), 0);
    const known = offers.get(part);
    if (part !== 0 && (!known || offer.price < known.price)) offers.set(part, offer);
  }
  const whole = (1 << asked.length) - 1;
  const missing = asked.filter((product) => ![...offers.keys()].some((part) => (part & (bit.get(product) as number)) !== 0));
  if (missing.length > 0) throw new SkeinError('SKEIN_PRICE_INVALID', `no offer holds ${missing.map((product) => JSON.stringify(product)).join(', ')}`);
  const cheapest: (bigint | undefined)[] = [0n];
  const last: (ListedPrice | undefined)[] = [];
  const before: number[] = [];
  for (let have = 0; have < whole; have += 1) {
    const paid = cheapest[have];
    if (paid === undefined) continue;
    for (const [part, offer] of offers) {
      const then = have | part;
      const known = cheapest[then];
      if (then === have || (known !== undefined && known <= paid + offer.price)) continue;
      cheapest[then] = paid + offer.price;
      last[then] = offer;
      before[then] = have;
    }
  }
  const used: ListedPrice[] = [];
  for (let at = whole; at !== 0; at = before[at] as number) used.push(last[at] as ListedPrice);
  return { price: cheapest[whole] as bigint, offers: used.toReversed() };
}

/** Two ways to the same products of which one costs more than it may. */
export interface Arbitrage {
  readonly kind: 'subset' | 'union';
  /** The sets that are cheaper: the whole, or the two parts. */
  readonly cheaper: readonly ListedPrice[];
  readonly dearer: ListedPrice;
}

/**
 * What a list of prices leaves to trade on, by comparing all its sets with each other: a subset that costs more than its whole, and a set that costs
 * more than two that hold it. It is empty for prices made by `bundlePrice`.
 */
export function arbitrageIn(listed: readonly ListedPrice[]): Arbitrage[] {
  const holds = (sets: readonly ListedPrice[], part: ListedPrice): boolean =>
    part.products.every((product) => sets.some((one) => one.products.includes(product)));
  return listed.flatMap((dearer) => [
    ...listed
      .filter((whole) => whole !== dearer && holds([whole], dearer) && whole.price < dearer.price)
      .map((whole): Arbitrage => ({ kind: 'subset', cheaper: [whole], dearer })),
    ...listed.flatMap((a, at) =>
      listed
        .slice(at + 1)
        .filter((b) => a !== dearer && b !== dearer && holds([a, b], dearer) && a.price + b.price < dearer.price)
        .map((b): Arbitrage => ({ kind: 'union', cheaper: [a, b], dearer })),
    ),
  ]);
}
