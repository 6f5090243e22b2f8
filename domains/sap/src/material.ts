import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { preferredText } from './language.ts';
import { externalNumber } from './reading.ts';

/** sap.material: one row for each material of a system and client, with its text in English or the next language there is. */
export function material(contract: Contract): DataProduct {
  return {
    id: 'sap.material',
    layer: 'silver',
    contract,
    step: {
      name: 'conform_material',
      from: ['mara', 'makt', 'products', 'product_texts'],
      sql: `WITH
        masters AS (
          SELECT source_system, mandt, matnr, mtart, matkl, meins AS base_uom, brgew AS gross_weight, ntgew AS net_weight, gewei AS weight_unit, ean11 AS ean,
            lvorm AS deletion_flag, ersda AS created_on, laeda AS changed_on, _file, _row, _repairs, _invalid FROM mara
          UNION ALL
          SELECT source_system, mandt, productid, typecode, prodcategoryid, quantityunit, weightmeasure, NULL, weightunit, NULL,
            false, createdat, changedat, _file, _row, _repairs, _invalid FROM products),
        texts AS (
          ${preferredText('makt', ['source_system', 'mandt', 'matnr'], 'maktx', 'spras')}
          UNION ALL
          ${preferredText('product_texts', ['source_system', 'mandt', 'productid'], 'medium_descr', 'language')})
        SELECT m.source_system, m.mandt, m.matnr, coalesce(${externalNumber('m.matnr')}, '') AS matnr_ext, m.mtart, m.matkl, m.base_uom, m.gross_weight, m.net_weight, m.weight_unit,
          m.ean, m.deletion_flag, m.created_on, m.changed_on, t.description, t.description_language, m._file, m._row, list_concat(m._repairs, coalesce(t.repairs, [])) AS _repairs, m._invalid
        FROM masters m LEFT JOIN texts t ON t.source_system = m.source_system AND t.mandt = m.mandt AND t.matnr = m.matnr`,
      repairable: ['created_on', 'changed_on'],
      dedupe: { by: ['source_system', 'mandt', 'matnr'], keep: '_row DESC' },
      lineage: {
        mandt: ['mara.mandt'],
        matnr: ['mara.matnr', 'products.productid'],
        matnr_ext: ['mara.matnr', 'products.productid'],
        mtart: ['mara.mtart', 'products.typecode'],
        matkl: ['mara.matkl', 'products.prodcategoryid'],
        base_uom: ['mara.meins', 'products.quantityunit'],
        gross_weight: ['mara.brgew', 'products.weightmeasure'],
        net_weight: ['mara.ntgew'],
        weight_unit: ['mara.gewei', 'products.weightunit'],
        ean: ['mara.ean11'],
        deletion_flag: ['mara.lvorm'],
        created_on: ['mara.ersda', 'products.createdat'],
        changed_on: ['mara.laeda', 'products.changedat'],
        description: ['makt.maktx', 'product_texts.medium_descr'],
        description_language: ['makt.spras', 'product_texts.language'],
      },
    },
  };
}
