import { open, stat } from 'node:fs/promises';

/**
 * Teaches `fetch` to read `file://` addresses with byte ranges, which Node's own refuses, for readers that know nothing but
 * fetch (icebird). Paths stand in Iceberg metadata as they are, without percent escapes. Returns how to undo it.
 */
export function fetchFiles(): () => void {
  const plain = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    return url.startsWith('file://') ? fileResponse(url.slice('file://'.length), init) : plain(input, init);
  };
  return () => {
    globalThis.fetch = plain;
  };
}

async function fileResponse(path: string, init: RequestInit | undefined): Promise<Response> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return new Response('not found', { status: 404, statusText: 'not found' });
  if (init?.method === 'HEAD') return new Response(null, { headers: { 'content-length': String(found.size) } });
  const range = /^bytes=(\d+)-(\d*)$/.exec(new Headers(init?.headers).get('range') ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, found.size) : found.size;
  const bytes = new Uint8Array(Math.max(0, end - start));
  const handle = await open(path, 'r');
  try {
    await handle.read(bytes, 0, bytes.length, start);
  } finally {
    await handle.close();
  }
  return new Response(bytes, range ? { status: 206, headers: { 'content-range': `bytes ${start}-${end - 1}/${found.size}` } } : {});
}
