import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { environment } from './environment.ts';
import { redisContainer } from './redis-container.ts';
import { redisFromPackages } from './redis-packages.ts';
import { redisProcess, type RedisProgram } from './redis-process.ts';

/** A Redis that a test may write to, below a prefix of its own. */
export interface RedisForTests extends AsyncDisposable {
  readonly url: string;
  /** Where it comes from, in words. */
  readonly origin: string;
}

const CACHE = path.resolve(import.meta.dirname, '../../../node_modules/.cache/skein');
const HOW = 'set SKEIN_TEST_REDIS=redis://…, start Docker, install redis-server, or use Debian or Ubuntu with a network';

/**
 * A Redis for tests: the configured address (`SKEIN_TEST_REDIS`), a container where Docker answers, the system's `redis-server`, or Debian's
 * packages unpacked into a cache; the first that can be had. Prints which it is.
 * @returns the server, or in words why there is none and how to get one: for the name of the skipped tests.
 */
export async function redisForTests(print: (line: string) => void = console.log): Promise<RedisForTests | string> {
  if (environment.redis !== undefined && environment.redis !== '') {
    return announced({ url: environment.redis, origin: 'the address in SKEIN_TEST_REDIS', [Symbol.asyncDispose]: async () => {} }, print);
  }
  const container = await redisContainer().catch((error: unknown) => {
    print(`Redis in a container did not start: ${String(error)}`);
    return undefined;
  });
  if (container !== undefined) {
    return announced({ url: container.url, origin: 'a container', [Symbol.asyncDispose]: () => container[Symbol.asyncDispose]() }, print);
  }
  const program = await redisProgram();
  if (typeof program === 'string') return program;
  const server = await redisProcess(program);
  return announced({ url: server.url, origin: program.origin, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }, print);
}

/** A `redis-server` for tests that kill and restart it: the system's, or Debian's packages. In words why there is none, otherwise. */
export async function redisProgram(): Promise<RedisProgram | string> {
  const system = await promisify(execFile)('redis-server', ['--version'], { timeout: 10_000 }).catch(() => undefined);
  if (system !== undefined) return { command: 'redis-server', libraries: [], origin: 'the redis-server of this system' };
  const program = await redisFromPackages(CACHE);
  return typeof program === 'string' ? `no Redis (${program}); ${HOW}` : program;
}

function announced(redis: RedisForTests, print: (line: string) => void): RedisForTests {
  print(`Redis for tests: ${redis.origin}`);
  return redis;
}
