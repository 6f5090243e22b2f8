import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { joinRedisBoard } from '@skein/adapter-redis';
import { calibrationError, type Pattern } from '@skein/pattern';
import { redisForTests, redisProcess, redisProgram, type RedisProcess } from '@skein/testing';
import type { BenchResult, Progress } from './bench.ts';
import { dataset, forgetDatasets, type Dataset } from './swarm-learning-data.ts';
import { poison } from './swarm-learning-poison.ts';
import { Channel } from './swarm-learning-pubsub.ts';
import type { FromWorker, Mode, ToWorker, WorkerOptions, WorkerReport } from './swarm-learning-worker.ts';

const WORKERS = 16;
const FEW_WORKERS = 4;
/** A resolution by a model or a person takes 5 to 30 s. */
const DECLARED_S = [5, 30] as const;
const DELAY_SCALE = 0.01;
/** Late members join when so much of the tables is handed out. */
const LATE_AT = 0.25;
const REDIS_AWAY_MS = 500;

export interface SharingOptions {
  readonly mode: Mode;
  /** Of 50 M records in 200 tables with 500 grammars; default 1. */
  readonly scale?: number;
  readonly progress?: Progress;
}

/**
 * Workers that close the same kinds of gaps, with and without sharing what they learn. Half of them join late; a hostile peer has put wrong
 * patterns on the board or the channel before; with streams, Redis is killed and started again while gaps are being solved.
 */
export async function swarmLearning({ mode, scale = 1, progress = () => undefined }: SharingOptions): Promise<BenchResult> {
  const run = new Run(mode, progress);
  const stop = (): void => void run.end().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await run.measure(scale, await dataset(scale, progress));
  } catch (error) {
    forgetDatasets();
    throw error;
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
    await run.end();
  }
}

export const swarmLearningOff = (progress: Progress = () => undefined, scale = 1): Promise<BenchResult> => swarmLearning({ mode: 'off', scale, progress });
export const swarmLearningPubsub = (progress: Progress = () => undefined, scale = 1): Promise<BenchResult> =>
  swarmLearning({ mode: 'pubsub', scale, progress });
export const swarmLearningStreams = (progress: Progress = () => undefined, scale = 1): Promise<BenchResult> =>
  swarmLearning({ mode: 'streams', scale, progress });

class Run {
  readonly #mode: Mode;
  readonly #progress: Progress;
  readonly #children = new Set<ChildProcess>();
  readonly #open: AsyncDisposable[] = [];

  constructor(mode: Mode, progress: Progress) {
    this.#mode = mode;
    this.#progress = progress;
  }

  /** Ends every worker by its handle, then the hostile peer and Redis. */
  async end(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    for (const one of this.#open.splice(0).reverse()) await one[Symbol.asyncDispose]();
  }

  async measure(scale: number, data: Dataset): Promise<BenchResult> {
    const redis = this.#mode === 'off' ? undefined : await this.#redis();
    const url = redis?.url ?? '';
    const migration = `bench-${randomUUID()}`;
    const workers = scale >= 0.5 ? WORKERS : FEW_WORKERS;
    const agents = Array.from({ length: workers }, (_, index) => `worker-${index}`);
    const delay = DECLARED_S.map((seconds) => seconds * 1_000 * DELAY_SCALE) as [number, number];
    const planted = this.#mode === 'off' ? [] : await poison(data.grammars, agents);
    const options = (index: number): WorkerOptions => ({ mode: this.#mode, agent: agents[index] as string, url, migration, seed: index + 1, delay });

    const [early, late] = [await this.#spawn(workers / 2), await this.#spawn(workers / 2)];
    const reports: Promise<WorkerReport>[] = [];
    const join = (child: ChildProcess): void => {
      const report = this.#work(child, options(reports.length), hand);
      // It is awaited below, after those before it.
      report.catch(() => undefined);
      reports.push(report);
    };
    const waiting: ChildProcess[] = [];
    let [handed, begun, start] = [0, false, 0];
    let outage: Promise<void> | undefined;
    const away: number[] = [];
    const hand = (child: ChildProcess): void => {
      if (!begun) {
        waiting.push(child);
        return;
      }
      const table = data.tables[handed];
      send(child, { table });
      if (table === undefined) return;
      handed += 1;
      if (handed % 50 === 0) this.#progress(`${handed} of ${data.tables.length} tables handed out`);
      if (handed >= data.tables.length * LATE_AT) late.splice(0).forEach(join);
      if (this.#mode === 'streams' && redis?.process !== undefined && handed > data.middle && outage === undefined) {
        outage = this.#outage(redis.process, away);
        outage.catch(() => undefined);
      }
    };
    early.forEach(join);
    while (waiting.length < early.length) await Promise.race([pause(20), ...reports]);
    await this.#harm(url, migration, planted);
    begun = true;
    start = performance.now();
    waiting.splice(0).forEach(hand);
    // The late ones are pushed while the early ones work.
    for (let index = 0; index < reports.length; index += 1) await reports[index];
    await outage;
    const wall = (performance.now() - start) / 1_000;
    return figures(this.#mode, data, await Promise.all(reports), { wall, scale, away, poisoned: planted.length, redis: redis?.origin ?? 'none' });
  }

  /** One that can be killed, where there is a program; else the address or the container that tests use. */
  async #redis(): Promise<{ url: string; origin: string; process?: RedisProcess }> {
    const program = await redisProgram();
    if (typeof program !== 'string') {
      const server = await redisProcess(program);
      this.#open.push(server);
      return { url: server.url, origin: program.origin, process: server };
    }
    const found = await redisForTests(this.#progress);
    if (typeof found === 'string') throw new Error(found);
    this.#open.push(found);
    return found;
  }

  async #spawn(count: number): Promise<ChildProcess[]> {
    const source = import.meta.url.endsWith('.ts');
    const file = new URL(source ? './swarm-learning-worker.ts' : './swarm-learning-worker.js', import.meta.url);
    const spawned = Array.from({ length: count }, () => {
      const child = fork(file, [], { execArgv: source ? ['--conditions=@skein/source'] : [], serialization: 'advanced' });
      this.#children.add(child);
      child.once('exit', () => this.#children.delete(child));
      return child;
    });
    await Promise.all(spawned.map((child) => heard(child, (message) => 'ready' in message)));
    return spawned;
  }

  async #work(child: ChildProcess, start: WorkerOptions, hand: (child: ChildProcess) => void): Promise<WorkerReport> {
    child.on('message', (message: FromWorker) => {
      if ('next' in message) hand(child);
    });
    send(child, { start });
    const message = await heard(child, (one) => 'report' in one);
    child.disconnect();
    if (!('report' in message)) throw new Error('no report');
    return message.report;
  }

  /** The hostile peer speaks when the early workers listen, and is gone. */
  async #harm(url: string, migration: string, planted: readonly Pattern[]): Promise<void> {
    if (this.#mode === 'streams') {
      const board = await joinRedisBoard({ url, migration, agent: 'hostile' });
      for (const pattern of planted) await board.publish(pattern);
      await board.close();
    } else if (this.#mode === 'pubsub') {
      const channel = await Channel.join(url, migration);
      for (const pattern of planted) await channel.tell({ kind: 'pattern', pattern });
      channel.close();
    }
  }

  async #outage(server: RedisProcess, at: number[]): Promise<void> {
    await pause(300);
    at.push(clock());
    await server.kill();
    this.#progress('Redis is killed');
    await pause(REDIS_AWAY_MS);
    await server.start();
    at.push(clock());
    this.#progress('Redis is back');
  }
}

interface Circumstances {
  readonly wall: number;
  readonly scale: number;
  /** When Redis went, and when it was back. */
  readonly away: readonly number[];
  readonly poisoned: number;
  readonly redis: string;
}

function figures(mode: Mode, data: Dataset, reports: readonly WorkerReport[], { wall, scale, away, poisoned, redis }: Circumstances): BenchResult {
  const sum = (of: (report: WorkerReport) => number): number => reports.reduce((total, report) => total + of(report), 0);
  const all = <T>(of: (report: WorkerReport) => readonly T[]): T[] => reports.flatMap(of);
  const occurrences = sum((one) => one.occurrences);
  const signatures = new Set(all((one) => one.keys)).size;
  // A run that looked at less than there is has measured something else.
  if (occurrences !== data.occurrences || signatures !== data.grammars.length) {
    throw new Error(`${occurrences} occurrences of ${signatures} signatures were found, of ${data.occurrences} of ${data.grammars.length}`);
  }
  const published = new Map(all((one) => one.published));
  const spread = reports.flatMap(({ joined, heard: ids }) =>
    ids.flatMap(([id, at]) => {
      const told = published.get(id);
      return told === undefined || told < joined || at < told ? [] : [{ ms: at - told, away: told < (away[1] ?? 0) && at > (away[0] ?? Infinity) }];
    }),
  );
  const [spreadMs, upMs] = [spread.map(({ ms }) => ms), spread.filter((one) => !one.away).map(({ ms }) => ms)];
  const [applied, wrong] = [sum((one) => one.applied), sum((one) => one.wrong)];
  const ece = calibrationError(all((one) => one.forecasts).map(([probability, success]) => ({ probability, success })));
  const resolutions = sum((one) => one.resolutions);
  const cells = sum((one) => one.cells);
  return {
    figure: resolutions,
    floor: data.grammars.length,
    ratio: resolutions / data.grammars.length,
    unit: 'resolutions',
    mode,
    resolutions,
    wrong: applied === 0 ? 1 : round(wrong / applied),
    wrong_cells: wrong,
    applied_cells: applied,
    left_cells: cells - applied,
    idle: round(1 - sum((one) => one.busy) / sum((one) => one.alive)),
    spread_p50_ms: quantile(spreadMs, 0.5),
    spread_p99_ms: quantile(spreadMs, 0.99),
    spread_p99_redis_up_ms: quantile(upMs, 0.99),
    hit_us: quantile(
      all((one) => one.hitUs),
      0.5,
    ),
    hit_p99_us: quantile(
      all((one) => one.hitUs),
      0.99,
    ),
    ece: ece === undefined ? null : round(ece),
    wall_s: round(wall),
    worker_cpu_s: round(sum((one) => one.cpu)),
    written_s: round(data.written),
    records: data.records,
    tables: data.tables.length,
    grammars: data.grammars.length,
    occurrences,
    workers: reports.length,
    late_workers: reports.length / 2,
    scale,
    resolver: `measured synthesiser, and a declared delay of ${DECLARED_S.join('–')} s scaled by ${DELAY_SCALE}`,
    solve_p50_ms: quantile(
      all((one) => one.solveMs),
      0.5,
    ),
    rechecks: sum((one) => one.rechecks),
    recheck_p50_ms: quantile(
      all((one) => one.recheckMs),
      0.5,
    ),
    unsolved: sum((one) => one.unsolved),
    poisoned,
    patterns_refused: sum((one) => one.refusedPatterns),
    redis,
    redis_away_ms: away.length < 2 ? 0 : round((away[1] as number) - (away[0] as number)),
    cores: availableParallelism(),
    load: loadavg().map(round),
  };
}

function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const at = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return at === undefined ? null : round(at);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}

function clock(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}

function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message);
}

function heard(child: ChildProcess, holds: (message: FromWorker) => boolean): Promise<FromWorker> {
  return new Promise((resolve, reject) => {
    const hear = (message: FromWorker): void => {
      if (!holds(message)) return;
      child.off('message', hear);
      child.off('exit', gone);
      resolve(message);
    };
    const gone = (code: number | null, signal: string | null): void => reject(new Error(`a worker ended with ${code ?? signal}`));
    child.on('message', hear);
    child.once('exit', gone);
  });
}
