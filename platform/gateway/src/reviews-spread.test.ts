import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { memoryBoard, memoryReviewDesk, memoryStateStore } from '@skein/adapter-memory';
import { joinRedisBoard } from '@skein/adapter-redis';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { signatureKey } from '@skein/pattern';
import type { PatternBoard } from '@skein/ports';
import { boardShows } from '@skein/ports/conformance';
import { redisForTests, temporaryDirectory } from '@skein/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { reviewSwarm } from './reviews/review-swarm.ts';
import { AMBIGUOUS, catalog, gapOf, ledger, orders } from './reviews-gaps.fixture.ts';

const folder = temporaryDirectory('skein-reviews-spread-');
const redis = await redisForTests();
afterAll(async () => {
  if (typeof redis !== 'string') await redis[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const gap = gapOf('day', AMBIGUOUS);
const key = signatureKey(gap.gap.signature);

/** Escalates, decides, and returns the milliseconds from the decision until `heard` resolves. */
async function decideAndWait(board: PatternBoard, heard: () => Promise<unknown>): Promise<number> {
  const errors: unknown[] = [];
  const desk = memoryReviewDesk();
  const swarm = await reviewSwarm({
    desk,
    state: memoryStateStore(),
    handedOver: memoryStateStore(),
    board,
    catalog,
    contracts: [orders, ledger],
    store: localSnapshotStore({ root: folder.file('tables'), clock: systemClock }),
    clock: systemClock,
    log: { error: (error) => void errors.push(error), warn: (text) => void errors.push(text) },
  });
  const [id = ''] = (await swarm.meta?.consider([gap]))?.waiting ?? [];
  const choice = (await desk.get(id))?.alternatives[0]?.id ?? '';
  const all = heard();
  const started = performance.now();
  await desk.decide(id, { id: 'd1', decision: 'approve', by: 'ann', reason: 'day first', at: 1, choice });
  expect(await swarm.carryOut(id, 5_000)).toBe(true);
  await all;
  const took = performance.now() - started;
  await swarm.close();
  expect(errors).toEqual([]);
  return took;
}

/** A second on a quiet machine; a busy one is given more. */
const SECOND = 10_000;

describe('a decision reaches every worker within a second', () => {
  it('in worker threads, over the board in memory', async () => {
    const hub = memoryBoard();
    const member = await hub.join('gateway');
    const workers = Array.from({ length: 3 }, (_, at) => {
      const port = hub.port();
      return new Worker(new URL('./reviews-worker.fixture.ts', import.meta.url), {
        workerData: { port, agent: `worker-${at}`, key },
        transferList: [port],
        execArgv: ['--conditions=@skein/source'],
      });
    });
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const ended = workers.map((worker) => once(worker, 'exit'));
    expect(await decideAndWait(member, () => Promise.all(workers.map((worker) => once(worker, 'message'))))).toBeLessThan(SECOND);
    await Promise.all(ended);
    await member.close();
    hub.close();
  });

  it.skipIf(typeof redis === 'string')(`over Redis${typeof redis === 'string' ? ` (${redis})` : ''}`, async () => {
    if (typeof redis === 'string') return;
    const prefix = `skein-test-${randomUUID()}:`;
    const join = (agent: string) => joinRedisBoard({ url: redis.url, prefix, migration: 'm1', agent });
    const [member, ...workers] = await Promise.all(['gateway', 'w1', 'w2', 'w3'].map(join));
    if (!member) throw new Error('nobody joined');
    const heard = () => Promise.all(workers.map((worker) => boardShows(worker, () => worker.lookup(key).length > 0)));
    expect(await decideAndWait(member, heard)).toBeLessThan(SECOND);
    await Promise.all([member, ...workers].map((one) => one.close()));
  });
});
