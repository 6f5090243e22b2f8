import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';

const LINES = `SELECT event_date, is_final, event_key, event_name, unnest(items) AS item FROM events
    WHERE len(items) > 0 AND event_name IN ('purchase', 'ecommerce_purchase', 'view_item', 'add_to_cart')`;

const SOLD = 'p.event_key IS NOT NULL';

const SQL = `SELECT event_date, item.item_id AS item_id,
    -- A line without a quantity is one piece, as in GA4's own reports.
    coalesce(sum(coalesce(item.quantity, 1)) FILTER (WHERE ${SOLD}), 0)::BIGINT AS units,
    coalesce(sum(coalesce(item.item_revenue::DECIMAL(38, 6), item.price * coalesce(item.quantity, 1)::DECIMAL(18, 0))) FILTER (WHERE ${SOLD}), 0)::DECIMAL(38, 6) AS revenue,
    count(DISTINCT l.event_key) FILTER (WHERE ${SOLD}) AS purchases,
    count(*) FILTER (WHERE event_name = 'add_to_cart') AS cart_additions,
    count(*) FILTER (WHERE event_name = 'view_item') AS views,
    bool_and(is_final) AS is_final
  FROM (${LINES}) l LEFT JOIN (SELECT event_key FROM purchases) p ON p.event_key = l.event_key
  WHERE item.item_id IS NOT NULL
  GROUP BY event_date, item.item_id`;

const events = (...columns: string[]) => columns.map((column) => `ga4.events.${column}`);

/**
 * ga4.item_demand_daily: what was seen and bought of each article on each day of the property. Sales are those of ga4.purchases, so a
 * transaction counts once; `item_id` is SAP's external material number where the shop sells materials.
 */
export function itemDemandDaily(contract: Contract): DataProduct {
  return {
    id: 'ga4.item_demand_daily',
    layer: 'gold',
    contract,
    step: {
      name: 'add up demand by item and day',
      from: ['events', 'purchases'],
      sql: SQL,
      lineage: {
        event_date: events('event_date'),
        item_id: events('items'),
        units: [...events('items'), 'ga4.purchases.event_key'],
        revenue: [...events('items'), 'ga4.purchases.event_key'],
        purchases: [...events('event_key'), 'ga4.purchases.event_key'],
        cart_additions: events('items', 'event_name'),
        views: events('items', 'event_name'),
        is_final: events('is_final'),
      },
    },
  };
}
