import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SkeinError } from '@skein/kernel';
import type { BenchResult, Progress } from './bench.ts';

const MAIN = fileURLToPath(new URL('../../../platform/mesh/dist/main.js', import.meta.url));
const ROUNDS = 7;
const DEMO_ROWS = 1_000;
const DEADLINE_MS = 30_000;

/** What Node itself needs to answer one request. */
const BARE = `require('node:http').createServer((q, r) => r.end('{}')).listen(Number(process.argv[1]), '127.0.0.1')`;

/**
 * Seconds from the start of the process of `npm start` to its first HTTP answer, when everything was ingested before: the median of
 * several starts over one data directory, against a bare Node server started in turns with it.
 */
export async function boot(progress: Progress = () => undefined): Promise<BenchResult> {
  const data = await mkdtemp(path.join(tmpdir(), 'skein-boot-'));
  try {
    progress('ingesting once');
    await runOnce(data);
    const mesh: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      progress(`start ${round + 1} of ${ROUNDS}`);
      mesh.push(await firstAnswer((port) => [MAIN, '--data', data, '--rows', String(DEMO_ROWS), '--port', String(port)]));
      bare.push(await firstAnswer((port) => ['-e', BARE, String(port)]));
    }
    const [figure, floor] = [median(mesh) / 1_000, median(bare) / 1_000];
    return { figure, floor, ratio: figure / floor, unit: 's', worst: Math.max(...mesh) / 1_000, rounds: ROUNDS };
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function runOnce(data: string): Promise<void> {
  const child = spawn(process.execPath, [MAIN, '--once', '--json', '--data', data, '--rows', String(DEMO_ROWS), '--port', '0'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new SkeinError('SKEIN_INTERNAL', `the first run of the mesh ended with code ${code}`, { hint: 'Run npm start -- --once and see why.' });
}

async function firstAnswer(args: (port: number) => string[]): Promise<number> {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(process.execPath, args(port), { stdio: 'ignore' });
  const exit = once(child, 'exit');
  try {
    while (!(await answers(port))) {
      if (child.exitCode !== null || performance.now() - started > DEADLINE_MS)
        throw new SkeinError('SKEIN_INTERNAL', `the process that was to answer on port ${port} did not (exit code ${child.exitCode})`);
      await new Promise((next) => setTimeout(next, 3));
    }
    return performance.now() - started;
  } finally {
    child.kill('SIGTERM');
    await exit;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/', agent: false }, (response) => {
      response.resume().on('end', () => resolve(true));
    }).on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
