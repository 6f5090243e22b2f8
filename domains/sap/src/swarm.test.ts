import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { sap } from './sap.ts';

// The domain in the real swarm: files in, judged and published tables out.

const CONTENT = path.resolve(import.meta.dirname, '../../../../shared/data/sap/datasphere-content');
const there = existsSync(CONTENT);
if (!there) console.warn(`skipped: ${CONTENT} is not there`);
const content = (...files: string[]) => Object.fromEntries(files.map((file) => [file, readFileSync(path.join(CONTENT, file))]));
const csv = (...lines: string[]) => `${lines.join('\n')}\n`;

/** Twenty materials and their stock: enough that one bad row is within the tolerance of a tenth. */
const numbers = Array.from({ length: 20 }, (_, index) => String(100_000_001 + index).padStart(18, '0'));
const mara = csv('MANDT,MATNR,MTART,MEINS', ...numbers.map((number) => `100,${number},FERT,ST`));
const mard = (...further: string[]) =>
  csv('MANDT,MATNR,WERKS,LGORT,LABST,INSME', ...numbers.map((number) => `100,${number},1000,0001,5.000,0.000`), ...further);

describe('the SAP swarm', () => {
  it.skipIf(!there)('publishes both sample folders of ../shared/data alone, and together without mixing them', async () => {
    await using alone = await workbench(sap);
    alone.put(content('Sales/SalesOrders.csv', 'Sales/SalesOrderItems.csv'));
    const first = await alone.run({ from: path.join(alone.directory, 'sources/Sales') });
    expect(first.products.find((product) => product.product === 'sap.sales_order_items')).toMatchObject({ outcome: 'published', rows: 17_818, refused: 0 });
    expect(first.products.find((product) => product.product === 'sap.sales_order_items')?.repairs).toMatchObject({ 'vbeln:zero_padding': 17_818 });

    await using both = await workbench(sap);
    both.put(
      content(
        'Sales/SalesOrders.csv',
        'Sales/SalesOrderItems.csv',
        'Bikes/SalesOrders.csv',
        'Bikes/SalesOrderItems.csv',
        'Bikes/Products.csv',
        'Bikes/ProductTexts.csv',
      ),
    );
    const report = await both.run();
    expect(report.products.map((product) => [product.product, product.outcome, product.rows])).toContainEqual(['sap.material', 'published', 42]);
    expect(report.products.map((product) => [product.product, product.outcome, product.rows])).toContainEqual([
      'sap.sales_order_items',
      'published',
      17_818 + 1_930,
    ]);
    const systems = await both.rows(
      'sap.sales_order_items',
      'SELECT source_system AS system, count(*) AS n, count(DISTINCT (mandt, vbeln, posnr)) AS keys FROM t GROUP BY 1 ORDER BY 1',
    );
    expect(systems).toEqual([
      { system: 'bikes', n: 1_930n, keys: 1_930n },
      { system: 'sales', n: 17_818n, keys: 17_818n },
    ]);
    const joined = await both.rows(
      'sap.sales_order_items',
      `SELECT count(DISTINCT b.vbeln) AS orders FROM t b WHERE b.source_system = 'bikes' AND EXISTS (SELECT 1 FROM t s WHERE s.source_system = 'sales' AND s.sold_to = b.sold_to)`,
    );
    expect(joined[0]?.['orders']).toBeGreaterThan(0n);
    expect((await both.run()).products.every((product) => product.outcome === 'unchanged')).toBe(true);
  });

  it.skipIf(!there)('refuses in ../shared/data what is no product and lines that cannot be split, and publishes the rest', async () => {
    await using bench = await workbench(sap);
    bench.put(content('FI/Products.csv', 'FI/ProductTexts.csv'));
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 34, violations: { 'matnr.pattern': 1, 'source.malformed': 3 } });
    const feedback = await bench.rows(
      'sap.material_feedback',
      'SELECT rule, value, source_file AS file, source_position AS position FROM t ORDER BY rule, position',
    );
    expect(feedback[0]).toMatchObject({ rule: 'matnr.pattern', value: '#', file: 'FI/Products.csv', position: 2n });
    expect(feedback.length).toBe(4);
  });

  it('joins stock to its material whatever became of the zeros, and refuses orphans, with the raw value', async () => {
    await using bench = await workbench(sap);
    const shortened = mard().replace(`100,${numbers[0]}`, '100,100000001');
    bench.put({
      'erp/MARA.csv': mara,
      'erp/mard_2026.csv': `${shortened}100,000000000999999999,1000,0001,7.000,0.000\n`,
      'erp/marc.csv': csv('mandt,matnr,werks,plifz', `100,${numbers[0]},1000,21`),
    });
    const report = await bench.run();
    expect(report.products[1]).toMatchObject({
      product: 'sap.inventory_position',
      outcome: 'published',
      rows: 20,
      refused: 1,
      violations: { 'matnr.reference': 1 },
      repairs: { 'matnr:zero_padding': 1 },
    });
    expect(await bench.rows('sap.inventory_position', `SELECT matnr, base_uom, lead_time_days, unrestricted FROM t WHERE matnr_ext = '100000001'`)).toEqual([
      { matnr: numbers[0], base_uom: 'ST', lead_time_days: 21, unrestricted: '5.000' },
    ]);
    expect(await bench.rows('sap.inventory_position_feedback', 'SELECT rule, value, source_position AS position FROM t')).toEqual([
      { rule: 'matnr.reference', value: '000000000999999999', position: 22n },
    ]);
  });

  it('counts true duplicates, and sends what cannot be typed to the feedback as it was received', async () => {
    await using bench = await workbench(sap);
    bench.put({ 'MARA.csv': mara, 'MARD.csv': mard(`100,${numbers[3]},1000,0001,5.000,0.000`, `100,${numbers[4]},1000,0002,"1.234,5",0.000`) });
    const report = await bench.run();
    expect(report.products[1]).toMatchObject({ outcome: 'published', rows: 20, refused: 1, duplicates: 1, violations: { 'unrestricted.type': 1 } });
    expect(await bench.rows('sap.inventory_position_feedback', 'SELECT column_name, value, source_position AS position FROM t')).toEqual([
      { column_name: 'unrestricted', value: '1.234,5', position: 23n },
    ]);
  });

  it('stops at the gate when too many rows are bad, and leaves the last good snapshot live', async () => {
    await using bench = await workbench(sap);
    bench.put({ 'MARA.csv': mara, 'MARD.csv': mard() });
    expect((await bench.run()).products[1]).toMatchObject({ outcome: 'published', version: 1, rows: 20 });
    bench.put({ 'MARD.csv': mard().replaceAll('5.000', 'n/a') });
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ product: 'sap.material', outcome: 'unchanged' });
    expect(report.products[1]?.outcome).not.toBe('published');
    expect(report.products[1]?.error?.code).toBe('SKEIN_GATE_FAILED');
    expect(await bench.rows('sap.inventory_position', 'SELECT count(*) AS n, sum(unrestricted)::VARCHAR AS units FROM t')).toEqual([
      { n: 20n, units: '100.000' },
    ]);
  });

  it('refuses a table without its client by name, and reads the others', async () => {
    await using bench = await workbench(sap);
    bench.put({ 'MARA.csv': mara, 'MARD.csv': mard().replace('MANDT,', 'CLIENT,') });
    const report = await bench.run();
    const refused = report.sources.find((source) => source.file === 'MARD.csv');
    expect(refused?.outcome).toBe('refused');
    expect(refused?.error?.message).toContain('mandt');
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 20 });
  });

  it('publishes open receivables by a key of the customer, refuses what has no amount, and drops an item once it is cleared', async () => {
    await using bench = await workbench(sap);
    const header = 'MANDT,BUKRS,BELNR,GJAHR,BUZEI,KOART,KUNNR,SHKZG,WRBTR,DMBTR,AUGBL,ZFBDT,ZBD1T,KIDNO';
    const item = (number: number, over: { customer?: string; sign?: string; amount?: string; cleared?: string } = {}) =>
      `100,1000,${String(number).padStart(10, '0')},2026,001,D,${over.customer ?? '0004711774'},${over.sign ?? 'S'},${over.amount ?? '119.00'},119.00,${over.cleared ?? ''},20260601,30,RF${number}`;
    const bkpf = csv(
      'MANDT,BUKRS,BELNR,GJAHR,BLART,BLDAT,BUDAT,WAERS',
      ...Array.from({ length: 40 }, (_, at) => `100,1000,${String(at + 1).padStart(10, '0')},2026,RV,20260601,20260601,EUR`),
    );
    const items = (last: string) =>
      csv(
        header,
        ...Array.from({ length: 36 }, (_, at) => item(at + 1, at === 4 ? { customer: '4711774' } : {})),
        item(37, { amount: '#VALUE!' }),
        item(38, { sign: 'X' }),
        item(39, { customer: '' }),
        item(36),
        last,
      );
    bench.put({ 'BKPF.csv': bkpf, 'T001.csv': csv('MANDT,BUKRS,WAERS', '100,1000,EUR'), 'BSEG.csv': items(item(40)) });
    const find = (report: Awaited<ReturnType<typeof bench.run>>) => report.products.find(({ product }) => product === 'sap.open_receivables');
    expect(find(await bench.run())).toMatchObject({
      outcome: 'published',
      rows: 37,
      refused: 3,
      duplicates: 1,
      violations: { 'amount.type': 1, 'customer_key.required': 1 },
      repairs: { 'customer_key:zero_padding': 1 },
    });
    expect(
      await bench.rows(
        'sap.open_receivables',
        'SELECT count(DISTINCT customer_key) AS customers, sum(amount)::VARCHAR AS sum, max(due_date)::VARCHAR AS due FROM t',
      ),
    ).toEqual([{ customers: 1n, sum: '4403.0000', due: '2026-07-01' }]);
    // No column of the product, nor of its feedback, tells the customer's number.
    for (const table of ['sap.open_receivables', 'sap.open_receivables_feedback'])
      expect(
        JSON.stringify(await bench.rows(table, 'SELECT * FROM t'), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        table,
      ).not.toContain('4711774');
    bench.put({ 'BSEG.csv': items(item(40, { cleared: '0000000900' })) });
    expect(find(await bench.run())).toMatchObject({ outcome: 'published', version: 2, rows: 36 });
  });
});
