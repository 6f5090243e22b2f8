import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import { SkeinError } from '@skein/kernel';
import { checkedAddress, type Lookup } from './public-address.ts';

export interface GuardOptions {
  /** Hosts that are reached though their addresses are not public. */
  readonly allowHosts: readonly string[];
  /** Bytes that an answer may have. */
  readonly maxBytes: number;
  readonly lookup?: Lookup;
}

/** An answer that has more bytes than is read. */
export class AnswerTooLarge extends Error {}

/**
 * `fetch` that connects only to addresses that were checked, follows no redirect, and reads the whole body within
 * the bounds of bytes and of the signal. A body that ends before its time is an error, never a shorter answer.
 */
export function guardedFetch({ allowHosts, maxBytes, lookup }: GuardOptions): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const checked = await checkedAddress(url, allowHosts, lookup);
    const headers = Object.fromEntries(new Headers(init.headers));
    const method = init.method ?? 'POST';
    const body = typeof init.body === 'string' ? init.body : '';
    return new Promise<Response>((resolve, reject) => {
      const send = url.protocol === 'https:' ? https : http;
      const request = send(url, {
        method,
        headers: method === 'GET' ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
        // TLS still checks the certificate for the name: only the address is settled.
        lookup: (_host, options, done) =>
          options.all === true ? done(null, [checked]) : (done as (e: null, a: string, f: number) => void)(null, checked.address, checked.family),
        ...(init.signal ? { signal: init.signal } : {}),
      });
      request.once('error', reject);
      request.once('response', (response) => {
        void collect(response, url, maxBytes).then(resolve, (error: unknown) => {
          request.destroy();
          reject(error instanceof Error ? error : new Error(String(error)));
        });
      });
      request.end(body);
    });
  };
}

async function collect(response: IncomingMessage, url: URL, maxBytes: number): Promise<Response> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400 && status !== 304) {
    response.resume();
    throw new SkeinError('SKEIN_SOURCE_ADDRESS', `${url.host} redirects to ${String(response.headers.location).slice(0, 200)}, which is not followed`, {
      hint: 'Name the address that it leads to, if you trust it.',
      context: { host: url.host, location: response.headers.location },
    });
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AnswerTooLarge(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error(`the answer ended after ${bytes} bytes, before it was complete`);
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) if (typeof value === 'string') headers.set(name, value);
  headers.delete('content-length');
  return new Response(status === 204 || status === 304 ? null : Buffer.concat(chunks), { status, headers });
}
