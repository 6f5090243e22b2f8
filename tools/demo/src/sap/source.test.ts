import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoMaterials } from '../materials.ts';
import { SAP_FAULTS } from './faults.ts';
import { writeSapSource, type SapSource } from './source.ts';

const materials = demoMaterials(4);
let folder: string;
let source: SapSource;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'skein-demo-sap-'));
  source = await write('first', 4, 50_000);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, seed: number, rows: number) => writeSapSource({ directory: path.join(folder, name), seed, rows, materials: demoMaterials(seed) });
const lines = (file: string, name = 'first') =>
  readFileSync(path.join(folder, name, file), 'utf8')
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split('\n')
    .slice(1);
const internal = (number: string) => (/^\d+$/.test(number) ? number.padStart(18, '0') : number);

describe('the SAP demo source', () => {
  it('plants every kind of fault, at its stated rate', () => {
    const kinds = Object.entries(source.planted);
    expect(kinds.map(([name]) => name)).toEqual(Object.keys(SAP_FAULTS));
    for (const [name, fault] of kinds) expect(fault.count, name).toBeGreaterThan(0);
    expect(source.planted.document_zeros_lost.count).toBe(Math.round(5000 * SAP_FAULTS.document_zeros_lost.rate));
  });

  it('plants as many as the ledger says: counted in the files by plain text', () => {
    const items = lines('erp/VBAP.csv');
    const stock = lines('erp/mard_2026.csv');
    const count = (rows: readonly string[], pattern: RegExp) => rows.filter((row) => pattern.test(row)).length;
    expect(count(items, /#VALUE!/)).toBe(source.planted.unreadable_amount.count);
    expect(count(items, /PALLET/)).toBe(source.planted.unknown_sales_unit.count);
    expect(count(items, /^100,[1-9]/)).toBe(source.planted.document_zeros_lost.count);
    expect(count(items, /^([^,]*,){3}[^,]*$/)).toBe(source.planted.malformed_item.count);
    expect(items.length - new Set(items).size).toBe(source.planted.item_twice.count);
    expect(count(stock, /see list/)).toBe(source.planted.unreadable_stock.count);
    expect(count(stock, /^([^,]*,){3}0?0?0?[12],3\.000-/)).toBe(source.planted.minus_behind_stock.count);
    expect(stock.length - new Set(stock).size).toBe(source.planted.position_twice.count);
    const receivables = lines('erp/BSEG.csv');
    expect(count(receivables, /#REF!/)).toBe(source.planted.unreadable_receivable.count);
    expect(count(receivables, /,D,,/)).toBe(source.planted.receivable_of_nobody.count);
    expect(count(receivables, /^([^,]*,){6}[^,]*$/)).toBe(source.planted.malformed_receivable.count);
    expect(receivables.length - new Set(receivables).size).toBe(source.planted.receivable_twice.count);
    expect(count(lines('outlet/SalesOrderItems.csv'), /;1\.234;/)).toBe(source.planted.ambiguous_amount.count);
  });

  it('holds stock of every material, and some of it short', () => {
    const held = new Set(lines('erp/mard_2026.csv').map((row) => internal(row.split(',')[1] ?? '')));
    expect(materials.filter((material) => !held.has(internal(material.number)))).toEqual([]);
    const units = new Map<string, number>();
    for (const row of lines('erp/mard_2026.csv')) {
      const [, number = '', , , stock = ''] = row.split(',');
      if (/^\d/.test(stock)) units.set(internal(number), (units.get(internal(number)) ?? 0) + Number.parseFloat(stock));
    }
    const perDay = (50_000 * 0.019) / 8;
    const short = materials.filter((material) => (units.get(internal(material.number)) ?? 0) < material.popularity * perDay * material.leadTimeDays);
    expect(short.length).toBeGreaterThan(20);
    expect(short.length).toBeLessThan(100);
  });

  it('writes the same bytes for the same seed, and others for another', async () => {
    await write('again', 4, 50_000);
    await write('other', 5, 50_000);
    for (const { file } of source.files) expect(lines(file, 'again'), file).toEqual(lines(file));
    expect(lines('erp/VBAP.csv', 'other')).not.toEqual(lines('erp/VBAP.csv'));
  });

  it('holds every kind of fault at the smallest volume, and refuses none at all', async () => {
    const small = await write('small', 9, 1);
    expect(Object.values(small.planted).every((fault) => fault.count > 0)).toBe(true);
    await expect(write('none', 9, 0)).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });
});
