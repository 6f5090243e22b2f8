import { randomUUID } from 'node:crypto';
import { patternBoardConformance } from '@skein/ports/conformance';
import { redisForTests } from '@skein/testing';
import { afterAll, describe } from 'vitest';
import { joinRedisBoard } from './redis-board.ts';

const redis = await redisForTests();

if (typeof redis === 'string') {
  describe.skip(`pattern board: ${redis}`, () => {
    patternBoardConformance('redis', () => Promise.reject(new Error(redis)));
  });
} else {
  afterAll(() => redis[Symbol.asyncDispose]());
  patternBoardConformance('redis', async () => {
    const prefix = `skein-test-${randomUUID()}:`;
    return { join: (agent) => joinRedisBoard({ url: redis.url, prefix, migration: 'm1', agent }) };
  });
}
