import { ERRORS, SkeinError, type ErrorCode } from '@skein/kernel';

/** What consumers may read of an error, and what only the audit may. */
export interface SplitError {
  readonly shown: SkeinError;
  /** The words of whoever failed, causes included. */
  readonly engineText: string | undefined;
}

/** Errors whose message is the engine's: it may quote rows, also hidden ones. They reach consumers as their class alone. */
const ENGINE_WORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['SKEIN_QUERY_UNKNOWN_COLUMN', 'SKEIN_QUERY_INVALID', 'SKEIN_QUERY_FAILED', 'SKEIN_QUERY_MEMORY', 'SKEIN_WORKER_LOST', 'SKEIN_STEP_FAILED', 'SKEIN_INTERNAL', 'SKEIN_STORAGE_FAILED', 'SKEIN_STORAGE_FULL', 'SKEIN_SNAPSHOT_CORRUPT']);

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
]);

export function isRefusal(error: SkeinError): boolean {
  return REFUSALS.has(error.code);
}

/** Splits whatever was thrown for a query. The shown error carries the query's id and no cause. */
export function splitError(error: unknown, queryId: string, sql: string): SplitError {
  if (!(error instanceof SkeinError)) return { shown: new SkeinError('SKEIN_INTERNAL', ERRORS.SKEIN_INTERNAL.summary, { context: { queryId } }), engineText: textOf(error) };
  if (!ENGINE_WORDS.has(error.code)) {
    return { shown: new SkeinError(error.code, error.message, { hint: error.hint, context: { ...error.context, queryId }, ...(error.place ? { place: error.place } : {}), ...(error.frame === undefined ? {} : { frame: error.frame }) }), engineText: undefined };
  }
  const name = error.code === 'SKEIN_QUERY_UNKNOWN_COLUMN' ? unknownName(textOf(error), sql) : undefined;
  const message = name === undefined ? ERRORS[error.code].summary : `the column or alias ${JSON.stringify(name)} is not known where it is used`;
  return { shown: new SkeinError(error.code, message, { context: { queryId, ...(name === undefined ? {} : { name }) } }), engineText: textOf(error) };
}

/** The name that the engine missed, if the consumer wrote it: then it tells nothing that the consumer does not know. */
function unknownName(text: string, sql: string): string | undefined {
  const name = /(?:column|table|alias) "([^"]{1,200})"|column named "([^"]{1,200})"/i.exec(text);
  const found = name?.[1] ?? name?.[2];
  if (found === undefined) return undefined;
  const last = found.split('.').at(-1) ?? found;
  return sql.toLowerCase().includes(last.toLowerCase()) ? found : undefined;
}

function textOf(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null && texts.length < 5; at = at instanceof Error ? at.cause : undefined) {
    const text = at instanceof Error ? at.message : String(at);
    if (!texts.includes(text)) texts.push(text);
    const engine = at instanceof SkeinError ? at.context['engine'] : undefined;
    if (typeof engine === 'string' && !texts.includes(engine)) texts.push(engine);
  }
  return texts.join(' | ').slice(0, 4_000);
}
