import type { Contract } from '@skein/contract';
import { conformedStep, conformedTable, namedFiles, type BronzeTable, type DataProduct, type Source } from '@skein/product';

const ROWS = { name: 'demand_answers', source: 'demand_index_files', table: 'demand_index', shape: 'json' } as const;

/**
 * What the mesh answers to this domain. Fewer than ten purchasers of a group in a week are too few to be told, and what is told is
 * reckoned from the groups alone that are.
 */
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

/** Answers of the mesh, as `demandIndexFile` writes them. */
export const demandFiles: Source = { ...namedFiles('demand_index', 'json'), answers: ['ga4.purchases', 'ga4.events', 'sap.material'] };

export const demandAnswers = (contract: Contract): BronzeTable => conformedTable(contract, ROWS);

/** brokerage.demand_index: how demand for groups of materials compares, without groups that too few bought. */
export function demandIndex(contract: Contract): DataProduct {
  return { id: 'brokerage.demand_index', layer: 'gold', contract, step: { name: 'take_over_answer', ...conformedStep(contract, ROWS) } };
}
