import type { Agreement, Entitlement } from './agreement.ts';
import { demandAfter, type Demand } from './demand.ts';
import type { MarketEvent, PrivateAnswer } from './event.ts';
import type { Listing } from './listing.ts';
import type { PricingPlan } from './plan.ts';
import { privacyUnits } from './privacy-plan.ts';

/** A price, when it holds, and when that was said. Milliseconds since the epoch. */
export interface PriceEntry {
  readonly plan: PricingPlan;
  readonly validFrom: number;
  readonly recordedAt: number;
}

/** One use of an entitlement, from its intent to its charge. */
export interface Usage {
  readonly id: string;
  readonly entitlement: string;
  readonly key: string;
  /** Hash of what was asked. */
  readonly query: string;
  readonly attempt: string;
  /** When an intent that nobody settled lapses; a charged use is repeated free of charge until then. */
  readonly until: number;
  readonly state: 'reserved' | 'charged';
}

export interface EntitlementStanding {
  readonly entitlement: Entitlement;
  /** Why it ended before its time. */
  ended: string | undefined;
  /** Answered queries that were charged. */
  answered: number;
  periodsCharged: number;
  /** Ids of uses that are reserved. */
  readonly open: Set<string>;
}

/** What the log comes to. Whoever folds it owns it; for all others it is to be read. */
export interface MarketState {
  seq: number;
  /** The latest time in the log: a clock that goes backwards does not bring back what has expired. */
  latest: number;
  readonly listings: Map<string, Listing>;
  readonly prices: Map<string, PriceEntry[]>;
  /** Of listings whose price follows it. */
  readonly demand: Map<string, Demand>;
  readonly agreements: Map<string, Agreement>;
  /** Agreements by consumer and the id that the consumer gave the request. */
  readonly requests: Map<string, string>;
  readonly entitlements: Map<string, EntitlementStanding>;
  readonly byConsumer: Map<string, string[]>;
  readonly usages: Map<string, Usage>;
  /** By `usageKey`. */
  readonly usageByKey: Map<string, string>;
  /** Spent of each dataset's budget, in units of 10⁻¹⁸. */
  readonly privacy: Map<string, { readonly epsilon: bigint; readonly delta: bigint }>;
  /** Answers with noise that were paid for, for a day. */
  readonly answers: Map<string, { readonly dataset: string; readonly asked: string; readonly until: number; readonly answer?: PrivateAnswer }>;
}

/** A charged use may be asked for again for so long. */
export const REPEAT_MS = 86_400_000;

export function emptyMarket(): MarketState {
  return {
    seq: 0,
    latest: 0,
    listings: new Map(),
    prices: new Map(),
    demand: new Map(),
    agreements: new Map(),
    requests: new Map(),
    entitlements: new Map(),
    byConsumer: new Map(),
    usages: new Map(),
    usageByKey: new Map(),
    privacy: new Map(),
    answers: new Map(),
  };
}

export function usageKey(entitlement: string, key: string): string {
  return JSON.stringify([entitlement, key]);
}

/** The use that a key stands for under an entitlement, while nothing else may be asked under it. */
export function usageUnder(state: MarketState, entitlement: string, key: string, time: number): Usage | undefined {
  const usage = state.usages.get(state.usageByKey.get(usageKey(entitlement, key)) ?? '');
  // an intent that lapsed is kept as long as a charge: its worker may still come to an end
  return usage && usage.until + (usage.state === 'reserved' ? REPEAT_MS : 0) > time ? usage : undefined;
}

export function requestKey(consumer: string, request: string): string {
  return JSON.stringify([consumer, request]);
}

/** Time as the market counts it: never behind what has been recorded. */
export function marketTime(state: MarketState, now: number): number {
  return Math.max(now, state.latest);
}

/** Adds one event to the state, in place. Events come in the order of the log. */
export function fold(state: MarketState, event: MarketEvent): void {
  state.seq = event.seq;
  state.latest = Math.max(state.latest, event.at);
  const demand = demandAfter(state, event);
  if (demand) state.demand.set(...demand);
  switch (event.type) {
    case 'listing.drafted':
      state.listings.set(event.listing.id, { ...event.listing, state: 'draft' });
      break;
    case 'listing.checked':
      change(state.listings, event.listing, (listing): Listing => ({ ...listing, state: 'checked', ...(event.release ? { release: event.release } : {}) }));
      break;
    case 'listing.live':
      change(state.listings, event.listing, (listing): Listing => ({ ...listing, state: 'live' }));
      break;
    case 'listing.withdrawn':
      change(state.listings, event.listing, (listing): Listing => ({ ...listing, state: 'withdrawn' }));
      break;
    case 'price.set':
      state.prices.set(event.listing, [...(state.prices.get(event.listing) ?? []), { plan: event.plan, validFrom: event.validFrom, recordedAt: event.at }]);
      break;
    case 'agreement.requested': {
      const { agreement: id, listing, product, consumer, terms, request, asked } = event;
      state.agreements.set(id, { id, listing, product, consumer, state: 'REQUESTED', terms, requestedAt: event.at, ...(asked ? { asked } : {}) });
      state.requests.set(requestKey(consumer, request), id);
      break;
    }
    case 'agreement.moved':
      change(state.agreements, event.agreement, (agreement) => ({ ...agreement, state: event.state, ...(event.terms ? { terms: event.terms } : {}) }));
      break;
    case 'entitlement.granted': {
      const { entitlement } = event;
      state.entitlements.set(entitlement.id, { entitlement, ended: undefined, answered: 0, periodsCharged: 0, open: new Set() });
      state.byConsumer.set(entitlement.consumer, [...(state.byConsumer.get(entitlement.consumer) ?? []), entitlement.id]);
      change(state.agreements, entitlement.agreement, (agreement) => ({ ...agreement, entitlement: entitlement.id }));
      break;
    }
    case 'entitlement.ended': {
      const standing = state.entitlements.get(event.entitlement);
      if (standing) standing.ended ??= event.reason;
      break;
    }
    case 'usage.reserved': {
      const { usage: id, entitlement, key, query, attempt, until } = event;
      state.usages.set(id, { id, entitlement, key, query, attempt, until, state: 'reserved' });
      state.usageByKey.set(usageKey(entitlement, key), id);
      state.entitlements.get(entitlement)?.open.add(id);
      break;
    }
    case 'usage.released':
      forget(state, event.usage);
      break;
    case 'usage.charged': {
      const standing = state.entitlements.get(event.entitlement);
      if (standing) {
        standing.open.delete(event.usage);
        standing.answered += 1;
      }
      const usage = state.usages.get(event.usage);
      const { usage: id, entitlement, key, query } = event;
      forget(state, id);
      forget(state, state.usageByKey.get(usageKey(entitlement, key)) ?? '');
      if (!event.repeatable) break;
      state.usages.set(id, { id, entitlement, key, query, attempt: usage?.attempt ?? '', until: event.at + REPEAT_MS, state: 'charged' });
      state.usageByKey.set(usageKey(entitlement, key), id);
      break;
    }
    case 'charge.made': {
      const { agreement, reason } = event.charge;
      const standing = state.entitlements.get(state.agreements.get(agreement)?.entitlement ?? '');
      if (standing && reason === 'period') standing.periodsCharged += 1;
      break;
    }
    case 'privacy.spent': {
      const { dataset, query, asked } = event;
      const known = state.privacy.get(dataset) ?? { epsilon: 0n, delta: 0n };
      state.privacy.set(dataset, {
        epsilon: known.epsilon + privacyUnits('epsilon', event.epsilon),
        delta: known.delta + privacyUnits('delta', event.delta),
      });
      state.answers.delete(query);
      state.answers.set(query, { dataset, asked, until: event.at + REPEAT_MS });
      break;
    }
    case 'privacy.answered':
      change(state.answers, event.query, (paid) => ({ ...paid, answer: event.answer }));
      break;
  }
  forgetOld(state);
}

function change<Value>(map: Map<string, Value>, id: string, to: (value: Value) => Value): void {
  const value = map.get(id);
  if (value !== undefined) map.set(id, to(value));
}

function forget(state: MarketState, id: string): void {
  const usage = state.usages.get(id);
  if (!usage) return;
  state.usages.delete(id);
  state.entitlements.get(usage.entitlement)?.open.delete(id);
  const key = usageKey(usage.entitlement, usage.key);
  if (state.usageByKey.get(key) === id) state.usageByKey.delete(key);
}

/** What was charged a day ago is no repetition any more; the map keeps the order of charges, so the oldest stand first. */
function forgetOld(state: MarketState): void {
  for (const [id, { until }] of state.answers) {
    if (until > state.latest) break;
    state.answers.delete(id);
  }
  for (const usage of state.usages.values()) {
    if (usage.state === 'charged' && usage.until > state.latest) return;
    // an intent that lapsed is kept as long, for a worker that was slow to end
    if (usage.state === 'charged' || usage.until + REPEAT_MS <= state.latest) forget(state, usage.id);
  }
}

/** The plan of a listing at a time, as it was known at another: the price that began last, of two that began together the one said last. */
export function priceAt(state: MarketState, listing: string, validAt: number, knownAt: number = Number.POSITIVE_INFINITY): PriceEntry | undefined {
  return (state.prices.get(listing) ?? [])
    .filter(({ validFrom, recordedAt }) => validFrom <= validAt && recordedAt <= knownAt)
    .reduce<PriceEntry | undefined>((best, entry) => (best === undefined || entry.validFrom >= best.validFrom ? entry : best), undefined);
}

/** Whether an entitlement gives its right at that time, quota aside. */
export function isValid({ entitlement, ended }: EntitlementStanding, time: number): boolean {
  return ended === undefined && entitlement.validFrom <= time && (entitlement.validTo === undefined || time < entitlement.validTo);
}

/** Queries that may still be admitted: charged ones and intents that have not lapsed count. Undefined: any number. */
export function quotaLeft(state: MarketState, { entitlement, answered, open }: EntitlementStanding, time: number): number | undefined {
  const { quota } = entitlement.terms;
  if (quota === undefined) return undefined;
  const reserved = [...open].filter((id) => (state.usages.get(id)?.until ?? 0) > time).length;
  return Math.max(0, quota - answered - reserved);
}
