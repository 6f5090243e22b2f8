import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { cents, member, unread } from './json-member.ts';

const text = { rows: member('rows', 'u.raw'), bytes: member('bytes', 'u.raw'), price: member('plan.price', 'u.raw') };
const number = (value: string): string => `TRY_CAST(${value} AS BIGINT)`;

/** brokerage.usage_events: each answered query that was paid for, once, with the price as it was and what it came to. */
export function usageEvents(contract: Contract): DataProduct {
  return {
    id: 'brokerage.usage_events',
    layer: 'silver',
    contract,
    step: {
      name: 'meter_uses',
      from: ['market_events'],
      sql: `WITH charges AS (
          SELECT ${member('charge.id')} AS charge_id, any_value(${member('charge.cents')}) AS charged FROM market_events WHERE type = 'charge.made' GROUP BY 1)
        SELECT ${member('usage', 'u.raw')} AS usage_id, ${member('entitlement', 'u.raw')} AS entitlement_id, ${member('consumer', 'u.raw')} AS consumer,
          ${member('key', 'u.raw')} AS idempotency_key, ${member('query', 'u.raw')} AS query_hash, ${number(text.rows)} AS answered_rows, ${number(text.bytes)} AS answered_bytes,
          ${member('plan.unit', 'u.raw')} AS plan_unit, ${member('plan.currency', 'u.raw')} AS currency, ${cents(text.price)} AS price_cents,
          ${cents('c.charged')} AS charged_cents, u.happened_at AS used_at, u._file, u._row, [] AS _repairs,
          ${unread(
            { column: 'answered_rows', text: text.rows, read: number(text.rows) },
            { column: 'answered_bytes', text: text.bytes, read: number(text.bytes) },
            { column: 'price_cents', text: text.price, read: cents(text.price) },
          )} AS _invalid
        FROM market_events u LEFT JOIN charges c ON c.charge_id = 'usage:' || ${member('usage', 'u.raw')}
        WHERE u.type = 'usage.charged'`,
      dedupe: { by: ['usage_id'], keep: '_row' },
      lineage: Object.fromEntries(contract.properties.map(({ name }) => [name, [name === 'used_at' ? 'market_events.happened_at' : 'market_events.raw']])),
    },
  };
}
