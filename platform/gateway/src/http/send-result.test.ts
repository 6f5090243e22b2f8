import { createServer, request, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { SkeinError } from '@skein/kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { AnswerBroken, sendResult, type ResultToSend } from './send-result.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Serves one result, and tells how sending it ended. */
async function serve(
  result: () => Partial<ResultToSend> & Pick<ResultToSend, 'body'>,
  stallMs?: number,
): Promise<{ port: number; sent: Promise<unknown>; finished: string[] }> {
  const { promise: sent, resolve } = Promise.withResolvers<unknown>();
  const finished: string[] = [];
  const server = createServer((_request, response: ServerResponse) => {
    const whole: ResultToSend = {
      headers: { 'content-type': 'text/plain' },
      counts: async () => ({ rows: 7n, truncated: false }),
      finished: () => void finished.push('finished'),
      ...result(),
    };
    sendResult(response, whole, stallMs).then(
      () => resolve(undefined),
      (error: unknown) => {
        if (!response.headersSent) response.writeHead(422).end();
        resolve(error);
      },
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  return { port: (server.address() as AddressInfo).port, sent, finished };
}

async function* chunks(count: number, size: number, fail?: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) {
    if (index === fail) throw new SkeinError('SKEIN_QUERY_FAILED', 'the query broke');
    yield Buffer.alloc(size, 97 + (index % 26));
  }
}

function get(port: number): Promise<{ status: number; headers: Record<string, unknown>; trailers: Record<string, unknown>; bytes: number }> {
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1' }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('end', () =>
        response.complete
          ? resolve({ status: response.statusCode as number, headers: response.headers, trailers: response.trailers, bytes })
          : reject(new Error('incomplete')),
      );
      response.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

describe('sendResult', () => {
  it('sends a short result whole, with its counts in the header', async () => {
    const { port, sent, finished } = await serve(() => ({ body: chunks(3, 10) }));
    expect(await get(port)).toMatchObject({ status: 200, bytes: 30, headers: { 'content-length': '30', 'skein-rows': '7', 'skein-truncated': 'false' } });
    expect(await sent).toBeUndefined();
    expect(finished).toEqual(['finished']);
  });

  it('streams a long one, with its counts in the trailer', async () => {
    const { port, sent } = await serve(() => ({ body: chunks(100, 10_000), counts: async () => ({ rows: 2n ** 60n, truncated: true }) }));
    const answer = await get(port);
    expect(answer).toMatchObject({
      status: 200,
      bytes: 1_000_000,
      headers: { trailer: 'skein-rows, skein-truncated' },
      trailers: { 'skein-rows': String(2n ** 60n), 'skein-truncated': 'true' },
    });
    expect(answer.headers).not.toHaveProperty('content-length');
    expect(await sent).toBeUndefined();
  });

  it('throws a failure of the first 64 KiB with nothing sent', async () => {
    const { port, sent, finished } = await serve(() => ({ body: chunks(10, 10_000, 3) }));
    expect((await get(port)).status).toBe(422);
    expect(await sent).toMatchObject({ code: 'SKEIN_QUERY_FAILED' });
    expect(finished).toEqual([]);
  });

  it('resets the connection on a later failure, so that no client takes the answer for whole', async () => {
    for (const http of ['1.1', '1.0']) {
      const { port, sent, finished } = await serve(() => ({ body: chunks(100, 10_000, 50) }));
      const ended = await new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(`GET / HTTP/${http}\r\nHost: x\r\n\r\n`));
        let tail = '';
        socket.on('data', (data) => (tail = data.toString('latin1').slice(-5)));
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code as string));
        socket.on('end', () => resolve(`ended well after ${JSON.stringify(tail)}`));
      });
      expect(ended, `HTTP/${http}`).toBe('ECONNRESET');
      expect(await sent).toBeInstanceOf(AnswerBroken);
      expect(finished).toEqual([]);
    }
  });

  it('holds the source back while the client does not read, and goes on when it does', async () => {
    let made = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks(2_000, 50_000)) {
        made += 1;
        yield chunk;
      }
    }
    const { port, sent } = await serve(() => ({ body: counted() }));
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.pause();
    let before = -1;
    while (before !== made || made === 0) {
      before = made;
      await new Promise((next) => setTimeout(next, 50));
    }
    expect(made).toBeLessThan(1_000);
    let bytes = 0;
    socket.on('data', (data) => {
      bytes += data.length;
    });
    socket.resume();
    expect(await sent).toBeUndefined();
    expect(made).toBe(2_000);
    while (bytes < 100_000_000) await new Promise((next) => setTimeout(next, 10));
    socket.destroy();
  });

  it('stops the source when the client goes, or takes nothing for too long', async () => {
    let stopped = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(50_000);
      } finally {
        stopped += 1;
      }
    }
    const gone = await serve(() => ({ body: endless() }));
    const leaving = connect(gone.port, '127.0.0.1', () => leaving.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    leaving.once('data', () => leaving.destroy());
    expect(await gone.sent).toMatchObject({ cause: { code: 'SKEIN_QUERY_CANCELLED' } });
    const stalled = await serve(() => ({ body: endless() }), 100);
    const sleeping = connect(stalled.port, '127.0.0.1', () => sleeping.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    sleeping.on('error', () => undefined).pause();
    expect(await stalled.sent).toMatchObject({ cause: { code: 'SKEIN_QUERY_CANCELLED', message: 'the client took nothing for 100 ms' } });
    expect(stopped).toBe(2);
    sleeping.destroy();
  });
});
