import { ERRORS, SkeinError } from '@skein/kernel';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: Readonly<Record<string, unknown>> };
}

const DEFAULT_RETRY_SECONDS = 1;

/** fastify's own errors, in Skein's words. */
const HTTP_CODES: Readonly<Record<string, SkeinError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: new SkeinError('SKEIN_REQUEST_TOO_LARGE', 'the body of the request is too large'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new SkeinError('SKEIN_REQUEST_INVALID', 'the body of the request is not application/json', {
    hint: 'Send it with the header content-type: application/json.',
  }),
  FST_ERR_CTP_EMPTY_TYPE: new SkeinError('SKEIN_REQUEST_INVALID', 'the body of the request has no content-type', {
    hint: 'Send it with the header content-type: application/json.',
  }),
  FST_ERR_CTP_EMPTY_JSON_BODY: new SkeinError('SKEIN_REQUEST_INVALID', 'the body of the request is empty'),
  FST_ERR_BAD_URL: new SkeinError('SKEIN_REQUEST_INVALID', 'the address has a % that no two hexadecimal digits of UTF-8 follow', {
    hint: 'Write such a character as %25.',
  }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new SkeinError('SKEIN_REQUEST_INVALID', 'the body of the request is not as long as its content-length says'),
};

/** Any error as a SkeinError; what is not one of ours or of HTTP is SKEIN_INTERNAL. */
export function asSkeinError(error: unknown): SkeinError {
  if (error instanceof SkeinError) return error;
  const { code, status, statusCode } = Object(error) as { code?: unknown; status?: unknown; statusCode?: unknown };
  const known = typeof code === 'string' ? HTTP_CODES[code] : undefined;
  if (known) return known;
  if (status === 404 || statusCode === 404) return new SkeinError('SKEIN_NOT_FOUND', 'the gateway has no such address');
  if (statusCode === 400) return new SkeinError('SKEIN_REQUEST_INVALID', 'the request is malformed', { cause: error });
  return new SkeinError('SKEIN_INTERNAL', ERRORS.SKEIN_INTERNAL.summary, { cause: error });
}

/**
 * What a client gets told: class, words and what to do. Where the platform is at fault the words are those of the table, since
 * the true ones may name paths and machines; those go to the log, under the same query id.
 */
export function errorAnswer(error: SkeinError, queryId?: string): ErrorAnswer {
  const ours = error.fault === 'platform';
  const retryAfter = error.context['retryAfterSeconds'];
  const headers: Record<string, string> = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  if (queryId !== undefined) headers['skein-query-id'] = queryId;
  if (error.status === 429 || error.status === 503)
    headers['retry-after'] = String(typeof retryAfter === 'number' && retryAfter > 0 ? Math.ceil(retryAfter) : DEFAULT_RETRY_SECONDS);
  if (error.status === 401)
    headers['www-authenticate'] = error.code === 'SKEIN_AUTH_INVALID' ? 'Bearer realm="skein", error="invalid_token"' : 'Bearer realm="skein"';
  const told = ours
    ? { code: error.code, message: ERRORS[error.code].summary, hint: ERRORS[error.code].hint, fault: error.fault, retryable: error.retryable }
    : error.toJSON();
  return { status: error.status, headers, body: { error: { ...told, ...(queryId === undefined ? {} : { queryId }) } } };
}

/** As JSON text; a bigint in the context of an error is written as text. */
export function answerText(body: unknown): string {
  return JSON.stringify(body, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
