import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workbench, type Workbench } from '@skein/testing';
import type { RunReport } from '@skein/swarm';
import { blockchain } from './blockchain.ts';
import { decodeEvent } from './decode/event.ts';
import { address, block, CHAIN, erc20, lines, log, NOON, putRange, swap, sync, topicOf, word, type EvmRow } from './chain.fixture.ts';

// Tokens that do not behave as their events suggest, through the real swarm. Expectations are written by hand.

const [A, B, TAX_OFFICE] = [address(0xa1), address(0xb2), address(0xf3)];
const [USD, TAXED, CREDITED, REBASING, PROXY] = [0x10, 0x20, 0x30, 0x40, 0x50].map(address) as [string, string, string, string, string];
const [TAXED_POOL, CREDITED_POOL, REBASING_POOL, V3_POOL] = [0x901, 0x902, 0x903, 0x904].map(address) as [string, string, string, string];
const RANGE = '000000000100-000000000104';
const V3_SWAP = '0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67';
const SOLANA = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp';
const MINT = '2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo';
const [ALICE, BOB] = ['A'.repeat(43), 'B'.repeat(43)];

/** A log as a node sends it, decoded by the decoder, as connectors do. */
function decoded(number: number, logIndex: number, at: string, topics: readonly string[], data: string): EvmRow {
  const found = decodeEvent(topics, data);
  if (found === undefined || !('event' in found)) throw new Error('no event that is known');
  const [topic0, topic1, topic2] = topics;
  return log(number, logIndex, { address: at, topic0, topic1, topic2, data, event: found.event, args: found.args });
}

let bench: Workbench;
let report: RunReport;

beforeAll(async () => {
  bench = await workbench(blockchain);
  const balance = (account: number, owner: string, amount: string) => ({
    accountIndex: account,
    mint: MINT,
    owner,
    programId: 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
    uiTokenAmount: { amount, decimals: 6, uiAmount: Number(amount) / 1e6, uiAmountString: '' },
  });
  bench.put({
    'ethereum/eip155-1/tokens.ndjson': lines(
      { address: USD, symbol: 'USD', decimals: 6, currency: 'USD' },
      ...[TAXED, CREDITED, REBASING].map((token) => ({ address: token, decimals: 18 })),
      // What a proxy says of itself is what its first contract said, and then what its second did.
      { address: PROXY, symbol: 'OLD', decimals: 8 },
      { address: PROXY, symbol: 'NEW', decimals: 8 },
    ),
    'ethereum/eip155-1/head.ndjson': lines({ chain: CHAIN, latest: 104, safe: 104, finalized: 104 }),
    [`solana/${SOLANA.replace(':', '-')}/head.ndjson`]: lines({ latest: 7, safe: 7, finalized: 7 }),
    [`solana/${SOLANA.replace(':', '-')}/blocks/000000000007-000000000007.ndjson`]: lines({
      slot: 7,
      block: {
        blockhash: 'C'.repeat(44),
        previousBlockhash: 'D'.repeat(44),
        parentSlot: 6,
        blockTime: NOON,
        transactions: [
          {
            version: 0,
            transaction: { signatures: ['S'.repeat(88)], message: { accountKeys: [ALICE, 'source', 'target'] } },
            // 100 were sent, and 5 of them withheld by the mint (Token-2022, transfer fee).
            meta: {
              err: null,
              fee: 5000,
              preBalances: [1_000_000, 1, 1],
              postBalances: [995_000, 1, 1],
              preTokenBalances: [balance(1, ALICE, '100'), balance(2, BOB, '0')],
              postTokenBalances: [balance(1, ALICE, '0'), balance(2, BOB, '95')],
              loadedAddresses: { writable: [], readonly: [] },
            },
          },
        ],
      },
    }),
  });
  const folder = path.join(bench.directory, 'sources');
  await putRange(folder, 'blocks', RANGE, [block(100), block(101), block(102), block(103), block(104)]);
  await putRange(folder, 'logs', RANGE, [
    // Fee on transfer, reported as two movements: 95 reach the pool, and the pool says 95.
    erc20(100, 0, TAXED, A, TAXED_POOL, 95n),
    erc20(100, 1, TAXED, A, TAX_OFFICE, 5n),
    erc20(100, 2, USD, TAXED_POOL, A, 3_000_000n),
    sync(100, 3, TAXED_POOL, 10_000_000n, 1_095n),
    swap(100, 4, TAXED_POOL, A, [0n, 95n, 3_000_000n, 0n]),
    // Fee on transfer that is not reported: the token says 100, and the pool got 95.
    erc20(101, 0, CREDITED, A, CREDITED_POOL, 100n),
    erc20(101, 1, USD, CREDITED_POOL, A, 2_000_000n),
    sync(101, 2, CREDITED_POOL, 10_000_000n, 1_095n),
    swap(101, 3, CREDITED_POOL, A, [0n, 95n, 2_000_000n, 0n]),
    // A pool of a token that rebases: its reserve falls by a fifth without a swap and without a transfer, and then one swaps.
    erc20(102, 0, REBASING, A, REBASING_POOL, 10n),
    erc20(102, 1, USD, REBASING_POOL, A, 1_000_000n),
    sync(102, 2, REBASING_POOL, 10_000_000n, 1_000n),
    swap(102, 3, REBASING_POOL, A, [0n, 10n, 1_000_000n, 0n]),
    sync(102, 4, REBASING_POOL, 10_000_000n, 800n),
    erc20(102, 5, REBASING, A, REBASING_POOL, 10n),
    erc20(102, 6, USD, REBASING_POOL, A, 100_000n),
    sync(102, 7, REBASING_POOL, 9_900_000n, 810n),
    swap(102, 8, REBASING_POOL, A, [0n, 10n, 100_000n, 0n]),
    // The contract behind a proxy is exchanged (ERC-1967, Upgraded); its logs go on under the proxy's address.
    erc20(103, 0, PROXY, A, B, 150_000_000n),
    log(103, 1, { address: PROXY, topic0: '0xbc7cd75a20ee27fd9adebab32cf741321d91e8ae35b2dbae9d6fa27d2a6a5a3b', topic1: topicOf(address(0x51)), data: '0x' }),
    erc20(103, 2, PROXY, B, A, 50_000_000n),
    // Uniswap v3: signed amounts as the pool sees them. It got 7 dollars, and gave 2^64 + 1 of the other.
    erc20(104, 0, USD, A, V3_POOL, 7_000_000n),
    erc20(104, 1, TAXED, V3_POOL, B, 2n ** 64n + 1n),
    decoded(104, 2, V3_POOL, [V3_SWAP, topicOf(A), topicOf(B)], `0x${[7_000_000n, -(2n ** 64n + 1n), 2n ** 96n, 10n ** 18n, -887_272n].map(word).join('')}`),
  ]);
  report = await bench.run();
});
afterAll(() => bench[Symbol.asyncDispose]());

const trade = (pool: string) =>
  bench.rows(
    'blockchain.dex_trades',
    `SELECT version, token_bought AS bought, token_sold AS sold, token_bought_amount_raw AS got, token_sold_amount_raw AS gave, amount_usd::VARCHAR AS usd, taker FROM t WHERE project_contract_address = '${pool}'`,
  );
const token = (contract: string) => `${CHAIN}/erc20:${contract}`;

it('all of them are published, and break no rule', () => {
  for (const product of report.products) expect([product.product, product.outcome, product.violations]).toEqual([product.product, 'published', {}]);
});

it('trap: a fee on transfer: what the pool got was sold, not what the buyer gave', async () => {
  expect(await trade(TAXED_POOL)).toEqual([
    { version: '2', bought: token(USD), sold: token(TAXED), got: '3000000', gave: '95', usd: '3.000000000000000000', taker: A },
  ]);
  const flows = await bench.rows('blockchain.wallet_flows_daily', `SELECT wallet, net_raw AS net FROM t WHERE token = '${token(TAXED)}' ORDER BY 1`);
  const gave = 2n ** 64n + 1n;
  expect(flows).toEqual([
    { wallet: A, net: '-100' },
    { wallet: B, net: String(gave) },
    { wallet: TAX_OFFICE, net: '5' },
    { wallet: TAXED_POOL, net: '95' },
    { wallet: V3_POOL, net: String(-gave) },
  ]);
});

it('trap: a fee that no event reports: the side whose amounts never agree has no token, rather than a wrong one', async () => {
  expect(await trade(CREDITED_POOL)).toEqual([{ version: '2', bought: null, sold: null, got: '2000000', gave: '95', usd: null, taker: A }]);
});

it('trap: a rebase lowers a reserve without a trade: no swap is blamed, and the reserves are those after it', async () => {
  expect(
    await bench.rows(
      'blockchain.pool_tvl_daily',
      `SELECT reserve1_raw AS reserve, k_decreases::INT AS blamed, syncs::INT AS syncs FROM t WHERE pool = '${REBASING_POOL}'`,
    ),
  ).toEqual([{ reserve: '810', blamed: 0, syncs: 3 }]);
});

it('trap: a proxy is one token under one address, whatever stands behind it', async () => {
  expect(await bench.rows('blockchain.transfers', `SELECT token, amount::VARCHAR AS amount FROM t WHERE token = '${token(PROXY)}' ORDER BY ordinal`)).toEqual([
    { token: token(PROXY), amount: '1.500000000000000000' },
    { token: token(PROXY), amount: '0.500000000000000000' },
  ]);
});

it('trap: amounts of Uniswap v3 are signed, from the side of the pool', async () => {
  expect(await trade(V3_POOL)).toEqual([
    { version: '3', bought: token(TAXED), sold: token(USD), got: String(2n ** 64n + 1n), gave: '7000000', usd: '7.000000000000000000', taker: B },
  ]);
});

it('trap: a fee that a mint of Token-2022 withholds: each side moved what its balance says', async () => {
  expect(
    await bench.rows(
      'blockchain.transfers',
      `SELECT from_address AS sender, to_address AS recipient, amount_raw AS raw, amount::VARCHAR AS amount FROM t WHERE kind = 'spl' ORDER BY ordinal`,
    ),
  ).toEqual([
    { sender: ALICE, recipient: null, raw: '100', amount: '0.000100000000000000' },
    { sender: null, recipient: BOB, raw: '95', amount: '0.000095000000000000' },
  ]);
});
