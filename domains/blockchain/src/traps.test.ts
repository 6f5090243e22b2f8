import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '@skein/testing';
import type { RunReport } from '@skein/swarm';
import { blockchain } from './blockchain.ts';
import { address, block, CHAIN, erc20, erc721, hash, lines, log, NOON, putRange, swap, sync } from './chain.fixture.ts';

// Files as connectors leave them, through the real swarm: each trap that chains lay, in one chain. Expectations are written by hand.

const [A, B, POOL, ZERO] = [address(0xa1), address(0xb2), address(0x900), address(0)];
const [USD, COIN, WHOLE, ODD, SILENT, WETH, NFT, GOODS] = [0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7].map(address) as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];
const MAX = 2n ** 256n - 1n;
/** 2026-08-28T23:59:59Z */
const LATE = 1_787_961_599;
const RANGE = '000000000100-000000000106';
const facts = {
  'ethereum/eip155-1/tokens.ndjson': lines(
    { address: USD.toUpperCase().replace('0X', '0x'), symbol: 'USD', decimals: 6, currency: 'USD' },
    { address: COIN, symbol: 'COIN', decimals: 18 },
    { address: WHOLE, decimals: 0 },
    { address: ODD, decimals: 255 },
    { address: SILENT, decimals: null },
    { address: address(0xc8), decimals: 300 },
  ),
  'ethereum/eip155-1/head.ndjson': lines({ chain: CHAIN, latest: 106, safe: 104, finalized: 102 }),
};

let bench: Workbench;
let first: RunReport;
const folder = () => path.join(bench.directory, 'sources');
const of = (report: RunReport, product: string) => report.products.find((one) => one.product === `blockchain.${product}`);

beforeAll(async () => {
  bench = await workbench(blockchain);
  bench.put(facts);
  await putRange(folder(), 'blocks', RANGE, [
    block(100),
    block(101),
    block(102),
    block(103, { timestamp: LATE }),
    block(104, { timestamp: LATE + 1 }),
    block(105, { timestamp: LATE + 3 * 3600 }),
    block(106, { timestamp: LATE + 3 * 3600 + 12 }),
  ]);
  const trade = (number: number, at: number, coins: bigint, dollars: bigint, reserves: readonly [bigint, bigint]) => {
    const changes = { block_time: at };
    return [
      erc20(number, 0, USD, A, POOL, dollars, changes),
      erc20(number, 1, COIN, POOL, A, coins, changes),
      sync(number, 2, POOL, ...reserves, changes),
      swap(number, 3, POOL, A, [dollars, 0n, 0n, coins], changes),
    ];
  };
  await putRange(folder(), 'logs', RANGE, [
    erc20(100, 0, COIN, A, B, MAX),
    erc20(100, 1, COIN, B, A, 2n ** 53n + 1n),
    erc20(100, 2, WHOLE, A, B, 7n),
    erc20(100, 3, ODD, A, B, 7n),
    erc20(100, 4, SILENT, A, B, 7n),
    erc20(100, 5, address(0xc8), A, B, 7n),
    erc721(100, 6, NFT, A, B, 12_345n),
    // An index is a place in its block: block 101 has a log 0 of its own.
    erc20(101, 0, COIN, A, B, 1n),
    log(101, 1, { address: GOODS, event: 'erc1155_batch', args: [A, ZERO, B, '5', '6', '50', '60'] }),
    // WETH9 reports a deposit alone; a fork of it a Transfer too.
    log(101, 2, { address: WETH, event: 'weth_deposit', args: [A, '1000'] }),
    erc20(101, 3, COIN, ZERO, A, 44n),
    log(101, 4, { address: COIN, event: 'weth_deposit', args: [A, '44'] }),
    // Taken back by the node that sent it.
    erc20(102, 0, COIN, A, B, 999n),
    erc20(102, 0, COIN, A, B, 999n, { removed: true }),
    ...trade(103, LATE, 2n * 10n ** 18n, 10_000_000n, [1_000_000_000n, 200n * 10n ** 18n]),
    // The same second of the next day.
    ...trade(104, LATE + 1, 1n * 10n ** 18n, 6_000_000n, [1_006_000_000n, 199n * 10n ** 18n]),
    ...trade(105, LATE + 3 * 3600, 1n * 10n ** 18n, 7_000_000n, [1_013_000_000n, 198n * 10n ** 18n]),
    erc20(106, 0, COIN, A, B, 5n, { transaction_hash: hash('wanderer') }),
  ]);
  await putRange(folder(), 'transactions', RANGE, [
    {
      hash: hash('tx100'),
      block_number: 100,
      transaction_index: 0,
      from: A,
      to: B,
      value: String(2n ** 60n),
      status: 1,
      gas_used: 21_000,
      effective_gas_price: '1000000007',
    },
    { hash: hash('failed'), block_number: 100, transaction_index: 1, from: A, to: B, value: '5', status: 0, gas_used: 30_000, effective_gas_price: '2' },
    { hash: hash('wanderer'), block_number: 106, transaction_index: 0, from: A, to: COIN, value: '0', status: 1, gas_used: 50_000, effective_gas_price: '2' },
  ]);
  first = await bench.run();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe('the traps of chains', () => {
  it('are all in one chain, which is published', () => {
    for (const product of first.products) expect([product.product, product.outcome, product.violations]).toEqual([product.product, 'published', {}]);
  });

  it('uint256 is exact, and an amount that does not fit is absent', async () => {
    expect(
      await bench.rows(
        'blockchain.transfers',
        `SELECT amount_raw, amount::VARCHAR AS amount FROM t WHERE block_number = 100 AND kind = 'erc20' AND token LIKE '%${COIN}' ORDER BY ordinal`,
      ),
    ).toEqual([
      { amount_raw: String(MAX), amount: null },
      { amount_raw: '9007199254740993', amount: '0.009007199254740993' },
    ]);
  });

  it('decimals of 0 are no missing decimals; 255, none and 300 give no amount', async () => {
    const rows = await bench.rows(
      'blockchain.transfers',
      `SELECT right(token, 2) AS token, decimals, amount::VARCHAR AS amount FROM t WHERE block_number = 100 AND log_index BETWEEN 2 AND 5 ORDER BY log_index`,
    );
    expect(rows).toEqual([
      { token: 'c2', decimals: 0, amount: '7.000000000000000000' },
      { token: 'c3', decimals: 255, amount: null },
      { token: 'c4', decimals: null, amount: null },
      { token: 'c8', decimals: null, amount: null },
    ]);
  });

  it('a Transfer of an NFT moves one token, not as many as its id says', async () => {
    expect(await bench.rows('blockchain.transfers', `SELECT token, amount_raw, decimals FROM t WHERE kind = 'erc721'`)).toEqual([
      { token: `${CHAIN}/erc721:${NFT}/12345`, amount_raw: '1', decimals: 0 },
    ]);
  });

  it('log 0 of one block is not log 0 of the next', async () => {
    expect(await bench.rows('blockchain.logs', 'SELECT block_number FROM t WHERE log_index = 0 ORDER BY 1')).toEqual(
      [100n, 101n, 103n, 104n, 105n, 106n].map((block_number) => ({ block_number })),
    );
    expect(of(first, 'logs')?.duplicates).toBe(0);
  });

  it('a batch is several movements, wrapping is one, also where it is reported twice', async () => {
    expect(
      await bench.rows(
        'blockchain.transfers',
        `SELECT token, from_address, to_address, amount_raw FROM t WHERE block_number = 101 AND log_index > 0 ORDER BY ordinal`,
      ),
    ).toEqual([
      { token: `${CHAIN}/erc1155:${GOODS}/5`, from_address: ZERO, to_address: B, amount_raw: '50' },
      { token: `${CHAIN}/erc1155:${GOODS}/6`, from_address: ZERO, to_address: B, amount_raw: '60' },
      { token: `${CHAIN}/erc20:${WETH}`, from_address: ZERO, to_address: A, amount_raw: '1000' },
      { token: `${CHAIN}/erc20:${COIN}`, from_address: ZERO, to_address: A, amount_raw: '44' },
    ]);
  });

  it('a log that was taken back is not there', async () => {
    expect(await bench.rows('blockchain.logs', 'SELECT count(*) AS n FROM t WHERE block_number = 102')).toEqual([{ n: 0n }]);
  });

  it('a failed transaction moves nothing, and pays', async () => {
    expect(
      await bench.rows('blockchain.transfers', `SELECT amount_raw, is_fee FROM t WHERE kind = 'native' AND block_number = 100 ORDER BY amount_raw`),
    ).toEqual([
      { amount_raw: '1152921504606846976', is_fee: false },
      { amount_raw: '21000000147000', is_fee: true },
      { amount_raw: '60000', is_fee: true },
    ]);
  });

  it('the day of a block is that of UTC, wherever the query runs', async () => {
    expect(await bench.rows('blockchain.dex_trades', 'SELECT block_number, block_date FROM t ORDER BY 1')).toEqual([
      { block_number: 103n, block_date: '2026-08-28' },
      { block_number: 104n, block_date: '2026-08-29' },
      { block_number: 105n, block_date: '2026-08-29' },
    ]);
  });

  it('without a trade there is no volume-weighted price; the price by time goes on', async () => {
    const rows = await bench.rows(
      'blockchain.token_price_hourly',
      `SELECT left(hour::VARCHAR, 13) AS hour, trades, vwap::VARCHAR AS vwap, twap::VARCHAR AS twap FROM t WHERE token LIKE '%${COIN}' AND quote_currency = 'USD' ORDER BY hour`,
    );
    expect(rows).toEqual([
      { hour: '2026-08-28 23', trades: 1n, vwap: '5.000000000000000000', twap: '5.000000000000000000' },
      { hour: '2026-08-29 00', trades: 1n, vwap: '6.000000000000000000', twap: '6.000000000000000000' },
      { hour: '2026-08-29 01', trades: 0n, vwap: null, twap: '6.000000000000000000' },
      { hour: '2026-08-29 02', trades: 1n, vwap: '7.000000000000000000', twap: '6.000277777777777777' },
    ]);
  });

  it('finality is what the head says of a block', async () => {
    expect(await bench.rows('blockchain.blocks', 'SELECT number, finality FROM t WHERE number IN (102, 104, 105) ORDER BY 1')).toEqual([
      { number: 102n, finality: 'finalized' },
      { number: 104n, finality: 'confirmed' },
      { number: 105n, finality: 'processed' },
    ]);
  });

  it('after a reorganisation each number has one block, and each transaction one place', async () => {
    // Two blocks replace three; the chain is shorter for a while. A transaction of 106 is in 104 now, elsewhere.
    const fork = { fork: 'b' };
    await putRange(folder(), 'blocks', '000000000104-000000000105', [
      block(104, { fork: 'b', parentFork: '', timestamp: LATE + 1 }),
      block(105, { ...fork, timestamp: LATE + 60 }),
    ]);
    await putRange(folder(), 'logs', '000000000104-000000000105', [
      erc20(104, 7, COIN, A, B, 5n, { ...fork, transaction_hash: hash('wanderer'), transaction_index: 2 }),
      // A swap after which the product of the reserves is less than before: no pool allows one.
      ...[
        [1000n, 1000n],
        [999n, 1000n],
      ].flatMap(([x = 0n, y = 0n], n) => [
        sync(105, 2 * n, address(0x901), x, y, { block_hash: hash('105b') }),
        swap(105, 2 * n + 1, address(0x901), A, [1n, 0n, 0n, 1n], { block_hash: hash('105b') }),
      ]),
    ]);
    await putRange(folder(), 'transactions', '000000000104-000000000105', [
      { hash: hash('wanderer'), block_number: 104, transaction_index: 2, from: A, to: COIN, value: '0', status: 1, gas_used: 50_000, effective_gas_price: '2' },
    ]);
    const report = await bench.run();
    expect(of(report, 'logs')).toMatchObject({ outcome: 'published', refused: 0 });
    expect(of(report, 'blocks')).toMatchObject({ outcome: 'published', rows: 6, repairs: { 'hash:reorganised': 2 } });
    expect(await bench.rows('blockchain.blocks', 'SELECT number, hash FROM t WHERE number >= 103 ORDER BY 1')).toEqual([
      { number: 103n, hash: hash('103') },
      { number: 104n, hash: hash('104b') },
      { number: 105n, hash: hash('105b') },
    ]);
    expect(
      await bench.rows('blockchain.transfers', `SELECT block_number, log_index, is_fee FROM t WHERE tx_id = '${hash('wanderer')}' ORDER BY ordinal`),
    ).toEqual([
      { block_number: 104n, log_index: 7, is_fee: false },
      { block_number: 104n, log_index: null, is_fee: true },
    ]);
    // A pool whose tokens nothing tells has trades without tokens.
    expect(await bench.rows('blockchain.dex_trades', 'SELECT block_number, token_bought IS NULL AS untold FROM t ORDER BY evt_index, 1')).toEqual([
      { block_number: 105n, untold: true },
      { block_number: 103n, untold: false },
      { block_number: 105n, untold: true },
    ]);
    expect(of(report, 'pool_tvl_daily')).toMatchObject({ outcome: 'refused', violations: { 'k_decreases.maximum': 1 } });
  });
});

describe('a chain that is not whole is not published', () => {
  const made = async (put: (to: string, own: Workbench) => Promise<void>) => {
    await using own = await workbench(blockchain);
    await put(path.join(own.directory, 'sources'), own);
    const [blocks] = (await own.run()).products;
    return [blocks?.outcome, blocks?.verdict?.gates.filter(({ outcome }) => outcome === 'failed').map(({ check }) => check)];
  };
  const base = (text: string) => text.padEnd(44, '1');
  const slot = (number: number, parent: number) => ({
    slot: number,
    block: {
      blockhash: base(`b${number}`.replaceAll('0', 'z')),
      previousBlockhash: base(`b${parent}`.replaceAll('0', 'z')),
      parentSlot: parent,
      blockTime: NOON,
      transactions: [],
    },
  });

  it('a block is missing', async () => {
    expect(await made((to) => putRange(to, 'blocks', '1-4', [block(1), block(2), block(4)]))).toEqual(['refused', [expect.stringContaining('no_gaps')]]);
  });

  it('a block names another parent', async () => {
    expect(await made((to) => putRange(to, 'blocks', '1-3', [block(1), block(2), block(3, { parentFork: 'other' })]))).toEqual([
      'refused',
      [expect.stringContaining('parent_chain_unbroken')],
    ]);
  });

  it('a slot is missing that nobody declared skipped; a declared one is no gap', async () => {
    const file = 'solana/solana-x/blocks/5-8.ndjson';
    const put = (...skipped: unknown[]) => made(async (_to, own) => own.put({ [file]: lines(slot(5, 4), ...skipped, slot(8, 5)) }));
    expect(await put({ slot: 6, block: null, skipped: -32007 }, { slot: 7, block: null, skipped: -32009 })).toEqual(['published', []]);
    expect(await put({ slot: 6, block: null, skipped: -32007 })).toEqual(['refused', [expect.stringContaining('no_gaps')]]);
    expect(await put({ slot: 6, block: null, skipped: -32007 }, { slot: 7, block: null, skipped: -32603 })).toEqual([
      'refused',
      [expect.stringContaining('no_gaps')],
    ]);
  });
});
