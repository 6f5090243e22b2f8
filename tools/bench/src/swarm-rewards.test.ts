import { expect, it } from 'vitest';
import { swarmRewards } from './swarm-rewards.ts';

it('finds the same with families ordered by what they earned as without, and tries no more readings', async () => {
  const figures = await swarmRewards(undefined, 0.1);
  expect(figures).toMatchObject({ equal: true, gaps: 60 });
  expect(figures['readings']).toBeLessThanOrEqual(figures['readings_off'] as number);
  expect(figures['readings_off']).toBeLessThanOrEqual(figures['readings_offered'] as number);
  expect(figures['solved']).toBeGreaterThan(40);
  expect(figures['conflicts']).toBeGreaterThan(0);
});
