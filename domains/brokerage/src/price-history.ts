import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { cents, member, moment, unread } from './json-member.ts';

const PRICE = member('plan.price');
const FROM = member('validFrom');

/** brokerage.price_history: each price with the time it holds from, and the time it was said; a later word on the same time supersedes it. */
export function priceHistory(contract: Contract): DataProduct {
  return {
    id: 'brokerage.price_history',
    layer: 'silver',
    contract,
    step: {
      name: 'read_prices',
      from: ['market_events'],
      sql: `WITH said AS (SELECT DISTINCT ON (seq) * FROM market_events WHERE type = 'price.set' ORDER BY seq, _sequence, _row)
        SELECT ${member('listing')} AS listing_id, seq AS event, ${moment(FROM)} AS valid_from, happened_at AS recorded_at,
          lead(happened_at) OVER (PARTITION BY ${member('listing')}, ${FROM} ORDER BY seq) AS superseded_at,
          ${member('plan.unit')} AS plan_unit, ${member('plan.currency')} AS currency, ${cents(PRICE)} AS price_cents, ${member('by')} AS set_by,
          _file, _row, [] AS _repairs, ${unread({ column: 'price_cents', text: PRICE, read: cents(PRICE) }, { column: 'valid_from', text: FROM, read: moment(FROM) })} AS _invalid
        FROM said`,
      dedupe: { by: ['listing_id', 'event'], keep: '_row' },
      lineage: Object.fromEntries(contract.properties.map(({ name }) => [name, [name === 'recorded_at' ? 'market_events.happened_at' : 'market_events.raw']])),
    },
  };
}
