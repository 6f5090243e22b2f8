/** A landing as a bronze version knows it: the number alone would not tell a landing folder that was emptied and filled again. */
export interface BronzeLanding {
  readonly sequence: number;
  /** Name of the source file, which stands in its rows. */
  readonly file: string;
  /** sha256 of the source file. */
  readonly sha256: string;
}

/** One Parquet file of a bronze version: typed rows of one partition, with `_landing` (the sequence they came from) as last column. */
export interface BronzeFile {
  /** Absolute. */
  readonly path: string;
  /** Value of each column that parts the rows; null for rows that have none. Files of an earlier plan may be parted by others. */
  readonly partition: Readonly<Record<string, string | null>>;
  /** Sequences of the landings that rows in it came from, ascending. */
  readonly landings: readonly number[];
  readonly rows: bigint;
  readonly bytes: bigint;
}

export interface BronzePlan {
  /** Bytes of the source files when it was made. */
  readonly bytes: number;
  /** Columns that part the rows. */
  readonly partitionBy: readonly string[];
  /** Rows of a row group. */
  readonly rowGroup: number;
  /** Why, one sentence for each decision. */
  readonly reasons: readonly string[];
}

/** One immutable, complete version of a bronze table as files. */
export interface BronzeVersion {
  readonly domain: string;
  readonly table: string;
  /** From 1, contiguous. */
  readonly version: number;
  /** Hash of all that decides how a row of a landing is typed: files of another definition are of no use. */
  readonly definition: string;
  /** The plan by which the rows written last are laid out. */
  readonly plan: BronzePlan;
  /** Landings whose rows it holds, ascending; a landing without rows has no file. */
  readonly landings: readonly BronzeLanding[];
  readonly files: readonly BronzeFile[];
  readonly rows: bigint;
}

export interface BronzeDraft extends Pick<BronzeVersion, 'definition' | 'plan' | 'landings'> {
  /** Version that must still be the newest (0: none yet); another one refuses the commit with SKEIN_STORAGE_CONTENDED. */
  readonly expectedVersion: number;
  /** Files of the expected version that stay. */
  readonly kept: readonly BronzeFile[];
  /** Files just written into the stage: the store moves them, and records their checksums. */
  readonly added: readonly BronzeFile[];
}

/** A private directory for files being written. Abandon it, or a later collection removes it. */
export interface BronzeStage {
  readonly domain: string;
  readonly table: string;
  /** Absolute, exists, empty. */
  readonly directory: string;
}

/**
 * Bronze tables as Parquet, where reading the landings again would take too long. What is kept here can be made again from the landings, so it
 * is a cache, but one whose versions are whole: a reader sees all of one or all of another.
 */
export interface BronzeStore {
  stage(domain: string, table: string): Promise<BronzeStage>;
  /** Durable and visible when it returns; the stage is gone afterwards. Throws SKEIN_STORAGE_FULL, and then nothing has changed. */
  commit(stage: BronzeStage, draft: BronzeDraft): Promise<BronzeVersion>;
  abandon(stage: BronzeStage): Promise<void>;
  /** The newest version. Throws SKEIN_SNAPSHOT_CORRUPT with the file when what it says cannot be trusted. */
  current(domain: string, table: string): Promise<BronzeVersion | undefined>;
  /** Number of the newest version, 0 without one; also where that one cannot be read. */
  newest(domain: string, table: string): Promise<number>;
  /** Files of a version that are missing or whose sha256 is another than recorded. */
  damaged(version: BronzeVersion): Promise<readonly BronzeFile[]>;
  /** Deletes versions that are not the newest, and files that only those named, once they are older than the grace period. Returns how many files went. */
  collect(domain: string, table: string, policy: { readonly graceMs: number }): Promise<number>;
}
