import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { anvilForTests, swapChain, temporaryDirectory, type AnvilForTests, type SwapChain } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ethereumConnector, type EthereumConnector, type EthereumOptions } from './connector.ts';

const anvil = await anvilForTests(['--slots-in-an-epoch', '4']);
const why = typeof anvil === 'string' ? anvil : 'anvil';

describe.skipIf(typeof anvil === 'string')(`ethereumConnector (${why})`, () => {
  const node = anvil as AnvilForTests;
  const engine = duckdbEngine({});
  let session: EngineSession;
  let chain: SwapChain;
  const folder = temporaryDirectory('skein-ethereum-');
  let folders = 0;
  const connect = (options: Partial<EthereumOptions> = {}): Promise<EthereumConnector> =>
    ethereumConnector({
      url: node.url,
      allowHosts: ['127.0.0.1'],
      directory: folder.file(`source-${folders++}`),
      session,
      chunk: 20,
      tail: 5,
      pace: { start: 500 },
      timing: { clock: { now: () => 1_700_000_000_000 }, sleep: () => Promise.resolve(), random: () => 0 },
      ...options,
    });
  const rows = (connector: EthereumConnector, kind: string, query = '*') =>
    session.rows(`SELECT ${query} FROM (SELECT DISTINCT * FROM read_parquet(${literal(path.join(connector.folder, kind, '*.parquet'))})) ORDER BY ALL`);

  beforeAll(async () => {
    session = await engine.open();
    chain = await swapChain(node);
    await chain.swapBlocks(100, 5);
  });
  afterAll(async () => {
    await session.close();
    await engine.close();
    await node.kill();
    folder[Symbol.dispose]();
  });

  it('backfills what is final and steps to the head, as the node has it', async () => {
    const connector = await connect();
    const filled = await connector.backfill();
    const stepped = await connector.step();
    const head = Number(await node.rpc<string>('eth_blockNumber'));
    expect([filled.through, stepped.through]).toEqual([BigInt(head - 8), BigInt(head)]);
    expect(await rows(connector, 'blocks', 'count(*)::INT AS n, min(number)::INT AS low, max(number)::INT AS high')).toEqual([
      { n: head + 1, low: 0, high: head },
    ]);
    const [counted] = await rows(
      connector,
      'logs',
      "count(*)::INT AS logs, (count(*) FILTER (WHERE event = 'v2_swap'))::INT AS swaps, (count(*) FILTER (WHERE fault IS NOT NULL))::INT AS faults",
    );
    const all = await node.rpc<unknown[]>('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
    expect(counted).toEqual({ logs: all.length, swaps: 100, faults: 0 });
    expect(await connector.tokens()).toBe(3);
    expect(readFileSync(path.join(connector.folder, 'tokens.ndjson'), 'utf8')).toContain(`"address":"${chain.tokens[0]}","symbol":"UNI-V2","decimals":18`);
  });
});
void readdirSync;
