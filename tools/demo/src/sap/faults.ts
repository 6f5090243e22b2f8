import { SkeinError } from '@skein/kernel';
import type { PlantedFault } from '../planted.ts';
import type { Random } from '../random.ts';
import { lineOf, type DemoRow, type DemoTable } from './table.ts';

type Values = Record<string, string>;

interface FaultKind extends Omit<PlantedFault, 'count' | 'meant'> {
  readonly table: 'mara' | 'mard' | 'vbak' | 'vbap' | 'bseg' | 'products' | 'items';
  /** Rows that can hold the fault. */
  fits?(row: Values): boolean;
  /** The column that `plant` changes, where what stood there is what the fault means. */
  readonly column?: string;
  /** Changes the row; absent where a further line is what is wrong. */
  plant?(row: Values): void;
  /** A line of its own, made of the row's. */
  line?(line: string): string;
}

const MATERIAL = 'sap.material';
const STOCK = 'sap.inventory_position';
const SALES = 'sap.sales_order_items';
const RECEIVABLES = 'sap.open_receivables';

const padded = (column: string) => (row: Values) => (row[column] ?? '').startsWith('0');
const unpad = (column: string) => (row: Values) => void (row[column] = (row[column] ?? '').replace(/^0+/, ''));
const set = (column: string, value: string) => (row: Values) => void (row[column] = value);
/** Materials without stock: what refers to a refused material would be refused too. */
const unused = (row: Values) => row['MATKL'] === 'OLD';
/** Items that are published: of a customer, and open. */
const open = (row: Values) => row['KOART'] === 'D' && row['AUGBL'] === '';
/** Headers know the only item under them, by its position. */
const lone = (row: Values) => row['item'] !== undefined;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** `20260312`, or `2026-03-12`, as `12-Mar-2026`. */
function withMonthInLetters(day: string): string {
  const digits = day.replaceAll('-', '');
  return `${Number(digits.slice(6, 8))}-${MONTHS[Number(digits.slice(4, 6)) - 1]}-${digits.slice(0, 4)}`;
}
/** The same days as `2026-03-12`. */
const plainDay = (day: string): string => day.replace(/^(\d{4})-?(\d\d)-?(\d\d)$/, '$1-$2-$3');

/** Every fault of the SAP demo source with its stated rate. */
export const SAP_FAULTS = {
  material_twice: {
    table: 'mara',
    rate: 0.02,
    expected: 'deduplicated',
    product: MATERIAL,
    rule: 'source_system,mandt,matnr',
    description: 'the same material twice in one extract',
    line: (line) => line,
  },
  material_zeros_lost: {
    table: 'mara',
    rate: 0.03,
    expected: 'repaired',
    product: MATERIAL,
    rule: 'matnr:zero_padding',
    description: 'a material number that a spreadsheet took for a number',
    fits: padded('MATNR'),
    plant: unpad('MATNR'),
  },
  unit_in_lower_case: {
    table: 'mara',
    rate: 0.02,
    expected: 'repaired',
    product: MATERIAL,
    rule: 'base_uom:unit_case',
    description: 'a unit of measure in lower case',
    plant: (row) => void (row['MEINS'] = row['MEINS']?.toLowerCase() ?? ''),
  },
  blank_around_group: {
    table: 'mara',
    rate: 0.02,
    expected: 'repaired',
    product: MATERIAL,
    rule: 'matkl:whitespace',
    description: 'blanks around the material group',
    plant: (row) => void (row['MATKL'] = ` ${row['MATKL']} `),
  },
  impossible_creation_date: {
    table: 'mara',
    rate: 0.02,
    expected: 'refused',
    product: MATERIAL,
    rule: 'created_on.type',
    description: 'a DATS value that no calendar has',
    fits: unused,
    plant: set('ERSDA', '20260230'),
  },
  unknown_unit: {
    table: 'mara',
    rate: 0.02,
    expected: 'refused',
    product: MATERIAL,
    rule: 'base_uom.pattern',
    description: 'a unit of measure that SAP does not have',
    fits: unused,
    plant: set('MEINS', 'STUECK'),
  },
  negative_weight: {
    table: 'mara',
    rate: 0.02,
    expected: 'refused',
    product: MATERIAL,
    rule: 'net_weight.minimum',
    description: 'a net weight below zero',
    fits: unused,
    plant: set('NTGEW', '-1.250'),
  },
  placeholder_material: {
    table: 'products',
    rate: 0.025,
    expected: 'refused',
    product: MATERIAL,
    rule: 'matnr.pattern',
    description: '#, which stands for "not assigned", among the products',
    plant: set('PRODUCTID', '#'),
  },

  position_twice: {
    table: 'mard',
    rate: 0.01,
    expected: 'deduplicated',
    product: STOCK,
    rule: 'source_system,mandt,matnr,werks,lgort,special_stock',
    description: 'the same storage location record twice',
    line: (line) => line,
  },
  position_zeros_lost: {
    table: 'mard',
    rate: 0.02,
    expected: 'repaired',
    product: STOCK,
    rule: 'matnr:zero_padding',
    description: 'a material number without its zeros',
    fits: padded('MATNR'),
    plant: unpad('MATNR'),
  },
  storage_location_zeros_lost: {
    table: 'mard',
    rate: 0.02,
    expected: 'repaired',
    product: STOCK,
    rule: 'lgort:zero_padding',
    description: 'a storage location without its zeros',
    plant: unpad('LGORT'),
  },
  minus_behind_stock: {
    table: 'mard',
    rate: 0.03,
    expected: 'repaired',
    product: STOCK,
    rule: 'unrestricted:trailing_minus',
    description: 'negative stock with the sign behind, in a plant that may book below zero',
    fits: (row) => row['WERKS'] === '1100',
    plant: set('LABST', '3.000-'),
  },
  negative_stock: {
    table: 'mard',
    rate: 0.005,
    expected: 'refused',
    product: STOCK,
    rule: 'unrestricted.negative_stock',
    description: 'negative stock in a plant that may not book below zero',
    fits: (row) => row['WERKS'] === '1000',
    plant: set('LABST', '-4.000'),
  },
  unreadable_stock: {
    table: 'mard',
    rate: 0.005,
    expected: 'refused',
    product: STOCK,
    rule: 'unrestricted.type',
    description: 'words where a quantity belongs',
    plant: set('LABST', 'see list'),
  },
  alien_decimal_comma: {
    table: 'mard',
    rate: 0.005,
    expected: 'refused',
    product: STOCK,
    rule: 'quality.type',
    description: 'a decimal comma in a file of decimal points',
    plant: set('INSME', '2,5'),
  },
  orphan_position: {
    table: 'mard',
    rate: 0.005,
    expected: 'refused',
    product: STOCK,
    rule: 'matnr.reference',
    description: 'stock of a material that has no master',
    plant: (row) => void (row['MATNR'] = `X${row['MATNR']?.slice(-10)}`),
  },
  malformed_position: {
    table: 'mard',
    rate: 0.003,
    expected: 'refused',
    product: STOCK,
    rule: 'source.malformed',
    description: 'a line with more fields than the header',
    line: (line) => `${line},0.000,extra`,
  },

  item_twice: {
    table: 'vbap',
    rate: 0.002,
    expected: 'deduplicated',
    product: SALES,
    rule: 'source_system,mandt,vbeln,posnr',
    description: 'the same sales item twice',
    line: (line) => line,
  },
  document_zeros_lost: {
    table: 'vbap',
    rate: 0.004,
    expected: 'repaired',
    product: SALES,
    rule: 'vbeln:zero_padding',
    description: 'a document number without its zeros',
    plant: unpad('VBELN'),
  },
  item_material_zeros_lost: {
    table: 'vbap',
    rate: 0.004,
    expected: 'repaired',
    product: SALES,
    rule: 'matnr:zero_padding',
    description: 'a material number without its zeros',
    fits: padded('MATNR'),
    plant: unpad('MATNR'),
  },
  minus_behind_amount: {
    table: 'vbap',
    rate: 0.004,
    expected: 'repaired',
    product: SALES,
    rule: 'netwr:trailing_minus',
    description: 'a credit with the sign behind',
    plant: (row) => void (row['NETWR'] += '-'),
  },
  currency_in_lower_case: {
    table: 'vbap',
    rate: 0.004,
    expected: 'repaired',
    product: SALES,
    rule: 'waerk:currency_case',
    description: 'a currency in lower case',
    plant: (row) => void (row['WAERK'] = row['WAERK']?.toLowerCase() ?? ''),
  },
  customer_zeros_lost: {
    table: 'vbak',
    rate: 0.02,
    expected: 'repaired',
    product: SALES,
    rule: 'sold_to:zero_padding',
    description: 'a customer without its zeros, in a document of one item',
    fits: lone,
    plant: unpad('KUNNR'),
  },
  unreadable_amount: {
    table: 'vbap',
    rate: 0.002,
    expected: 'refused',
    product: SALES,
    rule: 'netwr.type',
    description: 'a formula error where an amount belongs',
    plant: set('NETWR', '#VALUE!'),
  },
  missing_item_number: {
    table: 'vbap',
    rate: 0.001,
    expected: 'refused',
    product: SALES,
    rule: 'posnr.required',
    description: 'a sales item without its number',
    fits: (row) => row['POSNR'] === '000010',
    plant: set('POSNR', ''),
  },
  unknown_sales_unit: {
    table: 'vbap',
    rate: 0.001,
    expected: 'refused',
    product: SALES,
    rule: 'sales_unit.pattern',
    description: 'a sales unit that SAP does not have',
    plant: set('VRKME', 'PALLET'),
  },
  malformed_item: {
    table: 'vbap',
    rate: 0.001,
    expected: 'refused',
    product: SALES,
    rule: 'source.malformed',
    description: 'a line cut short',
    line: (line) => line.split(',').slice(0, 4).join(','),
  },
  impossible_order_date: {
    table: 'vbak',
    rate: 0.01,
    expected: 'refused',
    product: SALES,
    rule: 'ordered_on.type',
    description: 'an order date that no calendar has, in a document of one item',
    fits: lone,
    plant: set('ERDAT', '20261301'),
  },

  outlet_zeros_lost: {
    table: 'items',
    rate: 0.005,
    expected: 'repaired',
    product: SALES,
    rule: 'posnr:zero_padding',
    description: 'an item number without its zeros, from the subsidiary',
    plant: unpad('SALESORDERITEM'),
  },
  unassigned_product: {
    table: 'items',
    rate: 0.003,
    expected: 'repaired',
    product: SALES,
    rule: 'matnr:unassigned',
    description: 'an item of no product, written #',
    plant: set('PRODUCTID', '#'),
  },
  alien_decimal_point: {
    table: 'items',
    rate: 0.002,
    expected: 'refused',
    product: SALES,
    rule: 'netwr.type',
    description: 'a decimal point in a file of decimal commas',
    plant: set('NETAMOUNT', '1049.13'),
  },
  ambiguous_amount: {
    table: 'items',
    rate: 0.002,
    expected: 'refused',
    product: SALES,
    rule: 'netwr.type',
    description: '1.234 in a file of decimal commas without groups: a thousand, or one and a bit',
    plant: set('NETAMOUNT', '1.234'),
  },
  impossible_delivery_date: {
    table: 'items',
    rate: 0.002,
    expected: 'refused',
    product: SALES,
    rule: 'delivery_date.type',
    description: 'a delivery date with slashes, whose day and month could change places',
    plant: set('DELIVERYDATE', '03/04/2026'),
  },
  creation_month_in_letters: {
    table: 'mara',
    rate: 0.04,
    expected: 'healed',
    product: MATERIAL,
    rule: 'created_on.type',
    description: 'a creation date as a spreadsheet shows it',
    column: 'ERSDA',
    plant: (row) => void (row['ERSDA'] = withMonthInLetters(row['ERSDA'] ?? '')),
  },
  delivery_month_in_letters: {
    table: 'items',
    rate: 0.01,
    expected: 'healed',
    product: SALES,
    rule: 'delivery_date.type',
    description: 'a delivery date as a spreadsheet shows it',
    column: 'DELIVERYDATE',
    plant: (row) => void (row['DELIVERYDATE'] = withMonthInLetters(row['DELIVERYDATE'] ?? '')),
  },

  receivable_twice: {
    table: 'bseg',
    rate: 0.01,
    expected: 'deduplicated',
    product: RECEIVABLES,
    rule: 'source_system,mandt,bukrs,belnr,gjahr,buzei',
    description: 'the same open item twice',
    fits: open,
    line: (line) => line,
  },
  receivable_item_zeros_lost: {
    table: 'bseg',
    rate: 0.02,
    expected: 'repaired',
    product: RECEIVABLES,
    rule: 'buzei:zero_padding',
    description: 'an open item whose number lost its zeros',
    fits: open,
    plant: unpad('BUZEI'),
  },
  debtor_zeros_lost: {
    table: 'bseg',
    rate: 0.02,
    expected: 'repaired',
    product: RECEIVABLES,
    rule: 'customer_key:zero_padding',
    description: 'a customer without zeros, who must keep the one key',
    fits: open,
    plant: unpad('KUNNR'),
  },
  minus_behind_receivable: {
    table: 'bseg',
    rate: 0.01,
    expected: 'repaired',
    product: RECEIVABLES,
    rule: 'amount:trailing_minus',
    description: 'an amount below zero with the sign behind',
    fits: open,
    plant: (row) => void (row['WRBTR'] += '-'),
  },
  unreadable_receivable: {
    table: 'bseg',
    rate: 0.01,
    expected: 'refused',
    product: RECEIVABLES,
    rule: 'amount.type',
    description: 'a formula error where an open amount belongs',
    fits: open,
    plant: set('WRBTR', '#REF!'),
  },
  impossible_baseline_date: {
    table: 'bseg',
    rate: 0.01,
    expected: 'refused',
    product: RECEIVABLES,
    rule: 'due_date.type',
    description: 'a baseline date that no calendar has',
    fits: open,
    plant: set('ZFBDT', '20260631'),
  },
  receivable_of_nobody: {
    table: 'bseg',
    rate: 0.005,
    expected: 'refused',
    product: RECEIVABLES,
    rule: 'customer_key.required',
    description: 'an open item without its customer',
    fits: open,
    plant: set('KUNNR', ''),
  },
  malformed_receivable: {
    table: 'bseg',
    rate: 0.005,
    expected: 'refused',
    product: RECEIVABLES,
    rule: 'source.malformed',
    description: 'an item cut short',
    fits: open,
    line: (line) => line.split(',').slice(0, 7).join(','),
  },
} as const satisfies Record<string, FaultKind>;

export type SapFault = keyof typeof SAP_FAULTS;

/**
 * Plants every kind at its rate of the rows that fit it, at least once; a row holds one fault at most. Returns the ledger.
 */
export function plantFaults(random: Random, tables: Readonly<Record<FaultKind['table'], DemoTable>>): Record<SapFault, PlantedFault> {
  const planted = (Object.entries(SAP_FAULTS) as [SapFault, FaultKind][]).map(([name, kind]): [SapFault, PlantedFault] => {
    const table = tables[kind.table];
    const fitting = table.rows.flatMap((row, index) => ((kind.fits?.(row.values) ?? true) ? [index] : []));
    const meant: Record<string, string> = {};
    const wanted = Math.max(1, Math.round(fitting.length * kind.rate));
    for (const index of choose(
      random.fork(name),
      fitting.filter((at) => !table.rows[at]?.faulty && !itemUnder(table.rows[at], tables)?.faulty),
      wanted,
    )) {
      const row = table.rows[index] as DemoRow;
      row.faulty = true;
      const item = itemUnder(row, tables);
      if (item) item.faulty = true;
      if (kind.line) table.odd.push({ after: Math.min(index + random.below(5), table.rows.length - 1), text: kind.line(lineOf(table, row)) });
      else {
        const before = row.values[kind.column ?? ''] ?? '';
        kind.plant?.(row.values);
        if (kind.column !== undefined) meant[row.values[kind.column] ?? ''] = plainDay(before);
        row.refused = kind.expected === 'refused';
      }
    }
    const { expected, product, rule, rate, description } = kind;
    return [
      name,
      { count: wanted, expected, product, ...(rule === undefined ? {} : { rule }), ...(kind.column === undefined ? {} : { meant }), rate, description },
    ];
  });
  return Object.fromEntries(planted) as Record<SapFault, PlantedFault>;
}

/** A fault in a header is one of its item too. */
function itemUnder(row: DemoRow | undefined, tables: Readonly<Record<FaultKind['table'], DemoTable>>): DemoRow | undefined {
  const at = row?.values['item'];
  return at === undefined ? undefined : tables.vbap.rows[Number(at)];
}

function choose(random: Random, free: number[], wanted: number): number[] {
  if (free.length < wanted) throw new SkeinError('SKEIN_CONFIG_INVALID', `only ${free.length} rows are left for ${wanted} faults: more rows are needed`);
  for (let index = 0; index < wanted; index++) {
    const other = index + random.below(free.length - index);
    [free[index], free[other]] = [free[other] as number, free[index] as number];
  }
  return free.slice(0, wanted);
}
