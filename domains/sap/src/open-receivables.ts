import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { CURRENCY_DECIMALS, trueAmount } from './currency.ts';

// A row that is refused for a fault in its header points there.
const FROM_HEADER = `len(i._invalid) = 0 AND len(h._invalid) > 0`;

/** Debits are owed to the company, credits by it. Anything else has no sign, and is refused by the contract's pattern. */
const SIGN = `CASE debit_credit WHEN 'S' THEN 1 WHEN 'H' THEN -1 END`;

/**
 * Net due date, as SAP reckons it (DETERMINE_DUE_DATE): the baseline date, or else the document's, and the days of the last condition that has any;
 * a credit memo that refers to no invoice is due on the baseline date.
 */
const DUE = `coalesce(zfbdt, document_date)::DATE + CASE WHEN debit_credit = 'H' AND rebzg IS NULL THEN 0
  ELSE coalesce(nullif(zbd3t, 0), nullif(zbd2t, 0), zbd1t, 0) END::INTEGER`;

const decimals = (table: string): string => `CASE WHEN ${table}.currency IS NULL THEN 2 ELSE ${table}.decimals END`;
const unscaled = (column: string, stored: string, currency: string): string =>
  `CASE WHEN ${stored} IS NOT NULL AND ${currency} IS NOT NULL AND ${column} IS NULL THEN {'column': '${column}', 'value': ${stored} || ' ' || ${currency}, 'rule': 'currency_decimals'} END`;

/**
 * sap.open_receivables: one row for each item of a customer that no document has cleared (no AUGBL), from documents (BSEG with BKPF) and from the index
 * of open items (BSID), where the documents themselves were not delivered. Amounts are true ones, debits above zero and credits below. The customer's
 * number does not leave the step: `customer_key` stands for it.
 */
export function openReceivables(contract: Contract): DataProduct {
  return {
    id: 'sap.open_receivables',
    layer: 'silver',
    contract,
    step: {
      name: 'open_items',
      from: ['bseg', 'bkpf', 'bsid', 'tcurx', 't001'],
      sql: `WITH ${CURRENCY_DECIMALS},
        of_documents AS (
          SELECT i.* EXCLUDE (koart, _file, _row, _sequence, _repairs, _invalid), h.blart, h.bldat, h.budat, h.waers, h.xblnr,
            CASE WHEN ${FROM_HEADER} THEN h._file ELSE i._file END AS _file, CASE WHEN ${FROM_HEADER} THEN h._row ELSE i._row END AS _row,
            list_concat(i._repairs, coalesce(h._repairs, [])) AS _repairs, list_concat(i._invalid, coalesce(h._invalid, [])) AS _invalid
          FROM bseg i LEFT JOIN bkpf h ON h.source_system = i.source_system AND h.mandt = i.mandt AND h.bukrs = i.bukrs AND h.belnr = i.belnr AND h.gjahr = i.gjahr),
        items AS (
          SELECT * FROM of_documents
          UNION ALL BY NAME
          SELECT b.* EXCLUDE (_sequence) FROM bsid b WHERE NOT EXISTS (
            SELECT 1 FROM bseg i WHERE i.source_system = b.source_system AND i.mandt = b.mandt AND i.bukrs = b.bukrs AND i.belnr = b.belnr AND i.gjahr = b.gjahr AND i.buzei = b.buzei)),
        named AS (
          SELECT i.*, upper(i.shkzg) AS debit_credit, i.bldat AS document_date, i.waers AS currency, t.waers AS local_currency
          FROM items i LEFT JOIN t001 t ON t.source_system = i.source_system AND t.mandt = i.mandt AND t.bukrs = i.bukrs
          WHERE i.augbl IS NULL),
        scaled AS (
          SELECT n.*, (${SIGN} * ${trueAmount('n.wrbtr', decimals('d'))})::DECIMAL(23, 4) AS amount,
            CASE WHEN local_currency IS NOT NULL THEN (${SIGN} * ${trueAmount('n.dmbtr', decimals('l'))})::DECIMAL(23, 4) END AS amount_local
          FROM named n LEFT JOIN currency_decimals d ON d.currency = n.currency LEFT JOIN currency_decimals l ON l.currency = n.local_currency),
        judged AS (
          SELECT * EXCLUDE (_invalid), list_concat(_invalid, CASE WHEN debit_credit IN ('S', 'H') THEN
            list_filter([${unscaled('amount', 'wrbtr', 'currency')}, ${unscaled('amount_local', 'dmbtr', 'local_currency')}], lambda fault: fault IS NOT NULL) ELSE [] END) AS _invalid
          FROM scaled)
        SELECT source_system, mandt, bukrs, belnr, gjahr, buzei,
          CASE WHEN kunnr IS NOT NULL THEN sha256(concat_ws('|', 'kunnr', source_system, mandt, kunnr)) END AS customer_key,
          amount, currency, amount_local, local_currency, debit_credit, ${DUE} AS due_date, zfbdt AS baseline_date, document_date, budat AS posting_date,
          blart AS document_type, zterm AS payment_terms, kidno AS payment_reference, xblnr AS reference, zuonr AS assignment, umskz AS special_ledger,
          _file, _row, _repairs, _invalid
        FROM judged`,
      dedupe: { by: ['source_system', 'mandt', 'bukrs', 'belnr', 'gjahr', 'buzei'], keep: '_row DESC' },
      lineage: {
        mandt: ['bseg.mandt', 'bsid.mandt'],
        bukrs: ['bseg.bukrs', 'bsid.bukrs'],
        belnr: ['bseg.belnr', 'bsid.belnr'],
        gjahr: ['bseg.gjahr', 'bsid.gjahr'],
        buzei: ['bseg.buzei', 'bsid.buzei'],
        customer_key: ['bseg.kunnr', 'bsid.kunnr'],
        amount: ['bseg.wrbtr', 'bseg.shkzg', 'bkpf.waers', 'bsid.wrbtr', 'bsid.shkzg', 'bsid.waers', 'tcurx.currdec'],
        currency: ['bkpf.waers', 'bsid.waers'],
        amount_local: ['bseg.dmbtr', 'bseg.shkzg', 'bsid.dmbtr', 'bsid.shkzg', 't001.waers', 'tcurx.currdec'],
        local_currency: ['t001.waers'],
        debit_credit: ['bseg.shkzg', 'bsid.shkzg'],
        due_date: ['bseg.zfbdt', 'bseg.zbd1t', 'bseg.zbd2t', 'bseg.zbd3t', 'bkpf.bldat', 'bsid.zfbdt', 'bsid.zbd1t', 'bsid.zbd2t', 'bsid.zbd3t', 'bsid.bldat'],
        baseline_date: ['bseg.zfbdt', 'bsid.zfbdt'],
        document_date: ['bkpf.bldat', 'bsid.bldat'],
        posting_date: ['bkpf.budat', 'bsid.budat'],
        document_type: ['bkpf.blart', 'bsid.blart'],
        payment_terms: ['bseg.zterm', 'bsid.zterm'],
        payment_reference: ['bseg.kidno', 'bsid.kidno'],
        reference: ['bkpf.xblnr', 'bsid.xblnr'],
        assignment: ['bseg.zuonr', 'bsid.zuonr'],
        special_ledger: ['bseg.umskz', 'bsid.umskz'],
      },
    },
  };
}
