import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { redisFromPackages } from './redis-packages.ts';
import { redisProcess, type RedisProgram } from './redis-process.ts';
import { redisForTests, redisProgram } from './redis.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const found = await redisProgram();
// Where there is none the tests below are skipped, and must be there to be counted.
const program = found as RedisProgram;

/** One command in the inline form of the protocol, and the first line of the answer. */
function ask(url: string, command: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${command}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().trim());
    });
    socket.once('error', reject);
  });
}

describe.skipIf(typeof found === 'string')(`Redis for tests${typeof found === 'string' ? `: ${found}` : ''}`, () => {
  it('keeps over a kill what it acknowledged, and leaves no process behind', async () => {
    let url = '';
    let pid = 0;
    {
      await using redis = await redisProcess(program);
      url = redis.url;
      expect(new URL(url).hostname).toBe('127.0.0.1');
      expect(await ask(url, 'SET kept 1')).toBe('+OK');
      await redis.kill();
      await expect(ask(url, 'GET kept')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
      await redis.start();
      expect(await ask(url, 'GET kept')).toBe('$1\r\n1');
      pid = redis.pid ?? 0;
    }
    await expect(ask(url, 'PING')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(pid).toBeGreaterThan(0);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  it('starts several at once on ports of their own', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => redisProcess(program)));
    expect(new Set(servers.map(({ url }) => url)).size).toBe(3);
    expect(await Promise.all(servers.map(({ url }) => ask(url, 'PING')))).toEqual(['+PONG', '+PONG', '+PONG']);
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });

  it('says which Redis it found', async () => {
    const lines: string[] = [];
    const redis = await redisForTests((line) => lines.push(line));
    if (typeof redis === 'string') throw new Error(redis);
    expect(lines.at(-1)).toBe(`Redis for tests: ${redis.origin}`);
    expect(await ask(redis.url, 'PING')).toBe('+PONG');
    await redis[Symbol.asyncDispose]();
  });
});

describe('Redis that cannot be had', () => {
  it('is said in words, and not asked for again at once', async () => {
    using folder = temporaryDirectory();
    mkdirSync(folder.path, { recursive: true });
    writeFileSync(folder.file('redis-failed'), 'the packages could not be fetched: no network');
    expect(await redisFromPackages(folder.path)).toBe('the packages could not be fetched: no network');
  });

  it('is a program that ends, or that is not there', async () => {
    await expect(redisProcess({ command: 'false', libraries: [], origin: 'nowhere' })).rejects.toThrow(/ended with 1/);
    await expect(redisProcess({ command: '/nowhere/redis-server', libraries: [], origin: 'nowhere' })).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
