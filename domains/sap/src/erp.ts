import { literal } from '@skein/kernel';
import type { BronzeTable } from '@skein/product';
import { currency, date, decimal, flag, integer, material, optionalMaterial, padded, text, timeOfDay, unit, verbatim } from './reading.ts';
import { erpTables } from './source.ts';
import { typedTable, type TypedTable } from './typed-table.ts';

/**
 * Tables of SAP ERP do not say which system they come from; clients (MANDT) part their rows. One data directory holds the
 * extracts of one ERP system.
 */
export const ERP_SYSTEM = 'erp';

const client = { reading: padded(3, { zero: true }) };
const quantity = (becomes: string) => ({ reading: decimal(13, 3), becomes });

function erp(table: Omit<TypedTable, 'source' | 'derived' | 'dictionaryForm' | 'replicated'> & { readonly replicated?: boolean }): BronzeTable {
  return typedTable({ dictionaryForm: true, replicated: true, ...table, source: erpTables.name, derived: { source_system: literal(ERP_SYSTEM) } });
}

/** Material master, general data. */
export const mara = erp({
  name: 'mara',
  key: ['mandt', 'matnr'],
  keep: 'versions',
  columns: {
    mandt: client,
    matnr: { reading: material },
    mtart: { reading: text },
    matkl: { reading: text },
    meins: { reading: unit, becomes: 'base_uom' },
    brgew: quantity('gross_weight'),
    ntgew: quantity('net_weight'),
    gewei: { reading: unit, becomes: 'weight_unit' },
    ean11: { reading: text, becomes: 'ean' },
    lvorm: { reading: flag, becomes: 'deletion_flag' },
    ersda: { reading: date, becomes: 'created_on' },
    laeda: { reading: date, becomes: 'changed_on' },
  },
});

/** Material descriptions, one for each language. */
export const makt = erp({
  name: 'makt',
  key: ['mandt', 'matnr', 'spras'],
  keep: 'one',
  columns: {
    mandt: client,
    matnr: { reading: material },
    spras: { reading: verbatim, becomes: 'description_language' },
    maktx: { reading: verbatim, becomes: 'description' },
  },
});

/** Material master, plant data. */
export const marc = erp({
  name: 'marc',
  key: ['mandt', 'matnr', 'werks'],
  keep: 'one',
  columns: {
    mandt: client,
    matnr: { reading: material },
    werks: { reading: padded(4) },
    plifz: { reading: integer, becomes: 'lead_time_days' },
    eisbe: quantity('safety_stock'),
    minbe: quantity('reorder_point'),
    xmcng: { reading: flag, becomes: 'negative_stock_allowed' },
    umlmc: quantity('plant_in_transit'),
    trame: quantity('plant_in_transit'),
  },
});

/** Material master, storage location: stocks of one's own, and of vendors (K…). */
export const mard = erp({
  name: 'mard',
  key: ['mandt', 'matnr', 'werks', 'lgort'],
  keep: 'versions',
  columns: {
    mandt: client,
    matnr: { reading: material },
    werks: { reading: padded(4) },
    lgort: { reading: padded(4) },
    labst: quantity('unrestricted'),
    insme: quantity('quality'),
    speme: quantity('blocked'),
    einme: quantity('restricted_use'),
    umlme: quantity('in_transit'),
    klabs: quantity('unrestricted'),
    kinsm: quantity('quality'),
    kspem: quantity('blocked'),
    keinm: quantity('restricted_use'),
  },
});

/** Material valuation; the record without valuation type (BWTAR) is the total of a valuation area. */
export const mbew = erp({
  name: 'mbew',
  key: ['mandt', 'matnr', 'bwkey'],
  keep: 'one',
  only: 'bwtar IS NULL',
  columns: {
    mandt: client,
    matnr: { reading: material },
    bwkey: { reading: padded(4), becomes: 'valuation_area' },
    bwtar: { reading: verbatim },
    lbkum: quantity('valuated_stock'),
    salk3: { reading: decimal(15, 2), becomes: 'stock_value' },
    vprsv: { reading: text, becomes: 'stock_value' },
    stprs: { reading: decimal(13, 2), becomes: 'stock_value' },
    verpr: { reading: decimal(13, 2), becomes: 'stock_value' },
    peinh: { reading: decimal(5, 0), becomes: 'stock_value' },
  },
});

/** Sales document headers. */
export const vbak = erp({
  name: 'vbak',
  key: ['mandt', 'vbeln'],
  keep: 'one',
  columns: {
    mandt: client,
    vbeln: { reading: padded(10) },
    erdat: { reading: date, becomes: 'ordered_on' },
    erzet: { reading: timeOfDay, becomes: 'ordered_at' },
    vdatu: { reading: date, becomes: 'delivery_date' },
    kunnr: { reading: padded(10), becomes: 'sold_to' },
    vkorg: { reading: text, becomes: 'sales_organisation' },
    waerk: { reading: currency },
  },
});

/** Sales document items. */
export const vbap = erp({
  name: 'vbap',
  key: ['mandt', 'vbeln', 'posnr'],
  keep: 'versions',
  columns: {
    mandt: client,
    vbeln: { reading: padded(10) },
    posnr: { reading: padded(6) },
    matnr: { reading: optionalMaterial },
    netwr: { reading: decimal(15, 2) },
    waerk: { reading: currency },
    kwmeng: { reading: decimal(15, 3), becomes: 'quantity' },
    vrkme: { reading: unit, becomes: 'sales_unit' },
    abgru: { reading: text, becomes: 'status' },
    gbsta: { reading: text, becomes: 'status' },
  },
});

/** Decimal places of currencies that have not two. */
export const tcurx = erp({
  name: 'tcurx',
  key: ['currkey'],
  keep: 'one',
  columns: { currkey: { reading: currency }, currdec: { reading: integer, becomes: 'netwr' } },
});

/** Company codes and their currencies. */
export const t001 = erp({
  name: 't001',
  key: ['mandt', 'bukrs'],
  keep: 'one',
  columns: { mandt: client, bukrs: { reading: padded(4) }, waers: { reading: currency, becomes: 'stock_currency' } },
});

/** Valuation areas and their company codes. */
export const t001k = erp({
  name: 't001k',
  key: ['mandt', 'bwkey'],
  keep: 'one',
  columns: { mandt: client, bwkey: { reading: padded(4) }, bukrs: { reading: padded(4) } },
});

/** Plants and their valuation areas. */
export const t001w = erp({
  name: 't001w',
  key: ['mandt', 'werks'],
  keep: 'one',
  columns: { mandt: client, werks: { reading: padded(4) }, bwkey: { reading: padded(4), becomes: 'valuation_area' } },
});

const amount = { reading: decimal(15, 2), becomes: 'amount' };
const localAmount = { reading: decimal(15, 2), becomes: 'amount_local' };
const days = { reading: integer, becomes: 'due_date' };

/** What items of accounting documents say of a receivable, wherever they are kept. */
const receivable = {
  mandt: client,
  bukrs: { reading: padded(4) },
  belnr: { reading: padded(10) },
  gjahr: { reading: padded(4) },
  buzei: { reading: padded(3) },
  kunnr: { reading: padded(10), becomes: 'customer_key' },
  wrbtr: amount,
  dmbtr: localAmount,
  shkzg: { reading: text, becomes: 'debit_credit' },
  augbl: { reading: padded(10), becomes: 'clearing_document' },
  zfbdt: { reading: date, becomes: 'due_date' },
  zbd1t: days,
  zbd2t: days,
  zbd3t: days,
  rebzg: { reading: padded(10), becomes: 'due_date' },
  zterm: { reading: text, becomes: 'payment_terms' },
  kidno: { reading: verbatim, becomes: 'payment_reference' },
  zuonr: { reading: verbatim, becomes: 'assignment' },
  umskz: { reading: text, becomes: 'special_ledger' },
} as const;

/** What headers of accounting documents say; items of BSID carry it themselves. */
const document = {
  blart: { reading: text, becomes: 'document_type' },
  bldat: { reading: date, becomes: 'document_date' },
  budat: { reading: date, becomes: 'posting_date' },
  waers: { reading: currency, becomes: 'currency' },
  xblnr: { reading: verbatim, becomes: 'reference' },
} as const;

/** Items of accounting documents: those of customers (account type D). */
export const bseg = erp({
  name: 'bseg',
  key: ['mandt', 'bukrs', 'belnr', 'gjahr', 'buzei'],
  keep: 'versions',
  only: `coalesce(upper(koart), CASE WHEN kunnr IS NOT NULL THEN 'D' END) = 'D'`,
  columns: { ...receivable, koart: { reading: verbatim } },
});

/** Headers of accounting documents. */
export const bkpf = erp({
  name: 'bkpf',
  key: ['mandt', 'bukrs', 'belnr', 'gjahr'],
  keep: 'one',
  columns: { mandt: client, bukrs: { reading: padded(4) }, belnr: { reading: padded(10) }, gjahr: { reading: padded(4) }, ...document },
});

/** The index of open items of customers, which repeats what document and item say. */
export const bsid = erp({
  name: 'bsid',
  key: ['mandt', 'bukrs', 'belnr', 'gjahr', 'buzei'],
  keep: 'versions',
  columns: { ...receivable, ...document },
});
