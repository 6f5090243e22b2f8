import type { ContractSet, Domain } from '@skein/product';
import { entitlements } from './entitlements.ts';
import { listings } from './listings.ts';
import { priceHistory } from './price-history.ts';
import { privacyLedger } from './privacy-ledger.ts';
import { royaltyLedger } from './royalty-ledger.ts';
import { marketEvents, marketLog } from './source.ts';
import { usageEvents } from './usage-events.ts';

/** The brokerage domain: the marketplace's own log, as data products. */
export function brokerage(contracts: Pick<ContractSet, 'get'>): Domain {
  return {
    name: 'brokerage',
    sources: [marketLog],
    bronze: [marketEvents],
    products: [
      listings(contracts.get('brokerage.listings')),
      priceHistory(contracts.get('brokerage.price_history')),
      entitlements(contracts.get('brokerage.entitlements')),
      usageEvents(contracts.get('brokerage.usage_events')),
      royaltyLedger(contracts.get('brokerage.royalty_ledger')),
      privacyLedger(contracts.get('brokerage.privacy_ledger')),
    ],
  };
}
