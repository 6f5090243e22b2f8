import { describe, expect, it } from 'vitest';
import { clusterGaps, type PersistentGap } from './cluster.ts';

function gap(rule: string, column: string, shapes: readonly string[], values: readonly string[], message: string, cells = values.length): PersistentGap {
  return {
    gap: {
      context: { domain: 'shop', product: 'orders', column },
      signature: { rule, target: 'DATE', shapes },
      cells,
      values: values.map((value) => ({ value, count: 1 })),
    },
    message,
  };
}

const CITIES = ['Berlin', 'Hamburg', 'Muenchen', 'Koeln', 'Frankfurt', 'Stuttgart', 'Duesseldorf', 'Leipzig', 'Dortmund', 'Essen'];
const COLOURS = ['azure', 'crimson', 'ochre', 'teal', 'violet', 'umber', 'sepia', 'coral', 'ivory', 'slate'];

/** Three causes in three tables each: spellings of quarters, of cities, of colours; the last two break one rule with one shape. */
function world(): PersistentGap[] {
  return [1, 2, 3].flatMap((table) => [
    gap('type', `quarter${table}`, ['A9/9'], [`Q${table}/2024`, `Q2/202${table}`, 'Q1/2023', 'Q4/2022'], 'Q1/2023 is no date', 40 * table),
    gap('validValues', `city${table}`, ['Aa'], CITIES.slice(table, table + 7), `${CITIES[table]} is not in the list of cities`, 30 * table),
    gap('validValues', `colour${table}`, ['Aa'], COLOURS.slice(table, table + 7), `${COLOURS[table]} is not in the list of colours`, 20 * table),
  ]);
}

const causes = (gaps: readonly PersistentGap[]): string[][] =>
  clusterGaps(gaps)
    .clusters.map(({ members }) => members.map((member) => member.gap.context.column).sort())
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));

describe('clusters of gaps', () => {
  it('hold one cause each, across tables', () => {
    expect(causes(world())).toEqual([
      ['city1', 'city2', 'city3'],
      ['colour1', 'colour2', 'colour3'],
      ['quarter1', 'quarter2', 'quarter3'],
    ]);
  });

  it('do not hang on the order of the gaps, and lead with the largest', () => {
    const gaps = world();
    const shuffled = gaps.map((one, index) => ({ one, at: (index * 7) % gaps.length })).sort((a, b) => a.at - b.at);
    expect(clusterGaps(shuffled.map(({ one }) => one))).toEqual(clusterGaps(gaps));
    const [first] = clusterGaps(gaps).clusters;
    expect(first?.leader.gap.context.column).toBe('quarter3');
    expect(first?.cells).toBe(240);
  });

  it('part what differs in rule or in shape, though the texts be equal', () => {
    const values = ['12.13.2024', '31.02.2024'];
    const gaps = [
      gap('type', 'a', ['9.9.9'], values, 'no date'),
      gap('pattern', 'b', ['9.9.9'], values, 'no date'),
      gap('type', 'c', ['9-9-9'], values, 'no date'),
    ];
    expect(causes([...world(), ...gaps]).filter(([first]) => ['a', 'b', 'c'].includes(first ?? ''))).toEqual([['a'], ['b'], ['c']]);
  });

  it('find a threshold of their own, where a fixed one would tie or part too much', () => {
    // Values that share a long prefix are alike in most of their characters, whatever their cause.
    const prefixed = world().map(({ gap: one, message }) => ({
      message,
      gap: { ...one, values: one.values.map(({ value, count }) => ({ value: `https://example.org/catalogue/${value}`, count })) },
    }));
    const [plain, alike] = [clusterGaps(world()), clusterGaps(prefixed)];
    expect(alike.thresholds.values).toBeGreaterThan(plain.thresholds.values);
    expect(alike.thresholds.message).toBe(plain.thresholds.message);
    expect(causes(prefixed)).toEqual(causes(world()));
    expect(plain.calibratedOn).toBeGreaterThan(20);
  });

  it('take nothing, one gap, gaps without values, and 10,000 gaps in seconds', () => {
    expect(clusterGaps([]).clusters).toEqual([]);
    expect(causes([gap('required', 'a', ['∅'], [], '')])).toEqual([['a']]);
    const many = Array.from({ length: 10_000 }, (_, index) =>
      gap('type', `c${index}`, [`9${'.'.repeat(index % 50)}A${index % 37}`], [`v${index * 7919}`, `w${index}`], 'is no date', 1 + (index % 9)),
    );
    const start = performance.now();
    const { clusters } = clusterGaps(many);
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(clusters.reduce((sum, { members }) => sum + members.length, 0)).toBe(10_000);
  });
});
