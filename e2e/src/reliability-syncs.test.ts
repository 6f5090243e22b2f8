import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { soak, temporaryDirectory } from '@skein/testing';
import { startChild, warmUp } from './reliability-process.ts';
import type { Fault } from './reliability-child.ts';
import { checkCalls, TRACED, type CallReport } from './system-calls.ts';

// Bar 3: the order of system calls. Nothing is unsynced when a version is linked, and nothing is acknowledged before the
// folder that names it is durable. SIGKILL cannot show this: only a power failure could, or the calls themselves.

const missing = await promisify(execFile)('strace', ['-f', '-e', 'trace=fsync', 'true']).then(
  () => undefined,
  () => 'strace is not at hand, or not allowed',
);
beforeAll(warmUp);

async function traced(count: number, fault: Fault): Promise<CallReport> {
  using folder = temporaryDirectory('skein-syncs-');
  const [root, log] = [folder.file('a', 'tables'), folder.file('trace.log')];
  const child = startChild({ kind: 'publish', root, count, fault }, ['strace', '-f', '-y', '-s', '300', '-e', `trace=${TRACED}`, '-o', log]);
  const { code, errors } = await child.ended;
  if (code !== 0) throw new Error(`the publisher ended with ${code}: ${errors}`);
  return checkCalls(await readFile(log, 'utf8'), root);
}

it.skipIf(missing !== undefined)(
  `bar 3: nothing is unsynced at the link, and nothing acknowledged too soon${missing ? ` (skipped: ${missing})` : ''}`,
  async () => {
    const count = soak(100);
    const report = await traced(count, 'none');
    expect(report.faults).toEqual([]);
    expect([report.links, report.acknowledgements]).toEqual([count, count]);
    console.log(`bar 3: ${(report.fsyncs / count).toFixed(1)} fsyncs a version with two data files`);
  },
  300_000,
);

it.skipIf(missing !== undefined)(
  'bar 3, broken twins: without fsync, and with the acknowledgement too soon',
  async () => {
    expect((await traced(2, 'unsynced')).faults.length).toBeGreaterThan(2);
    const early = (await traced(1, 'early')).faults;
    expect(early).toHaveLength(1);
    expect(early[0]).toContain('acknowledged before');
  },
  60_000,
);
