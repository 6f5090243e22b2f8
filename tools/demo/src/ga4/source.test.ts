import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { demoMaterials } from '../materials.ts';
import { writeGa4Source, type Ga4Source } from './source.ts';

const root = mkdtempSync(path.join(tmpdir(), 'skein-demo-ga4-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let serial = 0;

async function written(options: {
  seed: number;
  rows: number;
  days?: number;
  lastDay?: string;
}): Promise<{ source: Ga4Source; files: Record<string, string[]> }> {
  const directory = path.join(root, String(serial++));
  const source = await writeGa4Source({ directory, materials: demoMaterials(1), ...options });
  const files = Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((file) => [file, readFileSync(path.join(directory, file), 'utf8').split('\n').slice(0, -1)]),
  );
  return { source, files };
}

describe('writeGa4Source', () => {
  it('writes the same bytes for the same seed, and others for another', async () => {
    const [first, second, other] = [await written({ seed: 5, rows: 3000 }), await written({ seed: 5, rows: 3000 }), await written({ seed: 6, rows: 3000 })];
    expect(second).toEqual(first);
    expect(other.files).not.toEqual(first.files);
  });

  it('writes exactly the rows it was asked for, in the tables of an export', async () => {
    const { source, files } = await written({ seed: 5, rows: 5000 });
    expect(source.rows).toBe(5000);
    expect(Object.keys(files)).toEqual([
      'events_20260824.json',
      'events_20260825-000000000000.json',
      'events_20260825-000000000001.json',
      'events_20260826.ndjson',
      'events_20260827.ndjson',
      'events_20260828.ndjson',
      'events_20260829.ndjson',
      'events_20260830.ndjson',
      'events_intraday_20260830.ndjson',
      'events_intraday_20260831.ndjson',
    ]);
    expect(source.superseded).toEqual({ file: 'events_intraday_20260830.ndjson', rows: files['events_intraday_20260830.ndjson']?.length });
    const live = Object.entries(files).filter(([file]) => file !== source.superseded?.file);
    expect(live.reduce((sum, [, lines]) => sum + lines.length, 0)).toBe(5000);
    expect(source.files).toEqual(live.map(([file, lines]) => ({ file, rows: lines.length })));
  });

  it('writes INT64 as text, nulls in both styles, and dates in the time zone of the property', async () => {
    const { files } = await written({ seed: 5, rows: 5000 });
    const [wide, sparse] = [files['events_20260824.json'] ?? [], files['events_20260826.ndjson'] ?? []].map((lines) => lines.flatMap((line) => parsed(line)));
    expect(wide?.length).toBeGreaterThan(400);
    for (const record of wide ?? []) expect(record).toHaveProperty('event_previous_timestamp', null);
    expect(JSON.stringify(sparse)).not.toContain('null');
    let days = 0;
    for (const record of sparse ?? []) {
      if (typeof record['event_timestamp'] === 'string' && /^\d{16}$/.test(record['event_timestamp'])) {
        const local = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin', dateStyle: 'short' })
          .format(Number(record['event_timestamp'].slice(0, 13)))
          .replaceAll('-', '');
        if (local === record['event_date']) days++;
      }
    }
    // All but the few whose date or clock is a planted fault.
    expect(days / (sparse?.length ?? 0)).toBeGreaterThan(0.99);
  });

  it.each([400, 3000, 20_000])('plants faults at their stated rates in %d rows, and no others', async (rows) => {
    const { source, files } = await written({ seed: 11, rows });
    const lines = Object.entries(files).flatMap(([file, held]) => (file === source.superseded?.file ? [] : held));
    const { planted } = source;
    expect(lines.filter((line) => parsed(line).length === 0)).toHaveLength(planted.malformed_line.count);
    const records = lines.flatMap(parsed);
    const count = (test: (record: Record<string, unknown>) => boolean) => records.filter(test).length;
    expect(count((record) => record['event_name'] === undefined || record['event_name'] === null)).toBe(planted.missing_event_name.count);
    expect(count((record) => /@|%40|%2540/.test(JSON.stringify(record['event_params'])))).toBe(planted.email_in_address.count + planted.email_in_search.count);
    expect(count((record) => JSON.stringify(record['items']).includes('"quantity":"-'))).toBe(planted.negative_quantity.count);
    expect(count((record) => JSON.stringify(record['items']).includes('"item_id":"0'))).toBe(planted.padded_item_id.count);
    // Of a fault that any row may hold, counts keep within one row of the rate.
    for (const name of ['duplicate', 'missing_event_name', 'missing_timestamp', 'drifted_clock', 'platform_case'] as const) {
      expect(Math.abs(planted[name].count - planted[name].rate * rows)).toBeLessThan(1.6);
    }
    const refused = Object.values(planted).reduce((sum, fault) => sum + (fault.expected === 'refused' ? fault.count : 0), 0);
    expect(refused / rows).toBeLessThan(0.01);
  });

  it('counts what was sold by what it wrote', async () => {
    const { source, files } = await written({ seed: 3, rows: 20_000 });
    const seen = new Set<string>();
    let units = 0;
    for (const [file, lines] of Object.entries(files)) {
      if (file === source.superseded?.file) continue;
      for (const record of lines.flatMap(parsed)) {
        const { transaction_id: id, purchase_revenue: revenue } = (record['ecommerce'] ?? {}) as Record<string, unknown>;
        const impossible =
          record['event_name'] === undefined ||
          record['event_timestamp'] === undefined ||
          revenue === 'NaN' ||
          !/^2026083|^202608[12]/.test(String(record['event_date']));
        if (typeof id !== 'string' || id === '(not set)' || seen.has(id) || impossible) continue;
        if (!/^\d{16}$/.test(String(record['event_timestamp']))) continue;
        seen.add(id);
        for (const item of record['items'] as { quantity: string }[]) units += Number(item.quantity);
      }
    }
    // Faults of the clock are few and fall on purchases rarely; those that do are not in the truth.
    expect(seen.size - source.truth.purchases).toBeLessThanOrEqual(source.planted.drifted_clock.count);
    expect(units).toBeGreaterThanOrEqual(Object.values(source.truth.units).reduce((sum, count) => sum + count, 0));
    expect(source.truth.purchases).toBeGreaterThan(50);
  });

  it.each([1, 7, 30])('writes no empty file when asked for %d rows only', async (rows) => {
    const { files } = await written({ seed: 1, rows });
    expect(Object.values(files).every((lines) => lines.length > 0)).toBe(true);
    expect(Object.entries(files).reduce((sum, [file, lines]) => sum + (file.startsWith('events_intraday_20260830') ? 0 : lines.length), 0)).toBe(rows);
  });

  it('refuses sizes that make no source', async () => {
    const make = (options: object) => writeGa4Source({ directory: path.join(root, 'none'), seed: 1, rows: 10, materials: demoMaterials(1), ...options });
    await expect(make({ rows: 0 })).rejects.toThrow('at least one row');
    await expect(make({ days: 0 })).rejects.toThrow('at least one day');
    await expect(make({ lastDay: 'today' })).rejects.toThrow('YYYY-MM-DD');
  });
});

function parsed(line: string): Record<string, unknown>[] {
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
}
