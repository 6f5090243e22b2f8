import type { SandboxCatalog } from '@skein/ports';
import { SkeinError } from '@skein/kernel';
import { FRAME, type BindCommand, type ReadyNote } from './frames.ts';
import { residentBytes } from './rss-watch.ts';
import { askAgainIfLost, SandboxWorker, type WorkerSettings } from './worker.ts';

export interface PoolSettings extends WorkerSettings {
  /** Queries that run at once. */
  readonly workers: number;
  /** Idle children that are bound to a catalog. */
  readonly idle: number;
  /** Idle children that are bound to none. */
  readonly spares: number;
  /** Requests that may wait. */
  readonly queue: number;
  /** An idle child that holds more than this is replaced. */
  readonly retainMb: number;
}

interface Waiting {
  readonly catalog: SandboxCatalog;
  /** It was picked: it no longer leaves by itself. */
  readonly chosen: () => void;
  readonly resolve: (worker: SandboxWorker) => void;
  readonly reject: (error: SkeinError) => void;
}

const STOPPED = 'the sandbox was closed';
const RECYCLE_AFTER = 10_000;
/** A query that took longer may have left much memory behind; looking costs what a small query would feel. */
const LONG_MS = 20;

/** Which child serves which catalog: bound ones are used again for the same catalog only, spares become anything once. */
export class WorkerPool {
  readonly #settings: PoolSettings;
  #spares: SandboxWorker[] = [];
  #idle: SandboxWorker[] = [];
  #waiting: Waiting[] = [];
  #all = new Set<SandboxWorker>();
  #busy = 0;
  #clock = 0;
  /** Mean time a worker is held, in milliseconds, for Retry-After. */
  #heldMs = 200;
  #closed = false;
  killed = 0;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  get busy(): number {
    return this.#busy;
  }
  get queued(): number {
    return this.#waiting.length;
  }
  get workers(): number {
    return this.#all.size;
  }
  /** Process ids of all living children. */
  pids(): number[] {
    return [...this.#all].flatMap((worker) => worker.pid ?? []);
  }

  /** An unbound child; another one is started in its place. */
  takeSpare(): SandboxWorker {
    if (this.#closed) throw new SkeinError('SKEIN_WORKER_LOST', STOPPED);
    const spare = this.#spares.shift() ?? this.#spawn();
    this.fill();
    return spare;
  }

  /** Starts spares up to the number wanted, a little later, so that the request at hand goes first. */
  fill(): void {
    setImmediate(() => {
      try {
        while (!this.#closed && this.#spares.length < this.#settings.spares) this.#spares.push(this.#spawn());
      } catch {
        // Nobody asked for a spare: whoever needs one hears why there is none.
      }
    }).unref();
  }

  /** A child bound to the catalog, for one query. Waits its turn; throws SKEIN_QUERY_BUSY when too many wait already, or it waited `patienceMs`. */
  acquire(catalog: SandboxCatalog, patienceMs: number, signal?: AbortSignal): Promise<SandboxWorker> {
    if (this.#closed) return Promise.reject(new SkeinError('SKEIN_WORKER_LOST', STOPPED));
    if (this.#busy < this.#settings.workers) return this.#grant(catalog);
    if (this.#waiting.length >= this.#settings.queue)
      return Promise.reject(this.#busyError(`${this.#settings.workers} queries run and ${this.#waiting.length} wait`));
    return new Promise((resolve, reject) => {
      const leave = (error: SkeinError): void => {
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        entry.reject(error);
      };
      const gone = (): void => leave(cancelled());
      const timer = setTimeout(() => leave(this.#busyError(`no worker was free within ${patienceMs} ms`)), patienceMs);
      const settled = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', gone);
      };
      const entry: Waiting = {
        catalog,
        chosen: settled,
        resolve: (worker) => {
          settled();
          resolve(worker);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.#waiting.push(entry);
      signal?.addEventListener('abort', gone, { once: true });
    });
  }

  /** Gives a worker back after `heldMs`, dead or alive. The place is free once a dead one has really ended. */
  async release(worker: SandboxWorker, heldMs: number): Promise<void> {
    this.#heldMs += (heldMs - this.#heldMs) / 8;
    if (!worker.alive) await worker.gone;
    this.#busy--;
    this.#park(worker, heldMs > LONG_MS);
    this.#next();
  }

  /** Lets the one who has waited longest have its turn, where there is a place. */
  #next(): void {
    const next = this.#busy < this.#settings.workers ? this.#waiting.shift() : undefined;
    if (next === undefined) return;
    // From here on it gets a worker, and whoever asked gives it back: were it to leave now, nobody would.
    next.chosen();
    this.#grant(next.catalog).then(next.resolve, next.reject);
  }

  async warm(catalog: SandboxCatalog): Promise<void> {
    if (this.#closed || this.#idle.some((worker) => worker.alive && worker.catalogKey === catalog.key)) return;
    const worker = this.takeSpare();
    await this.#bind(worker, catalog);
    this.#park(worker, false);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const reason = new SkeinError('SKEIN_WORKER_LOST', STOPPED);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason);
    const all = [...this.#all];
    for (const worker of all) worker.kill(reason);
    await Promise.all(all.map((worker) => worker.gone));
  }

  #busyError(message: string): SkeinError {
    const seconds = Math.min(60, Math.max(1, Math.ceil((((this.#waiting.length + 1) / this.#settings.workers) * this.#heldMs) / 1000)));
    return new SkeinError('SKEIN_QUERY_BUSY', message, { context: { retryAfterSeconds: seconds } });
  }

  async #grant(catalog: SandboxCatalog): Promise<SandboxWorker> {
    this.#busy++;
    let worker: SandboxWorker | undefined;
    try {
      const at = this.#idle.findIndex((idle) => idle.alive && idle.catalogKey === catalog.key);
      if (at >= 0) worker = this.#idle.splice(at, 1)[0];
      return (worker ??= await askAgainIfLost(async () => {
        worker = this.takeSpare();
        await this.#bind(worker, catalog);
        return worker;
      }));
    } catch (error) {
      if (worker === undefined) {
        // No worker will be given back that could call the next one.
        this.#busy--;
        this.#next();
      } else {
        worker.kill(error instanceof SkeinError ? error : new SkeinError('SKEIN_WORKER_LOST', 'the worker could not take its catalog', { cause: error }));
        void this.release(worker, 0);
      }
      throw error;
    }
  }

  async #bind(worker: SandboxWorker, catalog: SandboxCatalog): Promise<void> {
    await worker.ready();
    const note = await worker.ask<ReadyNote>(
      () => worker.send(FRAME.bind, { views: catalog.views } satisfies BindCommand),
      // views are ours, not the consumer's: a fault in them is the platform's
      (failure) => new SkeinError('SKEIN_INTERNAL', 'a governed view could not be made', { context: { catalog: catalog.key }, cause: new Error(failure.text) }),
    );
    worker.catalogKey = catalog.key;
    worker.uid = note.uid;
  }

  #park(worker: SandboxWorker, weigh: boolean): void {
    worker.lastUsed = ++this.#clock;
    worker.queries++;
    const held = worker.pid !== undefined && (weigh || worker.queries % 64 === 0) ? residentBytes(worker.pid) : 0;
    if (!worker.alive || worker.catalogKey === undefined) return;
    if (worker.queries > RECYCLE_AFTER || (held ?? 0) > this.#settings.retainMb * 1024 * 1024) return this.#retire(worker);
    this.#idle.push(worker);
    this.#idle = this.#idle.filter((idle) => idle.alive);
    if (this.#idle.length > this.#settings.idle) {
      const oldest = this.#idle.reduce((a, b) => (a.lastUsed < b.lastUsed ? a : b));
      this.#idle.splice(this.#idle.indexOf(oldest), 1);
      this.#retire(oldest);
    }
  }

  #retire(worker: SandboxWorker): void {
    worker.kill(new SkeinError('SKEIN_WORKER_LOST', 'the worker was retired'));
  }

  #spawn(): SandboxWorker {
    const worker = new SandboxWorker(this.#settings);
    this.#all.add(worker);
    void worker.gone.then(() => {
      this.#all.delete(worker);
      this.#spares = this.#spares.filter((spare) => spare !== worker);
      this.#idle = this.#idle.filter((idle) => idle !== worker);
    });
    return worker;
  }
}

export function cancelled(): SkeinError {
  return new SkeinError('SKEIN_QUERY_CANCELLED', 'the client went away');
}
