import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the proxy does instead of passing the node's result on: another result, also a promised one, or an answer of its own making. */
export type Tamper = (call: Call, result: unknown, answer: ServerResponse) => unknown;

/** Says that the tampering has answered, or cut the connection, itself. */
export const ANSWERED = Symbol('answered');

/** A real HTTP proxy before a node, that lies in ways of the test's choosing. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  readonly calls: Call[];
  tamper: Tamper | undefined;
}

export async function untrueProxy(node: string): Promise<Proxy> {
  const calls: Call[] = [];
  const proxy: { tamper: Tamper | undefined } = { tamper: undefined };
  const server = createServer((request, answer) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString();
      const call = JSON.parse(body) as Call & { id: number };
      calls.push(call);
      const passed = await fetch(node, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
      const reply = (await passed.json()) as { id: number; result?: unknown; error?: unknown };
      const result = proxy.tamper && reply.error === undefined ? await proxy.tamper(call, structuredClone(reply.result), answer) : reply.result;
      if (result === ANSWERED) return;
      answer.setHeader('content-type', 'application/json').end(JSON.stringify(reply.error === undefined ? { jsonrpc: '2.0', id: reply.id, result } : reply));
    })().catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    get tamper() {
      return proxy.tamper;
    },
    set tamper(value) {
      proxy.tamper = value;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A JSON-RPC error, as providers send it. */
export function refuse(answer: ServerResponse, code: number, message: string, status = 200, headers: Record<string, string> = {}): typeof ANSWERED {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code, message } }));
  return ANSWERED;
}
