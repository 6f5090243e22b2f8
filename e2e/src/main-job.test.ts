import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import type { Outcome } from '@skein/mesh';
import { repositoryContracts } from '@skein/testing';

// Promise: one command does the main job on a fresh directory, tells the truth about it, and a second one changes nothing.

const root = path.resolve(import.meta.dirname, '../..');
const main = path.join(root, 'platform/mesh/dist/main.js');
const ROWS = 6000;
let data: string;
let first: Outcome;

async function start(...args: string[]): Promise<{ outcome: Outcome; seconds: number; stderr: string }> {
  const started = performance.now();
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [main, '--once', '--json', '--port', '0', '--data', data, '--rows', String(ROWS), ...args],
    {
      cwd: root,
      maxBuffer: 64 << 20,
    },
  );
  return { outcome: JSON.parse(stdout) as Outcome, seconds: (performance.now() - started) / 1000, stderr };
}

beforeAll(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'skein-main-'));
  first = (await start()).outcome;
});
afterAll(() => rm(data, { recursive: true, force: true }));

describe('npm start', () => {
  it('publishes every product of every domain', async () => {
    const products = first.domains.flatMap((domain) => domain.products);
    const contracts = (await repositoryContracts()).all.filter(({ domain }) => domain !== 'skein').map(({ product }) => product);
    expect(contracts.length).toBeGreaterThan(15);
    expect(products.map((product) => product.product).sort()).toEqual(contracts.sort());
    for (const product of products) {
      expect(product, product.product).toMatchObject({ outcome: 'published', version: 1 });
      expect(product.rows, product.product).toBeGreaterThan(0);
    }
  });

  it('finds exactly what was planted, and nothing that was not', () => {
    expect(first.planted.length).toBeGreaterThan(8);
    expect(first.planted.filter((line) => line.planted !== line.found)).toEqual([]);
    expect(first.planted.every((line) => line.planted > 0)).toBe(true);
    for (const product of first.domains.flatMap((domain) => domain.products)) {
      const explained = first.planted.filter((line) => line.product === product.product && line.expected === 'refused').map((line) => line.rule);
      expect(
        Object.keys(product.violations).filter((rule) => !explained.includes(rule)),
        product.product,
      ).toEqual([]);
    }
  });

  it('answers stock-out risk as an independent computation over the published files does', async () => {
    const expected = await independentStockOut();
    expect(expected.length).toBeGreaterThan(0);
    expect(first.stockOutRisk.rows.map((row) => row.material)).toEqual(expected.slice(0, first.stockOutRisk.rows.length).map((row) => row.material));
    for (const [index, row] of first.stockOutRisk.rows.entries()) {
      expect(Number(row.reorder_point)).toBe(expected[index]?.reorderPoint);
      expect(Number(row.on_hand)).toBe(expected[index]?.onHand);
    }
    expect(first.stockOutRisk.rows.length).toBeLessThan(expected.length + 1);
  });

  it('publishes nothing new the second time, and is quick', async () => {
    const { outcome, seconds } = await start();
    for (const product of outcome.domains.flatMap((domain) => domain.products))
      expect(product, product.product).toMatchObject({ outcome: 'unchanged', version: 1 });
    expect(outcome.planted).toEqual(first.planted);
    expect(outcome.stockOutRisk.rows).toEqual(first.stockOutRisk.rows);
    // Two on a quiet machine; a busy one is given more.
    expect(seconds).toBeLessThan(30);
  });
});

/** The same question, answered by plain code over the raw files of the snapshots instead of the gateway's SQL. */
async function independentStockOut(): Promise<{ material: string; onHand: number; reorderPoint: number; gap: number }[]> {
  const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
  const engine = duckdbEngine();
  const session = await engine.open();
  const read = async <Row>(domain: string, name: string, columns: string) => {
    const snapshot = await store.current({ domain, name, major: 1 });
    const files = (snapshot?.files ?? []).map((file) => `'${file.path}'`).join(', ');
    return session.rows<Row>(`SELECT ${columns} FROM read_parquet([${files}])`);
  };
  const sold = await read<{ day: string; item: string; units: string }>(
    'ga4',
    'item_demand_daily',
    'event_date::VARCHAR AS day, item_id AS item, units::VARCHAR AS units',
  );
  const held = await read<{ material: string; stock: string; lead: string | null }>(
    'sap',
    'inventory_position',
    'matnr_ext AS material, unrestricted::VARCHAR AS stock, lead_time_days::VARCHAR AS lead',
  );
  const masters = new Set((await read<{ material: string }>('sap', 'material', 'matnr_ext AS material')).map((row) => row.material));
  await engine.close();
  const days = [...new Set(sold.map((row) => row.day))];
  const byMaterial = Map.groupBy(held, (row) => row.material);
  const result = [];
  for (const [material, rows] of byMaterial) {
    const daily = days.map((day) => sold.filter((row) => row.item === material && row.day === day).reduce((sum, row) => sum + Number(row.units), 0));
    if (!masters.has(material) || !sold.some((row) => row.item === material)) continue;
    const leads = rows
      .map((row) => row.lead)
      .filter((lead) => lead !== null)
      .map(Number);
    if (leads.length === 0) continue;
    const mean = daily.reduce((sum, units) => sum + units, 0) / days.length;
    const variance = daily.reduce((sum, units) => sum + (units - mean) ** 2, 0) / Math.max(days.length - 1, 1);
    const lead = Math.max(...leads);
    const exact = mean * lead + 1.645 * Math.sqrt(variance) * Math.sqrt(lead);
    const onHand = rows.reduce((sum, row) => sum + Number(row.stock), 0);
    if (onHand <= exact) result.push({ material, onHand, reorderPoint: Math.ceil(exact), gap: onHand - exact });
  }
  return result.sort((a, b) => a.gap - b.gap || (a.material < b.material ? -1 : 1));
}
