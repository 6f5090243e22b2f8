import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { localContractRegistry } from '@skein/adapter-storage';
import type { RegisteredVersion } from '@skein/ports';
import { soak, temporaryDirectory } from '@skein/testing';
import { describe, expect, it } from 'vitest';

const LINE = { domain: 'sap', name: 'material', major: 1 };

/** A process that registers versions, one line for each that it was told is registered, until it has its share or is killed. */
const PUSHER = `
const [root, name, share, fault] = process.argv.slice(1);
if (fault === 'rename') {
  const { default: fs } = await import('node:fs');
  fs.promises.link = fs.promises.rename;
  (await import('node:module')).syncBuiltinESMExports();
}
const { localContractRegistry } = await import('@skein/adapter-storage');
const registry = localContractRegistry({ root });
const line = { domain: 'sap', name: 'material', major: 1 };
let lost = 0;
for (let done = 0; done < Number(share);) {
  const after = (await registry.versions(line)).length;
  try {
    const { sequence } = await registry.append(line, { version: '1.' + after + '.0', hash: name + ':' + done, status: 'active', mode: 'FULL', text: name.repeat(5000), publishedAt: 0, publishedBy: name }, after);
    process.stdout.write(sequence + ' ' + name + ':' + done + '\\n');
    done += 1;
  } catch (error) {
    if (error.code !== 'SKEIN_CONTRACT_CONFLICT') throw error;
    lost += 1;
  }
}
process.stderr.write(String(lost));
`;

interface Pusher {
  /** Ends with what it was told, as `sequence hash`, and how often another was first. */
  readonly ended: Promise<{ readonly told: readonly string[]; readonly lost: number; readonly code: number | null }>;
  kill(): void;
}

/** `fault`: how the commit is broken, to see that the test notices. */
function push(root: string, name: string, share: number, fault: 'none' | 'rename' = 'none'): Pusher {
  const child = spawn(process.execPath, ['--conditions=@skein/source', '--input-type=module', '-e', PUSHER, root, name, String(share), fault], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: import.meta.dirname,
  });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Awaited<Pusher['ended']>>((resolve) => {
    // an acknowledgement that was cut off is none
    child.on('close', (exit) => resolve({ told: out.split('\n').slice(0, -1), lost: Number(err), code: exit }));
  });
  return { ended, kill: () => void child.kill('SIGKILL') };
}

describe('processes that register versions at once', () => {
  it('are one winner for each version, and nothing is lost', async () => {
    using folder = temporaryDirectory('skein-registry-');
    const [processes, share] = [8, 50];
    const ends = await Promise.all(Array.from({ length: processes }, (_, at) => push(folder.path, `p${at}`, share).ended));
    expect(ends.map((end) => end.code)).toEqual(ends.map(() => 0));
    const versions = await localContractRegistry({ root: folder.path }).versions(LINE);
    expect(versions).toHaveLength(processes * share);
    expect(versions.map(({ sequence }) => sequence)).toEqual(versions.map((_, index) => index + 1));
    expect(versions.map(({ sequence, hash }) => `${sequence} ${hash}`).sort()).toEqual(ends.flatMap(({ told }) => told).sort());
    expect(ends.reduce((sum, { lost }) => sum + lost, 0)).toBeGreaterThan(0);
  });

  it('are seen to lose versions where rename() stands for link()', async () => {
    using folder = temporaryDirectory('skein-registry-');
    const ends = await Promise.all(Array.from({ length: 4 }, (_, at) => push(folder.path, `p${at}`, 50, 'rename').ended));
    const told = ends.flatMap((end) => end.told);
    const versions = await localContractRegistry({ root: folder.path }).versions(LINE);
    expect(told.length).toBeGreaterThan(versions.length);
  });

  it('that are killed leave whole versions, what they were told of among them', async () => {
    using folder = temporaryDirectory('skein-registry-');
    const registry = localContractRegistry({ root: folder.path });
    const told: string[] = [];
    const rounds = soak(20);
    for (let round = 0; round < rounds; round += 1) {
      const pushers = Array.from({ length: 4 }, (_, at) => push(folder.path, `r${round}p${at}`, 10_000));
      const before = (await registry.versions(LINE)).length;
      // killed only once they are at work, each at a moment of its own
      const deadline = performance.now() + 20_000;
      while ((await registry.versions(LINE)).length < before + 8 && performance.now() < deadline) await sleep(5);
      for (const pusher of pushers) {
        await sleep(Math.random() * 20);
        pusher.kill();
      }
      for (const pusher of pushers) told.push(...(await pusher.ended).told);
    }
    const versions = await localContractRegistry({ root: folder.path }).versions(LINE);
    expect(told.length).toBeGreaterThan(rounds * 8 - rounds * 4 - 1);
    const stand = new Set(versions.map(({ sequence, hash }) => `${sequence} ${hash}`));
    expect(told.filter((one) => !stand.has(one))).toEqual([]);
    // a version may stand that nobody was told of: its process was killed between the two
    expect(versions.length - told.length).toBeLessThanOrEqual(rounds * 4);
    for (const version of versions) expect(await registry.text(version)).toHaveLength(version.publishedBy.length * 5_000);
    expect(await registry.append(LINE, { ...(versions[0] as RegisteredVersion), text: '' }, versions.length)).toMatchObject({ sequence: versions.length + 1 });
  });
});
