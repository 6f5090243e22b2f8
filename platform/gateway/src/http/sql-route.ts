import type { Federation, Principal } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import type { ResultFormat } from '@skein/ports';
import type { Authenticator } from '../auth/authenticator.ts';
import type { GatewayLog } from '../gateway-log.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { chooseFormat } from './accept.ts';
import { answerHeaders, withQueryMember } from './answer-headers.ts';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { FastifyReply, FastifyRequest } from './fastify.ts';
import type { RecentOutcomes } from './recent-outcomes.ts';
import { checkSqlRequest } from './request-body.ts';
import { AnswerBroken, sendResult } from './send-result.ts';

export interface SqlRouteParts {
  readonly federation: Federation;
  readonly authenticator: Authenticator;
  readonly outcomes: RecentOutcomes;
  readonly metrics: GatewayMetrics;
  readonly log: GatewayLog;
  /** Ends what runs when the gateway stops. */
  readonly stopping: AbortSignal;
}

const PURPOSE = /^[a-z][a-z0-9_.-]{0,62}$/;

/** `POST /v1/sql`. Writes to the socket itself: between the worker's bytes and the client's there is no further copy. */
export function sqlRoute(parts: SqlRouteParts): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const { federation, authenticator, outcomes, metrics, log, stopping } = parts;
  return async (request, reply) => {
    const started = performance.now();
    reply.hijack();
    const response = reply.raw;
    const gone = new AbortController();
    const stop = (): void => gone.abort(stopping.reason);
    const left = (): void => {
      if (!response.writableFinished) gone.abort(new SkeinError('SKEIN_QUERY_CANCELLED', 'the client went away'));
    };
    response.on('close', left);
    if (stopping.aborted) stop();
    else stopping.addEventListener('abort', stop, { once: true });

    let format: ResultFormat | undefined;
    let principal: Principal | undefined;
    let queryId: string | undefined;
    let bytes = 0;
    let outcome = 'ok';
    try {
      principal = await authenticator.authenticate(authorization(request));
      format = chooseFormat(request.headers.accept);
      const body = checkSqlRequest(request.body);
      const answer = await federation.query(
        {
          ...body,
          format,
          purpose: purposeOf(request),
          agreement: oneHeader(request, 'skein-agreement'),
          idempotencyKey: oneHeader(request, 'idempotency-key'),
          signal: gone.signal,
        },
        principal,
      );
      queryId = answer.queryId;
      const { subject } = principal;
      await sendResult(response, {
        headers: answerHeaders(answer, format),
        body: format === 'json' ? withQueryMember(answer) : answer.body,
        counts: () => answer.outcome,
        finished: ({ rows, truncated }) => outcomes.add(subject, { queryId: answer.queryId, status: 'done', rows: Number(rows), truncated }),
      });
      ({ bytes } = await answer.outcome);
    } catch (thrown) {
      const known = asSkeinError(thrown instanceof AnswerBroken ? thrown.cause : thrown);
      const stopped = known.code === 'SKEIN_QUERY_CANCELLED' && stopping.aborted;
      const error = stopped ? new SkeinError('SKEIN_GATEWAY_STOPPING', 'the gateway is stopping', { context: known.context }) : known;
      outcome = error.code;
      const id = error.context['queryId'];
      queryId ??= typeof id === 'string' ? id : undefined;
      // A full house is counted, not written down: at its worst that would be a line for each of thousands.
      if (error.fault === 'platform' && !stopped && error.code !== 'SKEIN_QUERY_BUSY') log.error(thrown, queryId);
      if (queryId !== undefined && principal !== undefined) outcomes.add(principal.subject, { queryId, status: 'failed', code: error.code });
      if (!(thrown instanceof AnswerBroken) && !response.destroyed) {
        const { status, headers, body } = errorAnswer(error, queryId);
        const text = answerText(body);
        response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
      }
    } finally {
      stopping.removeEventListener('abort', stop);
      response.off('close', left);
      metrics.observe({ outcome, format: format ?? 'none', seconds: (performance.now() - started) / 1_000, bytes });
    }
  };
}

/** Node keeps the first of two Authorization headers; which of them a proxy in front believed is not known, so two are refused. */
export function authorization(request: FastifyRequest): string | undefined {
  const { rawHeaders } = request.raw;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) if (rawHeaders[index]?.toLowerCase() === 'authorization') count += 1;
  if (count > 1) throw new SkeinError('SKEIN_AUTH_INVALID', 'the request has more than one Authorization header');
  return request.headers.authorization;
}

/** The header `skein-purpose`. Throws SKEIN_REQUEST_INVALID. */
export function purposeOf(request: FastifyRequest): string | undefined {
  const purpose = request.headers['skein-purpose'];
  if (purpose === undefined || purpose === '') return undefined;
  if (typeof purpose !== 'string' || !PURPOSE.test(purpose))
    throw new SkeinError('SKEIN_REQUEST_INVALID', 'the header skein-purpose must be one name such as planning', {
      hint: 'Send one purpose that your token allows.',
    });
  return purpose;
}

/** A header that may come once. Throws SKEIN_REQUEST_INVALID where it comes twice, or is no short visible text. */
export function oneHeader(request: FastifyRequest, name: string): string | undefined {
  const { rawHeaders } = request.raw;
  const values = rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1 || !/^[\x21-\x7e]{1,200}$/.test(value))
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the header ${name} must come once, with 1 to 200 visible ASCII characters`);
  return value;
}
