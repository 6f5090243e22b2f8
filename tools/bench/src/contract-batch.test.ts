import { expect, it } from 'vitest';
import { agree, contractBatch } from './contract-batch.ts';

it('judges 22 checks with the same counts as SQL by hand, at a small size', async () => {
  const result = await contractBatch(() => undefined, 20_000);
  expect(result).toMatchObject({ unit: 's', rows: 20_000, checks: 22 });
  expect(result['refused']).toBeGreaterThan(50);
  expect(result.ratio).toBeCloseTo(result.figure / result.floor);
  expect(Math.min(result.figure, result.floor)).toBeGreaterThan(0);
});

it('would not take another answer for a faster one', () => {
  const verdict = { gates: [{ failed: 3n }, { failed: 1n }] } as unknown as Parameters<typeof agree>[0];
  expect(() => agree(verdict, ['1', '3'])).not.toThrow();
  expect(() => agree(verdict, ['1', '2'])).toThrow('the verdict says 1 3, the SQL by hand 1 2');
  expect(() => agree(verdict, ['1'])).toThrow('the SQL by hand 1');
  expect(() => agree({ gates: [{ outcome: 'error', reason: 'x' }] } as unknown as Parameters<typeof agree>[0], ['0'])).toThrow('the verdict says NaN');
});
