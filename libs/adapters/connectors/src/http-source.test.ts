import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { connectorConformance } from '@skein/ports/conformance';
import { faultySource, temporaryDirectory } from '@skein/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { httpSource, type HttpSourceOptions } from './http-source.ts';
import { systemTiming, type Timing } from './pace.ts';

const ATTEMPTS = 3;
const HURRIED: Timing = { ...systemTiming, sleep: (milliseconds, signal) => systemTiming.sleep(Math.min(5, milliseconds), signal) };

for (const format of ['ndjson', 'csv'] as const) {
  connectorConformance(`over HTTP, ${format}`, async () => {
    const folder = temporaryDirectory('skein-http-');
    const source = await faultySource(format);
    const options: HttpSourceOptions = {
      name: 'records',
      format,
      url: source.url,
      directory: folder.file('sources'),
      tenant: { column: 'tenant', value: 'ours' },
      attempts: ATTEMPTS,
      timing: HURRIED,
    };
    const fixture = fileURLToPath(new URL('bring.fixture.ts', import.meta.url));
    return {
      connector: httpSource({ ...options, allowHosts: ['127.0.0.1'] }),
      headers: format === 'csv' ? 1 : 0,
      attempts: ATTEMPTS,
      give: source.give,
      fail: source.fail,
      counts: source.counts,
      start: () => spawn(process.execPath, ['--conditions=@skein/source', fixture, source.url, folder.file('sources'), format], { stdio: 'inherit' }),
      outside: httpSource({ ...options, directory: folder.file('outside') }),
      async dispose() {
        await source.close();
        folder[Symbol.dispose]();
      },
    };
  });
}

describe('a source over HTTP', () => {
  const open: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });
  async function serve(handle: (request: IncomingMessage, response: ServerResponse, page: number) => void, more: Partial<HttpSourceOptions> = {}) {
    const folder = temporaryDirectory('skein-http-');
    const server = createServer((request, response) =>
      handle(request, response, Number(new URL(request.url ?? '/', 'http://x').searchParams.get('page') ?? 1)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve)).then(() => folder[Symbol.dispose]());
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/list`;
    const connector = httpSource({
      name: 'list',
      format: 'csv',
      url,
      directory: folder.path,
      allowHosts: ['127.0.0.1'],
      attempts: 2,
      timing: HURRIED,
      ...more,
    });
    const text = () => readFileSync(folder.file('list.csv'), 'utf8');
    const files = () => readdirSync(folder.path).filter((name) => !name.startsWith('.'));
    return { connector, url, text, files };
  }

  it('takes numbered pages of CSV under one header, fields with line ends and quotes as they stand', async () => {
    const pages = ['id,name\r\n1,"a\nb, ""c"""\r\n2,\r\n', '\uFEFFid,name\n3,日本\n', 'id,name\n'];
    const { connector, text } = await serve((_, response, page) => void response.end(pages[page - 1]), { paging: { parameter: 'page', first: 1 } });
    expect(await connector.bring()).toEqual({ files: ['list.csv'], records: 3, repeated: 0 });
    expect(text()).toBe('id,name\n1,"a\nb, ""c"""\n2,\n3,日本\n');
  });

  it.each<[string, readonly string[], object]>([
    ['other columns on the second page', ['id,name\n1,a\n', 'id,title\n2,b\n', 'id,name\n'], { code: 'SKEIN_SOURCE_ANSWER', place: { line: 1 } }],
    ['a record with too many fields', ['id,name\n1,a\n2,b,c\n3,d\n'], { code: 'SKEIN_SOURCE_ANSWER', place: { line: 3 } }],
    ['quotes that never close', ['id,name\n1,"a\n'], { code: 'SKEIN_SOURCE_UNAVAILABLE' }],
    ['a record that ends too early', ['id,name\n1,a\n2'], { code: 'SKEIN_SOURCE_UNAVAILABLE' }],
    ['no header', [''], { code: 'SKEIN_SOURCE_ANSWER' }],
    ['one page for ever', Array.from({ length: 9 }, () => 'id,name\n1,a\n'), { code: 'SKEIN_SOURCE_UNTRUE' }],
    ['a page of markup', ['<html><body>Sign in</body></html>\n'], { code: 'SKEIN_SOURCE_ANSWER', place: { line: 1 } }],
  ])('refuses %s, and writes nothing', async (_, pages, error) => {
    const { connector, files } = await serve((__, response, page) => void response.end(pages[page - 1]), { paging: { parameter: 'page', first: 1 } });
    await expect(connector.bring()).rejects.toMatchObject(error);
    expect(files()).toEqual([]);
  });

  it('follows no link to another origin, no redirect, and none that leads back', async () => {
    const next = async (link: string, status = 200) => {
      const { connector } = await serve((_, response, page) => void response.writeHead(status, page > 4 ? {} : { link, location: link }).end('id\n1\n'));
      return connector.bring().then(
        () => undefined,
        (error: unknown) => (error as { code: string }).code,
      );
    };
    expect(await next('<http://127.0.0.1:1/list>; rel="next"')).toBe('SKEIN_SOURCE_ADDRESS');
    expect(await next('<http://169.254.169.254/latest>; rel="next"')).toBe('SKEIN_SOURCE_ADDRESS');
    expect(await next('http://169.254.169.254/', 302)).toBe('SKEIN_SOURCE_ADDRESS');
    expect(await next('</list>; rel="next"')).toBe('SKEIN_SOURCE_UNTRUE');
    expect(await next('</list?page=5>; rel="next"')).toBeUndefined();
    expect(await next('</list?page=3>; rel="prev"')).toBeUndefined();
  });

  it('asks by Last-Modified where there is no ETag, and takes a damaged page anew', async () => {
    let sent = 0;
    const { connector, text } = await serve((request, response) => {
      if (request.headers['if-modified-since'] === 'Sat, 21 Nov 2026 08:00:00 GMT') return void response.writeHead(304).end();
      sent++;
      response.writeHead(200, { 'last-modified': 'Sat, 21 Nov 2026 08:00:00 GMT' }).end('id\n1\n');
    });
    await connector.bring();
    expect((await connector.bring()).files).toEqual([]);
    expect([sent, text()]).toEqual([1, 'id\n1\n']);
  });

  it('refuses a page that is too large, and gives up where it is not allowed', async () => {
    const large = await serve((_, response) => void response.end(`id\n${'1\n'.repeat(1_000)}`), { maxPageBytes: 100 });
    await expect(large.connector.bring()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ANSWER' });
    let asked = 0;
    const closed = await serve((_, response) => {
      asked++;
      response.writeHead(401).end();
    });
    await expect(closed.connector.bring()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_ANSWER', context: { status: 401 } });
    expect(asked).toBe(1);
  });
});
