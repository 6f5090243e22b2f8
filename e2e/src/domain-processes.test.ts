import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { localSnapshotStore } from '@skein/adapter-storage';
import { issueDevToken } from '@skein/gateway';
import { systemClock } from '@skein/kernel';
import { redisForTests, temporaryDirectory } from '@skein/testing';

// Promise: a domain in a process of its own brings what it cannot decide before the gateway's people, and goes by what they decide.

const root = path.resolve(import.meta.dirname, '../..');
const running: ChildProcess[] = [];
afterEach(() => Promise.all(running.splice(0).map((child) => ended(child))));

/** Ends a process as an operator does, and takes it for a fault when it does not go. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await exit;
  clearTimeout(late);
  expect(child.signalCode, `${child.spawnargs[1]} did not end within 30 s of SIGTERM`).not.toBe('SIGKILL');
}

function start(main: string, args: readonly string[]): { readonly child: ChildProcess; readonly said: () => string } {
  const child = spawn(process.execPath, [path.join(root, main), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return { child, said: () => said };
}

async function until<Found>(what: string, look: () => Promise<Found | undefined> | Found | undefined, said: () => string = () => ''): Promise<Found> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`${what} did not come within a minute: ${said().slice(-2_000)}`);
}

const record = (index: number) => ({
  event_date: '20260820',
  event_timestamp: String(BigInt(Date.parse('2026-08-20T12:00:00Z')) * 1000n + BigInt(index)),
  event_name: 'page_view',
  event_params: [
    { key: 'ga_session_id', value: { int_value: '1787918400' } },
    { key: 'page_location', value: { string_value: 'https://shop.example/' } },
    ...(index % 100 === 7 ? [{ key: 'currency', value: { string_value: 'Kronen?' } }] : []),
  ],
  user_pseudo_id: `A.${index}`,
  device: { category: 'desktop', web_info: { hostname: 'shop.example' } },
  collected_traffic_source: { manual_source: `reader.${index}@mail.example` },
  stream_id: '77',
  platform: 'WEB',
});

interface View {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  readonly product: string;
  readonly column: string;
  readonly applied: boolean;
  readonly alternatives: readonly { readonly id: string; readonly why?: string }[];
}

/** Gateway and domain over one data directory, until both have ended, after `last`; returns what became of what the domain handed over. */
async function decideOverProcesses(
  more: readonly string[],
  last: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly before: number; readonly after: number; readonly hidden: number; readonly kinds: string[] }> {
  using folder = temporaryDirectory('skein-processes-');
  const data = folder.file('data');
  mkdirSync(folder.file('sources'));
  writeFileSync(folder.file('sources', 'events_20260820.json'), `${Array.from({ length: 300 }, (_, index) => JSON.stringify(record(index))).join('\n')}\n`);
  const gateway = start('platform/gateway/dist/main.js', ['--port', '0', '--data', data, ...more]);
  const url = await until('the gateway', () => /at (http:\S+)/.exec(gateway.said())?.[1], gateway.said);
  const domain = start('domains/ga4/dist/main.js', ['--from', folder.file('sources'), '--data', data, ...more]);
  const ask = async (place = '', body?: object): Promise<View & { readonly reviews: readonly View[] }> => {
    const authorization = `Bearer ${await issueDevToken({ dir: path.join(data, 'keys'), as: 'steward', purposes: [] })}`;
    const response = await fetch(`${url}/v1/reviews${place}`, {
      headers: { authorization, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    });
    return (await response.json()) as View & { readonly reviews: readonly View[] };
  };
  const both = await until(
    'what the domain handed over',
    async () => {
      const { reviews } = await ask();
      return new Set(reviews.map(({ kind }) => kind)).size === 2 ? reviews : undefined;
    },
    () => `${gateway.said()}${domain.said()}`,
  );
  const store = localSnapshotStore({ root: path.join(data, 'tables'), clock: systemClock });
  const table = { domain: 'ga4', name: 'events', major: 1 };
  const before = (await until('the first version', () => store.current(table), domain.said)).version;
  const masking = both.find(({ kind }) => kind === 'masking');
  const view = await ask(`/${masking?.id}`);
  const choice = view.alternatives.find(({ why }) => why?.includes('***') === true)?.id;
  const decided = await ask(`/${view.id}/decisions`, { decision: 'approve', reason: 'these are addresses', choice });
  expect(decided).toMatchObject({ status: 'approved', applied: true });
  const next = await until(
    'the version with the mask',
    async () => (((await store.current(table))?.version ?? 0) > before ? store.current(table) : undefined),
    domain.said,
  );
  const masks = (next.verdict as { readonly record: { readonly masks: readonly unknown[] } }).record.masks;
  expect(domain.child.exitCode).toBeNull();
  expect(gateway.said()).not.toMatch(/Error|SKEIN_/);
  await last();
  await Promise.all(running.splice(0).map((child) => ended(child)));
  return { before, after: next.version, hidden: masks.length, kinds: both.map(({ kind, product, column }) => `${kind} ${product} ${column}`).sort() };
}

const EXPECTED = {
  before: 1,
  after: 2,
  hidden: 1,
  kinds: ['masking ga4.events events_raw.collected_traffic_source.manual_source', 'repair ga4.events currency'],
};

describe('a domain and a gateway in processes of their own', () => {
  it('share reviews and decisions by the data directory', async () => {
    expect(await decideOverProcesses([])).toEqual(EXPECTED);
  }, 150_000);

  it('hear nothing of each other over two data directories', async () => {
    using folder = temporaryDirectory('skein-apart-');
    mkdirSync(folder.file('sources'));
    writeFileSync(folder.file('sources', 'events_20260820.json'), `${Array.from({ length: 300 }, (_, index) => JSON.stringify(record(index))).join('\n')}\n`);
    const gateway = start('platform/gateway/dist/main.js', ['--port', '0', '--data', folder.file('one')]);
    const url = await until('the gateway', () => /at (http:\S+)/.exec(gateway.said())?.[1], gateway.said);
    const domain = start('domains/ga4/dist/main.js', ['--once', '--from', folder.file('sources'), '--data', folder.file('two')]);
    await once(domain.child, 'exit');
    await sleep(1_500);
    const authorization = `Bearer ${await issueDevToken({ dir: folder.file('one', 'keys'), as: 'steward', purposes: [] })}`;
    expect(await (await fetch(`${url}/v1/reviews`, { headers: { authorization } })).json()).toEqual({ reviews: [] });
  }, 150_000);
});

const probe = await redisForTests();
const none = typeof probe === 'string' ? probe : undefined;
if (typeof probe !== 'string') await probe[Symbol.asyncDispose]();
describe.skipIf(none !== undefined)(`with a board on Redis${none === undefined ? '' : ` (skipped: ${none})`}`, () => {
  it('share decisions by the board as well, and end when Redis has gone before them', async () => {
    const redis = await redisForTests();
    if (typeof redis === 'string') throw new Error(redis);
    try {
      expect(await decideOverProcesses(['--redis', redis.url], async () => redis[Symbol.asyncDispose]())).toEqual(EXPECTED);
    } finally {
      await redis[Symbol.asyncDispose]();
    }
  }, 150_000);
});
