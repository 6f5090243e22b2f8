import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { landedText } from './landed-text.ts';

// SAP's own sample content. The figures beside it are worked out here by plain code over the text, not by the engine.
const CONTENT = path.resolve(import.meta.dirname, '../../../../shared/data/sap/datasphere-content');
const there = existsSync(CONTENT);
if (!there) console.warn(`skipped: ${CONTENT} is not there`);

const read = (file: string) => readFileSync(path.join(CONTENT, file), 'utf8');

function records(file: string, delimiter: string): Record<string, string>[] {
  const [header = '', ...lines] = read(file)
    .replace(/^\ufeff/, '')
    .split(/\r?\n/);
  const names = header.split(delimiter);
  return lines.filter((line) => line !== '').map((line) => Object.fromEntries(line.split(delimiter).map((value, index) => [names[index] ?? '', value])));
}

/** Ten-thousandths, exactly. */
function units(text: string): bigint {
  const [whole = '0', fraction = ''] = text.replace(',', '.').split('.');
  return BigInt(whole) * 10_000n + BigInt(fraction.padEnd(4, '0'));
}

describe.skipIf(!there)('SAP Datasphere content of ../shared/data', () => {
  const folders = [
    { folder: 'Sales', delimiter: ';' },
    { folder: 'Bikes', delimiter: ',' },
  ];
  const texts = (...names: string[]) =>
    Object.fromEntries(names.flatMap((name) => ['SalesOrders.csv', 'SalesOrderItems.csv'].map((file) => [`${name}/${file}`, read(`${name}/${file}`)])));

  it.each(folders)('$folder: every item arrives, with its amount to the last digit', async ({ folder, delimiter }) => {
    const items = records(`${folder}/SalesOrderItems.csv`, delimiter);
    const headers = new Set(records(`${folder}/SalesOrders.csv`, delimiter).map((header) => header['SALESORDERID']));
    expect(items.length).toBeGreaterThan(1000);
    const landed = await landedText(texts(folder));
    const made = await landed.make('sap.sales_order_items');
    await landed.close();
    expect(made.length).toBe(items.length);
    expect(made.filter((row) => row._invalid.length > 0)).toEqual([]);
    const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
    expect(sum(made.map((row) => units(String(row['netwr']))))).toBe(sum(items.map((item) => units(item['NETAMOUNT'] ?? ''))));
    expect(new Set(made.map((row) => `${String(row['vbeln'])}/${String(row['posnr'])}`)).size).toBe(items.length);
    expect(made.filter((row) => row['sold_to'] !== null).length).toBe(items.filter((item) => headers.has(item['SALESORDERID'])).length);
    expect(made.every((row) => /^\d{10}$/.test(String(row['vbeln'])) && /^\d{6}$/.test(String(row['posnr'])))).toBe(true);
    const lost = made.filter((row) => row._repairs.includes('vbeln:zero_padding')).length;
    expect(lost).toBe(folder === 'Sales' ? items.length : 0);
  });

  it('both folders together: nothing lost, nothing mixed, and customers of one join those of the other', async () => {
    const landed = await landedText(texts('Sales', 'Bikes'));
    const made = await landed.make('sap.sales_order_items');
    await landed.close();
    const count = (system: string) => made.filter((row) => row['source_system'] === system).length;
    expect([count('sales'), count('bikes')]).toEqual([records('Sales/SalesOrderItems.csv', ';').length, records('Bikes/SalesOrderItems.csv', ',').length]);

    const partners = new Set(records('Sales/BusinessPartners.csv', ';').map((partner) => partner['PARTNERID']));
    const orders = records('Bikes/SalesOrders.csv', ',');
    expect(orders.filter((order) => partners.has(order['PARTNERID'])).length).toBe(0);
    const conformed = new Set([...partners].map((partner) => (partner ?? '').padStart(10, '0')));
    const joined = new Set(made.filter((row) => row['source_system'] === 'bikes' && conformed.has(String(row['sold_to']))).map((row) => row['vbeln']));
    expect(joined.size).toBe(334);
  });

  it('materials: texts find their products, # is no material', async () => {
    const files = ['Bikes/Products.csv', 'Bikes/ProductTexts.csv', 'FI/Products.csv'];
    const landed = await landedText(Object.fromEntries(files.map((file) => [file, read(file)])));
    const made = await landed.make('sap.material');
    await landed.close();
    const bikes = made.filter((row) => row['source_system'] === 'bikes');
    expect(bikes.length).toBe(records('Bikes/Products.csv', ',').length);
    expect(bikes.every((row) => row['description'] !== null && row['description_language'] === 'EN')).toBe(true);
    expect(made.filter((row) => row['source_system'] === 'fi').length).toBe(records('FI/Products.csv', ',').length);
    expect(made.filter((row) => row['matnr'] === '#').length).toBe(1);
  });

  it('no header amount is published, because headers do not equal the sums of their items', () => {
    const gross = new Map<string, bigint>();
    for (const item of records('Sales/SalesOrderItems.csv', ';'))
      gross.set(item['SALESORDERID'] ?? '', (gross.get(item['SALESORDERID'] ?? '') ?? 0n) + units(item['GROSSAMOUNT'] ?? ''));
    const headers = records('Sales/SalesOrders.csv', ';');
    expect([headers.filter((header) => gross.get(header['SALESORDERID'] ?? '') !== units(header['GROSSAMOUNT'] ?? '')).length, headers.length]).toEqual([
      5164, 5166,
    ]);
  });
});
