import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { demandIndexFile } from './demand-connector.ts';

let server: Server;
let gateway: string;
let reply: { status: number; body: string };
const folder = temporaryDirectory('skein-demand-');
beforeAll(async () => {
  server = createServer((_request, response) => response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  gateway = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await new Promise((closed) => server.close(closed));
  folder[Symbol.dispose]();
});
const ask = () => demandIndexFile({ gateway, token: 'token', directory: folder.path });
const ROW = { week: '2026-08-24', material_group: 'BIKE', purchasers: '12', units: '14', demand_index: '100.0' };

it('writes the answer, a row a line, and an empty one as an empty one', async () => {
  reply = { status: 200, body: JSON.stringify({ rows: [ROW, ROW], meta: { truncated: false } }) };
  expect(await ask()).toBe(2);
  expect(readFileSync(folder.file('demand_index.ndjson'), 'utf8')).toBe(`${JSON.stringify(ROW)}\n${JSON.stringify(ROW)}\n`);
  reply = { status: 200, body: JSON.stringify({ rows: [], meta: { truncated: false } }) };
  expect(await ask()).toBe(0);
  expect(readFileSync(folder.file('demand_index.ndjson'), 'utf8')).toBe('\n');
});

it.each([
  ['a refusal', { status: 403, body: '{"error": {"code": "SKEIN_AUTH_FORBIDDEN"}}' }, '403'],
  ['an answer that was cut', { status: 200, body: JSON.stringify({ rows: [ROW], meta: { truncated: true } }) }, 'cut'],
  ['an answer that does not say whether it was cut', { status: 200, body: JSON.stringify({ rows: [ROW], meta: {} }) }, 'cut'],
  ['a page of somebody else', { status: 200, body: '<html>' }, 'none of a gateway'],
  ['another document', { status: 200, body: '{"rows": []}' }, 'none of a gateway'],
])('leaves the last answer where it is after %s', async (_name, given, says) => {
  writeFileSync(folder.file('demand_index.ndjson'), 'before');
  reply = given;
  await expect(ask()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNAVAILABLE', message: expect.stringContaining(says) as string });
  expect(readFileSync(folder.file('demand_index.ndjson'), 'utf8')).toBe('before');
});

it('says that nobody answers', async () => {
  await expect(demandIndexFile({ gateway: 'http://127.0.0.1:1', token: 'token', directory: folder.path })).rejects.toMatchObject({
    code: 'SKEIN_SOURCE_UNAVAILABLE',
  });
});
