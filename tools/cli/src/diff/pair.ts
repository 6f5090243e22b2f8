/** A document and what messages call it: a path, or where another version of it was found (`HEAD~1:contracts/…`). */
export interface VersionText {
  readonly file: string;
  readonly text: string;
}

/** One contract, before and after. */
export interface Pair {
  /** The file that reports name: it exists in the working tree, or did. */
  readonly file: string;
  /** Oldest first; empty where the contract is new. */
  readonly earlier: readonly VersionText[];
  /** Undefined where the contract is gone. */
  readonly next: VersionText | undefined;
  /** Where approvals of its changes stand. */
  readonly approvals: VersionText | undefined;
}
