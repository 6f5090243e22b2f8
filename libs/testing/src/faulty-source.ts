import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '@skein/kernel';

/** How the source fails: it hangs up, cuts its answer, asks to be spared, answers with a page of markup, or lets the third part wait. */
type Fault = 'gone' | 'cut' | 'limited' | 'other-form' | 'stalls';

export type FaultyFormat = 'ndjson' | 'csv';

const HEADER = ['id', 'tenant', 'text'] as const;

/** A part of a delivery: NDJSON, or CSV of the columns that the suite's records have. */
export function partText(rows: readonly object[], format: FaultyFormat): string {
  if (format === 'ndjson') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const field = (row: object, name: string) => String((row as Record<string, unknown>)[name]);
  return `${[
    HEADER.join(','),
    ...rows.map((row) =>
      HEADER.map((name) => `"${field(row, name).replaceAll('"', '""')}"`)
        .join(',')
        .replace(/^"(\w+)"/, '$1'),
    ),
  ].join('\n')}\n`;
}

/** A source on this machine that a connector can be held to: pages that name the next one, each with its ETag. */
export interface FaultySource {
  readonly url: string;
  give(parts: readonly (readonly object[])[]): void;
  fail(fault: Fault, times: number): boolean;
  counts(): { readonly parts: number; readonly asked: number };
  close(): Promise<void>;
}

export async function faultySource(format: FaultyFormat = 'ndjson'): Promise<FaultySource> {
  let pages: readonly string[] = [partText([], format)];
  let failing: { fault: Fault; times: number } | undefined;
  let [parts, asked] = [0, 0];

  const answer = (page: number, known: string | undefined, response: ServerResponse): void => {
    asked++;
    const body = pages[page] ?? '';
    const fault = failing && failing.times > 0 && (failing.fault !== 'stalls' || page === 2) ? failing.fault : undefined;
    if (failing && fault !== undefined) failing = { ...failing, times: failing.times - 1 };
    if (fault === 'stalls') return;
    if (fault === 'gone') return void response.destroy();
    if (fault === 'limited') return void response.writeHead(429, { 'retry-after': '0' }).end();
    if (fault === 'other-form') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>\n<title>Sign in</title>\n');
    const etag = `"${sha256(body).slice(0, 16)}"`;
    if (fault === undefined && known === etag) return void response.writeHead(304, { etag, ...linkTo(page + 1) }).end();
    const bytes = Buffer.from(body);
    response.writeHead(200, {
      'content-type': format === 'csv' ? 'text/csv' : 'application/x-ndjson',
      'content-length': bytes.length,
      etag,
      ...linkTo(page + 1),
    });
    if (fault === 'cut') {
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
      return;
    }
    parts++;
    response.end(bytes);
  };
  const linkTo = (page: number) => (page < pages.length ? { link: `</records?page=${page}>; rel="next"` } : {});

  const server = createServer((request, response) => {
    const page = Number(new URL(request.url ?? '/', 'http://source').searchParams.get('page') ?? 0);
    answer(page, request.headers['if-none-match'], response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/records`,
    give(of) {
      pages = (of.length === 0 ? [[]] : of).map((rows) => partText(rows, format));
    },
    fail(fault, times) {
      failing = { fault, times };
      return true;
    },
    counts: () => ({ parts, asked }),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
