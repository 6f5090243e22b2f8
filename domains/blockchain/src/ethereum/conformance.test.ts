import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { anvilForTests, temporaryDirectory, type AnvilForTests } from '@skein/testing';
import { afterAll, beforeAll, describe } from 'vitest';
import { chainConformance, type NodeFault } from '../chain-conformance.fixture.ts';
import { ethereumConnector } from './connector.ts';
import { ANSWERED, refuse, untrueProxy, type Tamper } from './untrue-proxy.fixture.ts';

const ATTEMPTS = 3;
const anvil = await anvilForTests(['--slots-in-an-epoch', '1']);

describe.skipIf(typeof anvil === 'string')(`over anvil (${typeof anvil === 'string' ? anvil : 'there'})`, () => {
  const node = anvil as AnvilForTests;
  const engine = duckdbEngine({});
  let session: EngineSession;
  beforeAll(async () => {
    session = await engine.open();
  });
  afterAll(async () => {
    await session.close();
    await engine.close();
    await node.kill();
  });

  const lies: Record<NodeFault, Tamper> = {
    gone: (_, result, answer) => {
      answer.destroy();
      return ANSWERED;
    },
    cut: (_, result, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
      answer.write('{"jsonrpc":"2.0",', () => answer.destroy());
      return ANSWERED;
    },
    limited: (_, result, answer) => refuse(answer, -32005, 'rate limit', 429, { 'retry-after': '0' }),
    'other-form': (_, result) => ({ ...(result as object), gasUsed: 21_000 }),
    untrue: (_, result) => ({ ...(result as object), gasUsed: '0x123456' }),
  };

  chainConformance('Ethereum', async () => {
    // one node for all: each check begins above what is there
    const begin = Number(await node.rpc<string>('eth_blockNumber'));
    const first = begin - (begin % 5) + 5;
    await node.rpc('anvil_mine', `0x${(first - begin - 1).toString(16)}`);
    const proxy = await untrueProxy(node.url);
    const directory = temporaryDirectory('skein-ethereum-conformance-');
    const options = {
      url: proxy.url,
      directory: directory.path,
      session,
      from: BigInt(first),
      allowHosts: ['127.0.0.1'],
      attempts: ATTEMPTS,
      chunk: 5,
      tail: 5,
      concurrency: 1,
      hashes: true,
      pace: { start: 500 },
      timing: { clock: { now: () => 1_700_000_000_000 }, sleep: () => Promise.resolve(), random: () => 0 },
    };
    const bring = async (more: object = {}, signal?: AbortSignal): Promise<unknown> => {
      using connector = await ethereumConnector({ ...options, ...more });
      return await connector.step(signal);
    };
    let heard = 0;
    // by number, and with its transactions: heads are asked for without
    const ofBlock = ({ method, params }: { readonly method: string; readonly params: readonly unknown[] }): number | undefined =>
      method === 'eth_getBlockByNumber' && params[1] === true ? Number(params[0]) : undefined;
    return {
      attempts: ATTEMPTS,
      bring: (signal) => bring({}, signal),
      grow: async (blocks) => void (await node.rpc('anvil_mine', `0x${blocks.toString(16)}`)),
      fail(fault, times, spared = 0) {
        let [before, left] = [spared, times];
        proxy.tamper = (call, result, answer) => (ofBlock(call) === undefined || before-- > 0 || left-- <= 0 ? result : lies[fault](call, result, answer));
      },
      asked() {
        const fresh = proxy.calls.slice(heard);
        heard = proxy.calls.length;
        return fresh.map(ofBlock).filter((number) => number !== undefined);
      },
      async truth() {
        const latest = Number(await node.rpc<string>('eth_blockNumber'));
        const numbers = Array.from({ length: latest - first + 1 }, (_, at) => first + at);
        return Promise.all(numbers.map(async (number) => (await node.rpc<{ hash: string }>('eth_getBlockByNumber', `0x${number.toString(16)}`, false)).hash));
      },
      async held() {
        const folder = path.join(directory.path, 'ethereum', 'eip155-31337', 'blocks');
        if (!existsSync(folder) || !readdirSync(folder).some((name) => /^\d.*\.parquet$/.test(name))) return [];
        const rows = await session.rows(`SELECT hash FROM read_parquet(${literal(path.join(folder, '[0-9]*.parquet'))}) ORDER BY number`);
        return rows.map((row) => String(row['hash']));
      },
      outside: () => bring({ allowHosts: [] }),
      async dispose() {
        await proxy[Symbol.asyncDispose]();
        directory[Symbol.dispose]();
      },
    };
  });
});
