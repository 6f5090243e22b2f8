import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { planLayout, type Layout, type LayoutLimits, type LayoutStats } from './layout.ts';

const file = path.join(import.meta.dirname, 'golden/layout.json');
interface Case {
  readonly title: string;
  readonly stats: LayoutStats;
  readonly limits?: Partial<LayoutLimits>;
  readonly layout?: Layout;
}
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

const MB = 2 ** 20;
const GB = 2 ** 30;
const big: LayoutStats = {
  bytes: 40 * GB,
  rows: 400_000_000,
  columns: [
    { name: 'day', distinct: 60, skew: 0.03, temporal: true },
    { name: 'country', distinct: 40, skew: 0.3, temporal: false },
    { name: 'id', distinct: 400_000_000, skew: 0, temporal: false },
  ],
  queries: [
    { filters: ['day', 'country'], count: 70 },
    { filters: ['id'], count: 30 },
  ],
};

describe('planLayout', () => {
  it.each(cases)('lays out $title', ({ stats, limits, layout }) => {
    expect(planLayout(stats, limits)).toEqual(layout);
  });

  it('parts from the threshold on, and not a byte below', () => {
    expect(planLayout({ ...big, bytes: 10 * GB }).partitionBy).toContain('day');
    expect(planLayout({ ...big, bytes: 10 * GB - 1 }).partitionBy).toEqual([]);
    expect(planLayout({ ...big, bytes: 64 * MB }, { partitionFrom: 32 * MB, fileBytes: MB }).partitionBy).toContain('day');
  });

  it('never parts by a key, by one value, nor where one value holds most rows', () => {
    expect(planLayout(big).partitionBy).not.toContain('id');
    for (const day of [
      { distinct: 1, skew: 1 },
      { distinct: 60, skew: 0.9 },
    ]) {
      const columns = big.columns.map((column) => (column.name === 'day' ? { ...column, ...day } : column));
      expect(planLayout({ ...big, columns }).partitionBy).not.toContain('day');
    }
  });

  it('names a reason for each decision, and holds its bounds for any figures', () => {
    let looked = 0;
    for (const bytes of [0, 1, 5 * MB, 3 * GB, 12 * GB, 900 * GB]) {
      for (const rows of [0, 1, 1_000, 1_000_000_000]) {
        for (const queries of [[], big.queries]) {
          const layout = planLayout({ ...big, bytes, rows, queries });
          looked += 1;
          expect(layout.rowGroup % 2_048).toBe(0);
          expect(layout.rowGroup).toBeGreaterThanOrEqual(20_480);
          expect(layout.rowGroup).toBeLessThanOrEqual(122_880);
          expect(layout.shards).toBeGreaterThanOrEqual(1);
          expect(Number.isSafeInteger(layout.shards)).toBe(true);
          expect(layout.reasons.length).toBeGreaterThan(0);
          for (const name of [...layout.partitionBy, ...layout.sortBy]) expect(layout.reasons.join('\n')).toContain(`by ${name}`);
        }
      }
    }
    expect(looked).toBe(48);
  });
});
