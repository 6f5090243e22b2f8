import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { CURRENCY_DECIMALS, trueAmount } from './currency.ts';
import { externalNumber } from './reading.ts';

/** Half up, on integers, since the engine divides decimals as floating-point numbers. */
const roundedQuotient = (numerator: string, denominator: string) =>
  `(sign(${numerator})::HUGEINT * ((2 * abs(${numerator}) + ${denominator}) // (2 * ${denominator})))`;

/**
 * sap.inventory_position: stock by material, plant, storage location and special stock, with what the plant plans by.
 * Vendor consignment stock of a storage location (special stock K) is a row of its own where there is any.
 */
export function inventoryPosition(contract: Contract): DataProduct {
  const stock = '(unrestricted + in_transit + quality + restricted_use + blocked)';
  // Quantity has 3 decimals, price 4: their product in integers has 7, the value 2.
  const valueSql = `(${roundedQuotient(`((${stock} * 1000)::HUGEINT * (price * 10000)::HUGEINT)`, '(price_unit::HUGEINT * 100000)')}::DECIMAL(38, 0) / 100)`;
  const stocks = ['unrestricted', 'quality', 'blocked', 'restricted_use', 'in_transit'];
  const negativeStock = `CASE WHEN negative_stock_allowed OR least(${stocks.join(', ')}) >= 0 THEN [] ELSE list_filter([${stocks
    .map((name) => `CASE WHEN ${name} < 0 THEN {'column': '${name}', 'value': ${name}::VARCHAR, 'rule': 'negative_stock'} END`)
    .join(', ')}], lambda fault: fault IS NOT NULL) END`;
  return {
    id: 'sap.inventory_position',
    layer: 'silver',
    contract,
    step: {
      name: 'conform_inventory',
      from: ['mard', 'marc', 'mbew', 'mara', 't001w', 't001k', 't001', 'tcurx'],
      sql: `WITH ${CURRENCY_DECIMALS},
        stocks AS (
          SELECT source_system, mandt, matnr, werks, lgort, '' AS special_stock, coalesce(labst, 0) AS unrestricted, coalesce(insme, 0) AS quality, coalesce(speme, 0) AS blocked,
            coalesce(einme, 0) AS restricted_use, coalesce(umlme, 0) AS in_transit, _file, _row, _repairs, _invalid FROM mard
          UNION ALL
          SELECT source_system, mandt, matnr, werks, lgort, 'K', coalesce(klabs, 0), coalesce(kinsm, 0), coalesce(kspem, 0), coalesce(keinm, 0), 0, _file, _row, [], [] FROM mard
            WHERE coalesce(klabs, 0) <> 0 OR coalesce(kinsm, 0) <> 0 OR coalesce(kspem, 0) <> 0 OR coalesce(keinm, 0) <> 0),
        units AS (SELECT source_system, mandt, matnr, any_value(meins) AS base_uom FROM mara GROUP BY ALL),
        prices AS (
          SELECT v.source_system, v.mandt, v.matnr, v.bwkey, v.lbkum, c.waers AS currency, CASE WHEN v.vprsv = 'S' THEN v.stprs ELSE v.verpr END AS stored,
            greatest(coalesce(v.peinh, 1), 1) AS price_unit, CASE WHEN c.waers IS NULL OR d.currency IS NULL THEN 2 ELSE d.decimals END AS decimals, v._file, v._row, v._repairs, v._invalid
          FROM mbew v
          LEFT JOIN t001k k ON k.source_system = v.source_system AND k.mandt = v.mandt AND k.bwkey = v.bwkey
          LEFT JOIN t001 c ON c.source_system = v.source_system AND c.mandt = k.mandt AND c.bukrs = k.bukrs
          LEFT JOIN currency_decimals d ON d.currency = c.waers),
        planned AS (
          SELECT s.* EXCLUDE (_file, _row, _repairs, _invalid), u.base_uom, p.plifz AS lead_time_days, p.eisbe AS safety_stock, p.minbe AS reorder_point,
            coalesce(p.xmcng, false) AS negative_stock_allowed, coalesce(w.bwkey, s.werks) AS valuation_area, v.lbkum AS valuated_stock,
            (coalesce(p.umlmc, 0) + coalesce(p.trame, 0))::DECIMAL(13, 3) AS plant_in_transit, v.currency AS stock_currency,
            ${trueAmount('v.stored', 'v.decimals')} AS price, v.price_unit,
            -- A row that is refused for a fault in its plant or valuation data points there.
            CASE WHEN len(s._invalid) > 0 THEN {'file': s._file, 'row': s._row} WHEN len(p._invalid) > 0 THEN {'file': p._file, 'row': p._row}
              WHEN len(v._invalid) > 0 THEN {'file': v._file, 'row': v._row} ELSE {'file': s._file, 'row': s._row} END AS position,
            CASE WHEN special_stock = '' THEN list_concat(s._repairs, coalesce(p._repairs, []), coalesce(v._repairs, [])) ELSE [] END AS _repairs,
            list_concat(s._invalid, coalesce(p._invalid, []), coalesce(v._invalid, [])) AS _invalid
          FROM stocks s
          LEFT JOIN units u ON u.source_system = s.source_system AND u.mandt = s.mandt AND u.matnr = s.matnr
          LEFT JOIN marc p ON p.source_system = s.source_system AND p.mandt = s.mandt AND p.matnr = s.matnr AND p.werks = s.werks
          LEFT JOIN t001w w ON w.source_system = s.source_system AND w.mandt = s.mandt AND w.werks = s.werks
          LEFT JOIN prices v ON v.source_system = s.source_system AND v.mandt = s.mandt AND v.matnr = s.matnr AND v.bwkey = coalesce(w.bwkey, s.werks))
        SELECT source_system, mandt, matnr, werks, lgort, special_stock, coalesce(${externalNumber('matnr')}, '') AS matnr_ext, base_uom,
          unrestricted::DECIMAL(13, 3) AS unrestricted, quality::DECIMAL(13, 3) AS quality, blocked::DECIMAL(13, 3) AS blocked, restricted_use::DECIMAL(13, 3) AS restricted_use,
          in_transit::DECIMAL(13, 3) AS in_transit, plant_in_transit, lead_time_days, safety_stock, reorder_point, negative_stock_allowed, valuation_area, valuated_stock,
          CASE WHEN special_stock = '' THEN ${valueSql}::DECIMAL(23, 2) END AS stock_value, CASE WHEN special_stock = '' THEN stock_currency END AS stock_currency,
          position."file" AS _file, position."row" AS _row, _repairs, list_concat(_invalid, ${negativeStock}) AS _invalid
        FROM planned`,
      dedupe: { by: ['source_system', 'mandt', 'matnr', 'werks', 'lgort', 'special_stock'], keep: '_row DESC' },
      lineage: {
        mandt: ['mard.mandt'],
        matnr: ['mard.matnr'],
        werks: ['mard.werks'],
        lgort: ['mard.lgort'],
        special_stock: ['mard.klabs', 'mard.kinsm', 'mard.kspem', 'mard.keinm'],
        matnr_ext: ['mard.matnr'],
        base_uom: ['mara.meins'],
        unrestricted: ['mard.labst', 'mard.klabs'],
        quality: ['mard.insme', 'mard.kinsm'],
        blocked: ['mard.speme', 'mard.kspem'],
        restricted_use: ['mard.einme', 'mard.keinm'],
        in_transit: ['mard.umlme'],
        plant_in_transit: ['marc.umlmc', 'marc.trame'],
        lead_time_days: ['marc.plifz'],
        safety_stock: ['marc.eisbe'],
        reorder_point: ['marc.minbe'],
        negative_stock_allowed: ['marc.xmcng'],
        valuation_area: ['t001w.bwkey', 'mard.werks'],
        valuated_stock: ['mbew.lbkum'],
        stock_value: [
          'mard.labst',
          'mard.umlme',
          'mard.insme',
          'mard.einme',
          'mard.speme',
          'mbew.vprsv',
          'mbew.stprs',
          'mbew.verpr',
          'mbew.peinh',
          't001.waers',
          'tcurx.currdec',
        ],
        stock_currency: ['t001.waers'],
      },
    },
  };
}
