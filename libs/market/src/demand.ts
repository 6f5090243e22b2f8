import { sha256, SkeinError } from '@skein/kernel';
import type { MarketFact } from './event.ts';
import type { Listing } from './listing.ts';
import { readCents, shown } from './money.ts';
import { members, noStrange } from './plan.ts';
import { learn, openPricing, postPrice, type Pricing } from './pricing/posted-price.ts';
import type { MarketState } from './state.ts';

/** That the price of a listing follows demand, and between which amounts. Plain JSON: minor units as decimal text. */
export interface DemandPlan {
  readonly floor: string;
  readonly ceiling: string;
  /** Of the draws, so that the log alone says every price. */
  readonly seed: number;
}

/** What a listing that follows demand has learnt. A value: what is learnt makes a new one. */
export interface Demand {
  readonly pricing: Pricing;
  /** Price that buyers are asked now. */
  readonly posted: bigint;
  /** Who has answered this price: each is heard once, so that nobody talks it up or down alone. */
  readonly heard: ReadonlySet<string>;
}

/** One buyer's answer to a price. */
interface Lesson {
  readonly listing: string;
  readonly consumer: string;
  readonly price: bigint;
  readonly bought: boolean;
}

type Draft = Omit<Listing, 'state' | 'release'>;
export type DemandLookup = Pick<MarketState, 'demand' | 'agreements' | 'entitlements'>;

/** Reads `{"floor", "ceiling"}`. Throws SKEIN_REQUEST_INVALID. */
export function readDemand(value: unknown, unit: unknown, seed: number): DemandPlan {
  const { floor, ceiling, ...strange } = members(value, 'demand');
  noStrange(strange, 'demand');
  const [low, high] = [readCents(floor, 'the floor'), readCents(ceiling, 'the ceiling')];
  if (low === 0n || high < low) throw new SkeinError('SKEIN_REQUEST_INVALID', `prices cannot lie between ${low} and ${high}`);
  if (unit === 'Trial' || unit === 'Open-data') throw new SkeinError('SKEIN_REQUEST_INVALID', `what is ${shown(unit)} has no price that could follow demand`);
  return { floor: low.toString(), ceiling: high.toString(), seed };
}

export function openDemand({ demand }: Pick<Draft, 'demand'>): Demand | undefined {
  if (!demand) return undefined;
  const pricing = openPricing({ floor: BigInt(demand.floor), ceiling: BigInt(demand.ceiling), seed: demand.seed });
  return { pricing, posted: postPrice(pricing).price, heard: new Set() };
}

/** The demand of a listing after a fact; the same object where it teaches nothing. */
export function demandAfter(state: DemandLookup, fact: MarketFact): readonly [string, Demand] | undefined {
  if (fact.type === 'listing.drafted') {
    const demand = openDemand(fact.listing);
    return demand && [fact.listing.id, demand];
  }
  if (fact.type === 'price.set') {
    const demand = state.demand.get(fact.listing);
    return demand && [fact.listing, { ...demand, posted: BigInt(fact.plan.price), heard: new Set() }];
  }
  const lesson = lessonOf(state, fact);
  const demand = lesson && state.demand.get(lesson.listing);
  if (!lesson || !demand || demand.heard.has(lesson.consumer)) return undefined;
  const pricing = learn(demand.pricing, { step: stepAt(demand.pricing, lesson.price), bought: lesson.bought });
  return [lesson.listing, { ...demand, pricing, heard: new Set(demand.heard).add(lesson.consumer) }];
}

/** What a fact says of demand: who takes an offer, or reads under it, pays its price; who asks for a lower one, or leaves one on the table, does not. */
export function lessonOf(state: DemandLookup, fact: MarketFact): Lesson | undefined {
  switch (fact.type) {
    case 'entitlement.granted': {
      const { listing, consumer, terms } = fact.entitlement;
      return { listing, consumer, price: BigInt(terms.plan.price), bought: true };
    }
    case 'usage.charged': {
      const listing = state.entitlements.get(fact.entitlement)?.entitlement.listing;
      const paid = fact.plan.unit === 'Pay-per-use' || fact.plan.unit === 'Data-volume';
      return listing === undefined || !paid ? undefined : { listing, consumer: fact.consumer, price: BigInt(fact.plan.price), bought: true };
    }
    case 'agreement.requested': {
      const posted = state.demand.get(fact.listing)?.posted;
      const lower = posted !== undefined && BigInt(fact.terms.plan.price) < posted;
      return lower ? { listing: fact.listing, consumer: fact.consumer, price: posted, bought: false } : undefined;
    }
    case 'agreement.moved': {
      const agreement = state.agreements.get(fact.agreement);
      if (fact.state !== 'TERMINATED' || fact.side !== 'consumer' || agreement?.state !== 'OFFERED') return undefined;
      return { listing: agreement.listing, consumer: agreement.consumer, price: BigInt(agreement.terms.plan.price), bought: false };
    }
    default:
      return undefined;
  }
}

/** The highest step of the ladder that is not above the price. */
function stepAt({ prices }: Pricing, price: bigint): number {
  return Math.max(
    0,
    prices.findLastIndex((step) => step <= price),
  );
}

/** A seed that nobody can foresee from the outside, and that stands in the log. */
export function seedOf(random: string): number {
  return Number.parseInt(sha256(random).slice(0, 12), 16);
}
