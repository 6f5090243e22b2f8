import type { Landing, SourceProfile } from '@skein/product';

/** A private directory for one Parquet file being written. Abandon it, or a later clean-up removes it. */
export interface LandingStage {
  readonly domain: string;
  /** Absolute, exists, empty. */
  readonly directory: string;
}

/** A landing as the ingestor knows it; the store adds path and sequence. */
export interface LandingDraft extends Omit<Landing, 'path' | 'sequence'> {
  /** Modification time of the source file when it was read, for `findUnchanged`. */
  readonly mtimeMs?: number;
}

/** What can be known of a source file without reading it. */
export interface SourceFileState {
  readonly source: string;
  readonly origin: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * Source files as received: immutable Parquet, numbered in order of arrival. Sequence numbers of a domain are
 * contiguous from 1, whoever writes, and never come from a clock.
 */
export interface LandingStore {
  /** All landings of a domain, by sequence. Cheap when nothing changed. */
  list(domain: string): Promise<Landing[]>;
  stage(domain: string): Promise<LandingStage>;
  /**
   * Durable and listed when it returns; the file moves out of the stage, which is gone afterwards. Idempotent: when
   * the newest landing of the same source, table, origin and file has the same sha256, that one is returned and nothing
   * is added. Content that an older landing had, and a newer one replaced, lands anew, or it would stay hidden.
   * Throws SKEIN_STORAGE_FULL, and then nothing has landed.
   */
  commit(stage: LandingStage, draft: LandingDraft, parquetPath: string): Promise<Landing>;
  abandon(stage: LandingStage): Promise<void>;
  /**
   * The newest landing of a file whose size and modification time are those recorded with it: it need not be hashed
   * again. Undefined when in doubt, for example when the file had changed within two seconds of being landed.
   */
  findUnchanged(domain: string, state: SourceFileState): Promise<Landing | undefined>;
  /** Records that a file, hashed again, still has the content of its newest landing. */
  noteUnchanged(domain: string, state: SourceFileState, landing: Landing): Promise<void>;
  /** Keeps what was found of a landing beside it, in place of what was kept before; it may be lost, and is then found again. */
  keepProfile(domain: string, landing: Landing, profile: SourceProfile): Promise<void>;
  /** Undefined where none was kept. */
  profileOf(domain: string, landing: Landing): Promise<SourceProfile | undefined>;
  /** Checks the sha256 of the landed Parquet; throws SKEIN_SNAPSHOT_CORRUPT with the file. */
  verify(domain: string, landing: Landing): Promise<void>;
}
