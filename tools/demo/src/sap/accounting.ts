import { randomFrom, type Random } from '../random.ts';
import { amount, CLIENT, day, STORED } from './company.ts';
import { demoTable, type DemoTable } from './table.ts';

/** Fewer invoices would not hold one fault of each kind. */
const LEAST_INVOICES = 300;

/** An invoice as it was issued and is not cleared. */
export interface DemoInvoice {
  /** What the customer is asked to name when paying. */
  readonly reference: string;
  readonly currency: string;
  /** In 10^-18 of the currency. */
  readonly owed: bigint;
}

/** The accounting documents of a demo company of this seed and volume, before faults are planted in them. */
export function demoDocuments(seed: number, rows: number): { bkpf: DemoTable; bseg: DemoTable } {
  // By a generator of their own: what the other tables hold does not hang on them.
  return accountingDocuments(randomFrom(seed).fork('accounting'), Math.max(LEAST_INVOICES, Math.ceil(rows / 25)));
}

/** What customers owe by those documents: open invoices, without credit memos. */
export function demoInvoices(seed: number, rows: number): DemoInvoice[] {
  const { bkpf, bseg } = demoDocuments(seed, rows);
  const currencies = new Map(bkpf.rows.map(({ values }) => [values['BELNR'], values['WAERS'] ?? '']));
  return bseg.rows.flatMap(({ values }) => {
    const { KOART, AUGBL, SHKZG, KIDNO = '', WRBTR = '' } = values;
    if (KOART !== 'D' || AUGBL !== '' || SHKZG !== 'S') return [];
    const currency = currencies.get(values['BELNR'] ?? '') ?? '';
    // CURR is stored with two decimals, whatever the currency has.
    return [{ reference: KIDNO, currency, owed: BigInt(WRBTR.replace('.', '')) * 10n ** (18n - BigInt(CURRENCY_DECIMALS[currency] ?? 2)) }];
  });
}

const CURRENCY_DECIMALS: Readonly<Record<string, number>> = { EUR: 2, JPY: 0, KWD: 3 };

/**
 * Invoices to other traders and some credit memos: an item of the customer and one of the revenue in each. Three of five are open, and the others were
 * cleared by a payment; each states what the customer is asked to name when paying.
 */
function accountingDocuments(random: Random, invoices: number): { bkpf: DemoTable; bseg: DemoTable } {
  const headers: Record<string, string>[] = [];
  const items: Record<string, string>[] = [];
  for (let document = 0; document < invoices; document += 1) {
    const BELNR = String(1_800_000_000 + document);
    const company = random.chance(0.85) ? { BUKRS: '1000', currency: 'EUR' as const } : { BUKRS: 'JP01', currency: 'JPY' as const };
    const currency = random.chance(0.9) ? company.currency : 'KWD';
    const credit = random.chance(0.05);
    const posted = random.below(90);
    const euros = 500 + random.below(500_000);
    const key = { MANDT: CLIENT, BUKRS: company.BUKRS, BELNR, GJAHR: '2026' };
    headers.push({ ...key, BLART: credit ? 'DG' : 'RV', BLDAT: day(posted), BUDAT: day(posted), WAERS: currency, XBLNR: `00${90_000_000 + document}` });
    const sums = { WRBTR: amount(Math.round(euros * STORED[currency])), DMBTR: amount(Math.round(euros * STORED[company.currency])) };
    const cleared = random.chance(0.4);
    items.push({
      ...key,
      BUZEI: '001',
      KOART: 'D',
      KUNNR: String(100_000 + random.below(400)).padStart(10, '0'),
      SHKZG: credit ? 'H' : 'S',
      ...sums,
      AUGBL: cleared ? String(1_400_000_000 + document) : '',
      AUGDT: cleared ? day(posted + 10) : '00000000',
      ZFBDT: random.chance(0.9) ? day(posted + 1) : '00000000',
      ZTERM: credit ? '' : 'ZB30',
      ZBD1T: credit ? '0' : '14',
      ZBD2T: credit ? '0' : '30',
      ZBD3T: '0',
      KIDNO: `SK${BELNR}`,
      ZUONR: `00${90_000_000 + document}`,
    });
    items.push({ ...key, BUZEI: '002', KOART: 'S', KUNNR: '', SHKZG: credit ? 'S' : 'H', ...sums, AUGBL: '', AUGDT: '00000000', ZFBDT: '00000000' });
  }
  return {
    bkpf: demoTable('BKPF.csv', 'MANDT BUKRS BELNR GJAHR BLART BLDAT BUDAT WAERS XBLNR', headers),
    bseg: demoTable('BSEG.csv', 'MANDT BUKRS BELNR GJAHR BUZEI KOART KUNNR SHKZG WRBTR DMBTR AUGBL AUGDT ZFBDT ZTERM ZBD1T ZBD2T ZBD3T KIDNO ZUONR', items),
  };
}
