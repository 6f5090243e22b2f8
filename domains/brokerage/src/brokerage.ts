import type { ContractSet, Domain } from '@skein/product';
import { demandAnswers, demandFiles, demandIndex } from './demand-index.ts';
import { entitlements } from './entitlements.ts';
import { listings } from './listings.ts';
import { priceHistory } from './price-history.ts';
import { privacyLedger } from './privacy-ledger.ts';
import { royaltyLedger } from './royalty-ledger.ts';
import { marketEvents, marketLog } from './source.ts';
import { usageEvents } from './usage-events.ts';

/** The brokerage domain: the marketplace's own log, and what it makes of other domains' products to be sold, as data products. */
export function brokerage(contracts: Pick<ContractSet, 'get'>): Domain {
  return {
    name: 'brokerage',
    sources: [marketLog, demandFiles],
    bronze: [marketEvents, demandAnswers(contracts.get('brokerage.demand_index'))],
    products: [
      listings(contracts.get('brokerage.listings')),
      priceHistory(contracts.get('brokerage.price_history')),
      entitlements(contracts.get('brokerage.entitlements')),
      usageEvents(contracts.get('brokerage.usage_events')),
      royaltyLedger(contracts.get('brokerage.royalty_ledger')),
      privacyLedger(contracts.get('brokerage.privacy_ledger')),
      demandIndex(contracts.get('brokerage.demand_index')),
    ],
  };
}
