import { describe, expect, it } from 'vitest';
import { boundContributions, cryptoBytes, privateSums, type Contribution } from './index.ts';

const BOUNDS = { partitionsPerPerson: 2, rowsPerPartition: 3, low: 0n, high: 10n };
const row = (person: string, partition: string, value: bigint): Contribution => ({ person, partition, value });

describe('contributions', () => {
  it('are bounded by person, whatever anybody brings', () => {
    const flood = Array.from({ length: 400 }, (_, at) => row('loud', `p${at % 20}`, 9_007_199_254_740_993n));
    const kept = boundContributions([...flood, row('quiet', 'p1', 4n), row('quiet', 'p1', -4n)], BOUNDS);
    const loud = kept.filter(({ person }) => person === 'loud');
    expect(loud.length).toBe(6);
    expect(new Set(loud.map(({ partition }) => partition)).size).toBe(2);
    expect(loud.every(({ value }) => value === 10n)).toBe(true);
    expect(kept.filter(({ person }) => person === 'quiet').map(({ value }) => value)).toEqual([4n, 0n]);
  });

  it('of one who brings very many are no more work than those of many', () => {
    // each row was copied once for every row after it: minutes
    const robot = Array.from({ length: 100_000 }, () => row('robot', 'p', 1n));
    expect(boundContributions(robot, BOUNDS)).toHaveLength(3);
  });

  it('are chosen by lot: every partition has its turn', () => {
    const rows = Array.from({ length: 6 }, (_, at) => row('one', `p${at}`, 1n));
    const seen = new Set<string>();
    for (let round = 0; round < 200; round += 1) for (const { partition } of boundContributions(rows, BOUNDS)) seen.add(partition);
    expect(seen.size).toBe(6);
  });

  it('refuses bounds that mean nothing', () => {
    expect(() => boundContributions([], { ...BOUNDS, rowsPerPartition: 0 })).toThrow(/rowsPerPartition/);
    expect(() => boundContributions([], { ...BOUNDS, low: 11n })).toThrow(/between 11 and 10/);
  });
});

describe('private sums', () => {
  const rows = Array.from({ length: 5_000 }, (_, at) => row(`person ${at}`, at % 2 === 0 ? 'even' : 'odd', 1n));
  const bounds = { partitionsPerPerson: 1, rowsPerPartition: 1, low: 0n, high: 1n };

  it('are near the truth, with noise of the scale that they tell', () => {
    const noises: number[] = [];
    for (let round = 0; round < 300; round += 1) {
      const answer = privateSums([row('a', 'x', 1n)], { epsilon: '0.5', bounds, partitions: ['x', 'empty'] });
      expect(answer).toMatchObject({ spent: { epsilon: '1/2', delta: '0' }, scale: '2' });
      noises.push(...answer.partitions.map(({ sum, partition }) => Number(sum) - (partition === 'x' ? 1 : 0)));
    }
    const p = Math.exp(-0.5);
    const variance = noises.reduce((sum, noise) => sum + noise ** 2, 0) / noises.length;
    expect(variance / ((2 * p) / (1 - p) ** 2)).toBeGreaterThan(0.6);
    expect(variance / ((2 * p) / (1 - p) ** 2)).toBeLessThan(1.6);
    const answer = privateSums(rows, { epsilon: '1', bounds, partitions: ['even', 'odd'] });
    for (const { sum } of answer.partitions) expect(Math.abs(Number(sum) - 2_500)).toBeLessThan(60);
  });

  it('scales noise by all that one person may change', () => {
    const scale = (over: Partial<typeof BOUNDS>) => privateSums([], { epsilon: '1', bounds: { ...BOUNDS, ...over }, partitions: [] }).scale;
    expect([scale({}), scale({ low: -20n }), scale({ partitionsPerPerson: 4 }), scale({ low: -3n, high: -1n })]).toEqual(['60', '120', '120', '18']);
  });

  it('tells no partition of one person: the threshold hides it', () => {
    let told = 0;
    for (let round = 0; round < 500; round += 1) {
      const answer = privateSums([...rows, row('rare', 'a rare illness', 1n)], { epsilon: '2', delta: '0.000001', bounds });
      expect(answer.threshold).toBe(16n);
      if (answer.partitions.some(({ partition }) => partition === 'a rare illness')) told += 1;
      if (round === 0) expect(answer.partitions.map(({ partition }) => partition)).toEqual(['even', 'odd']);
      if (round === 20) break;
    }
    expect(told).toBe(0);
    // A wide delta lets it be told at times: the guard above can fail.
    let seen = 0;
    for (let round = 0; round < 200; round += 1) seen += privateSums([row('rare', 'x', 1n)], { epsilon: '2', delta: '0.9', bounds }).partitions.length;
    expect(seen).toBeGreaterThan(0);
  });

  it('refuses what would be no privacy', () => {
    expect(() => privateSums(rows, { epsilon: '0', bounds, partitions: ['x'] })).toThrow(/epsilon is above zero/);
    expect(() => privateSums(rows, { epsilon: '1', bounds })).toThrow(/delta is above zero/);
    expect(() => privateSums(rows, { epsilon: '1', bounds, delta: '1' })).toThrow(/below 1/);
    expect(() => privateSums(rows, { epsilon: '1', bounds, partitions: ['x', 'x'] })).toThrow(/twice/);
    expect(cryptoBytes()(3).length).toBe(3);
  });
});
