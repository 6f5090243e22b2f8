import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SkeinError } from '@skein/kernel';
import type { QuerySandbox, SandboxOutcome, SandboxRequest, SandboxResult } from '@skein/ports';
import { parameterKind } from '../parameter-kind.ts';
import { FRAME, type EndNote, type ExecuteCommand, type FailureNote, type WireParameter } from './frames.ts';
import { Parser } from './parser.ts';
import { cancelled, WorkerPool, type PoolSettings } from './pool.ts';
import { queryError } from './query-error.ts';
import { ResultStream } from './result-stream.ts';
import { RssWatch } from './rss-watch.ts';
import { askAgainIfLost, type SandboxWorker } from './worker.ts';

export interface DuckdbSandboxOptions {
  /** Queries that run at once; each has a child process of its own. Default 2. */
  readonly workers?: number;
  /** Started children that wait for a new catalog. Default 1. */
  readonly spares?: number;
  /** Idle children kept for catalogs seen before. Default: as many as `workers`. */
  readonly idle?: number;
  /** Requests that may wait for a worker; beyond that SKEIN_QUERY_BUSY. Default 32. */
  readonly queue?: number;
  /** DuckDB's memory limit in each child, in MB. Default 256. It is not a cap on the process: `rssMb` is. */
  readonly memoryMb?: number;
  /** A child whose resident memory passes this is killed (Linux only). Default memoryMb + 512. */
  readonly rssMb?: number;
  /** DuckDB threads in each child. Default 2. */
  readonly threads?: number;
  /** Where queries may spill; each child has a directory of its own below, removed with it. Default: a new one in the system's temporary directory. */
  readonly tempDirectory?: string;
  /** What one child may spill, in MB. Default 1024. */
  readonly tempLimitMb?: number;
  /** The user a child becomes when the parent is root and that user can read the files. Default 65534 (nobody). */
  readonly uid?: number;
  /** A text on which the parser has worked for so long costs it its life. Default 500. */
  readonly parseDeadlineMs?: number;
  /** Whether a child starts before the first request. Default true. */
  readonly startEarly?: boolean;
  /** How often resident memory is looked at, in milliseconds. Default 25. */
  readonly watchMs?: number;
}

/** What the pool says beyond the port, for metrics and tests. */
export interface DuckdbSandbox extends QuerySandbox {
  /** Process ids of all children. */
  pids(): number[];
}

/**
 * Runs consumers' SQL in child processes that may be killed at any moment: on deadline, on a client's going away, and when
 * their memory passes the cap. Children start in the background; the first request waits for one.
 */
export function duckdbSandbox(options: DuckdbSandboxOptions = {}): DuckdbSandbox {
  const workers = options.workers ?? 2;
  const memoryMb = options.memoryMb ?? 256;
  const rssBytes = (options.rssMb ?? memoryMb + 512) * 1024 * 1024;
  const tempDirectory = options.tempDirectory ?? mkdtempSync(join(tmpdir(), 'skein-sandbox-'));
  mkdirSync(tempDirectory, { recursive: true });
  // children that gave up root must pass through to their own directory
  chmodSync(tempDirectory, 0o711);
  const settings: PoolSettings = {
    workers,
    spares: options.spares ?? 1,
    idle: options.idle ?? workers,
    queue: options.queue ?? 32,
    retainMb: memoryMb,
    memoryMb,
    threads: options.threads ?? 2,
    tempDirectory,
    tempLimitMb: options.tempLimitMb ?? 1024,
    uid: process.getuid?.() === 0 ? (options.uid ?? 65_534) : undefined,
  };
  const pool = new WorkerPool(settings);
  const parser = new Parser(() => pool.takeSpare(), options.parseDeadlineMs ?? 500, 256);
  const watch = new RssWatch(options.watchMs ?? 25);
  let killed = 0;
  let closed = false;
  if (options.startEarly !== false)
    setImmediate(() => {
      if (!closed) parser.start();
    }).unref();

  async function execute(request: SandboxRequest): Promise<SandboxResult> {
    const command: ExecuteCommand = { sql: request.sql, parameters: request.parameters.map(wireParameter), format: request.format, maxRows: request.maxRows };
    if (request.signal?.aborted) throw cancelled();
    const asked = performance.now();
    return await askAgainIfLost(() => attempt(command, request, asked));
  }

  async function attempt(command: ExecuteCommand, request: SandboxRequest, asked: number): Promise<SandboxResult> {
    const worker = await pool.acquire(request.catalog, request.deadlineMs, request.signal);
    const started = performance.now();
    if (request.signal?.aborted) {
      void pool.release(worker, 0);
      throw cancelled();
    }
    return await run(
      worker,
      command,
      request,
      Math.max(1, request.deadlineMs - (started - asked)),
      () => void pool.release(worker, performance.now() - started),
    );
  }

  function run(worker: SandboxWorker, command: ExecuteCommand, request: SandboxRequest, leftMs: number, release: () => void): Promise<SandboxResult> {
    return new Promise((resolve, reject) => {
      const outcome = Promise.withResolvers<SandboxOutcome>();
      outcome.promise.catch(() => {});
      const kill = (reason: SkeinError): void => {
        if (worker.alive) killed++;
        worker.kill(reason);
        // the reader need not wait for the process to be gone
        finish(reason);
      };
      const stream = new ResultStream({ pause: () => worker.pause(), resume: () => worker.resume(), leave: () => kill(cancelled()) });
      const timer = setTimeout(
        () =>
          kill(new SkeinError('SKEIN_QUERY_TIMEOUT', `the query ran longer than ${request.deadlineMs} ms`, { context: { deadlineMs: request.deadlineMs } })),
        leftMs,
      );
      const abort = (): void => kill(cancelled());
      request.signal?.addEventListener('abort', abort, { once: true });
      if (worker.pid !== undefined) {
        watch.add(worker.pid, {
          rssBytes,
          directory: worker.tempDirectory,
          directoryBytes: settings.tempLimitMb * 1024 * 1024,
          passed: (what) =>
            kill(
              new SkeinError(
                'SKEIN_QUERY_MEMORY',
                what === 'memory' ? 'the query used more memory than a query may have' : 'the query used more disk than a query may have',
              ),
            ),
        });
      }
      let finished = false;
      const finish = (error: SkeinError | undefined): void => {
        if (finished) return;
        finished = true;
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', abort);
        if (worker.pid !== undefined) watch.remove(worker.pid);
        if (worker.alive) {
          worker.listen(undefined);
          worker.resume();
          worker.unref();
        }
        if (error !== undefined) {
          reject(error);
          outcome.reject(error);
          stream.fail(error);
        }
        release();
      };
      worker.ref();
      worker.listen({
        frame(type, payload) {
          switch (type) {
            case FRAME.data:
              return stream.push(payload);
            case FRAME.columns:
              return resolve({ columns: JSON.parse(payload.toString('utf8')) as SandboxResult['columns'], body: stream, outcome: outcome.promise });
            case FRAME.failed:
              return finish(queryError(JSON.parse(payload.toString('utf8')) as FailureNote, request.sql));
            case FRAME.end: {
              const note = JSON.parse(payload.toString('utf8')) as EndNote;
              outcome.resolve({ rows: BigInt(note.rows), bytes: stream.bytes, truncated: note.truncated });
              stream.end();
              return finish(undefined);
            }
          }
        },
        gone: (error) => finish(error),
      });
      if (worker.alive) worker.send(FRAME.execute, command);
    });
  }

  return {
    async parse(sql) {
      return await parser.parse(sql);
    },
    async print(ast) {
      return await parser.print(ast);
    },
    execute,
    async warm(catalog) {
      await pool.warm(catalog);
    },
    stats: () => ({ workers: pool.workers, busy: pool.busy, queued: pool.queued, killed: killed + parser.killed }),
    pids: () => pool.pids(),
    async close() {
      closed = true;
      await parser.close(new SkeinError('SKEIN_WORKER_LOST', 'the sandbox was closed'));
      await pool.close();
      if (options.tempDirectory === undefined) rmSync(tempDirectory, { recursive: true, force: true });
    },
  };
}

function wireParameter(value: SandboxRequest['parameters'][number], index: number): WireParameter {
  const kind = parameterKind(value, index + 1, 'SKEIN_QUERY_PARAMS');
  switch (kind) {
    case 'null':
      return [kind];
    case 'text':
      return [kind, String(value)];
    case 'boolean':
      return [kind, value === true];
    case 'integer':
      return [kind, Number(value)];
    case 'double':
      // String(-0) is 0
      return [kind, Object.is(value, -0) ? '-0' : String(value)];
    default:
      return [kind, String(value)];
  }
}
