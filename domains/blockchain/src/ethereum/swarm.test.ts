import path from 'node:path';
import { anvilForTests, swapChain, workbench, type Workbench } from '@skein/testing';
import { expect, it } from 'vitest';
import { blockchain } from '../blockchain.ts';
import { ethereumConnector } from './connector.ts';

it('trap: a reorganisation in mid-ingest ends, in the products, equal to a fresh ingest', async ({ skip }) => {
  const anvil = await anvilForTests(['--slots-in-an-epoch', '4']);
  if (typeof anvil === 'string') return skip(anvil);
  await using node = anvil;
  const chain = await swapChain(node);
  await chain.swapBlocks(40, 4);
  const products = ['blocks', 'logs', 'transfers', 'dex_trades'];
  const taken = async (bench: Workbench) => {
    const session = await bench.adapters.engine.open();
    const connector = await ethereumConnector({
      url: node.url,
      allowHosts: ['127.0.0.1'],
      directory: path.join(bench.directory, 'sources'),
      session,
      chunk: 20,
      tail: 5,
      pace: { start: 500 },
    });
    const { reorg } = await connector.step();
    await connector.tokens();
    await session.close();
    const report = await bench.run();
    expect(report.products.filter(({ outcome }) => outcome === 'refused').map(({ product }) => product)).toEqual([]);
    return reorg;
  };
  const held = async (bench: Workbench) => {
    const tables = await Promise.all(
      products.map((name) => bench.rows(`blockchain.${name}`, "SELECT COLUMNS(lambda name: NOT starts_with(name, '_')) FROM t ORDER BY ALL")),
    );
    return Object.fromEntries(products.map((name, index) => [name, tables[index]]));
  };
  await using one = await workbench((contracts) => blockchain(contracts));
  await taken(one);
  const before = await held(one);
  expect(before['dex_trades']).toHaveLength(40);
  await node.rpc('anvil_reorg', 3, []);
  await chain.swapBlocks(2, 1);
  const reorg = await taken(one);
  expect(reorg?.depth).toBe(3);
  await using other = await workbench((contracts) => blockchain(contracts));
  await taken(other);
  const [after, fresh] = [await held(one), await held(other)];
  expect(after).toEqual(fresh);
  // Three blocks of four swaps were replaced, and two of one swap came.
  expect(after['dex_trades']).toHaveLength(40 - 12 + 2);
}, 60_000);
