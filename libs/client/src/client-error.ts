/** What goes wrong on the way to and from a gateway; codes of the gateway itself (`SKEIN_QUERY_TIMEOUT` …) are in docs/errors.md. */
export const CLIENT_CODES = {
  SKEIN_CLIENT_UNREACHABLE: { retryable: true, hint: 'Check the address and that the gateway runs: GET /health.' },
  SKEIN_CLIENT_CANCELLED: { retryable: true, hint: 'The signal that came with the query ended it.' },
  SKEIN_CLIENT_INCOMPLETE: { retryable: true, hint: 'The answer broke off or lost rows on its way. Nothing of it may be used; ask again.' },
  SKEIN_CLIENT_ANSWER: { retryable: false, hint: 'Check that the address is that of a Skein gateway, and that no proxy rewrites its answers.' },
  SKEIN_CLIENT_VALUE: { retryable: false, hint: 'Use text, number, bigint, boolean, null, Date, decimal(…) or a list of them.' },
} as const;

export type ClientCode = keyof typeof CLIENT_CODES;

export interface SkeinClientErrorOptions {
  readonly hint?: string | undefined;
  readonly retryable?: boolean | undefined;
  readonly status?: number | undefined;
  readonly queryId?: string | undefined;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** Every failure of the client: a code, what happened, what to do, and whether asking again can help. */
export class SkeinClientError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly retryable: boolean;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Names the query in the gateway's audit log. */
  readonly queryId: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  /** How long the gateway asks to wait before the next try. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, message: string, options: SkeinClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SkeinClientError';
    this.code = code;
    const own = (CLIENT_CODES as Record<string, { retryable: boolean; hint: string } | undefined>)[code];
    this.hint = options.hint ?? own?.hint ?? '';
    this.retryable = options.retryable ?? own?.retryable ?? false;
    this.status = options.status;
    this.queryId = options.queryId;
    this.context = options.context ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
