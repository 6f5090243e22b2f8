import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { member } from './json-member.ts';

const LISTING = `coalesce(${member('listing.id')}, ${member('listing')})`;

/** brokerage.listings: what is or was for sale, as it stands at the end of the log. */
export function listings(contract: Contract): DataProduct {
  return {
    id: 'brokerage.listings',
    layer: 'silver',
    contract,
    step: {
      name: 'fold_listings',
      from: ['market_events'],
      sql: `WITH changes AS (
          SELECT ${LISTING} AS listing_id, arg_max(type, seq) AS last, max(happened_at) AS changed_at FROM market_events WHERE type LIKE 'listing.%' GROUP BY 1),
        releases AS (SELECT ${member('listing')} AS listing_id, arg_max(raw, seq) AS raw FROM market_events WHERE type = 'listing.checked' GROUP BY 1)
        SELECT ${member('listing.id', 'd.raw')} AS listing_id, ${member('listing.title', 'd.raw')} AS title, ${member('listing.product', 'd.raw')} AS product,
          ${member('listing.contractVersion', 'd.raw')} AS contract_version,
          CASE c.last WHEN 'listing.drafted' THEN 'draft' WHEN 'listing.checked' THEN 'checked' WHEN 'listing.live' THEN 'live' WHEN 'listing.withdrawn' THEN 'withdrawn' END AS state,
          ${member('listing.terms.plan.unit', 'd.raw')} AS plan_unit, ${member('listing.terms.plan.currency', 'd.raw')} AS currency,
          array_to_string(CAST(json_extract(d.raw, '$.listing.licence.purposes') AS VARCHAR[]), ' ') AS purposes,
          array_to_string(CAST(json_extract(d.raw, '$.listing.terms.columns') AS VARCHAR[]), ' ') AS columns,
          TRY_CAST(${member('release.k', 'r.raw')} AS BIGINT) AS k, ${member('release.recheck', 'r.raw')} AS recheck,
          ${member('listing.by', 'd.raw')} AS seller, d.happened_at AS listed_at, c.changed_at, d._file, d._row, [] AS _repairs
        FROM market_events d LEFT JOIN changes c ON c.listing_id = ${member('listing.id', 'd.raw')}
          LEFT JOIN releases r ON r.listing_id = ${member('listing.id', 'd.raw')}
        WHERE d.type = 'listing.drafted'`,
      dedupe: { by: ['listing_id'], keep: '_row' },
      lineage: Object.fromEntries(
        contract.properties.map(({ name }) => [
          name,
          name === 'state' || name === 'changed_at' ? ['market_events.type', 'market_events.happened_at'] : ['market_events.raw'],
        ]),
      ),
    },
  };
}
