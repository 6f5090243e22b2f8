import type { Snapshot, TableRef } from '@skein/product';
import type { EventBus, SnapshotStore, Subscription } from '@skein/ports';
import { BoundedCache } from './bounded-cache.ts';

/** Topic on which domains announce publications. */
export const PUBLISHED = 'published';

/** Checksums of what stands at the start are looked at so much later, in milliseconds: not in the way of the first answer. */
const CHECK_AFTER_MS = 250;

/**
 * The current snapshot of each table of the catalog, in memory: a query never waits for the disk. The store's watch and
 * "published" events keep it current; versions only ever rise, in whatever order the news comes.
 */
export class LiveSnapshots {
  readonly #store: SnapshotStore;
  readonly #tables: Map<string, TableRef>;
  readonly #current = new Map<string, Snapshot>();
  readonly #pinned = new BoundedCache<Snapshot>(256);
  readonly #sound = new BoundedCache<true | Promise<true>>(1_024);
  readonly #refreshing = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #close: (() => void | Promise<void>)[] = [];
  #generation = 0;
  #opened = false;

  private constructor(store: SnapshotStore, tables: readonly TableRef[]) {
    this.#store = store;
    this.#tables = new Map(tables.map((table) => [tableKey(table), table]));
  }

  static async open(store: SnapshotStore, tables: readonly TableRef[], bus: EventBus | undefined): Promise<LiveSnapshots> {
    const live = new LiveSnapshots(store, tables);
    // listen first: what is published while the tables are read is not missed
    live.#close.push(store.watch((table) => void live.refresh(table).catch(() => undefined)));
    if (bus) {
      const subscription: Subscription = await bus.subscribe(PUBLISHED, { group: 'federation', from: 'latest' }, (event) => live.#announced(event.payload));
      live.#close.push(() => subscription.close());
    }
    await Promise.all([...live.#tables.values()].map((table) => live.refresh(table)));
    const timer = setTimeout(() => live.#checkAll(), CHECK_AFTER_MS).unref();
    live.#close.push(() => clearTimeout(timer));
    live.#opened = true;
    return live;
  }

  /** Rises whenever any current snapshot changes. */
  get generation(): number {
    return this.#generation;
  }

  current(table: TableRef): Snapshot | undefined {
    return this.#current.get(tableKey(table));
  }

  /** A past version, from memory where it was asked for before: versions never change. */
  async version(table: TableRef, version: number): Promise<Snapshot> {
    const key = `${tableKey(table)}@${version}`;
    const known = this.#pinned.get(key);
    if (known) return known;
    const current = this.current(table);
    const snapshot = current?.version === version ? current : await this.#store.asOf(table, { version });
    this.#pinned.set(key, snapshot);
    return snapshot;
  }

  /**
   * Whether every file of the snapshot has the checksum it was published with: `true` at once where that was seen before, else a
   * promise. Bytes are read once for each version, because versions never change. Rejects with SKEIN_SNAPSHOT_CORRUPT.
   */
  sound(snapshot: Snapshot): true | Promise<true> {
    const key = `${tableKey(snapshot.table)}@${snapshot.id}`;
    const known = this.#sound.get(key);
    if (known) return known;
    const checking = this.#store.verify(snapshot).then((): true => {
      this.#sound.set(key, true);
      return true;
    });
    // a damaged file may be restored: the next query looks again
    checking.catch(() => this.#sound.delete(key));
    this.#sound.set(key, checking);
    return checking;
  }

  /** The version that was current at a time (milliseconds since the epoch). */
  at(table: TableRef, time: number): Promise<Snapshot> {
    return this.#store.asOf(table, { time });
  }

  /** Takes in a table that came after the catalog was composed. */
  async adopt(table: TableRef): Promise<void> {
    const key = tableKey(table);
    if (this.#tables.has(key)) return;
    this.#tables.set(key, table);
    await this.refresh(table);
  }

  /** Reads the table's current version; one reading at a time, and one more if news came meanwhile. */
  async refresh(table: TableRef): Promise<void> {
    const key = tableKey(table);
    if (!this.#tables.has(key)) return;
    const running = this.#refreshing.get(key);
    if (running) {
      this.#again.add(key);
      return running;
    }
    const work = (async () => {
      do {
        this.#again.delete(key);
        const snapshot = await this.#store.current(table);
        if (snapshot && snapshot.version > (this.#current.get(key)?.version ?? 0)) {
          this.#current.set(key, snapshot);
          this.#generation += 1;
          if (this.#opened) this.#check(snapshot);
        }
      } while (this.#again.has(key));
    })().finally(() => {
      this.#refreshing.delete(key);
      this.#again.delete(key);
    });
    this.#refreshing.set(key, work);
    return work;
  }

  /** Checked while nobody waits for it; a query that comes sooner waits. */
  #check(snapshot: Snapshot): void {
    Promise.resolve(this.sound(snapshot)).catch(() => undefined);
  }

  #checkAll(): void {
    for (const snapshot of this.#current.values()) this.#check(snapshot);
  }

  async close(): Promise<void> {
    for (const close of this.#close.splice(0)) await close();
  }

  /** An event is a doorbell: whatever it says about versions, the table is read. */
  async #announced(payload: unknown): Promise<void> {
    const product: unknown = payload !== null && typeof payload === 'object' && 'product' in payload ? payload.product : undefined;
    const domain = typeof product === 'string' ? product.split('.')[0] : undefined;
    // a run writes its product, the feedback and the lineage of the domain
    await Promise.all([...this.#tables.values()].filter((table) => domain === undefined || table.domain === domain).map((table) => this.refresh(table)));
  }
}

function tableKey(table: TableRef): string {
  return `${table.domain}.${table.name}.${table.major}`;
}
