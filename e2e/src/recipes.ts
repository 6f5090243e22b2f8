/**
 * Questions that no domain answers alone, as SQL for the gateway: docs/recipes.md shows these texts to the letter, and each has a test that answers
 * it another way.
 */

/** Finalised receipts on the chain against what customers owe. */
export const RECEIPTS_AGAINST_RECEIVABLES = `WITH accepted(token, currency, tolerance) AS (VALUES
  ('eip155:31337/erc20:0xe0000000000000000000000000000000000000e6', 'EUR', 0.01),
  ('eip155:31337/erc20:0xe000000000000000000000000000000000000e18', 'EUR', 0.01),
  ('eip155:31337/erc20:0xe000000000000000000000000000000000000a18', 'JPY', 1)
), receivables AS (
  SELECT payment_reference, currency, min(customer_key) AS customer, sum(amount) AS amount,
    '0x' || rpad(lower(hex(payment_reference)), 64, '0') AS memo,
    replace(sum(amount)::DECIMAL(38, 18)::VARCHAR, '.', '')::BIGNUM AS owed
  FROM sap.open_receivables WHERE amount > 0 GROUP BY payment_reference, currency
), receipts AS (
  SELECT l.topic3 AS memo, a.currency, count(*) AS receipts, sum((t.amount_raw || repeat('0', 18 - t.decimals))::BIGNUM) AS units
  FROM blockchain.transfers t JOIN accepted a ON a.token = t.token
    JOIN blockchain.logs l ON l.chain = t.chain AND l.block_number = t.block_number AND l.transaction_hash = t.tx_id
      AND l.log_index = t.log_index + 1 AND t.token = l.chain || '/erc20:' || l.address
      AND l.topic0 = '0x57bc7354aa85aed339e000bccffabbc529466af35f0772c8f8ee1145927de7f0'
  WHERE t.finality = 'finalized' AND t.to_address = '0x5e771ed0000000000000000000000000000000c0'
  GROUP BY l.topic3, a.currency
), tolerances AS (
  SELECT currency, replace(max(tolerance)::DECIMAL(38, 18)::VARCHAR, '.', '')::BIGNUM AS tolerance FROM accepted GROUP BY currency
)
SELECT i.payment_reference, i.customer, i.currency, i.amount AS owed, coalesce(r.receipts, 0) AS receipts,
  regexp_replace(repeat('0', 18) || coalesce(r.units, 0::BIGNUM)::VARCHAR, '^0*([0-9]+)([0-9]{18})$', '\\1.\\2') AS received,
  CASE WHEN r.units IS NULL THEN 'open' WHEN r.units + n.tolerance < i.owed THEN 'short'
    WHEN r.units > i.owed + n.tolerance THEN 'over' ELSE 'paid' END AS standing
FROM receivables i LEFT JOIN receipts r USING (memo, currency) LEFT JOIN tolerances n USING (currency)
ORDER BY i.payment_reference, i.currency`;

/** What receipts in coins lost or gained from the hour they came in to the hour they were settled, six hours later, by the last full hour's VWAP. */
export const SETTLEMENT_DRIFT = `WITH receipts AS (
  SELECT tx_id, token, block_time, block_time + INTERVAL 6 HOURS AS settled_at, TRY_CAST(amount AS DECIMAL(19, 9)) AS amount
  FROM blockchain.transfers
  WHERE finality = 'finalized' AND to_address = '0x5e771ed0000000000000000000000000000000c0' AND kind = 'erc20'
), prices AS (
  SELECT token, hour + INTERVAL 1 HOUR AS known_at, TRY_CAST(vwap AS DECIMAL(18, 8)) AS price
  FROM blockchain.token_price_hourly WHERE quote_currency = 'USD' AND vwap IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY token, hour ORDER BY base_volume_raw::BIGNUM DESC, quote) = 1
), valued AS (
  SELECT r.*, p.price AS price_in FROM receipts r ASOF JOIN prices p ON p.token = r.token AND p.known_at <= r.block_time
), settled AS (
  SELECT v.*, p.price AS price_out FROM valued v ASOF JOIN prices p ON p.token = v.token AND p.known_at <= v.settled_at
  WHERE v.settled_at <= (SELECT max(known_at) FROM prices)
)
SELECT token, block_time, tx_id, amount, price_in, price_out, amount * (price_out - price_in) AS drift_usd
FROM settled ORDER BY token, block_time, tx_id`;

/** Demand for groups of materials, week by week, of groups that at least ten purchasers bought: what the brokerage domain asks, and sells. */
export const DEMAND_INDEX = `WITH lines AS (
  SELECT date_trunc('week', p.event_date)::DATE AS week, p.client_key, unnest(e.items) AS item
  FROM ga4.purchases p JOIN ga4.events e ON e.event_key = p.event_key
), materials AS (
  SELECT matnr_ext, min(matkl) AS material_group FROM sap.material WHERE matkl IS NOT NULL GROUP BY matnr_ext
), demand AS (
  SELECT l.week, m.material_group, count(DISTINCT l.client_key) AS purchasers, sum(coalesce(l.item.quantity, 1))::BIGINT AS units
  FROM lines l JOIN materials m ON m.matnr_ext = l.item.item_id
  GROUP BY l.week, m.material_group HAVING count(DISTINCT l.client_key) >= 10
)
SELECT week, material_group, purchasers, units,
  (((2000 * units * count(*) OVER w + sum(units) OVER w) // (2 * sum(units) OVER w))::DECIMAL(18, 0) * 0.1)::DECIMAL(9, 1) AS demand_index
FROM demand WINDOW w AS (PARTITION BY week)
ORDER BY week, material_group`;

/** What domains have earned by the sale of products that are made of theirs, and what no lineage explains. */
export const ROYALTIES_BY_LINEAGE = `WITH RECURSIVE lineage AS (
  SELECT product, input_name FROM ga4.lineage WHERE input_kind = 'product' AND column_name IS NULL
  UNION SELECT product, input_name FROM sap.lineage WHERE input_kind = 'product' AND column_name IS NULL
  UNION SELECT product, input_name FROM brokerage.lineage WHERE input_kind = 'product' AND column_name IS NULL
), made_of(sold, product) AS (
  SELECT product, product FROM brokerage.listings
  UNION SELECT m.sold, l.input_name FROM made_of m JOIN lineage l ON l.product = m.product
), earned AS (
  SELECT r.domain, r.product, r.currency, count(*) AS charges, sum(r.credit_cents) AS cents
  FROM brokerage.royalty_ledger r JOIN brokerage.listings s ON s.listing_id = r.listing_id
    JOIN made_of m ON m.sold = s.product AND m.product = r.product
  WHERE r.domain IS NOT NULL GROUP BY r.domain, r.product, r.currency
), charged AS (
  SELECT currency, sum(debit_cents) AS cents FROM brokerage.royalty_ledger WHERE domain IS NULL GROUP BY currency
)
SELECT e.domain, e.product, e.currency, e.charges, e.cents AS earned_cents, c.cents - sum(e.cents) OVER (PARTITION BY e.currency) AS unexplained_cents
FROM charged c LEFT JOIN earned e USING (currency)
ORDER BY e.domain, e.product, e.currency`;
