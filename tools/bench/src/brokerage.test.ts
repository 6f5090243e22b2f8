import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anonymiseBench } from './anonymise.ts';
import { pricingBench } from './pricing.ts';

const DATA = path.resolve('../shared/data/brokerage/adult.data');

describe('the bench of prices', () => {
  it('gives shares of an oracle that nobody beats, the same in every run', async () => {
    const result = await pricingBench(undefined, 3, 1_200);
    for (const share of [result.figure, result.floor, result['rest_min'], result['shift_min']]) {
      expect(share).toBeGreaterThan(0.5);
      expect(share).toBeLessThan(1);
    }
    expect(result.figure).toBeGreaterThan(result.floor);
    expect((await pricingBench(undefined, 3, 1_200)).figure).toBe(result.figure);
  });
});

describe('the bench of anonymising', () => {
  it('says where its data should be', async () => {
    await expect(anonymiseBench(undefined, 'nowhere')).rejects.toMatchObject({
      code: 'SKEIN_SOURCE_NOT_FOUND',
      hint: expect.stringContaining('shared/data') as unknown,
    });
  });
  it.skipIf(!existsSync(DATA))('keeps its loss on Adult of ../shared/data', async () => {
    const result = await anonymiseBench();
    expect(result).toMatchObject({ rows: 30_162, k: 10, smallest_class: 10 });
    expect(result['ncp_percent']).toBeLessThanOrEqual(11.3);
  });
});
