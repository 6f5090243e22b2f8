/** One product that a query reads. */
export interface UsedProduct {
  /** `<domain>.<name>` */
  readonly product: string;
  readonly major: number;
  /** As the query names it: the product, or one of its majors by number (`sap.material_v1`). */
  readonly address: string;
  /** Names of the columns that are read, sorted; `*` alone where it reads them all, or where they could not be told apart. */
  readonly columns: readonly string[];
}

/** One normalised query that one principal has run: it holds no value. */
export interface RecordedUse {
  /** sha256 of `sql`: queries that differ in their values only have one. */
  readonly queryHash: string;
  /** In normal form: `$1`, `$2` … for values, `n1`, `n2` … for names that no contract knows. */
  readonly sql: string;
  readonly principal: string;
  /** Every purpose it was run for, sorted; empty where none was named. */
  readonly purposes: readonly string[];
  readonly reads: readonly UsedProduct[];
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** One run of a normalised query. */
export interface QueryUse {
  readonly queryHash: string;
  readonly sql: string;
  readonly principal: string;
  readonly purpose: string | undefined;
  readonly reads: readonly UsedProduct[];
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** Uses of one product that are not kept any more, because newer ones took their place. */
export interface DroppedUses {
  readonly product: string;
  readonly dropped: number;
}

/**
 * Who runs which queries. A query waits for nothing here: `record` only remembers, and what is remembered is kept within a second
 * and at `flush` and `close`. Bounded: of each product the most recently used distinct queries are kept.
 */
export interface UsageLog {
  /** Never throws, never waits: what cannot be kept is counted as failed. */
  record(use: QueryUse): void;
  /** Uses that read the product, in any major, the most recent first; what was recorded before is among them. */
  usesOf(product: string): Promise<readonly RecordedUse[]>;
  /** How many uses of each product gave way to newer ones since the log began. */
  dropped(): Promise<readonly DroppedUses[]>;
  /** Keeps what is remembered. Throws SKEIN_STORAGE_FULL or SKEIN_STORAGE_FAILED. */
  flush(): Promise<void>;
  /** Runs recorded, and runs that could not be kept, since the process started. */
  stats(): { readonly recorded: number; readonly failed: number };
  close(): Promise<void>;
}
