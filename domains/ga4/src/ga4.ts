import type { ContractSet, Domain } from '@skein/product';
import { events, type EventsOptions } from './events.ts';
import { eventsRaw } from './events-raw.ts';
import { itemDemandDaily } from './item-demand-daily.ts';
import { purchases } from './purchases.ts';
import { sessions } from './sessions.ts';
import { exportFiles } from './source.ts';

export type Ga4Options = EventsOptions;

/** The GA4 domain: what it reads, and the products it publishes, by the contracts given. */
export function ga4(contracts: Pick<ContractSet, 'get'>, options: Ga4Options = {}): Domain {
  return {
    name: 'ga4',
    sources: [exportFiles],
    bronze: [eventsRaw],
    products: [
      events(contracts.get('ga4.events'), options),
      sessions(contracts.get('ga4.sessions')),
      purchases(contracts.get('ga4.purchases')),
      itemDemandDaily(contracts.get('ga4.item_demand_daily')),
    ],
  };
}
