import { exactJson } from './bind.ts';
import { SkeinClientError } from './client-error.ts';

/** A bearer token, or how to get a fresh one before each request. */
export type Token = string | (() => string | Promise<string>);

export interface Transport {
  request(
    path: string,
    init: { readonly body?: unknown; readonly accept: string; readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal | undefined },
  ): Promise<Response>;
}

/** Sends requests to one gateway; every failure, also one that the gateway tells, comes out as a SkeinClientError. */
export function createTransport(base: URL, token: Token | undefined, send: typeof fetch): Transport {
  return {
    async request(path, { body, accept, headers, signal }) {
      const bearer = typeof token === 'function' ? await token() : token;
      let response: Response;
      try {
        response = await send(new URL(path, base), {
          method: body === undefined ? 'GET' : 'POST',
          redirect: 'error',
          headers: {
            ...headers,
            accept,
            ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: exactJson(body) }),
          ...(signal ? { signal } : {}),
        });
      } catch (error) {
        throw lost(error, signal, 'SKEIN_CLIENT_UNREACHABLE', `no answer from ${base.origin}`);
      }
      if (!response.ok) throw await refusal(response);
      return response;
    },
  };
}

/** What a broken connection means: cancelled by the caller, or the given code. */
export function lost(
  error: unknown,
  signal: AbortSignal | undefined,
  code: 'SKEIN_CLIENT_UNREACHABLE' | 'SKEIN_CLIENT_INCOMPLETE',
  message: string,
  queryId?: string,
): SkeinClientError {
  if (error instanceof SkeinClientError) return error;
  if (signal?.aborted) return new SkeinClientError('SKEIN_CLIENT_CANCELLED', 'the query was cancelled', { cause: error, queryId });
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new SkeinClientError(code, `${message}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause: error, queryId });
}

async function refusal(response: Response): Promise<SkeinClientError> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  const about = { status: response.status, retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined };
  const body = (await response.json().catch(() => undefined)) as { error?: Record<string, unknown> } | undefined;
  const told = body?.error;
  if (typeof told?.['code'] !== 'string' || typeof told['message'] !== 'string') {
    return new SkeinClientError('SKEIN_CLIENT_ANSWER', `the answer has status ${response.status} and is not one of a Skein gateway`, {
      ...about,
      retryable: response.status >= 500,
    });
  }
  return new SkeinClientError(told['code'], told['message'], {
    ...about,
    hint: typeof told['hint'] === 'string' ? told['hint'] : undefined,
    retryable: told['retryable'] === true,
    queryId: typeof told['queryId'] === 'string' ? told['queryId'] : undefined,
    context: told['context'] !== null && typeof told['context'] === 'object' ? (told['context'] as Record<string, unknown>) : undefined,
  });
}
