import type { Random } from '../random.ts';
import { day } from './company.ts';
import { demoTable, type DemoTable } from './table.ts';

export interface Outlet {
  readonly products: DemoTable;
  readonly orders: DemoTable;
  readonly items: DemoTable;
  readonly plain: readonly DemoTable[];
}

const DIALECT = { delimiter: ';', byteOrderMark: true } as const;
const comma = (cents: number): string =>
  `${Math.floor(cents / 100)}${
    cents % 100 === 0
      ? ''
      : `,${String(cents % 100)
          .padStart(2, '0')
          .replace(/0$/, '')}`
  }`;

/** A subsidiary with a system of its own, exported like SAP's Datasphere content: semicolons, byte order mark, decimal comma. */
export function outlet(random: Random, items: number): Outlet {
  const articles = Array.from({ length: 40 }, (_, index) => ({
    id: `MZ-FG-${['R', 'C', 'E', 'P'][index % 4]}${100 + index}`,
    cents: 5_000 + random.below(400_000),
  }));
  const products = demoTable(
    'Products.csv',
    'PRODUCTID TYPECODE PRODCATEGORYID CREATEDBY CREATEDAT CHANGEDBY CHANGEDAT SUPPLIER_PARTNERID TAXTARIFFCODE QUANTITYUNIT WEIGHTMEASURE WEIGHTUNIT CURRENCY PRICE',
    articles.map(({ id, cents }) => ({
      PRODUCTID: id,
      TYPECODE: 'PR',
      PRODCATEGORYID: 'MZ',
      CREATEDBY: '0000000009',
      CREATEDAT: '20181003',
      CHANGEDBY: '0000000009',
      CHANGEDAT: '20181003',
      SUPPLIER_PARTNERID: '0100000000',
      TAXTARIFFCODE: '1',
      QUANTITYUNIT: 'EA',
      WEIGHTMEASURE: `${5 + random.below(20)},${1 + random.below(9)}`,
      WEIGHTUNIT: 'KG',
      CURRENCY: 'USD',
      PRICE: comma(cents),
    })),
    DIALECT,
  );
  const texts = demoTable(
    'ProductTexts.csv',
    'PRODUCTID LANGUAGE SHORT_DESCR MEDIUM_DESCR LONG_DESCR',
    articles.map(({ id }) => ({ PRODUCTID: id, LANGUAGE: 'EN', SHORT_DESCR: `Mountain ${id}`, MEDIUM_DESCR: '', LONG_DESCR: '' })),
    DIALECT,
  );
  const headers: Record<string, string>[] = [];
  const lines: Record<string, string>[] = [];
  while (lines.length < items) {
    const SALESORDERID = String(200_000_000 + headers.length).padStart(10, '0');
    const ordered = random.below(90);
    const status = random.pick(['C', 'C', 'C', 'I', 'X']);
    headers.push({
      SALESORDERID,
      CREATEDBY: '0000000004',
      CREATEDAT: day(ordered),
      CHANGEDBY: '0000000004',
      CHANGEDAT: day(ordered + 2),
      FISCALYEARVARIANT: 'K4',
      FISCALYEARPERIOD: '2026006',
      NOTEID: '',
      PARTNERID: String(100_000_000 + random.below(60)).padStart(10, '0'),
      SALESORG: random.pick(['APJ', 'EMEA', 'AMER']),
      CURRENCY: 'USD',
      LIFECYCLESTATUS: status,
      BILLINGSTATUS: status,
      DELIVERYSTATUS: status,
    });
    const count = Math.min(items - lines.length, 1 + random.below(6));
    for (let item = 1; item <= count; item++) {
      const article = random.pick(articles);
      const units = 1 + random.below(9);
      const net = Math.round(article.cents * units * 0.875);
      lines.push({
        SALESORDERID,
        SALESORDERITEM: String(item * 10).padStart(10, '0'),
        PRODUCTID: article.id,
        NOTEID: '',
        CURRENCY: 'USD',
        GROSSAMOUNT: comma(article.cents * units),
        NETAMOUNT: comma(net),
        TAXAMOUNT: comma(article.cents * units - net),
        ITEMATPSTATUS: 'I',
        OPITEMPOS: '',
        QUANTITY: String(units),
        QUANTITYUNIT: 'EA',
        DELIVERYDATE: day(ordered + 20 + random.below(30)),
      });
    }
  }
  return {
    products,
    orders: demoTable(
      'SalesOrders.csv',
      'SALESORDERID CREATEDBY CREATEDAT CHANGEDBY CHANGEDAT FISCALYEARVARIANT FISCALYEARPERIOD NOTEID PARTNERID SALESORG CURRENCY LIFECYCLESTATUS BILLINGSTATUS DELIVERYSTATUS',
      headers,
      DIALECT,
    ),
    items: demoTable(
      'SalesOrderItems.csv',
      'SALESORDERID SALESORDERITEM PRODUCTID NOTEID CURRENCY GROSSAMOUNT NETAMOUNT TAXAMOUNT ITEMATPSTATUS OPITEMPOS QUANTITY QUANTITYUNIT DELIVERYDATE',
      lines,
      DIALECT,
    ),
    plain: [texts],
  };
}
