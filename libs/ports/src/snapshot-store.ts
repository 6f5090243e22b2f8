import type { ColumnType } from '@skein/contract';
import type { DataFile, Field, Snapshot, SnapshotLineage, TableRef } from '@skein/product';

/** A column as a contract wants it; the store gives it its field id, or finds the one it has. */
export interface WantedColumn {
  readonly propertyId: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
}

/** A publication being prepared: a private directory for data files. Abandon it and garbage collection removes it. */
export interface Staging {
  readonly table: TableRef;
  readonly directory: string;
  /** Fields with their ids, for the Parquet writer. */
  readonly fields: readonly Field[];
}

export interface SnapshotDraft {
  /**
   * Version that must still be the newest (0: none yet), because the draft was made from what was known then; another one
   * refuses the commit with SKEIN_STORAGE_CONTENDED. Left out: whatever is there is replaced.
   */
  readonly expectedVersion?: number;
  readonly files: readonly DataFile[];
  readonly contractHash: string;
  readonly contractVersion: string;
  readonly verdictHash: string;
  readonly inputHash: string;
  readonly lineage: SnapshotLineage;
  readonly verdict: unknown;
}

export type AsOf = { readonly version: number } | { readonly snapshotId: bigint } | { readonly time: number };

export interface CollectReport {
  readonly deletedFiles: number;
  readonly deletedBytes: bigint;
  readonly keptFiles: number;
}

/** Iceberg tables. Every commit replaces the whole content of a table: one complete version. */
export interface SnapshotStore {
  begin(table: TableRef, columns: readonly WantedColumn[]): Promise<Staging>;
  /** Durable and visible when it returns; throws SKEIN_STORAGE_FULL and leaves the last snapshot live when the disk is full. */
  commit(staging: Staging, draft: SnapshotDraft): Promise<Snapshot>;
  abandon(staging: Staging): Promise<void>;
  /** The newest snapshot, undefined when there is none. Cheap when nothing changed. */
  current(table: TableRef): Promise<Snapshot | undefined>;
  /** Throws SKEIN_SNAPSHOT_NOT_FOUND. */
  asOf(table: TableRef, when: AsOf): Promise<Snapshot>;
  /** Oldest first. */
  history(table: TableRef): Promise<Snapshot[]>;
  tables(): Promise<TableRef[]>;
  /** Checks every file's sha256; throws SKEIN_SNAPSHOT_CORRUPT with the file. */
  verify(snapshot: Snapshot): Promise<void>;
  /** Drops snapshots beyond `keep` versions from the metadata; the current one always stays. Returns how many. */
  expire(table: TableRef, policy: { readonly keep: number }): Promise<number>;
  /** Deletes files that no kept snapshot names and that are older than the grace period. */
  collect(table: TableRef, policy: { readonly graceMs: number }): Promise<CollectReport>;
  /** Calls back soon after a table gains a version, whoever published it. Returns how to stop. */
  watch(onChange: (table: TableRef) => void): () => void;
}
