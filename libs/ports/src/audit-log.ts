/** What became of one request. `refused`: the gate, a policy or a snapshot's state said no; `failed`: it was allowed and then broke. */
export type AuditDecision = 'allowed' | 'refused' | 'failed';

/** One query of a consumer, one push of a contract, or one decision on a review. It names the SQL by its hash only: constants in it may be personal. */
export interface AuditRecord {
  /** Milliseconds since the epoch when the request came. */
  readonly time: number;
  readonly queryId: string;
  /** sha256 of the SQL, of the contract or of the decision, as sent. */
  readonly sqlHash: string;
  /** The version that was pushed, as `<product>@<version>`; absent for queries. */
  readonly contract?: string;
  /** The review that was decided on, as `<id>:<decision>`; absent for others. */
  readonly review?: string;
  /** What was done on the market, as `<verb>:<listing or agreement>`; absent for others. */
  readonly market?: string;
  /** Agreements that it was answered under, and charged by; absent for others. */
  readonly agreements?: readonly string[];
  readonly principal: string;
  readonly roles: readonly string[];
  readonly purpose: string | undefined;
  readonly decision: AuditDecision;
  /** Ids of the products it reads, as far as it got. */
  readonly products: readonly string[];
  /** `<product>@<version>` each. */
  readonly snapshots: readonly string[];
  /** Hash of the compiled policies that applied. */
  readonly policyHash: string | undefined;
  readonly rows: bigint | undefined;
  readonly bytes: number | undefined;
  readonly truncated: boolean | undefined;
  readonly durationMs: number;
  readonly errorCode: string | undefined;
  /** What the engine said: it may quote data, so it stands here and nowhere else. */
  readonly engineText: string | undefined;
}

/** Keeps audit records. Append-only; records of one process keep their order. */
export interface AuditLog {
  /** The record is kept when it returns: an answer does not end well before. Throws SKEIN_STORAGE_FULL or SKEIN_STORAGE_FAILED. */
  append(record: AuditRecord): Promise<void>;
  close(): Promise<void>;
}
