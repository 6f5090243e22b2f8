import { describe, expect, it } from 'vitest';
import { bernoulliExp, uniformBelow, type Bytes } from './chance.ts';
import { cryptoBytes, discreteLaplace, geometric, rational } from './index.ts';

/** Bytes that are the same in every run: the middle bits of a linear congruence of 64 bits. */
function fixedBytes(seed: bigint): Bytes {
  let state = seed;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
      return Number((state >> 33n) & 0xffn);
    });
}

/** Pearson's statistic of draws in −8 to 8 (tails together) against the exact distribution: p^|x|·(1 − p) ÷ (1 + p), p = e^(−1/scale). */
function chiSquare(draws: readonly bigint[], scale: number): number {
  const p = Math.exp(-1 / scale);
  const counts = new Map<number, number>();
  for (const draw of draws) {
    const cell = Math.max(-8, Math.min(8, Number(draw)));
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  let sum = 0;
  for (let x = -8; x <= 8; x += 1) {
    const share = Math.abs(x) === 8 ? p ** 8 / (1 + p) : (p ** Math.abs(x) * (1 - p)) / (1 + p);
    sum += ((counts.get(x) ?? 0) - share * draws.length) ** 2 / (share * draws.length);
  }
  return sum;
}
/** Of 16 degrees of freedom, exceeded once in ten thousand. */
const CRITICAL = 45;

describe('the discrete Laplace', () => {
  it.each(['1', '2', '7/3', '0.5'])('has the exact distribution at scale %s', (text) => {
    const scale = rational(text);
    const bytes = fixedBytes(42n);
    const draws = Array.from({ length: 40_000 }, () => discreteLaplace(scale, bytes));
    const s = Number(scale.numerator) / Number(scale.denominator);
    if (s >= 1) expect(chiSquare(draws, s)).toBeLessThan(CRITICAL);
    const p = Math.exp(-1 / s);
    const variance = draws.reduce((sum, draw) => sum + Number(draw) ** 2, 0) / draws.length;
    expect(variance / ((2 * p) / (1 - p) ** 2)).toBeCloseTo(1, 1);
    expect(Math.abs(draws.reduce((sum, draw) => sum + Number(draw), 0) / draws.length)).toBeLessThan(5 * Math.sqrt(variance / draws.length));
    // The cumulated distribution, by Kolmogorov and Smirnov.
    const below = (x: number): number => (x < 0 ? p ** -x / (1 + p) : 1 - p ** (x + 1) / (1 + p));
    for (let x = -10; x <= 10; x += 1) expect(Math.abs(draws.filter((draw) => draw <= x).length / draws.length - below(x))).toBeLessThan(0.0102);
  });

  it('is told from a rounded Laplace of floats, and from noise of another scale', () => {
    const bytes = fixedBytes(7n);
    const uniform = () => (Number(uniformBelow(1n << 53n, bytes)) + 0.5) / 2 ** 53 - 0.5;
    const rounded = Array.from({ length: 40_000 }, () => {
      const u = uniform();
      return BigInt(Math.round(-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))));
    });
    expect(chiSquare(rounded, 1)).toBeGreaterThan(10 * CRITICAL);
    const near = Array.from({ length: 40_000 }, () => discreteLaplace(rational('1.1'), bytes));
    expect(chiSquare(near, 1)).toBeGreaterThan(5 * CRITICAL);
  });

  it('reaches odd and even numbers beyond 2^53 alike: there are no gaps to see through', () => {
    const bytes = fixedBytes(3n);
    const draws = Array.from({ length: 200 }, () => discreteLaplace(rational('100000000000000000000'), bytes));
    const large = draws.filter((draw) => draw > 1n << 54n || draw < -(1n << 54n));
    expect(large.length).toBeGreaterThan(150);
    const odd = large.filter((draw) => draw % 2n !== 0n).length / large.length;
    expect(odd).toBeGreaterThan(0.35);
    expect(odd).toBeLessThan(0.65);
  });

  it('draws the one-sided kind by its own distribution', () => {
    const bytes = fixedBytes(5n);
    const draws = Array.from({ length: 20_000 }, () => geometric(rational('2'), bytes));
    expect(draws.every((draw) => draw >= 0n)).toBe(true);
    const p = Math.exp(-0.5);
    for (let x = 0; x < 8; x += 1) expect(draws.filter((draw) => draw === BigInt(x)).length / draws.length).toBeCloseTo((1 - p) * p ** x, 1.7);
  });

  it('uses nothing but the bytes: the same bytes, the same noise', () => {
    const run = (seed: bigint) => {
      const bytes = fixedBytes(seed);
      return Array.from({ length: 50 }, () => discreteLaplace(rational('10'), bytes));
    };
    expect(run(1n)).toEqual(run(1n));
    expect(run(1n)).not.toEqual(run(2n));
    const real = cryptoBytes();
    expect(new Set(Array.from({ length: 50 }, () => discreteLaplace(rational('1000000000'), real))).size).toBe(50);
  });

  it('refuses a scale of nothing', () => {
    expect(() => discreteLaplace(rational('0'))).toThrow(expect.objectContaining({ code: 'SKEIN_PRIVACY_INVALID' }));
    for (const text of ['-1', '1e3', '', '1/0', 'NaN', '0x1', '1.']) expect(() => rational(text), text).toThrow(/no decimal number/);
  });
});

describe('what it is made of', () => {
  it('draws every number below a limit equally often, and no other', () => {
    const bytes = fixedBytes(11n);
    const counts = new Map<bigint, number>();
    for (let at = 0; at < 30_000; at += 1) {
      const drawn = uniformBelow(300n, bytes);
      counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    }
    expect([...counts.keys()].every((drawn) => drawn >= 0n && drawn < 300n)).toBe(true);
    expect(counts.size).toBe(300);
    expect([...counts.values()].reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0)).toBeLessThan(400);
    expect(uniformBelow(1n, bytes)).toBe(0n);
  });

  it.each([
    ['0', 1],
    ['1/2', Math.exp(-0.5)],
    ['1', Math.exp(-1)],
    ['5/2', Math.exp(-2.5)],
  ])('fails with e^−γ for γ = %s', (gamma, expected) => {
    const bytes = fixedBytes(13n);
    let hits = 0;
    for (let at = 0; at < 20_000; at += 1) if (bernoulliExp(rational(gamma), bytes)) hits += 1;
    expect(Math.abs(hits / 20_000 - expected)).toBeLessThan(0.015);
  });
});
