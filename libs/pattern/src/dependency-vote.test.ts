import { describe, expect, it } from 'vitest';
import { editDistance } from './edit-distance.ts';
import { nearness, weighVotes, type VoteCell, type VoteSource } from './dependency-vote.ts';

const source = (counts: Record<string, number>, more: Partial<VoteSource> = {}): VoteSource => ({
  name: 'zip → city',
  determinant: ['zip'],
  counts: Object.entries(counts).map(([value, count]) => ({ value, count })),
  disagreement: 0.02,
  agreement: 1,
  refuted: 0,
  backwards: false,
  stated: true,
  ...more,
});
const cell = (value: string | null, sources: readonly VoteSource[], more: Partial<VoteCell> = {}): VoteCell => ({
  value,
  fails: false,
  accepts: () => true,
  frequency: (text) => (text === value ? 1 : 30),
  undisputed: 0,
  sources,
  ...more,
});

describe('votes of dependencies', () => {
  it('take a slip for the value of its group, and doubt a value that is quite another', () => {
    expect(weighVotes(cell('Berlni', [source({ Berlin: 20 })]))).toMatchObject({ value: 'Berlin', support: 20, determinants: ['zip'] });
    expect(weighVotes(cell('Berlni', [source({ Berlin: 20 })]))?.probability).toBeGreaterThan(0.95);
    // The error may lie in the determinant instead.
    expect(weighVotes(cell('Munich', [source({ Berlin: 20 })]))?.probability).toBeLessThan(0.95);
  });

  it('take a value that is disputed wherever it stands for an error, however often it stands', () => {
    const often = (undisputed: number): VoteCell =>
      cell('ax', [source({ al: 40 }, { agreement: 0.1 })], { frequency: (text) => (text === 'ax' ? 15 : 400), undisputed });
    expect(weighVotes(often(0))?.probability).toBeGreaterThan(0.95);
    expect(weighVotes(often(12))?.probability).toBeLessThan(0.95);
  });

  it('take another case for one slip', () => {
    expect([nearness('USA', 'usa'), nearness('USA', 'uxa')]).toEqual([1 - 2 / 3, 0]);
    const shouted = weighVotes(cell('GREEN HILL LTD', [source({ 'Green Hill Ltd': 20 })]));
    expect(shouted?.probability).toBeGreaterThan(0.95);
  });

  it('believe in another value where the rest of the row belongs to the group, and not where it does not', () => {
    const sure = weighVotes(cell('Munich', [source({ Berlin: 20 }, { agreement: 0.02 })]));
    const unsure = weighVotes(cell('Munich', [source({ Berlin: 20 }, { refuted: 2 })]));
    expect(sure?.probability).toBeGreaterThan(0.95);
    expect(unsure?.probability).toBeLessThan(0.3);
  });

  it('weigh dependencies that disagree against each other', () => {
    const split = weighVotes(cell('Munich', [source({ Berlin: 20 }), source({ Munich: 20 }, { name: 'name → city' })]));
    expect(split?.probability).toBeLessThan(0.3);
    const joint = weighVotes(cell('Munich', [source({ Berlin: 20 }), source({ Berlin: 20 }, { name: 'name → city' })]));
    expect(joint?.probability).toBeGreaterThan(0.95);
  });

  it('never settle a tie, nor two rows against one', () => {
    expect(weighVotes(cell('Berlin', [source({ Berlni: 1 })]))?.probability).toBeLessThan(0.95);
    expect(
      weighVotes(cell('Mooresville', [source({ 'Mooresville NC': 2 })], { frequency: (text) => (text === 'Mooresville' ? 1 : 2) }))?.probability,
    ).toBeLessThan(0.95);
  });

  it('replace what the contract refuses, and propose nothing that it refuses', () => {
    const refused = cell('1xx19', [source({ '10019': 3 })], { fails: true, accepts: (value) => /^[0-9]{5}$/.test(value ?? '') });
    expect(weighVotes(refused)?.probability).toBeGreaterThan(0.9);
    expect(weighVotes({ ...refused, sources: [source({ '1xx19': 9, x: 4 })] })).toBeUndefined();
  });

  it('say nothing where no other row says anything', () => {
    expect(weighVotes(cell('Berlin', []))).toBeUndefined();
    expect(weighVotes(cell(null, [source({})]))).toBeUndefined();
  });

  it('let a dependency that was read backwards speak for slips only', () => {
    expect(weighVotes(cell('35233', [source({ '99999': 40 }, { backwards: true, stated: false })]))).toBeUndefined();
    expect(weighVotes(cell('10115x', [source({ '10115': 40 }, { backwards: true, stated: false })]))?.value).toBe('10115');
  });

  it('say the same whatever order the values of a group come in', () => {
    const values = { Berlin: 3, Berlyn: 3, Hamburg: 1 };
    const turned = Object.fromEntries(Object.entries(values).reverse());
    const said = weighVotes(cell('Berln', [source(values)]));
    expect(said?.determinants).toEqual(['zip']);
    expect(weighVotes(cell('Berln', [source(turned)]))).toEqual(said);
  });

  it('measure nearness from 0 to 1, also of nothing and of very long texts', () => {
    expect([nearness('abc', 'abc'), nearness('abcd', 'wxyz'), nearness(null, 'a'), nearness('', ''), nearness('a'.repeat(5000), 'a'.repeat(5000))]).toEqual([
      1, 0, 0, 0, 0,
    ]);
  });

  it('count an exchange of neighbours as one edit', () => {
    const pairs = [
      ['Berlni', 'Berlin'],
      ['ca', 'abc'],
      ['abcd', 'badc'],
      ['', 'ab'],
      ['x'.repeat(90), 'y'.repeat(90)],
    ] as const;
    expect(pairs.map(([a, b]) => editDistance(a, b))).toEqual([1, 3, 2, 2, 90]);
  });
});
