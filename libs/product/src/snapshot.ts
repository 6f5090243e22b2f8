import type { ColumnType } from '@skein/contract';

/** Addresses one table in the store. Both parts follow the name rule of the kernel. */
export interface TableRef {
  readonly domain: string;
  readonly name: string;
  /** Major version of the contract; each major is a table of its own. */
  readonly major: number;
}

/** A column of a table as stored: `id` is the Iceberg field id and survives renames. */
export interface Field {
  readonly id: number;
  /** ODCS property id: how a rename is known as one. */
  readonly propertyId: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly required: boolean;
  /** Field ids of nested parts, by path: `element`, `element.price`, `key`, `value`, `city`. */
  readonly nested: Readonly<Record<string, number>>;
}

export interface ColumnStats {
  readonly nulls: bigint;
  readonly values: bigint;
  readonly bytes: bigint;
  /** As DuckDB prints them; undefined where unknown. */
  readonly min: string | undefined;
  readonly max: string | undefined;
}

/** A Parquet file just written, not yet committed. */
export interface DataFile {
  /** Absolute path. */
  readonly path: string;
  readonly rows: bigint;
  readonly bytes: bigint;
  /** By top-level column name. */
  readonly stats: Readonly<Record<string, ColumnStats>>;
}

/** A committed file: where it is now, and its checksum. */
export interface SnapshotFile {
  readonly path: string;
  readonly sha256: string;
  readonly rows: bigint;
  readonly bytes: bigint;
}

export interface ColumnLineage {
  readonly column: string;
  /** `<domain>.<table>.<column>` of the inputs, or `landing:<source>`. */
  readonly from: readonly string[];
}

/** What a snapshot was made of. */
export interface SnapshotLineage {
  readonly run: string;
  readonly inputs: readonly { readonly kind: 'landing' | 'product'; readonly name: string; readonly version?: number; readonly sha256?: string }[];
  readonly columns: readonly ColumnLineage[];
}

/** One immutable, complete version of an output port. */
export interface Snapshot {
  readonly table: TableRef;
  /** `<domain>.<name>` */
  readonly product: string;
  /**
   * The Iceberg sequence number: contiguous from 1, one for each publication. It is also the N of `metadata/vN.metadata.json` until an
   * expiry or a relocation writes metadata that publishes nothing.
   */
  readonly version: number;
  /** Iceberg snapshot id: positive and below 2^53. */
  readonly id: bigint;
  readonly parent: bigint | undefined;
  readonly committedAt: number;
  readonly contractHash: string;
  readonly contractVersion: string;
  readonly verdictHash: string;
  /** sha256 over all inputs of the run: equal inputs publish nothing new. */
  readonly inputHash: string;
  readonly fields: readonly Field[];
  readonly files: readonly SnapshotFile[];
  readonly rows: bigint;
  readonly lineage: SnapshotLineage;
  /** The verdict that let it pass, as JSON (bigints as strings), for the catalog. */
  readonly verdict: unknown;
}
