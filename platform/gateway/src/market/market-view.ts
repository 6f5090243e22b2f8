import { marketTime, priceAt, privacyUnits, quotaLeft, type Agreement, type Listing, type MarketState } from '@skein/market';

/** A listing as buyers see it; owners see who earns by it too. */
export function listingView(state: MarketState, listing: Listing, now: number, owner: boolean): Readonly<Record<string, unknown>> {
  const { id, title, description, product, contractVersion, licence, terms, dictionary, preview, royalties, release, by } = listing;
  const time = marketTime(state, now);
  return {
    id,
    title,
    description,
    product,
    /** Under which name the buyer reads it. */
    address: release ? addressOf(id) : product,
    contractVersion,
    state: listing.state,
    licence,
    plan: priceAt(state, id, time)?.plan ?? terms.plan,
    columns: terms.columns,
    rows: terms.rows,
    quota: terms.quota ?? null,
    days: terms.days ?? null,
    dictionary,
    preview,
    ...(listing.demand ? { demand: { floor: listing.demand.floor, ceiling: listing.demand.ceiling } } : {}),
    ...(listing.privacy ? { privacy: { ...listing.privacy, left: budgetLeft(state, listing), beside: besideOf(state, listing, owner) } } : {}),
    ...(release
      ? {
          release: {
            k: release.k,
            l: release.l ?? null,
            t: release.t ?? null,
            rows: release.rows,
            persons: release.persons ?? null,
            suppressed: release.suppressed,
            ncp: release.ncp,
            recheck: release.recheck,
            where: release.where ?? [],
            beside: besideOf(state, listing, owner),
          },
        }
      : {}),
    ...(owner
      ? {
          by,
          royalties,
          prices: (state.prices.get(id) ?? []).map((price) => ({ ...price, validFrom: moment(price.validFrom), recordedAt: moment(price.recordedAt) })),
        }
      : {}),
  };
}

/** Under which name a release is read. */
export function addressOf(listing: string): string {
  return `market.${listing.replaceAll('-', '_')}`;
}

/**
 * Other listings that tell of the same product, which neither a budget nor k counts: who has bought several adds up what they tell. Answers with noise
 * share one budget and are not named to each other. What is withdrawn stays with its buyers, and is named to owners only.
 */
export function besideOf(
  { listings }: Pick<MarketState, 'listings'>,
  { id, product, privacy }: Pick<Listing, 'id' | 'product' | 'privacy'>,
  owner: boolean,
): string[] {
  return [...listings.values()]
    .filter((other) => other.product === product && other.id !== id && (other.state === 'live' || (owner && other.state === 'withdrawn')))
    .filter((other) => other.release !== undefined || (other.privacy !== undefined && privacy === undefined))
    .map((other) => other.id);
}

/** Answers that the privacy budget of the dataset still covers. */
function budgetLeft(state: MarketState, { product, privacy }: Listing): number {
  if (!privacy) return 0;
  const spent = state.privacy.get(product) ?? { epsilon: 0n, delta: 0n };
  const left = (['epsilon', 'delta'] as const).map((kind) => (privacyUnits(kind, privacy.budget[kind]) - spent[kind]) / privacyUnits(kind, privacy.cost[kind]));
  return Math.max(0, Math.min(...left.map(Number)));
}

export function agreementView(state: MarketState, agreement: Agreement, now: number): Readonly<Record<string, unknown>> {
  const { id, listing, product, consumer, terms, requestedAt } = agreement;
  const standing = state.entitlements.get(agreement.entitlement ?? '');
  return {
    id,
    listing,
    product,
    consumer,
    state: agreement.state,
    terms: { ...terms, quota: terms.quota ?? null, days: terms.days ?? null },
    requestedAt: moment(requestedAt),
    entitlement: standing
      ? {
          id: standing.entitlement.id,
          validFrom: moment(standing.entitlement.validFrom),
          validTo: standing.entitlement.validTo === undefined ? null : moment(standing.entitlement.validTo),
          ended: standing.ended ?? null,
          answered: standing.answered,
          left: quotaLeft(state, standing, marketTime(state, now)) ?? null,
        }
      : null,
  };
}

function moment(time: number): string {
  return new Date(time).toISOString();
}
