import type { DemoMaterial } from '../materials.ts';
import { weighted, type Random } from '../random.ts';
import { demoTable, type DemoTable } from './table.ts';

/** The ERP client of the demo company. */
export const CLIENT = '100';
/** Units that the demo shop sells for each of its events, and the days its export spans: what the plants plan by. */
const UNITS_PER_EVENT = 0.019;
const DAYS = 8;

const PLANTS = [
  { plant: '1000', name: 'Hamburg', company: '1000', currency: 'EUR', negative: false },
  { plant: '1100', name: 'Lyon', company: '1000', currency: 'EUR', negative: true },
  { plant: '2000', name: 'Osaka', company: 'JP01', currency: 'JPY', negative: false },
] as const;

/** What SAP stores for one euro: CURR keeps two decimals, whatever the currency has. */
export const STORED = { EUR: 1, JPY: 1.62, KWD: 3.3 } as const;

export interface Company {
  readonly mara: DemoTable;
  readonly mard: DemoTable;
  readonly vbak: DemoTable;
  readonly vbap: DemoTable;
  /** Tables that hold no faults and follow from the others. */
  readonly plain: readonly DemoTable[];
  /** Valuation, from the stocks that products will show. */
  valuation(): DemoTable;
}

/** Internal form of a material number: digits alone fill 18 places. */
export const internal = (number: string): string => (/^[0-9]+$/.test(number) ? number.padStart(18, '0') : number);
export const quantity = (units: number): string => `${units}.000`;
/** `YYYYMMDD`, some days after 2026-06-01. */
export const day = (after: number): string => new Date(Date.UTC(2026, 5, 1 + after)).toISOString().slice(0, 10).replaceAll('-', '');
export const amount = (cents: number): string =>
  `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
const cents = (price: string): number => Number(price.replace('.', ''));

/** Tables of the ERP system, without faults. `events` is the volume of the shop's source, `items` of sales documents. */
export function company(random: Random, materials: readonly DemoMaterial[], events: number, items: number): Company {
  const masters = random.fork('masters');
  // Numbers that the shop no longer sells: no stock, and nothing refers to them.
  const obsolete = Array.from({ length: Math.max(10, Math.ceil(materials.length / 5)) }, (_, index) => ({
    number: String(90_000_000 + index * 7 + masters.below(7)),
    group: 'OLD',
    type: 'HAWA',
    unit: 'ST',
    description: `Discontinued ${index + 1}`,
  }));
  const mara = demoTable(
    'MARA.csv',
    'MANDT MATNR ERSDA LAEDA MTART MATKL MEINS BRGEW NTGEW GEWEI LVORM',
    [...materials, ...obsolete].map(({ number, group, type, unit }) => {
      const grams = 100 + masters.below(20_000);
      return {
        MANDT: CLIENT,
        MATNR: internal(number),
        ERSDA: day(-masters.below(2000) - 1),
        LAEDA: masters.chance(0.8) ? day(-masters.below(300)) : '00000000',
        MTART: type,
        MATKL: group,
        MEINS: unit,
        BRGEW: amountOfGrams(grams + 50),
        NTGEW: amountOfGrams(grams),
        GEWEI: 'KG',
        LVORM: group === 'OLD' ? 'X' : '',
      };
    }),
  );
  const makt = demoTable(
    'makt.csv',
    'MANDT MATNR SPRAS MAKTX MAKTG',
    [...materials, ...obsolete].flatMap(({ number, description }) =>
      (
        [
          ['E', description],
          ['D', `${description}, Ausführung „Straße“`],
        ] as const
      ).map(([SPRAS, MAKTX]) => ({ MANDT: CLIENT, MATNR: internal(number), SPRAS, MAKTX, MAKTG: MAKTX.toUpperCase() })),
    ),
  );
  const stocks = stock(random.fork('stock'), materials, (events * UNITS_PER_EVENT) / DAYS);
  const sales = salesDocuments(random.fork('sales'), materials, items);
  const t001w = demoTable(
    'T001W.csv',
    'MANDT WERKS NAME1 BWKEY',
    PLANTS.map(({ plant, name }) => ({ MANDT: CLIENT, WERKS: plant, NAME1: name, BWKEY: plant })),
  );
  const t001k = demoTable(
    'T001K.csv',
    'MANDT BWKEY BUKRS',
    PLANTS.map(({ plant, company: BUKRS }) => ({ MANDT: CLIENT, BWKEY: plant, BUKRS })),
  );
  const t001 = demoTable('T001.csv', 'MANDT BUKRS WAERS', [
    { MANDT: CLIENT, BUKRS: '1000', WAERS: 'EUR' },
    { MANDT: CLIENT, BUKRS: 'JP01', WAERS: 'JPY' },
  ]);
  const tcurx = demoTable('TCURX.csv', 'CURRKEY CURRDEC', [
    { CURRKEY: 'JPY', CURRDEC: '0' },
    { CURRKEY: 'KWD', CURRDEC: '3' },
  ]);
  return {
    mara,
    mard: stocks.mard,
    ...sales,
    plain: [makt, stocks.marc, t001w, t001k, t001, tcurx],
    valuation: () => valuation(materials, stocks.mard),
  };
}

function amountOfGrams(grams: number): string {
  return `${Math.floor(grams / 1000)}.${String(grams % 1000).padStart(3, '0')}`;
}

/**
 * Positions and plant data. A quarter of the materials are short: they hold 20 to 80 % of what sells while a delivery is on
 * its way; the others hold two to six times that, and at least 25.
 */
function stock(random: Random, materials: readonly DemoMaterial[], unitsPerDay: number): { mard: DemoTable; marc: DemoTable } {
  const positions: Record<string, string>[] = [];
  const plans: Record<string, string>[] = [];
  for (const material of materials) {
    const MATNR = internal(material.number);
    const needed = material.popularity * unitsPerDay * material.leadTimeDays;
    const units = random.chance(0.25) ? Math.round(needed * (0.2 + 0.6 * random.unit())) : Math.ceil(needed * (2 + 4 * random.unit())) + 25;
    const held = PLANTS.filter((_, index) => index === 0 || random.chance(index === 1 ? 0.5 : 0.2));
    const places = held.flatMap(({ plant }) => (random.chance(0.5) ? ['0001'] : ['0001', '0002']).map((place) => ({ plant, place })));
    for (const [index, { plant, place }] of places.entries()) {
      const share = Math.floor(units / places.length) + (index < units % places.length ? 1 : 0);
      const position = {
        INSME: random.chance(0.1) ? random.below(5) : 0,
        SPEME: random.chance(0.05) ? random.below(3) : 0,
        UMLME: random.chance(0.1) ? random.below(10) : 0,
      };
      positions.push({
        MANDT: CLIENT,
        MATNR,
        WERKS: plant,
        LGORT: place,
        LABST: quantity(share),
        UMLME: quantity(position.UMLME),
        INSME: quantity(position.INSME),
        EINME: quantity(0),
        SPEME: quantity(position.SPEME),
        KLABS: quantity(0),
      });
    }
    for (const { plant, negative } of held) {
      const plan = {
        mandt: CLIENT,
        matnr: MATNR,
        werks: plant,
        plifz: String(material.leadTimeDays),
        eisbe: quantity(Math.ceil(needed * 0.2)),
        minbe: quantity(Math.ceil(needed * 1.2)),
        xmcng: negative ? 'X' : '',
        umlmc: quantity(0),
        trame: quantity(0),
        operation_flag: 'I',
        is_deleted: 'false',
        recordstamp: '2026-05-01 06:00:00 UTC',
      };
      // A replication keeps what was: an older delivery time comes before or after the one that counts.
      const older = random.chance(0.1)
        ? [{ ...plan, plifz: String(material.leadTimeDays + 30), operation_flag: 'U', recordstamp: '2026-04-01 06:00:00 UTC' }]
        : [];
      plans.push(...(random.chance(0.5) ? [...older, plan] : [plan, ...older]));
    }
  }
  return {
    mard: demoTable('mard_2026.csv', 'MANDT MATNR WERKS LGORT LABST UMLME INSME EINME SPEME KLABS', positions),
    marc: demoTable('marc.csv', 'mandt matnr werks plifz eisbe minbe xmcng umlmc trame operation_flag is_deleted recordstamp', plans),
  };
}

/** Valuated stock and price by plant; stocks that a contract refuses are not in it, so that the books agree with the products. */
function valuation(materials: readonly DemoMaterial[], mard: DemoTable): DemoTable {
  const price = new Map(materials.map((material) => [internal(material.number), cents(material.price)]));
  const sums = new Map<string, number>();
  const read = (text: string | undefined): number => (text?.endsWith('-') ? -Number(text.slice(0, -1)) : Number(text));
  for (const { values, refused } of mard.rows) {
    const matnr = internal((values['MATNR'] ?? '').trim());
    const key = `${matnr}|${(values['WERKS'] ?? '').trim()}`;
    sums.set(key, (sums.get(key) ?? 0) + (refused ? 0 : read(values['LABST']) + read(values['UMLME']) + read(values['INSME']) + read(values['SPEME'])));
  }
  return demoTable(
    'MBEW.csv',
    'MANDT MATNR BWKEY BWTAR LBKUM SALK3 VPRSV STPRS VERPR PEINH',
    [...sums].flatMap(([key, units], index) => {
      const [matnr = '', plant = ''] = key.split('|');
      const sale = price.get(matnr);
      const where = PLANTS.find((one) => one.plant === plant);
      if (sale === undefined || !where) return [];
      const cost = Math.max(1, Math.round(sale * 0.6 * STORED[where.currency]));
      return [
        {
          MANDT: CLIENT,
          MATNR: matnr,
          BWKEY: plant,
          BWTAR: '',
          LBKUM: quantity(units),
          SALK3: amount(units * cost),
          VPRSV: index % 2 === 0 ? 'S' : 'V',
          STPRS: amount(cost),
          VERPR: amount(cost),
          PEINH: '1',
        },
      ];
    }),
  );
}

/** Sales documents to other traders, a fifth of them with one item only. */
function salesDocuments(random: Random, materials: readonly DemoMaterial[], items: number): { vbak: DemoTable; vbap: DemoTable } {
  const pick = weighted(materials.map((material) => material.popularity + 0.002));
  const headers: Record<string, string>[] = [];
  const rows: Record<string, string>[] = [];
  while (rows.length < items) {
    const VBELN = String(4_711_000 + headers.length).padStart(10, '0');
    const currency = random.chance(0.88) ? 'EUR' : random.chance(0.7) ? 'JPY' : 'KWD';
    const ordered = random.below(90);
    headers.push({
      MANDT: CLIENT,
      VBELN,
      ERDAT: day(ordered),
      ERZET: random.chance(0.01)
        ? '240000'
        : `${String(random.below(24)).padStart(2, '0')}${String(random.below(60)).padStart(2, '0')}${String(random.below(60)).padStart(2, '0')}`,
      AUART: 'TA',
      WAERK: currency,
      VKORG: '1000',
      VDATU: day(ordered + 3 + random.below(40)),
      KUNNR: String(100_000 + random.below(400)).padStart(10, '0'),
    });
    const count = Math.min(items - rows.length, random.chance(0.2) ? 1 : 2 + random.below(6));
    for (let item = 1; item <= count; item++) {
      const material = materials[pick(random)] as DemoMaterial;
      const units = 1 + random.below(12);
      rows.push({
        MANDT: CLIENT,
        VBELN,
        POSNR: String(item * 10).padStart(6, '0'),
        MATNR: internal(material.number),
        ARKTX: random.chance(0.05) ? `${material.description}, 26" "special"` : material.description,
        NETWR: amount(Math.round(cents(material.price) * units * STORED[currency])),
        WAERK: currency,
        KWMENG: quantity(units),
        VRKME: material.unit,
        ABGRU: random.chance(0.02) ? '02' : '',
        GBSTA: random.pick(['A', 'B', 'C']),
      });
    }
  }
  return {
    vbak: demoTable('VBAK.csv', 'MANDT VBELN ERDAT ERZET AUART WAERK VKORG VDATU KUNNR', headers),
    vbap: demoTable('VBAP.csv', 'MANDT VBELN POSNR MATNR ARKTX NETWR WAERK KWMENG VRKME ABGRU GBSTA', rows),
  };
}
