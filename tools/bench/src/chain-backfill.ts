import { duckdbEngine } from '@skein/adapter-duckdb';
import { ethereumConnector, type EthereumConnector } from '@skein/blockchain';
import { anvilForTests, swapChain, temporaryDirectory, type AnvilForTests } from '@skein/testing';
import type { BenchResult, Progress } from './bench.ts';

const SWAPS = 5_000;
const SWAPS_A_BLOCK = 50;
const ROUNDS = 3;

/**
 * Logs a second from a real node to checked and decoded Parquet files, as the swarm lands them: headers, logs and receipts, each block's logs held
 * against its bloom and its receipts, its links against the block before. The floor is one bare `eth_getLogs` for all of them, parsed.
 */
export async function chainBackfill(progress: Progress = () => undefined, scale = 1): Promise<BenchResult> {
  const anvil = await anvilForTests(['--slots-in-an-epoch', '1']);
  if (typeof anvil === 'string') throw new Error(anvil);
  await using node = anvil;
  const chain = await swapChain(node);
  const swaps = Math.ceil(SWAPS * scale);
  progress(`${swaps} swaps`);
  await chain.swapBlocks(swaps, SWAPS_A_BLOCK);
  const [own, floors, bare]: [number[], number[], number[]] = [[], [], []];
  let logs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    const all = await node.rpc<unknown[]>('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
    floors.push(performance.now() - start);
    logs = all.length;
    own.push(await timed(node, logs, true));
    bare.push(await timed(node, logs, false));
    progress(`round ${round + 1} of ${ROUNDS}`);
  }
  const [figure, floor] = [(logs * 1_000) / median(own), (logs * 1_000) / median(floors)];
  return { figure, floor, ratio: figure / floor, unit: 'logs/s', logs, without_transactions: Math.round((logs * 1_000) / median(bare)), into: 'landed files' };
}

async function timed(node: AnvilForTests, logs: number, transactions: boolean): Promise<number> {
  using folder = temporaryDirectory('skein-backfill-');
  const engine = duckdbEngine({ tempDirectory: folder.file('tmp') });
  const session = await engine.open();
  try {
    const start = performance.now();
    // The node is our own: it need not be spared.
    const pace = { start: 1e6, most: 1e6 };
    const options = { url: node.url, allowHosts: ['127.0.0.1'], directory: folder.path, session, transactions, pace };
    const connector: EthereumConnector = await ethereumConnector(options);
    const filled = await connector.backfill();
    const stepped = await connector.step();
    const taken = performance.now() - start;
    if (filled.logs + stepped.logs < logs) throw new Error(`${filled.logs + stepped.logs} of ${logs} logs were taken`);
    return taken;
  } finally {
    await session.close();
    await engine.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
