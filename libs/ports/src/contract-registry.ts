import type { CompatibilityMode } from '@skein/contract';
import type { TableRef } from '@skein/product';

/** A version of a contract, to be registered. The text is kept to the letter. */
export interface ContractDraft {
  /** `major.minor.patch` */
  readonly version: string;
  /** `Contract.hash`: of the content, so that two texts that differ in comments only have one hash. */
  readonly hash: string;
  readonly status: string;
  /** What the version after this one must not break. */
  readonly mode: CompatibilityMode;
  readonly text: string;
  /** Milliseconds since the epoch. Orders nothing: `sequence` does. */
  readonly publishedAt: number;
  /** Subject of the principal, or what registered it. */
  readonly publishedBy: string;
}

/** A version as it stands in the registry, for good. */
export interface RegisteredVersion extends Omit<ContractDraft, 'text'> {
  readonly line: TableRef;
  /** Position in its line: contiguous from 1. */
  readonly sequence: number;
}

/**
 * Every version of every contract that was ever live. The versions of one major of a product are a line: append-only, and
 * written by one at a time. What may follow what is not decided here.
 */
export interface ContractRegistry {
  /** Majors of a product that have a version, ascending. Throws SKEIN_NAME_INVALID for names that are none. */
  majors(domain: string, name: string): Promise<number[]>;
  /** Oldest first; none for a line that does not exist. Throws SKEIN_NAME_INVALID or SKEIN_REGISTRY_CORRUPT. */
  versions(line: TableRef): Promise<readonly RegisteredVersion[]>;
  /** The document as it was pushed. Throws SKEIN_REGISTRY_CORRUPT. */
  text(version: RegisteredVersion): Promise<string>;
  /**
   * Puts a version behind the one numbered `after` (0: the line is empty). Durable and visible to all when it returns. Throws
   * SKEIN_CONTRACT_CONFLICT when another was first, and leaves nothing behind then; SKEIN_STORAGE_FULL when the disk is full.
   */
  append(line: TableRef, draft: ContractDraft, after: number): Promise<RegisteredVersion>;
}
