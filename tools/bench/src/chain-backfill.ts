import path from 'node:path';
import { blockchain } from '@skein/blockchain';
import { ethereumConnector, type EthereumConnector } from '@skein/blockchain/connect';
import { anvilForTests, swapChain, workbench, type AnvilForTests } from '@skein/testing';
import type { BenchResult, Progress } from './bench.ts';

const SWAPS = 5_000;
const SWAPS_A_BLOCK = 50;
const ROUNDS = 3;
const SILVER = new Set(['blockchain.blocks', 'blockchain.logs', 'blockchain.transfers']);

/**
 * Logs a second from a real node into silver: headers, logs and receipts, each block's logs held against its bloom and its receipts, its links against
 * the block before, landed as Parquet; then `blockchain.blocks`, `logs` and `transfers` by the swarm, judged and committed. `landed` is the part up to the files,
 * `node` what the node itself takes to give the same answers, one after the other and unread but for the parser. The floor is one bare `eth_getLogs`
 * for all logs, parsed.
 */
export async function chainBackfill(progress: Progress = () => undefined, scale = 1): Promise<BenchResult> {
  const anvil = await anvilForTests(['--slots-in-an-epoch', '1']);
  if (typeof anvil === 'string') throw new Error(anvil);
  await using node = anvil;
  const chain = await swapChain(node);
  const swaps = Math.ceil(SWAPS * scale);
  progress(`${swaps} swaps`);
  await chain.swapBlocks(swaps, SWAPS_A_BLOCK);
  const times = { silver: [] as number[], landed: [] as number[], bare: [] as number[], node: [] as number[], floor: [] as number[] };
  let logs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const all = await node.rpc<unknown[]>('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
    times.floor.push(performance.now() - start);
    logs = all.length;
    times.node.push(await asked(node));
    const { landed, silver } = await taken(node, logs, true);
    times.landed.push(landed);
    times.silver.push(silver);
    times.bare.push((await taken(node, logs, false)).landed);
    progress(`round ${round + 1} of ${ROUNDS}`);
  }
  const rate = (values: readonly number[]): number => Math.round((logs * 1_000) / median(values));
  const [figure, floor] = [rate(times.silver), rate(times.floor)];
  return {
    figure,
    floor,
    ratio: figure / floor,
    unit: 'logs/s',
    logs,
    landed: rate(times.landed),
    without_transactions: rate(times.bare),
    node: rate(times.node),
  };
}

/** What the node takes for the calls that a range needs. */
async function asked(node: AnvilForTests): Promise<number> {
  const start = performance.now();
  const head = Number(await node.rpc<string>('eth_blockNumber'));
  await node.rpc('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
  for (let number = 0; number <= head; number++) {
    await node.rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, true);
    await node.rpc('eth_getBlockReceipts', `0x${number.toString(16)}`);
  }
  return performance.now() - start;
}

/** Milliseconds until the logs had landed, and until silver had them; without transactions it ends at the former. */
async function taken(node: AnvilForTests, logs: number, transactions: boolean): Promise<{ landed: number; silver: number }> {
  await using bench = await workbench((contracts) => {
    const domain = blockchain(contracts);
    return { ...domain, products: domain.products.filter(({ id }) => SILVER.has(id)) };
  });
  const session = await bench.adapters.engine.open();
  try {
    const start = performance.now();
    // The node is our own: it need not be spared.
    const pace = { start: 1e6, most: 1e6 };
    const options = { url: node.url, allowHosts: ['127.0.0.1'], directory: path.join(bench.directory, 'sources'), session, transactions, pace };
    const connector: EthereumConnector = await ethereumConnector(options);
    const filled = await connector.backfill();
    const stepped = await connector.step();
    const landed = performance.now() - start;
    if (filled.logs + stepped.logs < logs) throw new Error(`${filled.logs + stepped.logs} of ${logs} logs were taken`);
    if (!transactions) return { landed, silver: Number.NaN };
    const report = await bench.run();
    const silver = performance.now() - start;
    const held = report.products.find(({ product }) => product === 'blockchain.logs');
    if (held?.outcome !== 'published' || held.rows !== logs) throw new Error(`blockchain.logs is ${held?.outcome} with ${held?.rows} of ${logs} rows`);
    return { landed, silver };
  } finally {
    await session.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
