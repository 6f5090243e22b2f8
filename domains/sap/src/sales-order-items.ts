import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { CURRENCY_DECIMALS, trueAmount } from './currency.ts';
import { externalNumber } from './reading.ts';

/** Overall status: GBSTA of S/4HANA (A, B, C) and the life cycle of Datasphere content (N, I, P, C, X). */
const STATUS = `CASE status_code WHEN 'A' THEN 'open' WHEN 'N' THEN 'open' WHEN 'I' THEN 'open' WHEN 'B' THEN 'in_process' WHEN 'P' THEN 'in_process'
  WHEN 'C' THEN 'completed' WHEN 'X' THEN 'cancelled' WHEN 'rejected' THEN 'rejected' ELSE CASE WHEN status_code IS NOT NULL THEN 'unknown' END END`;

// A row that is refused for a fault in its header points there.
const FROM_HEADER = `len(i._invalid) = 0 AND len(h._invalid) > 0`;
const SOURCE = `CASE WHEN ${FROM_HEADER} THEN h._file ELSE i._file END AS _file, CASE WHEN ${FROM_HEADER} THEN h._row ELSE i._row END AS _row,
  list_concat(i._repairs, coalesce(h._repairs, [])) AS _repairs, list_concat(i._invalid, coalesce(h._invalid, [])) AS _invalid`;

/**
 * sap.sales_order_items: one row for each item of a sales document, with what its header says. `netwr` is the true amount
 * in `waerk`; items without a header keep NULL in the header's columns.
 */
export function salesOrderItems(contract: Contract): DataProduct {
  return {
    id: 'sap.sales_order_items',
    layer: 'silver',
    contract,
    step: {
      name: 'conform_sales',
      from: ['vbap', 'vbak', 'tcurx', 'sales_order_items_content', 'sales_orders'],
      sql: `WITH ${CURRENCY_DECIMALS},
        erp_items AS (
          SELECT i.source_system, i.mandt, i.vbeln, i.posnr, i.matnr, i.netwr AS stored, coalesce(i.waerk, h.waerk) AS waerk, i.kwmeng AS quantity, i.vrkme AS sales_unit,
            h.erdat AS ordered_on, h.erdat::TIMESTAMP + to_seconds(h.erzet) AS ordered_at, h.vdatu AS delivery_date,
            CASE WHEN i.abgru IS NOT NULL THEN 'rejected' ELSE i.gbsta END AS status_code, h.kunnr AS sold_to, h.vkorg AS sales_organisation, ${SOURCE}
          FROM vbap i LEFT JOIN vbak h ON h.source_system = i.source_system AND h.mandt = i.mandt AND h.vbeln = i.vbeln),
        scaled AS (
          SELECT e.*, ${trueAmount('e.stored', 'CASE WHEN d.currency IS NULL THEN 2 ELSE d.decimals END')} AS netwr
          FROM erp_items e LEFT JOIN currency_decimals d ON d.currency = e.waerk),
        united AS (
          SELECT * EXCLUDE (stored, netwr, _invalid), netwr,
            CASE WHEN stored IS NOT NULL AND netwr IS NULL THEN list_append(_invalid, {'column': 'netwr', 'value': stored || ' ' || waerk, 'rule': 'currency_decimals'}) ELSE _invalid END AS _invalid
          FROM scaled
          UNION ALL BY NAME
          SELECT i.source_system, i.mandt, i.salesorderid AS vbeln, i.salesorderitem AS posnr, i.productid AS matnr, i.netamount AS netwr, i.currency AS waerk, i.quantity,
            i.quantityunit AS sales_unit, h.createdat AS ordered_on, NULL::TIMESTAMP AS ordered_at, i.deliverydate AS delivery_date, h.lifecyclestatus AS status_code,
            h.partnerid AS sold_to, h.salesorg AS sales_organisation, ${SOURCE}
          FROM sales_order_items_content i LEFT JOIN sales_orders h ON h.source_system = i.source_system AND h.salesorderid = i.salesorderid)
        SELECT source_system, mandt, vbeln, posnr, matnr, ${externalNumber('matnr')} AS matnr_ext, netwr, waerk, quantity, sales_unit, ordered_on, ordered_at, delivery_date,
          ${STATUS} AS status, status_code, sold_to, sales_organisation, _file, _row, _repairs, _invalid
        FROM united`,
      repairable: ['delivery_date', 'sales_unit'],
      dedupe: { by: ['source_system', 'mandt', 'vbeln', 'posnr'], keep: '_row DESC' },
      lineage: {
        mandt: ['vbap.mandt'],
        vbeln: ['vbap.vbeln', 'sales_order_items_content.salesorderid'],
        posnr: ['vbap.posnr', 'sales_order_items_content.salesorderitem'],
        matnr: ['vbap.matnr', 'sales_order_items_content.productid'],
        matnr_ext: ['vbap.matnr', 'sales_order_items_content.productid'],
        netwr: ['vbap.netwr', 'vbap.waerk', 'tcurx.currdec', 'sales_order_items_content.netamount'],
        waerk: ['vbap.waerk', 'vbak.waerk', 'sales_order_items_content.currency'],
        quantity: ['vbap.kwmeng', 'sales_order_items_content.quantity'],
        sales_unit: ['vbap.vrkme', 'sales_order_items_content.quantityunit'],
        ordered_on: ['vbak.erdat', 'sales_orders.createdat'],
        ordered_at: ['vbak.erdat', 'vbak.erzet'],
        delivery_date: ['vbak.vdatu', 'sales_order_items_content.deliverydate'],
        status: ['vbap.abgru', 'vbap.gbsta', 'sales_orders.lifecyclestatus'],
        status_code: ['vbap.abgru', 'vbap.gbsta', 'sales_orders.lifecyclestatus'],
        sold_to: ['vbak.kunnr', 'sales_orders.partnerid'],
        sales_organisation: ['vbak.vkorg', 'sales_orders.salesorg'],
      },
    },
  };
}
