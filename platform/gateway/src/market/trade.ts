import { randomUUID } from 'node:crypto';
import type { Principal } from '@skein/federation';
import { canonicalJson, sha256, SkeinError, type Clock } from '@skein/kernel';
import {
  agreementMessage,
  checkKey,
  dcatDataset,
  marketTime,
  members,
  noStrange,
  priceAt,
  readAskedTerms,
  readPlan,
  readTerms,
  requestKey,
  shown,
  unknownAgreement,
  unknownListing,
} from '@skein/market';
import type { Agreement, Listing, MarketState } from '@skein/market';
import type { AuditLog, AuditRecord, MarketStore } from '@skein/ports';
import { soldView } from '@skein/federation';
import type { ContractRightsBook } from '../registry/contract-rights.ts';
import { previewOf, readListing } from './draft.ts';
import { agreementView, listingView } from './market-view.ts';
import { outdated } from './offered.ts';
import type { ReleaseParts } from './release.ts';

export interface TradeParts extends ReleaseParts {
  readonly market: MarketStore;
  readonly rights: ContractRightsBook;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

type View = Readonly<Record<string, unknown>>;
const AGREEMENT_MEMBERS = ['request', 'offer', 'accept', 'agree', 'verify', 'finalize', 'terminate'] as const;

export const owns = ({ rights }: Pick<TradeParts, 'rights'>, product: string, principal: Principal): boolean => rights.owns(product, principal);

/** Whether a listing is for sale: live, and of a product that is still what it was. */
export const offered = ({ catalog }: Pick<TradeParts, 'catalog'>, listing: Listing): boolean =>
  listing.state === 'live' && outdated(catalog, listing) === undefined;

/** A listing that the principal may see: live ones, and those of their own products. Throws SKEIN_MARKET_UNKNOWN alike for all others. */
export function visibleListing(parts: TradeParts, state: MarketState, id: string, principal: Principal): { listing: Listing; owner: boolean } {
  const listing = state.listings.get(id);
  const owner = listing !== undefined && owns(parts, listing.product, principal);
  if (listing && (owner || offered(parts, listing))) return { listing, owner };
  throw unknownListing(id);
}

/** On which side of an agreement the principal stands. Throws SKEIN_MARKET_UNKNOWN for all others. */
export function sideOf(parts: TradeParts, state: MarketState, id: string, principal: Principal): { agreement: Agreement; side: 'consumer' | 'provider' } {
  const agreement = state.agreements.get(id);
  if (agreement?.consumer === principal.subject) return { agreement, side: 'consumer' };
  if (agreement && owns(parts, agreement.product, principal)) return { agreement, side: 'provider' };
  throw unknownAgreement(id);
}

/** `POST /v1/market/listings`: a draft, checked and put live, unless `draft` is asked for. */
export async function list(parts: TradeParts, body: unknown, principal: Principal): Promise<View> {
  return recorded(parts, 'list', body, principal, async (note) => {
    const { draft = false, ...rest } = members(body, 'a listing');
    if (typeof draft !== 'boolean') throw new SkeinError('SKEIN_REQUEST_INVALID', `draft must be true or false, not ${shown(draft)}`);
    const { product } = rest;
    if (typeof product !== 'string' || !owns(parts, product, principal))
      throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `no product ${shown(product)} of yours is known`);
    const { listing, entry, snapshot, release } = await readListing(parts, rest, principal.subject);
    note(`list:${listing.id}`, [listing.product]);
    const { market, clock } = parts;
    const known = (await market.state()).listings.get(listing.id);
    if (known && !owns(parts, known.product, principal)) throw new SkeinError('SKEIN_MARKET_CONFLICT', `the id ${shown(listing.id)} is taken`);
    if (known && known.state !== 'draft' && listing.needsRelease) throw new SkeinError('SKEIN_MARKET_CONFLICT', `the listing ${listing.id} is there already`);
    if (release !== undefined && !listing.needsRelease)
      throw new SkeinError('SKEIN_REQUEST_INVALID', `${listing.product} holds nothing that needs a release`, { hint: 'Leave release out.' });
    const earlier = [...(await market.state()).listings.values()].flatMap(({ id, product: of, release: sold }) =>
      sold && of === listing.product && id !== listing.id ? [id] : [],
    );
    const person = [...(await market.state()).listings.values()].find(({ privacy, product: of }) => privacy && of === listing.product)?.privacy?.person;
    const evidence =
      listing.needsRelease && !listing.privacy
        ? await (await import('./release.ts')).releaseOf(parts, { listing, entry, snapshot, release, person, earlier })
        : undefined;
    const view = evidence || listing.privacy ? undefined : soldView(entry, listing, snapshot);
    if (!evidence && !listing.privacy && !view) throw new SkeinError('SKEIN_REQUEST_INVALID', 'the terms show no column of the product');
    // sent again, a listing keeps the seed that it has
    const follows = listing.demand && known?.demand ? { demand: { ...listing.demand, seed: known.demand.seed } } : {};
    const whole = {
      ...listing,
      ...follows,
      ...(evidence ? { dictionary: evidence.dictionary, terms: { ...listing.terms, columns: evidence.columns, rows: [] } } : {}),
      preview: view ? await previewOf(parts, view) : (evidence?.preview ?? []),
    };
    await market.run({ do: 'draft', listing: whole }, clock.now());
    if (!draft || evidence) {
      const standing = (await market.state()).listings.get(listing.id);
      if (standing?.state === 'draft')
        await market.run({ do: 'check', listing: listing.id, by: principal.subject, ...(evidence ? { release: evidence.evidence } : {}) }, clock.now());
      if (!draft && (await market.state()).listings.get(listing.id)?.state === 'checked')
        await market.run({ do: 'publish', listing: listing.id, by: principal.subject }, clock.now());
    }
    const state = await market.state();
    return listingView(state, state.listings.get(listing.id) as Listing, clock.now(), true);
  });
}

/** `POST /v1/market/listings/:id`: the owner withdraws it, puts a draft live, or sets a price. */
export async function changeListing(parts: TradeParts, id: string, body: unknown, principal: Principal): Promise<View> {
  return recorded(parts, 'change', body, principal, async (note) => {
    const { market, clock } = parts;
    const state = await market.state();
    const { listing, owner } = visibleListing(parts, state, id, principal);
    note(`change:${id}`, [listing.product]);
    if (!owner) throw new SkeinError('SKEIN_AUTH_FORBIDDEN', 'only owners of the product change its listings');
    const { action, reason, plan, validFrom, ...strange } = members(body, 'a change of a listing');
    noStrange(strange, 'a change of a listing');
    const by = principal.subject;
    if (action === 'withdraw') await market.run({ do: 'withdraw', listing: id, by, reason: reason as string }, clock.now());
    else if (action === 'publish') {
      const why = outdated(parts.catalog, listing);
      if (why !== undefined) throw new SkeinError('SKEIN_MARKET_RELEASE', why, { hint: 'List the product anew.' });
      if (listing.state === 'draft') await market.run({ do: 'check', listing: id, by }, clock.now());
      await market.run({ do: 'publish', listing: id, by }, clock.now());
    } else if (action === 'price') {
      const from = validFrom === undefined ? undefined : Date.parse(String(validFrom));
      if (from !== undefined && !Number.isSafeInteger(from)) throw new SkeinError('SKEIN_REQUEST_INVALID', `validFrom is no moment: ${shown(validFrom)}`);
      await market.run({ do: 'price', listing: id, by, plan: readPlan(plan), ...(from === undefined ? {} : { validFrom: from }) }, clock.now());
    } else throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(action)} is nothing that is done to a listing`, { hint: 'Use publish, withdraw or price.' });
    const after = await market.state();
    return listingView(after, after.listings.get(id) as Listing, clock.now(), true);
  });
}

/** `POST /v1/market/offers`: the listing as it is, or with other terms. */
export async function offer(parts: TradeParts, body: unknown, principal: Principal, key: string | undefined): Promise<View> {
  return recorded(parts, 'offer', body, principal, async (note) => {
    const { market, clock } = parts;
    const { listing: id, terms, price, key: named, ...strange } = members(body, 'an offer');
    noStrange(strange, 'an offer');
    if (typeof id !== 'string') throw new SkeinError('SKEIN_REQUEST_INVALID', 'an offer names a listing');
    if (price !== undefined && typeof price !== 'string') throw new SkeinError('SKEIN_REQUEST_INVALID', `price is minor units as text, not ${shown(price)}`);
    if (named !== undefined) checkKey(named);
    const request = key ?? named ?? randomUUID();
    const state = await market.state();
    // sent again, it is answered again, whatever has become of the listing
    const known = state.requests.has(requestKey(principal.subject, request));
    const { listing, owner } = known ? { listing: state.listings.get(id), owner: false } : visibleListing(parts, state, id, principal);
    note(`offer:${id}`, listing ? [listing.product] : []);
    if (!known && listing && outdated(parts.catalog, listing) !== undefined) throw unknownListing(id);
    await market.run(
      {
        do: 'request',
        listing: id,
        consumer: principal.subject,
        owner,
        request,
        agreement: randomUUID(),
        ...(price === undefined ? {} : { price }),
        ...(terms === undefined ? {} : { terms: readAskedTerms(terms) }),
      },
      clock.now(),
    );
    const after = await market.state();
    const made = after.requests.get(requestKey(principal.subject, request));
    return agreementView(after, after.agreements.get(made ?? '') as Agreement, clock.now());
  });
}

/** `POST /v1/market/agreements`: the next word of a negotiation, or the end of an entitlement. */
export async function moveAgreement(parts: TradeParts, body: unknown, principal: Principal): Promise<View> {
  return recorded(parts, 'move', body, principal, async (note) => {
    const { market, clock } = parts;
    const { agreement: id, action, terms, reason, ...strange } = members(body, 'a step of an agreement');
    noStrange(strange, 'a step of an agreement');
    const state = await market.state();
    const { agreement, side } = sideOf(parts, state, String(id), principal);
    note(`${String(action).slice(0, 20)}:${agreement.id}`, [agreement.product]);
    const by = principal.subject;
    if (action === 'end') await market.run({ do: 'end', agreement: agreement.id, by, reason: reason as string }, clock.now());
    else {
      const step = AGREEMENT_MEMBERS.find((one) => one === action);
      if (!step)
        throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(action)} is no step of an agreement`, {
          hint: `Use one of ${AGREEMENT_MEMBERS.join(', ')}, end.`,
        });
      await market.run(
        { do: 'move', agreement: agreement.id, by, side, step, ...(terms === undefined ? {} : { terms: readTerms(terms, agreement.terms) }) },
        clock.now(),
      );
    }
    const after = await market.state();
    return agreementView(after, after.agreements.get(agreement.id) as Agreement, clock.now());
  });
}

/** `POST /v1/market/answers`: a count or sum with noise, where the agreement gives these. */
export async function answer(
  parts: TradeParts,
  body: unknown,
  principal: Principal,
  how: { key: string | undefined; purpose: string | undefined },
): Promise<View> {
  return recorded(parts, 'answer', body, principal, async (note) => {
    const { view, entitlement } = await (await import('./private-answers.ts')).privateAnswer(parts, body, principal, how);
    note(`answer:${entitlement.agreement}`, [entitlement.product]);
    return view;
  });
}

/** A listing in DCAT, and an agreement in ODRL, as the Dataspace Protocol shapes them. */
export function listingDcat(state: MarketState, listing: Listing, endpoint: string, now: number): View {
  return dcatDataset(listing, priceAt(state, listing.id, marketTime(state, now))?.plan ?? listing.terms.plan, { endpoint });
}
export function agreementOdrl(state: MarketState, agreement: Agreement): View {
  const listing = state.listings.get(agreement.listing) as Listing;
  return agreementMessage(agreement, listing, state.entitlements.get(agreement.entitlement ?? '')?.entitlement.validTo);
}

/** Keeps one audit record, whatever happens. */
async function recorded(
  { audit, clock }: TradeParts,
  verb: string,
  body: unknown,
  principal: Principal,
  work: (note: (what: string, products: readonly string[]) => void) => Promise<View>,
): Promise<View> {
  const started = clock.now();
  let what = verb;
  let products: readonly string[] = [];
  const record = (end: Pick<AuditRecord, 'decision' | 'errorCode'>): Promise<void> =>
    audit.append({
      time: started,
      queryId: randomUUID(),
      sqlHash: sha256(textOf(body)),
      market: what,
      principal: principal.subject,
      roles: principal.roles,
      purpose: undefined,
      products,
      snapshots: [],
      policyHash: undefined,
      rows: undefined,
      bytes: undefined,
      truncated: undefined,
      durationMs: clock.now() - started,
      engineText: undefined,
      ...end,
    });
  let view: View;
  try {
    view = await work((done, named) => {
      what = done;
      products = named;
    });
  } catch (error) {
    const known = error instanceof SkeinError ? error : undefined;
    await record({ decision: known && known.fault !== 'platform' ? 'refused' : 'failed', errorCode: known?.code ?? 'SKEIN_INTERNAL' });
    throw error;
  }
  await record({ decision: 'allowed', errorCode: undefined });
  return view;
}

function textOf(body: unknown): string {
  try {
    return canonicalJson(body ?? null);
  } catch {
    return String(body);
  }
}
