import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { duckdbSandbox, type DuckdbSandbox, type DuckdbSandboxOptions } from '@skein/adapter-duckdb';
import { SkeinError } from '@skein/kernel';
import type { SandboxCatalog, SandboxRequest } from '@skein/ports';
import { soak, temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { describe, expect, it } from 'vitest';

/** Linux only: elsewhere no one tells what another process holds, and the sandbox does not cap it either. */
const LINUX = process.platform === 'linux';
const MB = 1024 * 1024;
const NO_VIEWS: SandboxCatalog = { key: 'none', views: [] };

function open(folder: TemporaryDirectory, options: DuckdbSandboxOptions): DuckdbSandbox {
  // children that gave up root pass through
  chmodSync(folder.path, 0o755);
  return duckdbSandbox({ tempDirectory: folder.file('spill'), ...options });
}

async function ask(sandbox: DuckdbSandbox, sql: string, request: Partial<SandboxRequest> = {}): Promise<bigint> {
  const result = await sandbox.execute({ catalog: NO_VIEWS, sql, parameters: [], format: 'arrow', deadlineMs: 10_000, maxRows: 1_000, ...request });
  for await (const part of result.body) void part;
  return (await result.outcome).rows;
}

/** Resident memory of all children together, in MB. Pages that they share count in each. */
function residentMb(sandbox: DuckdbSandbox): number {
  let bytes = 0;
  for (const pid of sandbox.pids()) {
    try {
      bytes += Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * 4096;
    } catch {
      // it has just ended
    }
  }
  return bytes / MB;
}

/** The highest `residentMb` while `work` runs. */
async function peakMb<T>(sandbox: DuckdbSandbox, work: Promise<T>): Promise<{ peak: number; looks: number; value: T }> {
  let peak = 0;
  let looks = 0;
  const timer = setInterval(() => {
    looks++;
    peak = Math.max(peak, residentMb(sandbox));
  }, 10);
  try {
    return { value: await work, peak, looks };
  } finally {
    clearInterval(timer);
  }
}

/** Each passes a memory limit of 256 MB in a way of its own: by spilling, by failing, or by memory that the engine does not count. */
const HEAVY = [
  'SELECT count(*) FROM (SELECT DISTINCT i, hash(i) AS h, hash(i + 7) AS g FROM range(2000000) t(i))',
  'SELECT max(x) FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS x, i FROM range(2000000) t(i))',
  "SELECT length(repeat('x', 1500000000))",
  "SELECT list(repeat('y', 1000) || i) FROM range(1000000) t(i)",
  'SELECT list_sort(range(40000000))',
  'SELECT count(DISTINCT i::VARCHAR) FROM range(2000000) t(i)',
] as const;

/** Queries that cannot be persuaded to stop, and one that streams. */
const ENDLESS = [
  'SELECT list_sort(range(80000000))',
  'SELECT count(*) FROM range(100000000000) a, range(1000) b WHERE a.range * b.range % 7 = 3',
  'SELECT max(x) FROM (SELECT row_number() OVER (ORDER BY hash(i)) AS x, i, hash(i + 1) FROM range(60000000) t(i))',
  'SELECT * FROM range(100000000000)',
] as const;

describe.runIf(LINUX)('bar 12: many heavy queries at once', () => {
  it(
    `${soak(200)} at once under 512 MB: children stay below 1 GB, none crashes, the excess is sent away with a time to come back`,
    { timeout: 180_000 },
    async () => {
      using folder = temporaryDirectory();
      const sandbox = open(folder, { workers: 2, spares: 1, queue: Math.ceil(soak(200) / 5), memoryMb: 256, rssMb: 360, threads: 1 });
      try {
        const { peak, looks, value } = await peakMb(
          sandbox,
          Promise.allSettled(Array.from({ length: soak(200) }, (_, at) => ask(sandbox, HEAVY[at % HEAVY.length] ?? '', { deadlineMs: 60_000 }))),
        );
        const codes = value.map((result) =>
          result.status === 'fulfilled' ? 'answered' : result.reason instanceof SkeinError ? result.reason.code : String(result.reason),
        );
        const counts = Object.groupBy(codes, (code) => code);
        expect(looks).toBeGreaterThan(10);
        expect(peak).toBeLessThanOrEqual(1024);
        expect(Object.keys(counts).filter((code) => !['answered', 'SKEIN_QUERY_MEMORY', 'SKEIN_QUERY_BUSY'].includes(code))).toEqual([]);
        expect(counts['answered']?.length ?? 0).toBeGreaterThan(0);
        expect(counts['SKEIN_QUERY_MEMORY']?.length ?? 0).toBeGreaterThan(0);
        const busy = value.flatMap((result) =>
          result.status === 'rejected' && (result.reason as SkeinError).code === 'SKEIN_QUERY_BUSY' ? [result.reason as SkeinError] : [],
        );
        expect(busy.length).toBe(soak(200) - 2 - Math.ceil(soak(200) / 5));
        expect(busy.every((error) => error.status === 429 && Number(error.context['retryAfterSeconds']) >= 1)).toBe(true);
        expect(await ask(sandbox, 'SELECT 1')).toBe(1n);
        console.log(
          `bar 12: ${value.length} queries, peak ${Math.round(peak)} MB over ${looks} looks, ${Object.entries(counts)
            .map(([code, all]) => `${all?.length} ${code}`)
            .join(', ')}`,
        );
      } finally {
        await sandbox.close();
      }
    },
  );

  it('the twin: with the engine’s own limit alone, one query passes the bar', async () => {
    using folder = temporaryDirectory();
    const sandbox = open(folder, { workers: 1, spares: 0, memoryMb: 256, rssMb: 16_384, threads: 1 });
    const controller = new AbortController();
    try {
      const running = ask(sandbox, ENDLESS[0], { signal: controller.signal, deadlineMs: 60_000 });
      running.catch(() => {});
      await expect.poll(() => residentMb(sandbox), { timeout: 60_000, interval: 10 }).toBeGreaterThan(1024);
    } finally {
      controller.abort();
      await sandbox.close();
    }
  });
});

/** From the moment of the cancel until the worker's place is free for another query, in milliseconds. */
async function freedAfter(sandbox: DuckdbSandbox, since: number, patienceMs: number): Promise<number> {
  while (sandbox.stats().busy > 0) {
    if (performance.now() - since > patienceMs) return Infinity;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return performance.now() - since;
}

async function cancelOne(sandbox: DuckdbSandbox, at: number): Promise<number> {
  // so that the cancel meets a query that runs, not one that still waits for its child
  await sandbox.warm(NO_VIEWS);
  const controller = new AbortController();
  const sql = ENDLESS[at % ENDLESS.length] ?? '';
  // every third is ended by its deadline, the others by a client that goes away
  const deadline = at % 3 === 2;
  const running = ask(sandbox, sql, { signal: controller.signal, maxRows: 2_000_000_000, deadlineMs: deadline ? 500 : 60_000 });
  const ended = running.then(
    () => 'it ended',
    (error: unknown) => (error instanceof SkeinError ? error.code : String(error)),
  );
  if (!deadline) setTimeout(() => controller.abort(), 50 + ((at * 37) % 200));
  const code = await ended;
  const since = performance.now();
  expect(code, sql).toBe(deadline ? 'SKEIN_QUERY_TIMEOUT' : 'SKEIN_QUERY_CANCELLED');
  return await freedAfter(sandbox, since, 5_000);
}

describe('bar 13: cancels', () => {
  it(`${soak(100)} cancels: the worker is free within a second, and nothing spilled is left`, { timeout: 240_000 }, async () => {
    using folder = temporaryDirectory();
    const sandbox = open(folder, { workers: 1, spares: 1, memoryMb: 512, rssMb: 6_144, tempLimitMb: 4_096, threads: 2 });
    try {
      expect(await ask(sandbox, 'SELECT 1')).toBe(1n);
      const freed: number[] = [];
      for (let at = 0; at < soak(100); at++) freed.push(await cancelOne(sandbox, at));
      freed.sort((a, b) => a - b);
      const p99 = freed[Math.ceil(freed.length * 0.99) - 1] ?? Infinity;
      expect(freed).toHaveLength(soak(100));
      expect(p99).toBeLessThanOrEqual(1000);
      expect(sandbox.stats().killed).toBe(soak(100));
      expect(await ask(sandbox, 'SELECT 1')).toBe(1n);
      // what is left below the spill directory belongs to living children, and is empty
      const left = readdirSync(folder.file('spill'));
      expect(left.length).toBeLessThanOrEqual(sandbox.stats().workers);
      expect(left.flatMap((child) => readdirSync(join(folder.file('spill'), child)))).toEqual([]);
      console.log(`bar 13: ${freed.length} cancels, freed after p50 ${freed[freed.length >> 1]?.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
    } finally {
      await sandbox.close();
    }
    expect(readdirSync(folder.file('spill'))).toEqual([]);
  });

  it('the twin: a client that only stops listening frees nothing', async () => {
    using folder = temporaryDirectory();
    const sandbox = open(folder, { workers: 1, spares: 0 });
    try {
      const running = ask(sandbox, ENDLESS[1], { deadlineMs: 60_000 });
      running.catch(() => {});
      await expect.poll(() => sandbox.stats().busy).toBe(1);
      expect(await freedAfter(sandbox, performance.now(), 1000)).toBe(Infinity);
    } finally {
      await sandbox.close();
    }
  });
});
