import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { member, moment, unread } from './json-member.ts';

const of = (path: string) => member(`entitlement.${path}`, 'g.raw');
const FROM = moment(of('validFrom'));
const TO = moment(of('validTo'));

/** brokerage.entitlements: who may read what, from when to when, and why it ended before. */
export function entitlements(contract: Contract): DataProduct {
  return {
    id: 'brokerage.entitlements',
    layer: 'silver',
    contract,
    step: {
      name: 'fold_entitlements',
      from: ['market_events'],
      sql: `WITH ends AS (
          SELECT ${member('entitlement')} AS entitlement_id, min(happened_at) AS ended_at, arg_min(${member('reason')}, seq) AS ended_reason
          FROM market_events WHERE type = 'entitlement.ended' GROUP BY 1)
        SELECT ${of('id')} AS entitlement_id, ${of('agreement')} AS agreement_id, ${of('listing')} AS listing_id, ${of('consumer')} AS consumer, ${of('product')} AS product,
          array_to_string(CAST(json_extract(g.raw, '$.entitlement.licence.purposes') AS VARCHAR[]), ' ') AS purposes,
          array_to_string(CAST(json_extract(g.raw, '$.entitlement.terms.columns') AS VARCHAR[]), ' ') AS columns,
          CAST(json_extract(g.raw, '$.entitlement.terms.rows') AS VARCHAR) AS row_filter, TRY_CAST(${of('terms.quota')} AS BIGINT) AS quota,
          ${FROM} AS valid_from, ${TO} AS valid_to, e.ended_at, e.ended_reason, g._file, g._row, [] AS _repairs,
          list_concat(${unread({ column: 'valid_from', text: of('validFrom'), read: FROM }, { column: 'quota', text: of('terms.quota'), read: `TRY_CAST(${of('terms.quota')} AS BIGINT)` })},
            CASE WHEN ${TO} <= ${FROM} THEN [{'column': 'valid_to', 'value': ${of('validTo')}, 'rule': 'after_valid_from'}] ELSE [] END) AS _invalid
        FROM market_events g LEFT JOIN ends e ON e.entitlement_id = ${of('id')}
        WHERE g.type = 'entitlement.granted'`,
      dedupe: { by: ['entitlement_id'], keep: '_row' },
      lineage: Object.fromEntries(contract.properties.map(({ name }) => [name, [name === 'ended_at' ? 'market_events.happened_at' : 'market_events.raw']])),
    },
  };
}
