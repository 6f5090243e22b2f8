import { canonicalJson, sha256, SkeinError } from '@skein/kernel';
import { AGREEMENT_STEPS, type Agreement, type AgreementState, type Asked, type Entitlement } from './agreement.ts';
import type { MarketCommand } from './command.ts';
import type { MarketEvent, MarketFact } from './event.ts';
import { charged, conflict } from './charging.ts';
import type { Listing } from './listing.ts';
import { shown } from './money.ts';
import { periodsBegun } from './plan.ts';
import { repriced } from './repricing.ts';
import { settle, reserve, release } from './metering.ts';
import { keepAnswer, spend } from './spending.ts';
import { isValid, marketTime, priceAt, requestKey, type EntitlementStanding, type MarketState } from './state.ts';
import { checkWithin, termsAsked, type Terms } from './terms.ts';

const ID = /^[a-z0-9][a-z0-9-]{2,63}$/;
const KEY = /^[\x21-\x7e]{1,200}$/;
const DAY_MS = 86_400_000;
const LONGEST_REASON = 1_000;

/**
 * What a command makes happen: facts that follow from the state and nothing else, none where it has happened already. Throws
 * SKEIN_REQUEST_INVALID, SKEIN_MARKET_UNKNOWN, SKEIN_MARKET_CONFLICT, SKEIN_MARKET_QUOTA, SKEIN_MARKET_RELEASE, SKEIN_PRICE_INVALID, SKEIN_BUDGET_EXHAUSTED, SKEIN_AUTH_FORBIDDEN; then nothing has happened.
 */
export function decideMarket(state: MarketState, command: MarketCommand, now: number): MarketFact[] {
  const time = marketTime(state, now);
  const facts = decided(state, command, time);
  return [...facts, ...repriced(state, facts, time)];
}

function decided(state: MarketState, command: MarketCommand, time: number): MarketFact[] {
  switch (command.do) {
    case 'draft':
      return draft(state, command.listing, time);
    case 'check':
      return check(state, command);
    case 'publish': {
      const listing = listingIn(state, command.listing, ['checked']);
      if (listing.needsRelease && !listing.release && !listing.privacy) throw unreleased(listing);
      return [{ type: 'listing.live', listing: listing.id, by: command.by }];
    }
    case 'withdraw': {
      const listing = listingIn(state, command.listing, ['draft', 'checked', 'live', 'withdrawn']);
      return listing.state === 'withdrawn' ? [] : [{ type: 'listing.withdrawn', listing: listing.id, by: command.by, reason: reasonOf(command.reason) }];
    }
    case 'price': {
      const listing = listingIn(state, command.listing, ['draft', 'checked', 'live']);
      if (listing.demand) throw conflict('the price of the listing follows demand', { listing: listing.id });
      if (command.plan.currency !== listing.terms.plan.currency)
        throw new SkeinError('SKEIN_REQUEST_INVALID', `the listing is priced in ${listing.terms.plan.currency}, not in ${command.plan.currency}`);
      return [{ type: 'price.set', listing: listing.id, by: command.by, plan: command.plan, validFrom: command.validFrom ?? time }];
    }
    case 'request':
      return request(state, command, time);
    case 'move':
      return move(state, command, time);
    case 'end': {
      const agreement = agreementOf(state, command.agreement);
      const standing = state.entitlements.get(agreement.entitlement ?? '');
      if (!standing) throw conflict(`the agreement is ${agreement.state}, and gives no right that could end`, { agreement: agreement.id });
      return standing.ended === undefined
        ? // periods that have begun are owed, whoever ends it
          [
            ...accrue(state, time, standing),
            { type: 'entitlement.ended', entitlement: standing.entitlement.id, by: command.by, reason: reasonOf(command.reason) },
          ]
        : [];
    }
    case 'reserve':
      checkKey(command.key);
      return [...accrue(state, time), ...reserve(state, command, time)];
    case 'release':
      return release(state, command);
    case 'settle':
      return settle(state, command, time);
    case 'accrue':
      return accrue(state, time);
    case 'spend':
      return spend(state, command, time);
    case 'answer':
      return keepAnswer(state, command);
  }
}

/** Puts facts into their place in the log. */
export function numbered(state: MarketState, facts: readonly MarketFact[], now: number): MarketEvent[] {
  const at = marketTime(state, now);
  return facts.map((fact, index) => ({ ...fact, seq: state.seq + index + 1, at }));
}

/** Throws SKEIN_REQUEST_INVALID unless the key is 1 to 200 visible ASCII characters. */
export function checkKey(key: unknown): asserts key is string {
  if (typeof key !== 'string' || !KEY.test(key))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `an idempotency key is 1 to 200 visible ASCII characters, not ${shown(key)}`);
}

function draft(state: MarketState, listing: Omit<Listing, 'state' | 'release'>, time: number): MarketFact[] {
  if (!ID.test(listing.id)) throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(listing.id)} is no id of a listing: 3 to 64 of a-z, 0-9 and -`);
  const standing = state.listings.get(listing.id);
  if (standing) {
    const { state: _state, release: _release, ...same } = standing;
    const [one, again]: Readonly<Record<string, unknown>>[] = [same, listing];
    const other = Object.keys({ ...one, ...again }).find((name) => JSON.stringify(one?.[name]) !== JSON.stringify(again?.[name]));
    if (other === undefined) return [];
    throw conflict(`the listing ${listing.id} is there already, with another ${other}`, { listing: listing.id });
  }
  if (listing.royalties.length === 0 || listing.royalties.some(({ weight }) => !Number.isSafeInteger(weight) || weight < 1 || weight > 1_000_000))
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'royalties need weights, which are whole numbers from 1 to 1000000');
  return [
    { type: 'listing.drafted', listing },
    // of what follows demand, the first price is drawn
    ...(listing.demand ? [] : [{ type: 'price.set', listing: listing.id, by: listing.by, plan: listing.terms.plan, validFrom: time } as const]),
  ];
}

function check(state: MarketState, { listing: id, by, release: evidence }: Extract<MarketCommand, { do: 'check' }>): MarketFact[] {
  const listing = listingIn(state, id, ['draft', 'checked']);
  if (listing.needsRelease && !evidence && !listing.privacy) throw unreleased(listing);
  if (evidence && (!listing.needsRelease || listing.privacy)) throw conflict('the product holds nothing that needs a release', { listing: id });
  const joined =
    evidence &&
    [...state.listings.values()].find(
      (other) => other.release && other.product === listing.product && other.id !== id && evidence.beside?.includes(other.id) !== true,
    );
  if (joined) throw new SkeinError('SKEIN_MARKET_RELEASE', `${listing.product} is released already as ${joined.id}`, { context: { listing: id } });
  return [{ type: 'listing.checked', listing: id, by, ...(evidence ? { release: evidence } : {}) }];
}

function request(state: MarketState, command: Extract<MarketCommand, { do: 'request' }>, time: number): MarketFact[] {
  const { consumer, request: key, agreement: id } = command;
  if (consumer === '' || !consumer.isWellFormed()) throw new SkeinError('SKEIN_REQUEST_INVALID', 'the consumer has no name');
  checkKey(key);
  const known = state.agreements.get(state.requests.get(requestKey(consumer, key)) ?? '');
  const asked: Asked = {
    ...(command.price === undefined ? {} : { price: command.price }),
    ...(command.terms === undefined || Object.keys(command.terms).length === 0 ? {} : { terms: command.terms }),
  };
  if (known) {
    if (known.listing !== command.listing) throw conflict('that idempotency key was used for another listing', { agreement: known.id });
    const other = known.asked && differs(known.asked, asked);
    if (other !== undefined) throw conflict(`that idempotency key was used for another offer, ${other}`, { agreement: known.id });
    return [];
  }
  const listing = state.listings.get(command.listing);
  if (!listing || listing.state !== 'live') throw unknownListing(command.listing);
  if (command.owner || consumer === listing.by)
    throw new SkeinError('SKEIN_AUTH_FORBIDDEN', 'who offers a product does not buy it', {
      hint: 'Owners read their product by its policy.',
      context: { listing: listing.id },
    });
  const listed: Terms = { ...listing.terms, plan: priceAt(state, listing.id, time)?.plan ?? listing.terms.plan };
  if (command.price !== undefined && command.price !== listed.plan.price)
    throw conflict(`the price is ${listed.plan.price}, not ${shown(command.price)}`, { listing: listing.id, price: listed.plan.price });
  const terms = termsAsked(listed, command.terms ?? {});
  checkWithin(terms, listed);
  const { id: name, product } = listing;
  const requested: MarketFact = { type: 'agreement.requested', agreement: id, listing: name, product, consumer, terms, request: key, asked };
  if (!sameTerms(terms, listed) || hadFree(state, consumer, listing, terms)) return [requested];
  // a listing is an offer that stands: taken as it is, nothing is left to say
  const agreement: Agreement = { id, listing: listing.id, product: listing.product, consumer, state: 'VERIFIED', terms, requestedAt: time };
  const moved = (side: 'consumer' | 'provider', to: AgreementState): MarketFact => ({
    type: 'agreement.moved',
    agreement: id,
    by: side === 'provider' ? listing.by : consumer,
    side,
    state: to,
  });
  return [requested, moved('provider', 'AGREED'), moved('consumer', 'VERIFIED'), moved('provider', 'FINALIZED'), ...grant(state, agreement, time)];
}

/** In what two requests differ; undefined where they are the same. */
function differs(first: Asked, again: Asked): string | undefined {
  const said = ({ price, terms = {} }: Asked): Readonly<Record<string, unknown>> => ({ ...terms, price });
  const [one, other] = [said(first), said(again)];
  const text = (value: unknown): string | undefined => (value === undefined ? undefined : canonicalJson(value));
  const name = ['price', 'plan', 'columns', 'rows', 'quota', 'days'].find((member) => text(one[member]) !== text(other[member]));
  const shows = (value: unknown): string => (value === undefined ? 'not named' : shown(value));
  return name && `whose ${name} was ${shows(one[name])} and is ${shows(other[name])} now`;
}

/** Whether the consumer has had what the listing gives for nothing, and only so much of: asked for once more, its owner says whether. */
function hadFree(state: MarketState, consumer: string, { id }: Listing, { plan, quota }: Terms): boolean {
  if (plan.unit !== 'Trial' && plan.unit !== 'Freemium' && !(plan.unit === 'Open-data' && quota !== undefined)) return false;
  return (state.byConsumer.get(consumer) ?? []).some((one) => state.entitlements.get(one)?.entitlement.listing === id);
}

function move(state: MarketState, command: Extract<MarketCommand, { do: 'move' }>, time: number): MarketFact[] {
  const agreement = agreementOf(state, command.agreement);
  const { step, side, by, terms } = command;
  if (side === 'consumer' && by !== agreement.consumer) throw unknownAgreement(agreement.id);
  if (step === 'terminate') {
    if (agreement.state === 'TERMINATED') return [];
    if (agreement.state === 'FINALIZED') throw conflict('the agreement is final; what ends is its entitlement', { agreement: agreement.id });
    return [{ type: 'agreement.moved', agreement: agreement.id, by, side, state: 'TERMINATED' }];
  }
  const [whose, to] = AGREEMENT_STEPS[agreement.state][step] ?? [];
  if (whose === undefined || to === undefined)
    throw conflict(`an agreement that is ${agreement.state} has no step ${step}`, { agreement: agreement.id, state: agreement.state });
  if (whose !== side) throw new SkeinError('SKEIN_AUTH_FORBIDDEN', `to ${step} is for the ${whose}`, { context: { agreement: agreement.id } });
  if ((terms !== undefined) !== (step === 'offer' || step === 'request'))
    throw new SkeinError('SKEIN_REQUEST_INVALID', terms === undefined ? `to ${step}, terms are needed` : `to ${step}, no terms are given`);
  const listing = state.listings.get(agreement.listing);
  if (!listing || listing.state !== 'live') throw conflict('the listing is not live any more', { listing: agreement.listing });
  if (terms) checkWithin(terms, listing.terms);
  const moved: MarketFact = { type: 'agreement.moved', agreement: agreement.id, by, side, state: to, ...(terms ? { terms } : {}) };
  return to === 'FINALIZED' ? [moved, ...grant(state, agreement, time)] : [moved];
}

/** The entitlement of a final agreement, and what it costs at once. */
function grant(state: MarketState, { id, consumer, terms, listing: name }: Agreement, time: number): MarketFact[] {
  const listing = state.listings.get(name) as Listing;
  const entitlement: Entitlement = {
    id: sha256(`entitlement ${id}`).slice(0, 32),
    agreement: id,
    listing: listing.id,
    consumer,
    product: listing.product,
    major: listing.major,
    terms,
    licence: listing.licence,
    royalties: listing.royalties,
    ...(listing.release ? { release: listing.release } : {}),
    ...(listing.privacy ? { privacy: listing.privacy } : {}),
    validFrom: time,
    validTo: terms.days === undefined ? undefined : time + terms.days * DAY_MS,
  };
  const granted: MarketFact = { type: 'entitlement.granted', entitlement };
  if (terms.plan.unit === 'One-time-payment') return [granted, charged(entitlement, `once:${id}`, 'once', BigInt(terms.plan.price))];
  if (terms.plan.unit === 'Recurring') return [granted, charged(entitlement, `period:${id}:1`, 'period', BigInt(terms.plan.price))];
  return [granted];
}

/** Periods of recurring plans that have begun and are not charged yet; an entitlement that ended begins no more. */
function accrue(state: MarketState, time: number, only?: EntitlementStanding): MarketFact[] {
  const facts: MarketFact[] = [];
  for (const standing of only ? [only] : state.entitlements.values()) {
    const { entitlement, ended, periodsCharged } = standing;
    if (ended !== undefined) continue;
    const begun = periodsBegun(entitlement.terms.plan, entitlement.validFrom, entitlement.validTo, time);
    for (let period = periodsCharged + 1; period <= begun; period += 1)
      facts.push(charged(entitlement, `period:${entitlement.agreement}:${period}`, 'period', BigInt(entitlement.terms.plan.price)));
  }
  return facts;
}

/** Entitlements of a consumer that give their right now, the oldest first. The subject is compared as it is: case counts. */
export function entitledNow(state: MarketState, consumer: string, now: number): EntitlementStanding[] {
  const time = marketTime(state, now);
  return (state.byConsumer.get(consumer) ?? []).flatMap((id) => {
    const standing = state.entitlements.get(id);
    return standing && isValid(standing, time) ? [standing] : [];
  });
}

function listingIn(state: MarketState, id: string, states: readonly Listing['state'][]): Listing {
  const listing = state.listings.get(id);
  if (!listing) throw unknownListing(id);
  if (!states.includes(listing.state)) throw conflict(`the listing is ${listing.state}`, { listing: id, state: listing.state });
  return listing;
}

function agreementOf(state: MarketState, id: string): Agreement {
  const agreement = state.agreements.get(id);
  if (!agreement) throw unknownAgreement(id);
  return agreement;
}

/** One wording for what is hidden and what is not there. */
export function unknownListing(id: string): SkeinError {
  return new SkeinError('SKEIN_MARKET_UNKNOWN', `no listing ${shown(id)} is visible to you`);
}

export function unknownAgreement(id: string): SkeinError {
  return new SkeinError('SKEIN_MARKET_UNKNOWN', `no agreement ${shown(id)} is visible to you`);
}

function unreleased({ id, product }: Listing): SkeinError {
  return new SkeinError('SKEIN_MARKET_RELEASE', `${product} has confidential or restricted columns, and the listing ${id} has no release that was checked`, {
    context: { listing: id },
  });
}

function reasonOf(reason: string): string {
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > LONGEST_REASON || !reason.isWellFormed())
    throw new SkeinError('SKEIN_REQUEST_INVALID', `a reason of 1 to ${LONGEST_REASON} characters belongs to it`);
  return reason;
}

function sameTerms(one: Terms, other: Terms): boolean {
  const text = ({ plan, columns, rows, quota, days }: Terms): string =>
    JSON.stringify([Object.entries(plan).sort(([a], [b]) => (a < b ? -1 : 1)), columns, rows, quota ?? null, days ?? null]);
  return text(one) === text(other);
}
