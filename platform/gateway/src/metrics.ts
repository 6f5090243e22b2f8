import type { QuerySandbox, ResultFormat } from '@skein/ports';
import type { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** One answered request to `/v1/sql`. */
export interface QueryObservation {
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly format: ResultFormat | 'none';
  readonly seconds: number;
  readonly bytes: number;
}

export interface ProductAge {
  readonly product: string;
  readonly version: number;
  readonly ageSeconds: number;
}

interface Instruments {
  readonly registry: Registry;
  readonly queries: Counter;
  readonly seconds: Histogram;
  readonly bytes: Counter;
  readonly workers: Gauge;
  readonly age: Gauge;
  readonly version: Gauge;
  readonly memory: Gauge;
  readonly loop: Gauge;
  readonly recorded: Gauge;
}

/** Observations that wait for the library; the oldest are dropped beyond it. */
const WAITING = 10_000;

/**
 * Metrics in Prometheus' text format. The library is loaded when it is first needed, not at start: observations wait for it.
 */
export class GatewayMetrics {
  readonly #sandbox: QuerySandbox;
  readonly #ages: () => Promise<readonly ProductAge[]>;
  readonly #usage: () => { readonly recorded: number; readonly failed: number };
  readonly #waiting: QueryObservation[] = [];
  #loading: Promise<Instruments> | undefined;
  #instruments: Instruments | undefined;

  constructor(sandbox: QuerySandbox, ages: () => Promise<readonly ProductAge[]>, usage: () => { readonly recorded: number; readonly failed: number }) {
    this.#sandbox = sandbox;
    this.#ages = ages;
    this.#usage = usage;
  }

  observe(observation: QueryObservation): void {
    if (this.#instruments) record(this.#instruments, observation);
    else if (this.#waiting.length < WAITING) this.#waiting.push(observation);
  }

  async warm(): Promise<void> {
    await this.#load();
  }

  async text(): Promise<{ readonly type: string; readonly body: string }> {
    const instruments = await this.#load();
    const { workers, busy, queued, killed } = this.#sandbox.stats();
    for (const [state, value] of Object.entries({ workers, busy, queued, killed })) instruments.workers.set({ state }, value);
    for (const [outcome, value] of Object.entries(this.#usage())) instruments.recorded.set({ outcome }, value);
    instruments.age.reset();
    instruments.version.reset();
    for (const { product, version, ageSeconds } of await this.#ages()) {
      instruments.age.set({ product }, ageSeconds);
      instruments.version.set({ product }, version);
    }
    instruments.memory.set(process.memoryUsage.rss());
    instruments.loop.set(performance.eventLoopUtilization().utilization);
    return { type: instruments.registry.contentType, body: await instruments.registry.metrics() };
  }

  #load(): Promise<Instruments> {
    this.#loading ??= makeInstruments().then((made) => {
      this.#instruments = made;
      for (const observation of this.#waiting.splice(0)) record(made, observation);
      return made;
    });
    return this.#loading;
  }
}

function record({ queries, seconds, bytes }: Instruments, observation: QueryObservation): void {
  queries.inc({ outcome: observation.outcome, format: observation.format });
  seconds.observe({ outcome: observation.outcome === 'ok' ? 'ok' : 'error' }, observation.seconds);
  bytes.inc({ format: observation.format }, observation.bytes);
}

async function makeInstruments(): Promise<Instruments> {
  const { default: prometheus } = await import('prom-client');
  const registry = new prometheus.Registry();
  const registers = [registry];
  return {
    registry,
    queries: new prometheus.Counter({
      name: 'skein_queries_total',
      help: 'Queries answered, by outcome (ok or error code) and format.',
      labelNames: ['outcome', 'format'],
      registers,
    }),
    seconds: new prometheus.Histogram({
      name: 'skein_query_seconds',
      help: 'Time from request to the end of the answer.',
      labelNames: ['outcome'],
      buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    bytes: new prometheus.Counter({ name: 'skein_result_bytes_total', help: 'Bytes of results handed to the wire.', labelNames: ['format'], registers }),
    workers: new prometheus.Gauge({
      name: 'skein_sandbox',
      help: 'Sandbox workers alive and busy, queries queued, workers killed since start.',
      labelNames: ['state'],
      registers,
    }),
    age: new prometheus.Gauge({
      name: 'skein_product_age_seconds',
      help: 'Time since the live snapshot of the product was committed.',
      labelNames: ['product'],
      registers,
    }),
    version: new prometheus.Gauge({ name: 'skein_product_version', help: 'Version of the live snapshot of the product.', labelNames: ['product'], registers }),
    recorded: new prometheus.Gauge({
      name: 'skein_recorded_queries',
      help: 'Answered queries whose use was recorded, and those where that failed, since start.',
      labelNames: ['outcome'],
      registers,
    }),
    memory: new prometheus.Gauge({ name: 'process_resident_memory_bytes', help: 'Resident memory of the gateway process.', registers }),
    loop: new prometheus.Gauge({ name: 'skein_event_loop_utilization', help: 'Share of time in which the event loop was busy, since start.', registers }),
  };
}
