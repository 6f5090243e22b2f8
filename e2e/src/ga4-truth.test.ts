import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { demoMaterials, writeGa4Source, type Ga4Source } from '@skein/demo';
import { ga4 } from '@skein/ga4';
import type { RunReport } from '@skein/swarm';
import { workbench, type Workbench } from '@skein/testing';

// Promise: what the swarm of GA4 reports and publishes is what was put in, fault by fault and figure by figure.

interface Figures {
  readonly faults: Readonly<Record<string, number>>;
  readonly events: number;
  readonly sessions: number;
  readonly purchases: number;
  readonly revenue: string;
  readonly units: Readonly<Record<string, number>>;
}

/** What the writer of the source counted. Faults that one rule finds are one figure. */
function told(source: Ga4Source): Figures {
  const faults: Record<string, number> = {};
  for (const fault of Object.values(source.planted)) {
    if (fault.count === 0 || fault.expected === 'accepted') continue;
    const name = `${fault.product} ${fault.expected === 'deduplicated' ? 'duplicates' : fault.rule}`;
    faults[name] = (faults[name] ?? 0) + fault.count;
  }
  return { faults, ...source.truth };
}

/** What the run reports and the published tables hold. */
async function found(bench: Workbench, report: RunReport): Promise<Figures> {
  const faults: Record<string, number> = {};
  for (const product of report.products) {
    for (const [rule, count] of [...Object.entries(product.violations), ...Object.entries(product.repairs)]) faults[`${product.product} ${rule}`] = count;
    if (product.duplicates > 0) faults[`${product.product} duplicates`] = product.duplicates;
  }
  const count = async (product: string) => Number((await bench.rows<{ n: bigint }>(product, 'SELECT count(*) AS n FROM t'))[0]?.n);
  const [sum] = await bench.rows<{ revenue: string }>('ga4.purchases', 'SELECT coalesce(sum(revenue), 0)::DECIMAL(18, 2)::VARCHAR AS revenue FROM t');
  const units = await bench.rows<{ item: string; units: bigint }>(
    'ga4.item_demand_daily',
    'SELECT item_id AS item, sum(units)::BIGINT AS units FROM t GROUP BY 1 HAVING sum(units) > 0 ORDER BY 1',
  );
  return {
    faults,
    events: await count('ga4.events'),
    sessions: await count('ga4.sessions'),
    purchases: await count('ga4.purchases'),
    revenue: sum?.revenue ?? '',
    units: Object.fromEntries(units.map(({ item, units: pieces }) => [item, Number(pieces)])),
  };
}

async function published(seed: number, rows: number, spoil?: (directory: string, source: Ga4Source) => void): Promise<{ told: Figures; found: Figures }> {
  await using bench = await workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' }));
  const directory = path.join(bench.directory, 'sources');
  const source = await writeGa4Source({ directory, seed, rows, materials: demoMaterials(seed) });
  spoil?.(directory, source);
  const report = await bench.run();
  expect(report.products.map(({ outcome }) => outcome)).toEqual(['published', 'published', 'published', 'published']);
  return { told: told(source), found: await found(bench, report) };
}

describe('the truth about GA4', () => {
  it.each([
    [1, 1_500],
    [2, 12_000],
    [3, 30_000],
  ])('seed %d, %d rows: finds all that was planted, and nothing else', async (seed, rows) => {
    const figures = await published(seed, rows);
    expect(Object.keys(figures.told.faults).length).toBeGreaterThan(rows < 10_000 ? 5 : 16);
    expect(figures.found).toEqual(figures.told);
  });

  it('would notice one line more', async () => {
    const figures = await published(4, 1_500, (directory, source) => {
      const file = path.join(directory, source.files.at(-1)?.file ?? '');
      writeFileSync(file, `${readFileSync(file, 'utf8')}{"event_name":"page_view","event_date":"20260831","items":[]}\n`);
    });
    expect(figures.found).not.toEqual(figures.told);
    expect(figures.found.faults['ga4.events event_ts_us.required']).toBe((figures.told.faults['ga4.events event_ts_us.required'] ?? 0) + 1);
  });
});
