import { describe, expect, it } from 'vitest';
import { runJobs, type Job } from './lanes.ts';

const job = (id: string, after: readonly string[] = [], warm: readonly string[] = []): Job => ({ id, after, warm });
const tick = () => new Promise((resolve) => setTimeout(resolve, 2));

describe('lanes', () => {
  it('runs independent jobs at once, never more than there are lanes, and none before what it needs', async () => {
    const running = new Set<string>();
    const ended: string[] = [];
    let most = 0;
    const jobs = [job('d', ['a', 'b']), ...['a', 'b', 'c', 'e', 'f'].map((id) => job(id))];
    await runJobs(jobs, 2, async ({ id, after }) => {
      running.add(id);
      most = Math.max(most, running.size);
      expect(after.every((one) => ended.includes(one))).toBe(true);
      await tick();
      running.delete(id);
      ended.push(id);
    });
    expect(most).toBe(2);
    expect(ended.sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('gives a job to the lane that has built its inputs, and another lane only what that one cannot get to', async () => {
    const lanes = new Map<string, number>();
    await runJobs([job('x1', [], ['x']), job('y1', [], ['y']), job('x2', ['x1'], ['x']), job('y2', ['y1'], ['y'])], 2, async ({ id }, lane) => {
      lanes.set(id, lane);
      await tick();
    });
    expect(lanes.get('x2')).toBe(lanes.get('x1'));
    expect(lanes.get('y2')).toBe(lanes.get('y1'));
    const stolen = new Set<number>();
    await runJobs(
      Array.from({ length: 6 }, (_, index) => job(`s${index}`, [], ['shared'])),
      2,
      async (_, lane) => {
        stolen.add(lane);
        await tick();
      },
    );
    expect(stolen.size).toBe(2);
  });

  it('starts nothing after a failure, waits for what runs, and says when jobs wait for each other', async () => {
    const started: string[] = [];
    const ended: string[] = [];
    await expect(
      runJobs([job('bad'), job('slow'), job('never', ['slow'])], 2, async ({ id }) => {
        started.push(id);
        if (id === 'bad') throw new Error('no');
        await tick();
        ended.push(id);
      }),
    ).rejects.toThrow('no');
    expect([started, ended]).toEqual([['bad', 'slow'], ['slow']]);
    await expect(runJobs([job('a', ['b']), job('b', ['a'])], 2, async () => undefined)).rejects.toThrow('wait for each other');
  });
});
