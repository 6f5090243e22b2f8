import type { ServerResponse } from 'node:http';
import { SkeinError } from '@skein/kernel';

/** A result that fits is sent whole, with its counts in the header and a true status when it fails late; a longer one streams. */
const WHOLE_BYTES = 65_536;
/** A client that takes nothing for so long holds a worker for nothing. */
const STALL_MS = 30_000;

export interface Counts {
  readonly rows: bigint;
  readonly truncated: boolean;
}

export interface ResultToSend {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Known when the body has ended. */
  counts(): Promise<Counts>;
  /** Called when everything is ready but for the last bytes, so that whoever sees the end finds what it did. */
  finished(counts: Counts): void;
}

/** Errors after this was thrown have broken the connection already: there is nothing left to answer. */
export class AnswerBroken extends Error {}

/**
 * Sends a result with backpressure. Until the first 64 KiB are full it throws what the body throws, with nothing sent; after
 * that a failure resets the connection, because an answer that ends well is a promise that it is whole.
 */
export async function sendResult(response: ServerResponse, { headers, body, counts, finished }: ResultToSend, stallMs: number = STALL_MS): Promise<void> {
  const source = body[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let bytes = 0;
  let done = false;
  while (!done && bytes <= WHOLE_BYTES) {
    const next = await source.next();
    if (next.done) done = true;
    else {
      held.push(next.value);
      bytes += next.value.length;
    }
  }
  if (done) {
    const known = await counts();
    const whole = held.length === 1 ? (held[0] as Uint8Array) : Buffer.concat(held);
    finished(known);
    response.writeHead(200, { ...headers, 'content-length': whole.length, 'skein-rows': known.rows.toString(), 'skein-truncated': String(known.truncated) });
    response.end(whole);
    return;
  }
  try {
    response.writeHead(200, { ...headers, trailer: 'skein-rows, skein-truncated' });
    for (const chunk of held) await write(response, chunk, stallMs);
    for (let next = await source.next(); !next.done; next = await source.next()) await write(response, next.value, stallMs);
    const known = await counts();
    finished(known);
    response.addTrailers({ 'skein-rows': known.rows.toString(), 'skein-truncated': String(known.truncated) });
    response.end();
  } catch (error) {
    // destroy() would close politely, which HTTP/1.0 clients take for the end.
    response.socket?.resetAndDestroy();
    response.destroy();
    throw new AnswerBroken('the answer was broken off', { cause: error });
  } finally {
    // Stops the worker where the loop did not reach the end.
    await source.return?.().catch(() => undefined);
  }
}

async function write(response: ServerResponse, chunk: Uint8Array, stallMs: number): Promise<void> {
  if (response.destroyed) throw new SkeinError('SKEIN_QUERY_CANCELLED', 'the client went away');
  if (response.write(chunk)) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const gone = (): void => reject(new SkeinError('SKEIN_QUERY_CANCELLED', 'the client went away'));
  const timer = setTimeout(() => reject(new SkeinError('SKEIN_QUERY_CANCELLED', `the client took nothing for ${stallMs} ms`)), stallMs);
  response.once('drain', resolve).once('close', gone);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    response.off('drain', resolve).off('close', gone);
  }
}
