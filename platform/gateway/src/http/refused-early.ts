import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { SkeinError } from '@skein/kernel';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { Fastify, FastifyReply, FastifyRequest } from './fastify.ts';

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * Notes every route that is added to `app` from now on. The function that is given back adds, to each of their addresses, an answer to all other
 * methods: 405, and what is allowed. To be called when all routes are there.
 */
export function otherMethods(app: Fastify): () => void {
  const known = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set();
    known.set(url, methods);
    for (const one of [method].flat()) methods.add(one);
  });
  return () => {
    for (const [url, methods] of [...known]) {
      const allow = [...methods].sort().join(', ');
      const refuse = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
        const { status, headers, body } = errorAnswer(
          new SkeinError('SKEIN_METHOD_NOT_ALLOWED', `${request.method} is no method of this address`, { hint: `Send ${allow}.` }),
        );
        return reply
          .code(status)
          .headers({ ...headers, allow })
          .send(answerText(body));
      };
      // Before the body is read: of what type it is does not matter.
      app.route({ method: METHODS.filter((method) => !methods.has(method)), url, onRequest: refuse, handler: refuse });
    }
  };
}

/** fastify's answer to a request that no route was looked up for, such as an address with a broken escape. */
export function refusedByRouter(error: Error, _request: unknown, reply: FastifyReply): void {
  const { status, headers, body } = errorAnswer(asSkeinError(error));
  void reply.code(status).headers(headers).send(answerText(body));
}

/** Node's answer to what is no HTTP, or more of it than is read; the connection ends with it. */
export function refusedByParser(error: Error & { readonly code?: string }, socket: Socket): void {
  if (socket.writable && error.code !== 'ECONNRESET') {
    const { refusal, status } = ofParser(error.code);
    const { headers, body } = errorAnswer(refusal);
    const text = answerText(body);
    const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(text)), connection: 'close' }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  }
  socket.destroy();
}

function ofParser(code: string | undefined): { refusal: SkeinError; status: number } {
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      refusal: new SkeinError('SKEIN_REQUEST_TOO_LARGE', 'the address and headers of the request are too large', { hint: 'Send less than 16 KB of them.' }),
    };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, refusal: new SkeinError('SKEIN_REQUEST_INVALID', 'the request did not come to its end in time', { hint: 'Send it again, whole.' }) };
  return { status: 400, refusal: new SkeinError('SKEIN_REQUEST_INVALID', 'the request is no HTTP', { hint: 'Send HTTP/1.1.' }) };
}
