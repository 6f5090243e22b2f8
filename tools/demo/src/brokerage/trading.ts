import {
  decideMarket,
  emptyMarket,
  fold,
  numbered,
  type Listing,
  type MarketCommand,
  type MarketEvent,
  type PricingPlan,
  type RoyaltyShare,
} from '@skein/market';
import type { Random } from '../random.ts';

const START = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const EUR = (plan: Omit<PricingPlan, 'currency'>): PricingPlan => ({ ...plan, currency: 'EUR' });

const PLANS: readonly PricingPlan[] = [
  EUR({ unit: 'Pay-per-use', price: '125' }),
  EUR({ unit: 'Freemium', price: '40', free: 3 }),
  EUR({ unit: 'Data-volume', price: '7', bytes: 65_536 }),
  EUR({ unit: 'Recurring', price: '9900', days: 7 }),
  EUR({ unit: 'One-time-payment', price: '250001' }),
  EUR({ unit: 'Open-data', price: '0' }),
];
const share = (product: string, weight: number): RoyaltyShare => ({ domain: product.split('.')[0] ?? '', product, weight });
/** What is for sale, with the products that each is made of. */
const OFFERED: readonly { readonly product: string; readonly columns: readonly string[]; readonly royalties: readonly RoyaltyShare[] }[] = [
  {
    product: 'ga4.item_demand_daily',
    columns: ['event_date', 'item_id', 'units'],
    royalties: [share('ga4.item_demand_daily', 2), share('ga4.events', 3), share('ga4.purchases', 2)],
  },
  { product: 'sap.material', columns: ['matnr', 'mtart'], royalties: [share('sap.material', 1)] },
  { product: 'sap.inventory_position', columns: ['matnr', 'werks', 'unrestricted'], royalties: [share('sap.inventory_position', 1)] },
];
const BUYERS = ['acme', 'borealis', 'ceres', 'delta', 'Étoile', 'fjord', 'gaia', 'helios'] as const;

/** A market that trades: the log of listings, agreements and about `uses` answered queries, made by the marketplace itself. */
export function trading(random: Random, uses: number): MarketEvent[] {
  const state = emptyMarket();
  const log: MarketEvent[] = [];
  let now = START;
  const run = (command: MarketCommand): readonly MarketEvent[] => {
    const events = numbered(state, decideMarket(state, command, now), now);
    for (const event of events) {
      log.push(event);
      fold(state, event);
    }
    return events;
  };

  for (const { product, columns, royalties } of OFFERED)
    for (const [index, plan] of PLANS.entries()) {
      const id = `${product.replace(/[._]/g, '-')}-${index + 1}`;
      const listing: Omit<Listing, 'state' | 'release'> = {
        id,
        title: `${product}, ${plan.unit}`,
        description: '',
        product,
        major: 1,
        contractVersion: '1.0.0',
        licence: { purposes: ['planning'] },
        terms: { plan, columns: [...columns].sort(), rows: [], quota: undefined, days: 90 },
        dictionary: [],
        preview: [],
        royalties,
        needsRelease: false,
        by: 'steward',
      };
      run({ do: 'draft', listing });
      run({ do: 'check', listing: id, by: 'steward' });
      run({ do: 'publish', listing: id, by: 'steward' });
      for (const [number, consumer] of BUYERS.entries())
        if (number % PLANS.length === index || random.chance(0.4))
          run({ do: 'request', listing: id, consumer, owner: false, request: `${id}-${number}`, agreement: `${id}-agreement-${number}` });
      now += HOUR;
    }

  const entitled = [...state.entitlements.keys()];
  for (let use = 0; use < uses; use += 1) {
    now += Math.max(1, Math.floor((30 * 24 * HOUR) / uses));
    const entitlement = random.pick(entitled);
    const consumer = state.entitlements.get(entitlement)?.entitlement.consumer ?? '';
    const reserved = run({
      do: 'reserve',
      consumer,
      entitlements: [entitlement],
      key: `use-${use}`,
      query: `query-${random.below(50)}`,
      attempt: `attempt-${use}`,
      leaseMs: 60_000,
    });
    const settling = reserved.flatMap((event) =>
      event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement, key: event.key, query: event.query }] : [],
    );
    if (random.chance(0.03)) run({ do: 'release', usages: settling.map(({ usage }) => usage), attempt: `attempt-${use}`, reason: 'SKEIN_QUERY_FAILED' });
    else run({ do: 'settle', uses: settling, rows: BigInt(random.below(5_000)), bytes: random.below(400_000) });
  }
  run({ do: 'accrue' });
  for (const dataset of ['ga4.sessions', 'ga4.purchases'])
    for (let query = 0; query < 8; query += 1)
      run({
        do: 'spend',
        dataset,
        by: 'analyst',
        cost: { epsilon: '0.1', delta: '0.000001' },
        budget: { epsilon: '1', delta: '0.00001' },
        query: `${dataset}-${query}`,
        asked: `${query}`,
      });
  run({ do: 'end', agreement: state.entitlements.get(entitled[0] ?? '')?.entitlement.agreement ?? '', by: 'steward', reason: 'not paid' });
  run({ do: 'withdraw', listing: 'sap-material-6', by: 'steward', reason: 'nobody took it' });
  return log;
}
