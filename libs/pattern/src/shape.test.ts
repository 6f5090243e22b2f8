import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shapeOf } from './index.ts';

describe('shapeOf', () => {
  it.each([
    ['', ''],
    ['03/04/2025', '9/9/9'],
    ['3/4/25', '9/9/9'],
    ['12.0 oz.', '9.9_a.'],
    ['Dec 1, 2011', 'Aa_9,_9'],
    ['N/A', 'A/A'],
    ['--', '--'],
    ['-----', '--'],
    ['the quick brown fox', 'a_…'],
    ['Müller', 'Aa'],
    ['日本', 'L'],
    ['a\u00a0b', 'a_a'],
    ['😀', '^'],
    ['a\0b', 'a!a'],
  ])('%j has the shape %j', (value, shape) => {
    expect(shapeOf(value)).toBe(shape);
  });

  it('is short and quick for any value', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (value) => shapeOf(value).length <= 49));
    const started = process.cpuUsage();
    for (const value of ['x'.repeat(1_000_000), '1,a-'.repeat(250_000), '\ud800'.repeat(1_000_000), 'a b '.repeat(250_000)])
      expect(shapeOf(value).length).toBeLessThanOrEqual(49);
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(500);
  });
});
