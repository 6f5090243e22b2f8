import { sha256 } from '@skein/kernel';
import type { AsOf, CollectReport, SnapshotDraft, SnapshotStore, Staging, WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';

/**
 * Tables as they will be: what is published goes into `scratch`, what was not is read from `live`, which is never written. What was live when
 * a table was first asked for stays so. Nothing is expired or collected.
 */
export class OverlaySnapshots implements SnapshotStore {
  readonly #live: SnapshotStore;
  readonly #scratch: SnapshotStore;
  readonly #before = new Map<string, Promise<Snapshot | undefined>>();
  readonly #published = new Map<string, Snapshot>();
  readonly #sown = new Map<string, Promise<void>>();

  constructor(live: SnapshotStore, scratch: SnapshotStore) {
    this.#live = live;
    this.#scratch = scratch;
  }

  /** What a run would publish. */
  get published(): readonly Snapshot[] {
    return [...this.#published.values()];
  }

  /** The live snapshot when the table was first asked for. */
  before(table: TableRef): Promise<Snapshot | undefined> {
    let before = this.#before.get(keyOf(table));
    if (before === undefined) this.#before.set(keyOf(table), (before = this.#live.current(table)));
    return before;
  }

  async begin(table: TableRef, columns: readonly WantedColumn[]): Promise<Staging> {
    await this.#sow(table);
    return this.#scratch.begin(table, columns);
  }

  async commit(staging: Staging, draft: SnapshotDraft): Promise<Snapshot> {
    // The version that must still be live is checked when it is published in earnest; here nobody else writes.
    const { expectedVersion: _, ...free } = draft;
    const snapshot = await this.#scratch.commit(staging, free);
    this.#published.set(keyOf(staging.table), snapshot);
    return snapshot;
  }

  abandon(staging: Staging): Promise<void> {
    return this.#scratch.abandon(staging);
  }

  async current(table: TableRef): Promise<Snapshot | undefined> {
    return this.#published.get(keyOf(table)) ?? (await this.before(table));
  }

  asOf(table: TableRef, when: AsOf): Promise<Snapshot> {
    return this.#live.asOf(table, when);
  }

  history(table: TableRef): Promise<Snapshot[]> {
    return this.#live.history(table);
  }

  async tables(): Promise<TableRef[]> {
    const live = await this.#live.tables();
    const known = new Set(live.map(keyOf));
    return [...live, ...this.published.map(({ table }) => table).filter((table) => !known.has(keyOf(table)))];
  }

  verify(snapshot: Snapshot): Promise<void> {
    return (this.#published.get(keyOf(snapshot.table)) === snapshot ? this.#scratch : this.#live).verify(snapshot);
  }

  expire(): Promise<number> {
    return Promise.resolve(0);
  }

  collect(): Promise<CollectReport> {
    return Promise.resolve({ deletedFiles: 0, deletedBytes: 0n, keptFiles: 0 });
  }

  watch(): () => void {
    return () => undefined;
  }

  /** The scratch table begins with the columns of the live one, without rows: a type that cannot follow is refused here as it would be there. */
  #sow(table: TableRef): Promise<void> {
    let sown = this.#sown.get(keyOf(table));
    if (sown === undefined) this.#sown.set(keyOf(table), (sown = this.#sowOnce(table)));
    return sown;
  }

  async #sowOnce(table: TableRef): Promise<void> {
    const live = await this.before(table);
    if (live === undefined) return;
    const staging = await this.#scratch.begin(
      table,
      live.fields.map(({ propertyId, name, type, required }) => ({ propertyId, name, type, required })),
    );
    const { contractHash, contractVersion, verdictHash, lineage } = live;
    await this.#scratch.commit(staging, { files: [], contractHash, contractVersion, verdictHash, lineage, inputHash: sha256('columns alone'), verdict: {} });
  }
}

export function keyOf({ domain, name, major }: TableRef): string {
  return `${domain}.${name}.${major}`;
}
