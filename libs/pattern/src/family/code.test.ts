import { distance } from 'fastest-levenshtein';
import { expect, it } from 'vitest';
import { nearestIn } from './code.ts';

/** What `nearestIn` stands for, by comparing with every code. */
function nearest(value: string, codes: readonly string[]): string | undefined {
  const reach = Math.floor(Math.min(value.length, 60) / 5) + (value.length === 4 ? 1 : 0);
  const apart = codes.map((code) => [distance(value, code.toLowerCase()), code] as const).sort(([a], [b]) => a - b);
  const [[best, found], [next]] = [apart[0] ?? [Infinity, ''], apart[1] ?? [Infinity]];
  return reach > 0 && best <= reach && next >= best * 2 && next >= best + 1 ? found : undefined;
}

it('finds the code that a comparison with every code finds', () => {
  let state = 5;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const word = (length: number, of: string): string => Array.from({ length }, () => of[next(of.length)]).join('');
  let [found, left] = [0, 0];
  for (const alphabet of ['abc', 'abcdefghijklmnopqrstuvwxyz ', 'aé日😀0!z']) {
    const codes = [...new Set(Array.from({ length: 60 }, () => word(2 + next(12), alphabet)))];
    const search = nearestIn(codes);
    for (let round = 0; round < 1_000; round += 1) {
      const [code, at] = [codes[next(codes.length)] ?? '', next(8)];
      const value = round % 4 === 0 ? word(next(14), alphabet) : code.slice(0, at) + word(next(3), alphabet) + code.slice(at + next(3));
      const wanted = nearest(value, codes);
      expect([value, search(value)]).toEqual([value, wanted]);
      if (wanted === undefined) left += 1;
      else found += 1;
    }
  }
  expect(found).toBeGreaterThan(300);
  expect(left).toBeGreaterThan(300);
});
