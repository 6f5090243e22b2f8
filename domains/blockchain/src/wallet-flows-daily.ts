import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { sumOf } from './exact.ts';

/** A transfer to oneself is both. Fees count apart: they are paid to nobody in the view. */
const SQL = `WITH sides AS (
    SELECT chain, to_address AS wallet, token, kind, block_date AS day, amount_raw, 'in' AS side FROM transfers WHERE to_address IS NOT NULL
    UNION ALL
    SELECT chain, from_address, token, kind, block_date, amount_raw, CASE WHEN is_fee THEN 'fee' ELSE 'out' END FROM transfers WHERE from_address IS NOT NULL)
  SELECT chain, wallet, token, any_value(kind) AS kind, day, ${sumOf('amount_raw', `side = 'in'`)} AS in_raw, ${sumOf('amount_raw', `side = 'out'`)} AS out_raw, ${sumOf('amount_raw', `side = 'fee'`)} AS fees_raw,
    (coalesce(sum(amount_raw::BIGNUM) FILTER (WHERE side = 'in'), 0::BIGNUM) - coalesce(sum(amount_raw::BIGNUM) FILTER (WHERE side <> 'in'), 0::BIGNUM))::VARCHAR AS net_raw,
    count(*) FILTER (WHERE side = 'in') AS transfers_in, count(*) FILTER (WHERE side = 'out') AS transfers_out
  FROM sides GROUP BY chain, wallet, token, day`;

const transfers = (...columns: string[]) => columns.map((column) => `blockchain.transfers.${column}`);

/** blockchain.wallet_flows_daily: what each wallet got and gave of each token on each UTC day. */
export function walletFlowsDaily(contract: Contract): DataProduct {
  return {
    id: 'blockchain.wallet_flows_daily',
    layer: 'gold',
    contract,
    step: {
      name: 'add up what wallets got and gave',
      from: ['transfers'],
      sql: SQL,
      lineage: {
        chain: transfers('chain'),
        wallet: transfers('from_address', 'to_address'),
        token: transfers('token'),
        kind: transfers('kind'),
        day: transfers('block_date'),
        in_raw: transfers('amount_raw'),
        out_raw: transfers('amount_raw'),
        fees_raw: transfers('amount_raw', 'is_fee'),
        net_raw: transfers('amount_raw'),
        transfers_in: transfers('to_address'),
        transfers_out: transfers('from_address'),
      },
    },
  };
}
