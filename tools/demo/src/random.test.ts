import { describe, expect, it } from 'vitest';
import { demoMaterials } from './materials.ts';
import { randomFrom, weighted } from './random.ts';

describe('randomFrom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const draw = (seed: number) => Array.from({ length: 50 }, randomFrom(seed).uint32);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('is even over its range', () => {
    const random = randomFrom(1);
    const buckets = new Array<number>(16).fill(0);
    for (let index = 0; index < 160_000; index++) buckets[random.below(16)]!++;
    // Chi-square with 15 degrees of freedom: 37.7 is passed by chance once in a thousand seeds.
    const chiSquare = buckets.reduce((sum, seen) => sum + (seen - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(37.7);
  });

  it('forks without disturbing each other', () => {
    const first = randomFrom(3);
    const second = randomFrom(3);
    const [a, b] = [first.fork('x'), second.fork('x')];
    a.uint32();
    expect(first.uint32()).toBe(second.uint32());
    expect(b.uint32()).toBe(randomFrom(3).fork('x').uint32());
    expect(randomFrom(3).fork('x').uint32()).not.toBe(randomFrom(3).fork('y').uint32());
  });

  it('picks by weight and never what weighs nothing', () => {
    const random = randomFrom(5);
    const pick = weighted([0, 3, 0, 1]);
    const seen = [0, 0, 0, 0];
    for (let index = 0; index < 40_000; index++) seen[pick(random)]!++;
    expect(seen[0]! + seen[2]!).toBe(0);
    expect(seen[1]! / seen[3]!).toBeGreaterThan(2.8);
    expect(seen[1]! / seen[3]!).toBeLessThan(3.2);
    expect(() => weighted([0, 0])).toThrow(RangeError);
  });
});

describe('demoMaterials', () => {
  it('gives distinct numbers in their external form, with shares that add up to one', () => {
    const materials = demoMaterials(42);
    expect(materials).toHaveLength(200);
    expect(new Set(materials.map((material) => material.number)).size).toBe(200);
    for (const material of materials) {
      expect(material.number).toMatch(/^(?:[1-9][0-9]{0,39}|[A-Z]{2}-[0-9]{4})$/);
      expect(material.price).toMatch(/^[0-9]+\.[0-9]{2}$/);
    }
    expect(materials.reduce((sum, material) => sum + material.popularity, 0)).toBeCloseTo(1, 9);
    expect(demoMaterials(42)).toEqual(materials);
    expect(demoMaterials(43)).not.toEqual(materials);
  });
});
