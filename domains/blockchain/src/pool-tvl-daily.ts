import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { amountOf, huge, product } from './exact.ts';
import { KNOWN_TOKENS, SWAPS } from './dex-trades.ts';

/**
 * A pair reports its reserves (Sync) after each change, and right after that the change itself. Where that is a swap, the product of the reserves has not
 * fallen since the Sync before: the pool's own contract sees to it, fees included. If it fell here, a log was lost or made up.
 */
const SQL = `WITH ${KNOWN_TOKENS}, ${SWAPS},
  pairs AS (SELECT chain, address AS pool, block_number, transaction_hash, log_index, block_time, (block_time AT TIME ZONE 'UTC')::DATE AS day, event, args, finality,
      lead(event) OVER w AS next_event, lead(transaction_hash) OVER w AS next_transaction
    FROM logs WHERE event IN ('v2_sync', 'v2_swap', 'v2_mint', 'v2_burn') WINDOW w AS (PARTITION BY chain, address ORDER BY block_number, log_index)),
  syncs AS (SELECT *, lag(k) OVER (PARTITION BY chain, pool ORDER BY block_number, log_index) AS k_before
    FROM (SELECT *, (${product(huge('args[1]'), huge('args[2]'))})::BIGNUM AS k FROM pairs WHERE event = 'v2_sync')),
  daily AS (SELECT chain, pool, day, arg_max(args[1], (block_number, log_index)) AS reserve0, arg_max(args[2], (block_number, log_index)) AS reserve1, max(block_number) AS last_block, count(*) AS syncs,
      count(*) FILTER (WHERE next_event = 'v2_swap' AND next_transaction = transaction_hash AND k < k_before) AS k_decreases, arg_max(finality, (block_number, log_index)) AS finality
    FROM syncs GROUP BY chain, pool, day),
  valued AS (SELECT d.*, p.token0, p.token1, ${amountOf('d.reserve0', 'a.decimals')} AS amount0, ${amountOf('d.reserve1', 'b.decimals')} AS amount1, a.currency AS currency0, b.currency AS currency1
    FROM daily d LEFT JOIN pools p USING (chain, pool) LEFT JOIN known a ON a.token = p.token0 LEFT JOIN known b ON b.token = p.token1)
  SELECT chain, pool, day, token0, token1, reserve0 AS reserve0_raw, reserve1 AS reserve1_raw, amount0 AS reserve0, amount1 AS reserve1,
    -- A constant-product pool holds equal worth of both: twice its dollars is all of it.
    CASE WHEN currency0 = 'USD' THEN amount0 * 2 WHEN currency1 = 'USD' THEN amount1 * 2 END::DECIMAL(38, 18) AS tvl_usd, syncs, k_decreases, last_block, finality
  FROM valued`;

const logs = (...columns: string[]) => columns.map((column) => `blockchain.logs.${column}`);

/** blockchain.pool_tvl_daily: what constant-product pools held at the end of each UTC day in which their reserves changed. */
export function poolTvlDaily(contract: Contract): DataProduct {
  return {
    id: 'blockchain.pool_tvl_daily',
    layer: 'gold',
    contract,
    step: {
      name: 'take the last reserves of each day',
      from: ['logs', 'transfers', 'tokens'],
      sql: SQL,
      lineage: {
        chain: logs('chain'),
        pool: logs('address'),
        day: logs('block_time'),
        token0: [...logs('args'), 'blockchain.transfers.token'],
        token1: [...logs('args'), 'blockchain.transfers.token'],
        reserve0_raw: logs('args'),
        reserve1_raw: logs('args'),
        reserve0: [...logs('args'), 'tokens.decimals'],
        reserve1: [...logs('args'), 'tokens.decimals'],
        tvl_usd: [...logs('args'), 'tokens.decimals', 'tokens.currency'],
        syncs: logs('event'),
        k_decreases: logs('args'),
        last_block: logs('block_number'),
        finality: logs('finality'),
      },
    },
  };
}
