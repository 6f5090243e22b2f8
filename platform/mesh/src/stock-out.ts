/**
 * Stock-out risk: what the web shop sells (GA4) against what the plants hold and how long a new delivery takes (SAP).
 *
 * Per material: μ and σ of daily units over all days of the export (days without a sale count as zero), LT the longest
 * planned delivery time of the plants that hold it, reorder point = μ·LT + z·σ·√LT with z = 1.645 (95 % service level;
 * Silver, Pyke and Thomas, Inventory and Production Management in Supply Chains, 4th ed., ch. 6). At risk: stock at or
 * below the reorder point.
 */
export const STOCK_OUT_SQL = `WITH days AS (
  SELECT count(DISTINCT event_date) AS n FROM ga4.item_demand_daily
), demand AS (
  SELECT item_id, sum(units) / any_value(n) AS mean_daily,
    sqrt(greatest(sum(units * units) - sum(units) * sum(units) / any_value(n), 0) / greatest(any_value(n) - 1, 1)) AS sd_daily
  FROM ga4.item_demand_daily, days GROUP BY item_id
), stock AS (
  SELECT matnr_ext, sum(unrestricted) AS on_hand, max(lead_time_days) AS lead_days
  FROM sap.inventory_position GROUP BY matnr_ext
)
SELECT s.matnr_ext AS material, m.description, s.on_hand, round(d.mean_daily, 2) AS units_per_day,
  round(s.on_hand / nullif(d.mean_daily, 0), 1) AS days_of_cover, s.lead_days,
  ceil(d.mean_daily * s.lead_days + 1.645 * d.sd_daily * sqrt(s.lead_days)) AS reorder_point
FROM stock s JOIN demand d ON d.item_id = s.matnr_ext JOIN sap.material m ON m.matnr_ext = s.matnr_ext
WHERE s.on_hand <= d.mean_daily * s.lead_days + 1.645 * d.sd_daily * sqrt(s.lead_days)
ORDER BY s.on_hand - (d.mean_daily * s.lead_days + 1.645 * d.sd_daily * sqrt(s.lead_days)), material
LIMIT 10`;
