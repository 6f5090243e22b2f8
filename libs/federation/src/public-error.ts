import { ERRORS, SkeinError, type ErrorCode } from '@skein/kernel';

/** What consumers may read of an error, and what only the audit may. */
export interface SplitError {
  readonly shown: SkeinError;
  /** The words of whoever failed, causes included. */
  readonly engineText: string | undefined;
}

/** Faults of the platform whose messages name files and machines: consumers get their class alone. */
const INTERNAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SKEIN_INTERNAL',
  'SKEIN_STEP_FAILED',
  'SKEIN_STORAGE_FAILED',
  'SKEIN_STORAGE_FULL',
  'SKEIN_SNAPSHOT_CORRUPT',
]);

/** Codes by which a request was turned down before anything ran. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SKEIN_QUERY_SYNTAX',
  'SKEIN_QUERY_REFUSED',
  'SKEIN_QUERY_PARAMS',
  'SKEIN_REQUEST_INVALID',
  'SKEIN_PRODUCT_UNKNOWN',
  'SKEIN_AUTH_FORBIDDEN',
  'SKEIN_SNAPSHOT_NOT_FOUND',
  'SKEIN_SNAPSHOT_NONE',
  'SKEIN_SNAPSHOT_STALE',
  'SKEIN_QUERY_BUSY',
  'SKEIN_MARKET_UNKNOWN',
  'SKEIN_MARKET_CONFLICT',
  'SKEIN_MARKET_QUOTA',
]);

export function isRefusal(error: SkeinError): boolean {
  return REFUSALS.has(error.code);
}

/**
 * Splits whatever was thrown for a query. The shown error carries the query's id and no cause: a sandbox puts the engine's text,
 * which may quote hidden rows, there and nowhere else.
 */
export function splitError(error: unknown, queryId: string): SplitError {
  if (!(error instanceof SkeinError))
    return { shown: new SkeinError('SKEIN_INTERNAL', ERRORS.SKEIN_INTERNAL.summary, { context: { queryId } }), engineText: textOf(error) };
  if (INTERNAL.has(error.code)) return { shown: new SkeinError(error.code, ERRORS[error.code].summary, { context: { queryId } }), engineText: textOf(error) };
  const shown = new SkeinError(error.code, error.message, {
    hint: error.hint,
    context: { ...error.context, queryId },
    ...(error.place ? { place: error.place } : {}),
    ...(error.frame === undefined ? {} : { frame: error.frame }),
  });
  return { shown, engineText: error.cause === undefined ? undefined : textOf(error.cause) };
}

function textOf(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null && texts.length < 5; at = at instanceof Error ? at.cause : undefined) {
    const text = at instanceof Error ? at.message : String(at);
    if (!texts.includes(text)) texts.push(text);
  }
  return texts.join(' | ').slice(0, 4_000);
}
