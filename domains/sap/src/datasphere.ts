import { literal } from '@skein/kernel';
import { currency, date, decimal, material, optionalMaterial, padded, text, unit, verbatim } from './reading.ts';
import { datasphereContent } from './source.ts';
import { typedTable, type TypedTable } from './typed-table.ts';

/** Datasphere content has no client: 000, the client that never holds business data, stands in. */
export const CONTENT_CLIENT = '000';

/**
 * The folder that a file lies in names its system, so that equal keys of two systems stay apart; files that lie in no
 * folder are of the system `datasphere`.
 */
const SYSTEM = `coalesce(nullif(trim(regexp_replace(lower(regexp_extract(_file, '([^/]+)/[^/]+$', 1)), '[^a-z0-9]+', '_', 'g'), '_'), ''), 'datasphere')`;

const content = (table: Omit<TypedTable, 'source' | 'derived' | 'replicated'>) =>
  typedTable({ ...table, source: datasphereContent.name, replicated: false, derived: { source_system: SYSTEM, mandt: literal(CONTENT_CLIENT) } });

export const products = content({
  name: 'products',
  key: ['productid'],
  keep: 'versions',
  columns: {
    productid: { reading: material, becomes: 'matnr' },
    typecode: { reading: text, becomes: 'mtart' },
    prodcategoryid: { reading: text, becomes: 'matkl', alias: ['productcategoryid'] },
    quantityunit: { reading: unit, becomes: 'base_uom' },
    weightmeasure: { reading: decimal(13, 3), becomes: 'gross_weight' },
    weightunit: { reading: unit, becomes: 'weight_unit' },
    createdat: { reading: date, becomes: 'created_on' },
    changedat: { reading: date, becomes: 'changed_on' },
  },
});

export const productTexts = content({
  name: 'product_texts',
  key: ['productid', 'language'],
  keep: 'one',
  columns: {
    productid: { reading: material, becomes: 'matnr' },
    language: { reading: verbatim, becomes: 'description_language' },
    medium_descr: { reading: verbatim, becomes: 'description', alias: ['short_descr', 'long_descr'] },
  },
});

export const salesOrders = content({
  name: 'sales_orders',
  key: ['salesorderid'],
  keep: 'one',
  columns: {
    salesorderid: { reading: padded(10), becomes: 'vbeln' },
    createdat: { reading: date, becomes: 'ordered_on' },
    partnerid: { reading: padded(10, { unassigned: true }), becomes: 'sold_to' },
    salesorg: { reading: text, becomes: 'sales_organisation' },
    lifecyclestatus: { reading: text, becomes: 'status' },
  },
});

export const salesOrderItemsContent = content({
  name: 'sales_order_items_content',
  key: ['salesorderid', 'salesorderitem'],
  keep: 'versions',
  columns: {
    salesorderid: { reading: padded(10), becomes: 'vbeln' },
    salesorderitem: { reading: padded(6), becomes: 'posnr' },
    productid: { reading: optionalMaterial, becomes: 'matnr' },
    netamount: { reading: decimal(23, 4), becomes: 'netwr' },
    currency: { reading: currency, becomes: 'waerk' },
    quantity: { reading: decimal(15, 3), becomes: 'quantity' },
    quantityunit: { reading: unit, becomes: 'sales_unit' },
    deliverydate: { reading: date, becomes: 'delivery_date' },
  },
});
