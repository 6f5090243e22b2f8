import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { soak, temporaryDirectory } from '@skein/testing';
import type { ChildEvent, Fault } from './reliability-child.ts';
import { startChild, warmUp } from './reliability-process.ts';

// Bar 4: on a full disk nothing is torn, the last version stays live, and publishing resumes after a collection.

const MOUNT = 'mount -t tmpfs -o size=6m none "$0"';
/** How to get a small disk of one's own: a mount namespace, which ends with its process. */
const WAYS = [
  ['unshare', '-rm'],
  ['unshare', '-m'],
];

const way = await (async () => {
  using folder = temporaryDirectory('skein-mount-');
  for (const candidate of WAYS) {
    const [command = '', ...rest] = candidate;
    const works = await promisify(execFile)(command, [...rest, 'sh', '-c', `${MOUNT} && df -k "$0" | grep -q 6144`, folder.path]).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  return undefined;
})();
const skipped = way === undefined ? ' (skipped: no mount namespace to be had, neither as a user nor as root)' : '';
beforeAll(warmUp);

async function filling(rounds: number, fault: Fault): Promise<ChildEvent & { kind: 'outcome' }> {
  using folder = temporaryDirectory('skein-full-');
  mkdirSync(folder.file('disk'));
  const child = startChild({ kind: 'fill', root: folder.file('disk', 'tables'), rounds, fault }, [
    ...(way ?? []),
    'sh',
    '-c',
    `${MOUNT} && exec "$@"`,
    folder.file('disk'),
  ]);
  const { code, errors } = await child.ended;
  const outcome = child.events.find((event) => event.kind === 'outcome');
  if (code !== 0 || outcome === undefined) throw new Error(`the publisher ended with ${code}: ${errors}`);
  return outcome;
}

it.skipIf(way === undefined)(
  `bar 4: a full 6 MB disk: 0 torn, resumes after garbage collection${skipped}`,
  async () => {
    const rounds = soak(240);
    const outcome = await filling(rounds, 'none');
    console.log(`bar 4: ${JSON.stringify(outcome.detail)}`);
    expect(outcome.faults).toEqual([]);
    expect(outcome.detail?.['resumed']).toBe(rounds);
    expect(outcome.detail?.['refused']).toBeGreaterThan(rounds / 4);
    expect(outcome.detail?.['collected']).toBeGreaterThan(rounds);
  },
  300_000,
);

it.skipIf(way === undefined)(
  `bar 4, broken twin: metadata written in place is torn by a full disk${skipped}`,
  async () => {
    expect((await filling(12, 'in-place')).faults.length).toBeGreaterThan(0);
  },
  60_000,
);
