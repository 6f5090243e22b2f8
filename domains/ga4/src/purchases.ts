import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';

/** Refunds by transaction. A refund without an amount and without items is of the whole transaction (GA4: "full refund"). */
const REFUNDS = `SELECT stream_id, transaction_id, count(*) AS refunds,
      sum(coalesce(refund_value, list_sum(list_transform(items, lambda item: item.item_refund)))) AS refund_value,
      bool_or(refund_value IS NULL AND len(items) = 0) AS whole
    FROM events WHERE event_name = 'refund' AND transaction_id IS NOT NULL GROUP BY stream_id, transaction_id`;

const ITEMS_REVENUE = `list_sum(list_transform(items, lambda item: coalesce(item.item_revenue::DECIMAL(38, 6), item.price * coalesce(item.quantity, 1)::DECIMAL(18, 0))))`;

const SQL = `SELECT coalesce(e.stream_id, '(none)') AS stream_id, e.transaction_id, event_key, event_ts AS purchased_at, event_date, client_key, session_key,
    revenue, currency, tax_value AS tax, shipping_value AS shipping,
    -- A refund of more than a DECIMAL(18,6) holds is refused as out of type, not rounded.
    CASE WHEN r.refunds IS NULL THEN 0 WHEN r.whole AND r.refund_value IS NULL THEN revenue ELSE coalesce(r.refund_value, 0) END::DECIMAL(18, 6) AS refund,
    len(items)::BIGINT AS item_lines, coalesce(list_sum(list_transform(items, lambda item: coalesce(item.quantity, 1))), 0)::BIGINT AS item_quantity,
    items_revenue, revenue - items_revenue AS items_difference, is_final
  FROM (SELECT *, coalesce(purchase_revenue, value) AS revenue, CASE WHEN len(items) > 0 THEN ${ITEMS_REVENUE}::DECIMAL(38, 6) END AS items_revenue
      FROM events WHERE event_name IN ('purchase', 'ecommerce_purchase') AND transaction_id IS NOT NULL) e
    LEFT JOIN (${REFUNDS}) r ON r.transaction_id = e.transaction_id AND r.stream_id IS NOT DISTINCT FROM e.stream_id`;

const from = (...columns: string[]) => columns.map((column) => `ga4.events.${column}`);

/**
 * ga4.purchases: one row for each transaction of a stream. A thank-you page loaded again sends the same transaction again: the first
 * event is the purchase. Events whose transaction_id is "(not set)" cannot be told apart and are no purchases.
 */
export function purchases(contract: Contract): DataProduct {
  return {
    id: 'ga4.purchases',
    layer: 'gold',
    contract,
    step: {
      name: 'collapse purchase events to transactions',
      from: ['events'],
      sql: SQL,
      dedupe: { by: ['stream_id', 'transaction_id'], keep: 'purchased_at, event_key' },
      lineage: {
        stream_id: from('stream_id'),
        transaction_id: from('transaction_id'),
        event_key: from('event_key'),
        purchased_at: from('event_ts'),
        event_date: from('event_date'),
        client_key: from('client_key'),
        session_key: from('session_key'),
        revenue: from('purchase_revenue', 'value'),
        currency: from('currency'),
        tax: from('tax_value'),
        shipping: from('shipping_value'),
        refund: from('refund_value', 'items', 'transaction_id'),
        item_lines: from('items'),
        item_quantity: from('items'),
        items_revenue: from('items'),
        items_difference: from('purchase_revenue', 'value', 'items'),
        is_final: from('is_final'),
      },
    },
  };
}
