import { describe, expect, it } from 'vitest';
import type { Disputed } from './dependency-round.ts';
import { Trust } from './trust.ts';

const ROWS = Array.from({ length: 30 }, (_, index) => BigInt(index + 1));
const labels = ROWS.map((row) => ({ row, values: { city: 'Berlin' } }));
const vote = (row: bigint, value: string, probability: number): Disputed => ({
  row,
  column: 'city',
  value: 'Berlni',
  fails: false,
  broken: ['zip → city'],
  vote: { value, probability, support: 5, sources: ['zip → city'], determinants: ['zip'] },
});
const least = (votes: readonly Disputed[], eligible: (one: Disputed) => boolean = () => true): number => {
  const trust = new Trust(labels);
  trust.learn(votes, eligible);
  return trust.leastProbability('city', 0.95);
};

describe('what labels say of votes', () => {
  it('lets weaker votes pass where they agree, and nothing where nothing was seen', () => {
    expect(least([])).toBe(0.95);
    expect(least([vote(1n, 'Berlin', 0.85)])).toBe(0.95);
    expect(least([vote(1n, 'Berlin', 0.85), vote(2n, 'Berlin', 0.85)])).toBe(0.8);
  });

  it('asks nearly all of a column of which a label contradicts a vote that would have been applied, unless many agree', () => {
    expect(least([vote(1n, 'Bern', 0.96)])).toBe(0.999);
    const right = ROWS.slice(2, 12).map((row) => vote(row, 'Berlin', 0.97));
    expect(least([vote(1n, 'Bern', 0.96), ...right])).toBe(0.8);
  });

  it('takes nothing away for a vote that would not have been applied, and lets no weaker one pass', () => {
    expect(least([vote(1n, 'Bern', 0.85)])).toBe(0.95);
    expect(least([vote(1n, 'Bern', 0.85), vote(2n, 'Berlin', 0.9), vote(3n, 'Berlin', 0.9)])).toBe(0.95);
    expect(least([vote(1n, 'Bern', 0.99)], () => false)).toBe(0.95);
  });
});
