import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Bool,
  DateDay,
  Decimal,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Table,
  TimeMicrosecond,
  TimestampMicrosecond,
  Utf8,
  makeData,
  tableToIPC,
  vectorFromArray,
  type Data,
} from 'apache-arrow';
import { afterEach, describe, expect, it } from 'vitest';
import { ArrowFrames } from './arrow-frames.ts';
import { connect } from './mesh.ts';

const ARROW = 'application/vnd.apache.arrow.stream';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

interface Seen {
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/** A server that answers as told, and notes what it was asked. */
async function gateway(answer: (request: Seen, response: ServerResponse) => void): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const one = { url: request.url as string, body, headers: request.headers };
    seen.push(one);
    answer(one, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(() => closed()));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** Three batches of 100 rows: id, name. The last id of each is 2^32 - 1, whose bytes are those of an end marker. */
function batches(): RecordBatch[] {
  return [0, 1, 2].map((part) => {
    const ids = Array.from({ length: 100 }, (_, index) => (index === 99 ? 0xff_ff_ff_ffn : BigInt(part * 100 + index) + 2n ** 53n));
    return new Table({ id: vectorFromArray(ids, new Int64()) }).batches[0] as RecordBatch;
  });
}
function ipc(parts: RecordBatch[]): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  for (const part of parts) writer.write(part);
  writer.finish();
  return writer.toUint8Array(true);
}
const stream = ipc(batches());
const answerWith =
  (bytes: Uint8Array, headers: Record<string, string> = {}) =>
  (request: Seen, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': request.url === '/v1/sql' ? ARROW : 'application/json', 'skein-query-id': 'q1', ...headers });
    response.end(request.url === '/v1/sql' ? bytes : JSON.stringify({ rows: 300, truncated: true }));
  };

describe('mesh', () => {
  it('sends SQL with bound values, token and options, and gives rows with what the gateway says about them', async () => {
    const { url, seen } = await gateway(
      answerWith(stream, {
        'skein-rows': '300',
        'skein-truncated': 'false',
        'skein-snapshots': 'ga4.sessions@12,sap.material@3',
        'skein-freshness': 'ga4.sessions=fresh;age=7, sap.material=stale;age=90000;limit=86400',
        'skein-policy': 'p1',
      }),
    );
    const mesh = connect(`${url}/`, { token: async () => 'abc', purpose: 'planning', timeoutMs: 500 });
    const query = mesh.with({ asOf: { 'ga4.sessions': 12 } }).sql<{ id: bigint }>`select id from ga4.sessions where id > ${2n ** 53n + 1n}`;
    expect(seen).toHaveLength(0);
    const rows = await query;
    expect(rows).toHaveLength(300);
    expect(rows[0]).toEqual({ id: 2n ** 53n });
    expect(rows[1]?.id).toBe(9_007_199_254_740_993n);
    expect(rows.meta).toEqual({
      queryId: 'q1',
      snapshots: { 'ga4.sessions': 12, 'sap.material': 3 },
      freshness: { 'ga4.sessions': { state: 'fresh', ageSeconds: 7 }, 'sap.material': { state: 'stale', ageSeconds: 90_000, limitSeconds: 86_400 } },
      policy: 'p1',
      rows: 300,
      truncated: false,
    });
    expect(await query.meta).toBe(rows.meta);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer abc', accept: ARROW, 'skein-purpose': 'planning', 'content-type': 'application/json' });
    expect(seen[0]?.body).toBe('{"sql":"select id from ga4.sessions where id > $1","params":[9007199254740993],"timeoutMs":500,"asOf":{"ga4.sessions":12}}');
  });

  it('asks how a long answer ended, and believes no other count of rows', async () => {
    const { url, seen } = await gateway(answerWith(stream));
    const rows = await connect(url).sql`select 1`;
    expect(rows.meta).toMatchObject({ rows: 300, truncated: true });
    expect(seen.map((one) => one.url)).toEqual(['/v1/sql', '/v1/queries/q1']);
    const short = await gateway(answerWith(ipc(batches().slice(1))));
    await expect(connect(short.url).sql`select 1`).rejects.toMatchObject({
      code: 'SKEIN_CLIENT_INCOMPLETE',
      retryable: true,
      message: '200 rows came of the 300 that were sent',
      queryId: 'q1',
    });
  });

  it('never takes a stream cut at any byte for a whole one, though the connection ended well', async () => {
    let cut = 0;
    const { url } = await gateway((request, response) => answerWith(stream.subarray(0, cut))(request, response));
    const mesh = connect(url);
    // every cut near a frame, and some inside bodies
    const cuts = new Set([0, 1, 4, 8, 9, stream.length - 1, stream.length - 7, stream.length - 8, stream.length - 9]);
    for (let at = 0; at < stream.length; at += 97) cuts.add(at);
    expect(cuts.size).toBeGreaterThan(20);
    for (cut of cuts) {
      await expect(mesh.sql`select 1`.arrow(), `cut at ${cut} of ${stream.length}`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_INCOMPLETE' });
    }
    cut = stream.length;
    expect((await mesh.sql`select 1`.arrow()).numRows).toBe(300);
  });

  it('tells an end marker from data that looks like one', () => {
    const marker = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
    const cutAfterBatch = stream.subarray(0, stream.length - 8);
    const naive = marker.every((byte, index) => cutAfterBatch.at(index - 8) === byte) || Buffer.from(cutAfterBatch).includes(Buffer.from(marker));
    expect(naive).toBe(true);
    for (const size of [1, 7, 64, stream.length]) {
      const whole = new ArrowFrames();
      const cut = new ArrowFrames();
      for (let at = 0; at < stream.length; at += size) {
        whole.push(stream.subarray(at, at + size));
        cut.push(cutAfterBatch.subarray(at, at + size));
      }
      expect([whole.complete, cut.complete]).toEqual([true, false]);
      whole.push(new Uint8Array(1));
      expect(whole.complete).toBe(false);
    }
  });

  it('makes an error of a connection that dies in mid-stream', async () => {
    const { url } = await gateway((_request, response) => {
      response.writeHead(200, { 'content-type': ARROW });
      response.write(stream.subarray(0, stream.length - 400), () => response.destroy());
    });
    const query = connect(url).sql`select 1`;
    await expect(query).rejects.toMatchObject({ name: 'SkeinClientError', code: 'SKEIN_CLIENT_INCOMPLETE' });
    await expect(query.meta).rejects.toMatchObject({ code: 'SKEIN_CLIENT_INCOMPLETE' });
    let rows = 0;
    const streaming = async (): Promise<void> => {
      for await (const batch of connect(url).sql`select 1`.stream()) rows += batch.numRows;
    };
    await expect(streaming()).rejects.toMatchObject({ code: 'SKEIN_CLIENT_INCOMPLETE' });
    expect(rows).toBeLessThan(300);
  });

  it('streams batches, and hangs up when the loop is left', async () => {
    const gone = Promise.withResolvers<void>();
    const { url } = await gateway((_request, response) => {
      response.writeHead(200, { 'content-type': ARROW });
      response.write(stream.subarray(0, stream.length - 8));
      response.on('close', () => gone.resolve());
    });
    const query = connect(url).sql<{ id: bigint }>`select 1`;
    for await (const row of query.each()) {
      expect(row.id).toBe(2n ** 53n);
      break;
    }
    await gone.promise;
    await expect(query.meta).rejects.toMatchObject({ code: 'SKEIN_CLIENT_CANCELLED' });
    await expect(query.rows()).rejects.toMatchObject({ code: 'SKEIN_CLIENT_VALUE' });
  });

  it('obeys a signal', async () => {
    const { url } = await gateway(() => undefined);
    const stop = new AbortController();
    const pending = connect(url, { signal: stop.signal }).sql`select 1`.rows();
    setTimeout(() => stop.abort(), 10);
    await expect(pending).rejects.toMatchObject({ code: 'SKEIN_CLIENT_CANCELLED' });
  });

  it("carries the gateway's own errors", async () => {
    const { url } = await gateway((_request, response) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '3' });
      response.end(
        JSON.stringify({ error: { code: 'SKEIN_QUERY_BUSY', message: 'busy', hint: 'wait', retryable: true, queryId: 'q9', context: { queued: 5 } } }),
      );
    });
    await expect(connect(url).sql`select 1`).rejects.toMatchObject({
      code: 'SKEIN_QUERY_BUSY',
      message: 'busy',
      hint: 'wait',
      retryable: true,
      status: 429,
      queryId: 'q9',
      retryAfterSeconds: 3,
      context: { queued: 5 },
    });
  });

  it('says so when there is no gateway, or something else', async () => {
    await expect(connect('http://127.0.0.1:1').sql`select 1`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_UNREACHABLE', retryable: true });
    const html = await gateway((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hello</h1>'));
    await expect(connect(html.url).sql`select 1`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_ANSWER' });
    await expect(connect(html.url).products()).rejects.toMatchObject({ code: 'SKEIN_CLIENT_ANSWER' });
    const broken = await gateway((_request, response) => response.writeHead(502).end('<h1>bad gateway</h1>'));
    await expect(connect(broken.url).sql`select 1`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_ANSWER', status: 502, retryable: true });
    const moved = await gateway((_request, response) => response.writeHead(307, { location: 'http://evil.example' }).end());
    await expect(connect(moved.url, { token: 'secret' }).sql`select 1`).rejects.toMatchObject({ code: 'SKEIN_CLIENT_UNREACHABLE' });
    expect(() => connect('nonsense')).toThrowError(/address/);
  });

  it('reads products, and one of them as typed rows', async () => {
    const { url, seen } = await gateway((request, response) => {
      if (request.url === '/v1/sql') return answerWith(stream, { 'skein-rows': '300', 'skein-truncated': 'false' })(request, response);
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(request.url === '/v1/products' ? { products: [{ id: 'sap.material' }] } : { id: 'sap.material', versions: [] }));
    });
    const mesh = connect<{ 'sap.material': { id: bigint } }>(url);
    expect(await mesh.products()).toEqual([{ id: 'sap.material' }]);
    expect(await mesh.product('sap.material').describe()).toEqual({ id: 'sap.material', versions: [] });
    const [row] = await mesh.product('sap.material').rows(10);
    expect(row?.id satisfies bigint | undefined).toBe(2n ** 53n);
    expect(JSON.parse(seen.at(-1)?.body as string).sql).toBe('SELECT * FROM "sap"."material" LIMIT 10');
    // @ts-expect-error -- a product that the type does not know
    expect(() => mesh.product('x".y')).toThrowError(/not a product/);
  });
});

describe('rows', () => {
  async function rowsOf(table: Table): Promise<unknown[]> {
    const { url } = await gateway(answerWith(tableToIPC(table, 'stream'), { 'skein-rows': String(table.numRows), 'skein-truncated': 'false' }));
    return [...(await connect(url).sql`select 1`)];
  }
  const column = (data: Data): Table =>
    new Table(new Schema([new Field('v', data.type, true)]), [
      new RecordBatch(
        new Schema([new Field('v', data.type, true)]),
        makeData({ type: new Struct([new Field('v', data.type, true)]), length: data.length, nullCount: 0, children: [data] }),
      ),
    ]);
  const values = async (data: Data): Promise<unknown[]> => (await rowsOf(column(data))).map((row) => (row as { v: unknown }).v);

  it('keeps nulls, 64-bit integers, floats, text and booleans', async () => {
    const table = new Table({
      i: vectorFromArray([1, null, -(2 ** 31)], new Int32()),
      l: vectorFromArray([2n ** 53n + 1n, null, -(2n ** 63n)], new Int64()),
      f: vectorFromArray([0.1, null, -0], new Float64()),
      s: vectorFromArray(['Zoë\u0000"', null, ''], new Utf8()),
      b: vectorFromArray([true, null, false], new Bool()),
    });
    expect(await rowsOf(table)).toEqual([
      { i: 1, l: 9_007_199_254_740_993n, f: 0.1, s: 'Zoë\u0000"', b: true },
      { i: null, l: null, f: null, s: null, b: null },
      { i: -(2 ** 31), l: -(2n ** 63n), f: -0, s: '', b: false },
    ]);
  });

  it('writes decimals with all their digits', async () => {
    const words = (value: bigint): number[] => [0n, 32n, 64n, 96n].map((shift) => Number(BigInt.asUintN(32, value >> shift)));
    const exact = [1n, -1n, 99_999_999_999_999_999_999_999_999_999_999_999_999n, -12_345n, 0n];
    const data = (scale: number) =>
      makeData({ type: new Decimal(scale, 38, 128), length: exact.length, nullCount: 0, data: Uint32Array.from(exact.flatMap(words)) });
    expect(await values(data(2))).toEqual(['0.01', '-0.01', '999999999999999999999999999999999999.99', '-123.45', '0.00']);
    expect(await values(data(0))).toEqual(['1', '-1', '99999999999999999999999999999999999999', '-12345', '0']);
  });

  it('writes dates, times and timestamps as ISO text, to the microsecond and before 1970', async () => {
    const days = [0, -1, 19_782, 2_932_896, 2_932_897, -719_529, 2 ** 31 - 1, -(2 ** 31 - 1)];
    expect(await values(makeData({ type: new DateDay(), length: days.length, nullCount: 0, data: Int32Array.from(days) }))).toEqual([
      '1970-01-01',
      '1969-12-31',
      '2024-02-29',
      '9999-12-31',
      '+010000-01-01',
      '-000001-12-31',
      'infinity',
      '-infinity',
    ]);
    const micros = [1_709_251_199_000_001n, -1n, 2n ** 63n - 1n, -(2n ** 63n - 1n)];
    const stamps = (zone?: string) => makeData({ type: new TimestampMicrosecond(zone), length: micros.length, nullCount: 0, data: BigInt64Array.from(micros) });
    expect(await values(stamps())).toEqual(['2024-02-29T23:59:59.000001', '1969-12-31T23:59:59.999999', 'infinity', '-infinity']);
    expect((await values(stamps('UTC'))).slice(0, 2)).toEqual(['2024-02-29T23:59:59.000001Z', '1969-12-31T23:59:59.999999Z']);
    expect(await values(makeData({ type: new TimeMicrosecond(), length: 2, nullCount: 0, data: BigInt64Array.from([0n, 86_399_999_999n]) }))).toEqual([
      '00:00:00.000000',
      '23:59:59.999999',
    ]);
  });

  it('turns lists, structs and maps into arrays, objects and pairs', async () => {
    const structs = new Struct([new Field('a', new Int64(), true), new Field('__proto__', new Utf8(), true)]);
    const lists = vectorFromArray([[{ a: 1n, ['__proto__']: 'x' }, null], null, []], new List(new Field('item', structs, true)));
    const found = (await values(lists.data[0] as Data)) as [[Record<string, unknown>, null], null, []];
    expect(found.slice(1)).toEqual([null, []]);
    expect(found[0][1]).toBeNull();
    expect(Object.entries(found[0][0])).toEqual([
      ['a', 1n],
      ['__proto__', 'x'],
    ]);
    const maps = vectorFromArray(
      [
        new Map([
          ['k', 1],
          ['l', null],
        ]),
      ],
      new Map_(
        new Field(
          'entries',
          new Struct<{ key: Utf8; value: Int32 }>([new Field('key', new Utf8(), false), new Field('value', new Int32(), true)] as never),
          false,
        ),
      ),
    );
    expect(await values(maps.data[0] as Data)).toEqual([
      [
        { key: 'k', value: 1 },
        { key: 'l', value: null },
      ],
    ]);
  });

  it('gives no rows, but the columns, of an empty answer', async () => {
    const table = new Table({ i: vectorFromArray([] as number[], new Int32()) });
    expect(await rowsOf(table)).toEqual([]);
    const { url } = await gateway(answerWith(tableToIPC(table, 'stream'), { 'skein-rows': '0', 'skein-truncated': 'false' }));
    expect((await connect(url).sql`select 1`.arrow()).schema.fields.map((field) => field.name)).toEqual(['i']);
  });

  it('refuses rows in which one column would hide another', async () => {
    const type = new Struct([new Field('a', new Int32(), true), new Field('a', new Int32(), true)]);
    const child = vectorFromArray([1], new Int32()).data[0] as Data;
    const schema = new Schema(type.children);
    const table = new Table(schema, [new RecordBatch(schema, makeData({ type, length: 1, nullCount: 0, children: [child, child] }))]);
    await expect(rowsOf(table)).rejects.toMatchObject({ code: 'SKEIN_CLIENT_ANSWER', hint: expect.stringContaining('AS') });
  });
});
