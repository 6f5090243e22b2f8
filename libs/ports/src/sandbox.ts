/** Where consumers' SQL is parsed and run: child processes that may be killed at any moment. */

/** DuckDB's serialized syntax tree, as lossless JSON text (numbers keep their digits). */
export type SerializedAst = string;

/** One governed relation of a sandbox: a view named `<schema>.<name>` over files. */
export interface SandboxView {
  readonly schema: string;
  readonly name: string;
  /** SELECT over `{files}`, with masks and row filters; `{files}` becomes the scan of the snapshot's files. */
  readonly sql: string;
  readonly files: readonly string[];
  readonly fields: readonly { readonly id: number; readonly name: string; readonly type: string }[];
}

/** What one class of principals may see at one set of snapshots. Equal keys mean equal views. */
export interface SandboxCatalog {
  readonly key: string;
  readonly views: readonly SandboxView[];
}

export type ResultFormat = 'arrow' | 'json' | 'ndjson' | 'csv';

export interface SandboxRequest {
  readonly catalog: SandboxCatalog;
  readonly sql: string;
  readonly parameters: readonly (string | number | bigint | boolean | null)[];
  readonly format: ResultFormat;
  readonly deadlineMs: number;
  /** Result rows beyond this are cut off, and the answer says so. */
  readonly maxRows: number;
  readonly signal?: AbortSignal;
}

/** How a result ended; known when its body has ended. */
export interface SandboxOutcome {
  readonly rows: bigint;
  readonly bytes: number;
  readonly truncated: boolean;
}

export interface SandboxResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Bytes in the wire format. It errors with a SkeinError when the query fails in mid-stream: it never just ends. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly outcome: Promise<SandboxOutcome>;
}

/**
 * What it throws may be shown to consumers: a message is made of the error's class and of names they may know. The engine's own
 * text, which may quote hidden rows, is the error's `cause` and nothing else.
 */
export interface QuerySandbox {
  /** Parses text in a child that holds no data. Throws SKEIN_QUERY_SYNTAX. */
  parse(sql: string): Promise<SerializedAst>;
  /** The SQL text of a syntax tree. */
  print(ast: SerializedAst): Promise<string>;
  execute(request: SandboxRequest): Promise<SandboxResult>;
  /** Starts spare children for a catalog that is about to be used. */
  warm(catalog: SandboxCatalog): Promise<void>;
  stats(): { readonly workers: number; readonly busy: number; readonly queued: number; readonly killed: number };
  close(): Promise<void>;
}
