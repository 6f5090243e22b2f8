import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the stand-in does with a request. `content` is the message of the answer. */
export type ModelAnswer =
  | { readonly content: string; readonly usage?: unknown }
  | { readonly status: number; readonly location?: string }
  | 'silent'
  | 'slow'
  | 'endless'
  | 'leaves'
  | 'prose';

/** A stand-in for an OpenAI-compatible service on this machine, which answers as it is told, and keeps what it was sent. */
export interface ModelService extends AsyncDisposable {
  /** Ends in `/v1`. */
  readonly address: string;
  /** Bodies of the requests so far, as they came. */
  readonly bodies: readonly string[];
  readonly headers: readonly IncomingMessage['headers'][];
}

export async function modelService(answer: (body: string, index: number) => ModelAnswer): Promise<ModelService> {
  const bodies: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const timers = new Set<NodeJS.Timeout>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.once('end', () => {
      bodies.push(body);
      headers.push(request.headers);
      if (request.method !== 'POST' || request.url !== '/v1/chat/completions') response.writeHead(404).end();
      else reply(response, answer(body, bodies.length - 1), timers);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    bodies,
    headers,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function reply(response: ServerResponse, answer: ModelAnswer, timers: Set<NodeJS.Timeout>): void {
  const ok = { 'content-type': 'application/json' };
  const every = (milliseconds: number, text: string): void => {
    const timer = setInterval(() => response.write(text), milliseconds);
    timers.add(timer);
    response.once('close', () => clearInterval(timer));
  };
  if (answer === 'silent') return;
  if (answer === 'prose') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>I would be glad to help with that.</p>');
  if (answer === 'leaves') {
    response.writeHead(200, ok).write('{"choices": [{"message": {"con');
    return void setTimeout(() => response.destroy(), 10);
  }
  if (answer === 'slow') {
    response.writeHead(200, ok);
    return every(50, ' ');
  }
  if (answer === 'endless') {
    response.writeHead(200, ok);
    const more = (): void => {
      while (!response.destroyed && response.write('"'.repeat(65_536)));
    };
    response.on('drain', more).on('error', () => undefined);
    return more();
  }
  if ('status' in answer) return void response.writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location }).end('{}');
  const { content, usage = { total_tokens: 300 } } = answer;
  response.writeHead(200, ok).end(JSON.stringify({ id: 'x', choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }], usage }));
}
