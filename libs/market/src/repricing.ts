import { SkeinError } from '@skein/kernel';
import { demandAfter, lessonOf, type Demand } from './demand.ts';
import type { MarketFact } from './event.ts';
import type { Listing } from './listing.ts';
import type { PricingPlan } from './plan.ts';
import { bundlePrice, type ListedPrice } from './pricing/bundle.ts';
import { postPrice } from './pricing/posted-price.ts';
import { priceAt, type MarketState } from './state.ts';

/** Who says a price that follows demand. */
const BY = 'market:demand';

/**
 * Prices that follow from facts that are about to happen. Each listing asks what its demand says; what buyers are asked is the cheapest way to its
 * columns out of what all listings like it ask, so no bundle costs more than its parts, and no part more than a bundle.
 * A price is never out of its bounds: what would undercut a floor is not listed.
 * @throws SKEIN_PRICE_INVALID for a listing, or a price that an owner sets, by which a floor would be undercut
 */
export function repriced(state: MarketState, facts: readonly MarketFact[], time: number): MarketFact[] {
  const touched = facts.filter((fact) => touches(state, fact));
  if (touched.length === 0) return [];
  const listings = new Map(state.listings);
  const demand = new Map(state.demand);
  const plans = new Map<string, PricingPlan>();
  for (const fact of facts) {
    if (fact.type === 'listing.drafted') listings.set(fact.listing.id, { ...fact.listing, state: 'draft' });
    const stands = { 'listing.checked': 'checked', 'listing.live': 'live', 'listing.withdrawn': 'withdrawn' } as const;
    if (fact.type === 'listing.checked' || fact.type === 'listing.live' || fact.type === 'listing.withdrawn')
      listings.set(fact.listing, { ...(listings.get(fact.listing) as Listing), state: stands[fact.type] });
    if (fact.type === 'price.set' && fact.validFrom <= time) plans.set(fact.listing, fact.plan);
    const after = demandAfter({ ...state, demand }, fact);
    if (after) demand.set(...after);
  }
  const said = ({ id }: Listing): PricingPlan | undefined => plans.get(id) ?? priceAt(state, id, time)?.plan;
  const planOf = (listing: Listing): PricingPlan => said(listing) ?? listing.terms.plan;
  // what was listed before is told what it may cost; a use is charged, whatever prices do
  const refusable = facts.some(({ type }) => type === 'listing.drafted' || type === 'listing.live' || type === 'price.set');
  const products = new Set(touched.flatMap((fact) => productOf(listings, state, fact)));
  const facing = [...listings.values()].filter(({ product, state: stands }) => products.has(product) && stands !== 'withdrawn');
  return facing.flatMap((listing): MarketFact[] => {
    if (!listing.demand) return [];
    const rivals = facing.filter((other) => other !== listing && other.state === 'live' && likeness(other) === likeness(listing));
    const offers = (price: (one: Listing) => bigint): ListedPrice[] => rivals.map((one) => ({ products: one.terms.columns, price: price(one) }));
    const ask = (one: Listing): bigint => (demand.has(one.id) ? postPrice((demand.get(one.id) as Demand).pricing).price : BigInt(planOf(one).price));
    const floor = (one: Listing): bigint => (one.demand ? BigInt(one.demand.floor) : BigInt(planOf(one).price));
    const least = cheapest(listing, [...offers(floor), { products: listing.terms.columns, price: floor(listing) }]);
    if (least < floor(listing) && refusable)
      throw new SkeinError(
        'SKEIN_PRICE_INVALID',
        `the floor of ${listing.id}, ${floor(listing)}, is undercut: other listings may give its columns for ${least}`,
        {
          hint: 'Set a floor that is not above what the parts of it, or what holds it, may cost.',
          context: { listing: listing.id },
        },
      );
    const asked = cheapest(listing, [...offers(ask), { products: listing.terms.columns, price: ask(listing) }]);
    const price = asked < floor(listing) ? floor(listing) : asked;
    if (said(listing)?.price === price.toString()) return [];
    return [{ type: 'price.set', listing: listing.id, by: BY, plan: { ...planOf(listing), price: price.toString() }, validFrom: time }];
  });
}

function touches(state: MarketState, fact: MarketFact): boolean {
  switch (fact.type) {
    case 'listing.drafted':
      return fact.listing.demand !== undefined;
    case 'listing.live':
    case 'listing.withdrawn':
    case 'price.set':
      return state.demand.size > 0;
    default:
      return demandAfter(state, fact) !== undefined;
  }
}

function productOf(listings: ReadonlyMap<string, Listing>, state: MarketState, fact: MarketFact): string[] {
  const id =
    fact.type === 'listing.drafted' ? fact.listing.id : 'listing' in fact && typeof fact.listing === 'string' ? fact.listing : lessonOf(state, fact)?.listing;
  const product = listings.get(id ?? '')?.product;
  return product === undefined ? [] : [product];
}

/** What two listings must share for one to stand for a part of the other: all but their columns and their price. */
function likeness({ product, major, terms, licence, release, needsRelease, privacy, id }: Listing): string {
  const { price: _price, ...plan } = terms.plan;
  // a release, and answers with noise, are like no other
  return JSON.stringify([
    product,
    major,
    plan.unit,
    plan.currency,
    plan.days,
    plan.bytes,
    plan.free,
    terms.rows,
    terms.quota,
    terms.days,
    licence.purposes,
    release || needsRelease || privacy ? id : 0,
  ]);
}

/** Columns that the same offers hold are one to a buyer. */
function cheapest({ terms }: Listing, offers: readonly ListedPrice[]): bigint {
  const kinds = new Map<string, string>();
  for (const column of terms.columns) kinds.set(JSON.stringify(offers.map(({ products }) => products.includes(column))), column);
  return bundlePrice(offers, [...kinds.values()]).price;
}
