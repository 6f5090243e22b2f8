import type { ContractSet, Domain } from '@skein/product';
import { blocks } from './blocks.ts';
import { evmBlocks, evmHead, evmLogs, evmRetracted, evmTransactions, solanaHead, solanaSlots, tokens } from './bronze.ts';
import { dexTrades } from './dex-trades.ts';
import { logs } from './logs.ts';
import { poolTvlDaily } from './pool-tvl-daily.ts';
import { evmFacts, evmRanges, solanaFiles } from './source.ts';
import { tokenPriceHourly } from './token-price-hourly.ts';
import { transfers } from './transfers.ts';
import { walletFlowsDaily } from './wallet-flows-daily.ts';

/** The blockchain domain: what it reads, and the products it publishes, by the contracts given. */
export function blockchain(contracts: Pick<ContractSet, 'get'>): Domain {
  return {
    name: 'blockchain',
    sources: [evmRanges, evmFacts, solanaFiles],
    bronze: [evmBlocks, evmLogs, evmTransactions, tokens, evmHead, evmRetracted, solanaSlots, solanaHead],
    products: [
      blocks(contracts.get('blockchain.blocks')),
      logs(contracts.get('blockchain.logs')),
      transfers(contracts.get('blockchain.transfers')),
      dexTrades(contracts.get('blockchain.dex_trades')),
      tokenPriceHourly(contracts.get('blockchain.token_price_hourly')),
      poolTvlDaily(contracts.get('blockchain.pool_tvl_daily')),
      walletFlowsDaily(contracts.get('blockchain.wallet_flows_daily')),
    ],
  };
}
