import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { betaCdf, betaQuantile } from './confidence-beta.ts';
import { calibrationError, confidence, mayApply, posterior, prefer, probabilityGreater, type Forecast } from './confidence.ts';

/** Computed by mpmath at 30 digits and by SciPy, not by this code. */
const golden = JSON.parse(readFileSync(new URL('./golden/beta.json', import.meta.url), 'utf8')) as Record<'cdf' | 'quantile' | 'greater', number[][]>;

function worst(rows: readonly number[][], error: (row: number[]) => number): number {
  expect(rows.length).toBeGreaterThan(5);
  return Math.max(...rows.map(error));
}

describe('beta distribution', () => {
  it('has the distribution function of the reference', () => {
    expect(worst(golden.cdf, ([a = 0, b = 0, x = 0, p = 0]) => Math.abs(betaCdf({ alpha: a, beta: b }, x) - p) / p)).toBeLessThan(1e-9);
  });

  it('has the quantiles of the reference', () => {
    expect(worst(golden.quantile, ([a = 0, b = 0, p = 0, x = 0]) => Math.abs(betaQuantile({ alpha: a, beta: b }, p) - x) / x)).toBeLessThan(1e-9);
  });

  it('compares two rates as the reference does', () => {
    expect(
      worst(golden.greater, ([a = 0, b = 0, c = 0, d = 0, p = 0]) => Math.abs(probabilityGreater({ alpha: a, beta: b }, { alpha: c, beta: d }) - p)),
    ).toBeLessThan(1e-7);
  });

  it('would be caught with β and α exchanged, or with the tail left out', () => {
    expect(worst(golden.cdf, ([a = 0, b = 0, x = 0, p = 0]) => Math.abs(betaCdf({ alpha: b, beta: a }, x) - p))).toBeGreaterThan(0.1);
    expect(worst(golden.cdf, ([a = 0, b = 0, x = 0, p = 0]) => Math.abs(1 - betaCdf({ alpha: a, beta: b }, x) - p))).toBeGreaterThan(0.1);
  });

  it('refuses what is no distribution and no probability', () => {
    expect(() => betaCdf({ alpha: 0, beta: 1 }, 0.5)).toThrow(RangeError);
    expect(() => betaCdf({ alpha: Number.NaN, beta: 1 }, 0.5)).toThrow(RangeError);
    expect(() => betaQuantile({ alpha: 1, beta: 1 }, 1.5)).toThrow(RangeError);
    expect([betaCdf({ alpha: 2, beta: 2 }, -1), betaCdf({ alpha: 2, beta: 2 }, 2), betaQuantile({ alpha: 2, beta: 2 }, 1)]).toEqual([0, 1, 1]);
  });
});

describe('confidence', () => {
  const test = { cells: 400, passed: 400 };

  it('counts discovery once, whatever was tested and however often it was found', () => {
    expect(posterior({ evidence: {}, test })).toEqual({ alpha: 2, beta: 1 });
    expect(posterior({ evidence: {}, test: { cells: 10, passed: 9 } })).toEqual({ alpha: 1.9, beta: 1.1 });
    expect(posterior({ evidence: {}, test: { cells: 0, passed: 0 } })).toEqual({ alpha: 1, beta: 1 });
  });

  it('lets a solution pass on verified applications only', () => {
    const after = (successes: number, failures = 0) => posterior({ evidence: { a: { successes, failures } }, test });
    expect(mayApply(after(0), 0.9)).toBe(false);
    // Beta(n, 1) has the 5 % quantile 0.05^(1/n): 0.9 needs n ≥ 28.4.
    expect(mayApply(after(26), 0.9)).toBe(false);
    expect(mayApply(after(27), 0.9)).toBe(true);
    expect(mayApply(after(27, 1), 0.9)).toBe(false);
    expect(confidence(after(27))).toBeCloseTo(0.05 ** (1 / 29), 10);
  });

  it('falls when a solution fails later, and is not carried by one loud agent', () => {
    const poisoned = { evidence: { liar: { successes: 1_000_000, failures: 0 }, b: { successes: 0, failures: 4 } }, test };
    expect(mayApply(posterior(poisoned), 0.9)).toBe(true);
    expect(mayApply(posterior(poisoned, { perAgent: 20 }), 0.9)).toBe(false);
  });

  it('decides between two solutions only when the evidence does', () => {
    expect(prefer({ alpha: 50, beta: 2 }, { alpha: 20, beta: 20 })).toBe('one');
    expect(prefer({ alpha: 20, beta: 20 }, { alpha: 50, beta: 2 })).toBe('other');
    expect(prefer({ alpha: 10, beta: 2 }, { alpha: 9, beta: 2 })).toBe('arbitrate');
    expect(prefer({ alpha: 10, beta: 2 }, { alpha: 10, beta: 2 })).toBe('arbitrate');
  });

  it('measures calibration: 0 for honest forecasts, the lie for others, nothing for none', () => {
    const outcomes = (probability: number, successes: number, count: number): Forecast[] =>
      Array.from({ length: count }, (_, index) => ({ probability, success: index < successes }));
    expect(calibrationError([...outcomes(0.9, 90, 100), ...outcomes(0.2, 20, 100)])).toBeCloseTo(0, 12);
    expect(calibrationError(outcomes(0.9, 50, 100))).toBeCloseTo(0.4, 12);
    // One bin lets two lies cancel; that is why there are ten.
    const lies = [...outcomes(0.9, 50, 100), ...outcomes(0.1, 50, 100)];
    expect(calibrationError(lies, 1)).toBeCloseTo(0, 12);
    expect(calibrationError(lies)).toBeCloseTo(0.4, 12);
    expect(calibrationError([])).toBeUndefined();
    expect(() => calibrationError([{ probability: 1.1, success: true }])).toThrow(RangeError);
  });
});
