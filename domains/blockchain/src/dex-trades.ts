import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { amountOf } from './exact.ts';

/** Tokens whose unit is a dollar by its issuer's promise, on Ethereum mainnet: USDC, USDT, DAI. Others say so in tokens.ndjson (`currency`). */
const DOLLARS = ['0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', '0xdac17f958d2ee523a2206206994597c13d831ec7', '0x6b175474e89094c44da98b954eedeac495271d0f'];

/** CTE `known(token, symbol, decimals, currency)`: tokens by their CAIP-19 name. */
export const KNOWN_TOKENS = `known AS (SELECT chain || '/erc20:' || address AS token, symbol, decimals,
    coalesce(currency, CASE WHEN chain = 'eip155:1' AND address IN (${DOLLARS.map((address) => `'${address}'`).join(', ')}) THEN 'USD' END) AS currency FROM tokens)`;

/**
 * CTEs `swaps` (what a pool took and gave of its two tokens, by side) and `pools` (which tokens those are). A pool's events do not name its tokens, but its
 * token transfers do: a token that moved out of or into the pool, in the same transaction, in exactly the amount of a side, is that side's. Most such
 * matches decide; a pool whose two sides come to one token, or to an order that no factory makes (token0 < token1), stays without tokens.
 */
export const SWAPS = `swaps AS (
    SELECT chain, block_number, transaction_hash AS tx_hash, log_index, address AS pool, block_time, finality, '2' AS version, args[6] AS taker,
      args[2] AS in0, args[3] AS in1, args[4] AS out0, args[5] AS out1 FROM logs WHERE event = 'v2_swap'
    UNION ALL
    SELECT chain, block_number, transaction_hash, log_index, address, block_time, finality, '3', args[2], CASE WHEN args[3] LIKE '-%' THEN '0' ELSE args[3] END, CASE WHEN args[4] LIKE '-%' THEN '0' ELSE args[4] END,
      CASE WHEN args[3] LIKE '-%' THEN args[3][2:] ELSE '0' END, CASE WHEN args[4] LIKE '-%' THEN args[4][2:] ELSE '0' END FROM logs WHERE event = 'v3_swap'),
  moved AS (SELECT chain, block_number, tx_id, token, from_address, to_address, amount_raw FROM transfers WHERE kind = 'erc20'),
  matches AS (
    SELECT s.chain, s.pool, side.n AS side, m.token FROM swaps s, (VALUES (0), (1)) side(n), moved m
      WHERE m.chain = s.chain AND m.block_number = s.block_number AND m.tx_id = s.tx_hash AND m.from_address = s.pool AND m.amount_raw = CASE side.n WHEN 0 THEN s.out0 ELSE s.out1 END AND m.amount_raw <> '0'
    UNION ALL
    SELECT s.chain, s.pool, side.n, m.token FROM swaps s, (VALUES (0), (1)) side(n), moved m
      WHERE m.chain = s.chain AND m.block_number = s.block_number AND m.tx_id = s.tx_hash AND m.to_address = s.pool AND m.amount_raw = CASE side.n WHEN 0 THEN s.in0 ELSE s.in1 END AND m.amount_raw <> '0'),
  counted AS (SELECT chain, pool, side, token, count(*) AS times FROM matches GROUP BY ALL),
  sides AS (SELECT * FROM counted QUALIFY row_number() OVER (PARTITION BY chain, pool, side ORDER BY times DESC, token) = 1),
  pools AS (SELECT chain, pool, a.token AS token0, b.token AS token1 FROM (SELECT * FROM sides WHERE side = 0) a JOIN (SELECT * FROM sides WHERE side = 1) b USING (chain, pool) WHERE a.token < b.token)`;

/**
 * Of a swap that takes and gives both tokens (a flash swap may), the one that came net in was sold. Amounts of a side are of one token, so comparing
 * them is comparing what is alike.
 */
const SQL = `WITH ${KNOWN_TOKENS}, ${SWAPS},
  netted AS (SELECT s.*, p.token0, p.token1, (out0::BIGNUM - in0::BIGNUM) AS net0, (out1::BIGNUM - in1::BIGNUM) AS net1 FROM swaps s LEFT JOIN pools p USING (chain, pool)),
  directed AS (SELECT *, net0 > 0::BIGNUM AS gave0 FROM netted WHERE (net0 > 0::BIGNUM AND net1 < 0::BIGNUM) OR (net0 < 0::BIGNUM AND net1 > 0::BIGNUM)),
  legs AS (SELECT *, CASE WHEN gave0 THEN token0 ELSE token1 END AS bought, CASE WHEN gave0 THEN token1 ELSE token0 END AS sold,
      (CASE WHEN gave0 THEN net0 ELSE net1 END)::VARCHAR AS bought_raw, ltrim((CASE WHEN gave0 THEN net1 ELSE net0 END)::VARCHAR, '-') AS sold_raw FROM directed),
  valued AS (SELECT l.*, b.symbol AS bought_symbol, s.symbol AS sold_symbol, b.currency AS bought_currency, s.currency AS sold_currency,
      ${amountOf('l.bought_raw', 'b.decimals')} AS bought_amount, ${amountOf('l.sold_raw', 's.decimals')} AS sold_amount
    FROM legs l LEFT JOIN known b ON b.token = l.bought LEFT JOIN known s ON s.token = l.sold)
  SELECT chain AS blockchain, 'uniswap' AS project, version, (block_time AT TIME ZONE 'UTC')::DATE AS block_date, block_time, block_number, bought AS token_bought, sold AS token_sold,
    bought_symbol AS token_bought_symbol, sold_symbol AS token_sold_symbol, bought_raw AS token_bought_amount_raw, sold_raw AS token_sold_amount_raw,
    bought_amount AS token_bought_amount, sold_amount AS token_sold_amount,
    -- Only a side that is a dollar says what a trade was worth in dollars.
    CASE WHEN sold_currency = 'USD' THEN sold_amount WHEN bought_currency = 'USD' THEN bought_amount END AS amount_usd,
    taker, pool AS project_contract_address, tx_hash, log_index AS evt_index, finality
  FROM valued`;

const logs = (...columns: string[]) => columns.map((column) => `blockchain.logs.${column}`);

/** blockchain.dex_trades: swaps of constant-product and concentrated-liquidity pools, in the columns of Dune's dex.trades. */
export function dexTrades(contract: Contract): DataProduct {
  const token = [...logs('args'), 'blockchain.transfers.token'];
  return {
    id: 'blockchain.dex_trades',
    layer: 'gold',
    contract,
    step: {
      name: 'read swaps as trades',
      from: ['logs', 'transfers', 'tokens'],
      sql: SQL,
      lineage: {
        blockchain: logs('chain'),
        project: logs('event'),
        version: logs('event'),
        block_date: logs('block_time'),
        block_time: logs('block_time'),
        block_number: logs('block_number'),
        token_bought: token,
        token_sold: token,
        token_bought_symbol: ['tokens.symbol'],
        token_sold_symbol: ['tokens.symbol'],
        token_bought_amount_raw: logs('args'),
        token_sold_amount_raw: logs('args'),
        token_bought_amount: [...logs('args'), 'tokens.decimals'],
        token_sold_amount: [...logs('args'), 'tokens.decimals'],
        amount_usd: [...logs('args'), 'tokens.decimals', 'tokens.currency'],
        taker: logs('args'),
        project_contract_address: logs('address'),
        tx_hash: logs('transaction_hash'),
        evt_index: logs('log_index'),
        finality: logs('finality'),
      },
    },
  };
}
