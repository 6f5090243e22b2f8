import path from 'node:path';
import { anvilForTests, swapChain, workbench, type AnvilForTests, type SwapChain, type Workbench } from '@skein/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blockchain } from '../blockchain.ts';
import { ethereumConnector } from './connector.ts';

// A real node, the connector, the swarm and all products; held against what plain bigint arithmetic makes of the node's own answers.

const PRODUCTS = ['blocks', 'logs', 'transfers', 'dex_trades', 'token_price_hourly', 'pool_tvl_daily', 'wallet_flows_daily'];
const CHAIN = 'eip155:31337';
const TOKENS = 'ethereum/eip155-31337/tokens.ndjson';
const ZERO = `0x${'0'.repeat(40)}`;
const [TRANSFER, SYNC, SWAP] = [
  '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
  '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1',
  '0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822',
];

let anvil: AnvilForTests | string;
let node: AnvilForTests;
let chain: SwapChain;
let one: Workbench;

beforeAll(async () => {
  anvil = await anvilForTests(['--slots-in-an-epoch', '4']);
  if (typeof anvil === 'string') return;
  node = anvil;
  chain = await swapChain(node);
  await chain.swapBlocks(40, 4);
  // Over an hour in which nothing is traded, and over midnight (UTC).
  await node.rpc('evm_increaseTime', 7_200);
  await chain.swapBlocks(8, 4);
  await node.rpc('evm_increaseTime', 86_400);
  await chain.swapBlocks(8, 4);
  one = await workbench(blockchain);
});
afterAll(async () => {
  await one?.[Symbol.asyncDispose]();
  if (typeof anvil !== 'string') await node?.kill();
});

async function taken(bench: Workbench) {
  const session = await bench.adapters.engine.open();
  try {
    const options = { url: node.url, allowHosts: ['127.0.0.1'], directory: path.join(bench.directory, 'sources'), session, chunk: 20, tail: 5 };
    using connector = await ethereumConnector({ ...options, pace: { start: 500 } });
    const { reorg } = await connector.step();
    // Token 1 is said to be a dollar, as an operator may; the connector adds the others.
    if (reorg === undefined) bench.put({ [TOKENS]: `${JSON.stringify({ address: chain.tokens[1], symbol: 'USDX', decimals: 18, currency: 'USD' })}\n` });
    await connector.tokens();
    const report = await bench.run();
    return { reorg, report };
  } finally {
    await session.close();
  }
}

async function held(bench: Workbench) {
  const tables = await Promise.all(
    PRODUCTS.map((name) => bench.rows(`blockchain.${name}`, "SELECT COLUMNS(lambda name: NOT starts_with(name, '_')) FROM t ORDER BY ALL")),
  );
  return Object.fromEntries(PRODUCTS.map((name, index) => [name, tables[index] ?? []]));
}

interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly logIndex: string;
  readonly transactionHash: string;
}
const words = (data: string): bigint[] => (data.slice(2).match(/.{64}/g) ?? []).map((one) => BigInt(`0x${one}`));
const account = (topic = ''): string => `0x${topic.slice(26)}`;
const day = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 10);
const hour = (seconds: number): string => `${new Date(seconds * 1_000).toISOString().slice(0, 13).replace('T', ' ')}:00:00`;
/** `count` units of 10^-18 as text with eighteen decimals. */
const units = (count: bigint): string => `${count / 10n ** 18n}.${String(count % 10n ** 18n).padStart(18, '0')}`;

/** What the node says, by nothing but JSON-RPC and bigints. */
async function plain() {
  const logs = await node.rpc<RawLog[]>('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest' });
  const head = Number(await node.rpc<string>('eth_blockNumber'));
  const times: number[] = [];
  const transactions: { from: string; to: string | null; value: string; fee: bigint; block: number }[] = [];
  for (let number = 0; number <= head; number++) {
    const hex = `0x${number.toString(16)}`;
    const block = await node.rpc<{ timestamp: string; transactions: { hash: string; from: string; to: string | null; value: string }[] }>(
      'eth_getBlockByNumber',
      hex,
      true,
    );
    times.push(Number(block.timestamp));
    const receipts = await node.rpc<{ gasUsed: string; effectiveGasPrice: string }[]>('eth_getBlockReceipts', hex);
    for (const [index, { from, to, value }] of block.transactions.entries())
      transactions.push({ from, to, value, fee: BigInt(receipts[index]?.gasUsed ?? 0) * BigInt(receipts[index]?.effectiveGasPrice ?? 0), block: number });
  }
  const time = (log: RawLog) => times[Number(log.blockNumber)] ?? 0;
  return { logs, head, times, transactions, time };
}

it('all seven products hold what plain arithmetic makes of the answers of the node', async ({ skip }) => {
  if (typeof anvil === 'string') return skip(anvil);
  const { report } = await taken(one);
  expect(report.products.map(({ product, outcome, refused }) => [product, outcome, refused])).toEqual(
    PRODUCTS.map((name) => [`blockchain.${name}`, 'published', 0]),
  );
  const { logs, head, transactions, time, times } = await plain();
  expect(await one.rows('blockchain.blocks', 'SELECT count(*)::INT AS n, max(number)::INT AS high FROM t')).toEqual([{ n: head + 1, high: head }]);
  expect(await one.rows('blockchain.logs', 'SELECT count(*)::INT AS n FROM t')).toEqual([{ n: logs.length }]);

  const moved = logs.filter(({ topics }) => topics[0] === TRANSFER);
  expect(moved.length).toBeGreaterThan(100);
  expect(
    await one.rows('blockchain.transfers', `SELECT token, from_address, to_address, amount_raw FROM t WHERE kind = 'erc20' ORDER BY block_number, log_index`),
  ).toEqual(
    moved.map(({ address, topics, data }) => ({
      token: `${CHAIN}/erc20:${address}`,
      from_address: account(topics[1]),
      to_address: account(topics[2]),
      amount_raw: String(BigInt(data)),
    })),
  );
  const fees = transactions.reduce((sum, { fee }) => sum + fee, 0n);
  expect(await one.rows('blockchain.transfers', 'SELECT sum(amount_raw::BIGNUM)::VARCHAR AS fees FROM t WHERE is_fee')).toEqual([{ fees: String(fees) }]);

  // Balances: the sum of what the products say was moved is what the contracts themselves say is held.
  const wallets = await one.rows<{ wallet: string; token: string; net: string }>(
    'blockchain.wallet_flows_daily',
    `SELECT wallet, token, sum(net_raw::BIGNUM)::VARCHAR AS net FROM t WHERE token LIKE '%/erc20:%' GROUP BY ALL ORDER BY ALL`,
  );
  let looked = 0;
  for (const { wallet, token, net } of wallets.filter((row) => row.wallet !== ZERO)) {
    const data = `0x70a08231${wallet.slice(2).padStart(64, '0')}`;
    const balance = BigInt(await node.rpc<string>('eth_call', { to: token.split(':').at(-1), data }, 'latest'));
    // A token that mints in its constructor without a Transfer would differ; these report from the zero address.
    expect([wallet, token, net]).toEqual([wallet, token, String(balance)]);
    looked++;
  }
  expect(looked).toBeGreaterThan(5);
  const native = await one.rows<{ wallet: string; net: string }>(
    'blockchain.wallet_flows_daily',
    `SELECT wallet, sum(net_raw::BIGNUM)::VARCHAR AS net FROM t WHERE token LIKE '%/slip44:60' GROUP BY ALL`,
  );
  for (const { wallet, net } of native) {
    // Accounts of the node begin with 10,000 ether each.
    const balance = BigInt(await node.rpc<string>('eth_getBalance', wallet, 'latest'));
    expect(BigInt(net)).toBe(balance - 10_000n * 10n ** 18n);
  }
  expect(native.length).toBeGreaterThan(0);

  const swapLogs = logs.filter(({ topics }) => topics[0] === SWAP);
  const swaps = swapLogs.map((log) => {
    const [in0 = 0n, in1 = 0n, out0 = 0n, out1 = 0n] = words(log.data);
    const [bought, sold] = out0 > in0 ? [0, 1] : [1, 0];
    return { log, bought, sold, boughtRaw: bought === 0 ? out0 - in0 : out1 - in1, soldRaw: sold === 0 ? in0 - out0 : in1 - out1 };
  });
  const caip = (side: number): string => `${CHAIN}/erc20:${chain.tokens[side]}`;
  expect(
    await one.rows(
      'blockchain.dex_trades',
      'SELECT tx_hash, token_bought, token_sold, token_bought_amount_raw AS got, token_sold_amount_raw AS gave, amount_usd::VARCHAR AS usd, block_date::VARCHAR AS day FROM t ORDER BY block_number, evt_index',
    ),
  ).toEqual(
    swaps.map(({ log, bought, sold, boughtRaw, soldRaw }) => ({
      tx_hash: log.transactionHash,
      token_bought: caip(bought),
      token_sold: caip(sold),
      got: String(boughtRaw),
      gave: String(soldRaw),
      usd: units(bought === 1 ? boughtRaw : soldRaw),
      day: day(time(log)),
    })),
  );

  // Prices of token 0 in token 1: by hour, as volume over volume, and as what stood for how many seconds.
  const trades = swaps.map(({ log, bought, boughtRaw, soldRaw }) => ({
    at: time(log),
    base: bought === 0 ? boughtRaw : soldRaw,
    quote: bought === 0 ? soldRaw : boughtRaw,
  }));
  const [from, to] = [Math.min(...trades.map(({ at }) => at)), Math.max(...trades.map(({ at }) => at))].map((at) => Math.floor(at / 3_600)) as [number, number];
  const prices = [];
  for (let index = from; index <= to; index++) {
    const [start, end] = [index * 3_600, (index + 1) * 3_600];
    const within = trades.filter(({ at }) => at >= start && at < end);
    const [base, quote] = [within.reduce((sum, { base }) => sum + base, 0n), within.reduce((sum, { quote }) => sum + quote, 0n)];
    let [weighted, seconds] = [0n, 0n];
    for (let second = start; second < end; second++) {
      const last = trades.findLast(({ at }) => at <= second);
      if (last === undefined) continue;
      weighted += (last.quote * 10n ** 18n) / last.base;
      seconds++;
    }
    prices.push({
      hour: hour(start),
      trades: BigInt(within.length),
      vwap: base === 0n ? null : units((quote * 10n ** 18n) / base),
      twap: units(weighted / seconds),
    });
  }
  expect(prices.filter(({ trades }) => trades === 0n).length).toBeGreaterThan(0);
  expect(
    await one.rows(
      'blockchain.token_price_hourly',
      `SELECT strftime(hour AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S') AS hour, trades, vwap::VARCHAR AS vwap, twap::VARCHAR AS twap FROM t WHERE token = '${caip(0)}' ORDER BY 1`,
    ),
  ).toEqual(prices);

  const reserves = new Map<string, { r0: string; r1: string; n: bigint }>();
  for (const log of logs.filter(({ topics, address }) => topics[0] === SYNC && address === chain.pair)) {
    const [r0 = 0n, r1 = 0n] = words(log.data);
    const on = day(time(log));
    reserves.set(on, { r0: String(r0), r1: String(r1), n: (reserves.get(on)?.n ?? 0n) + 1n });
  }
  expect(reserves.size).toBe(3);
  expect(
    await one.rows(
      'blockchain.pool_tvl_daily',
      'SELECT day::VARCHAR AS day, token0, token1, reserve0_raw AS r0, reserve1_raw AS r1, syncs AS n, tvl_usd::VARCHAR AS tvl FROM t ORDER BY day',
    ),
  ).toEqual([...reserves].map(([on, { r0, r1, n }]) => ({ day: on, token0: caip(0), token1: caip(1), r0, r1, n, tvl: units(BigInt(r1) * 2n) })));
  expect(times.length).toBe(head + 1);
});

it('trap: a reorganisation in mid-ingest ends, in every product, equal to a fresh ingest', async ({ skip }) => {
  if (typeof anvil === 'string') return skip(anvil);
  const before = await held(one);
  expect(before['dex_trades']).toHaveLength(56);
  await node.rpc('anvil_reorg', 3, []);
  await chain.swapBlocks(2, 1);
  const { reorg, report } = await taken(one);
  expect(reorg?.depth).toBe(3);
  expect(report.products.filter(({ outcome }) => outcome === 'refused').map(({ product }) => product)).toEqual([]);
  // Three blocks stand where three were taken back, and two above: how many, and how deep, is said with the run and kept with the version.
  const [blocks] = report.products;
  expect(blocks?.repairs).toEqual({ 'hash:reorganised': 3, 'hash:reorganised_depth_3': 3 });
  await using other = await workbench(blockchain);
  await taken(other);
  const [after, fresh] = [await held(one), await held(other)];
  for (const name of PRODUCTS) {
    expect([name, fresh[name]?.length === 0]).toEqual([name, false]);
    expect([name, after[name]]).toEqual([name, fresh[name]]);
    expect([name, after[name]]).not.toEqual([name, before[name]]);
  }
});
