import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';

/**
 * Logs of the blocks that count. Of a block that came several times the newest logs count, and those of an orphan never: they carry the hash of
 * their block. A log whose block never came stays, and the contract refuses it: its block was lost.
 */
const SQL = `SELECT l.chain, l.block_number, l.block_hash, to_timestamp(l.block_time) AS block_time, lower(l.transaction_hash) AS transaction_hash, l.transaction_index, l.log_index,
    l.address, l.topic0, l.topic1, l.topic2, l.topic3, l.data, l.event, l.args, coalesce(b.finality, 'processed') AS finality, l._file, l._row,
    CASE WHEN l.mixed_case THEN ['address:case'] ELSE [] END AS _repairs
  FROM evm_logs l LEFT JOIN blocks b ON b.chain = l.chain AND b.number = l.block_number
    LEFT JOIN (SELECT DISTINCT chain, hash FROM evm_blocks WHERE NOT canonical) orphan ON orphan.chain = l.chain AND orphan.hash = l.block_hash
  WHERE NOT l.removed AND (b.hash = l.block_hash OR (b.hash IS NULL AND orphan.hash IS NULL))
    AND NOT EXISTS (SELECT 1 FROM evm_logs gone WHERE gone.removed AND gone.chain = l.chain AND gone.block_hash = l.block_hash AND gone.log_index = l.log_index AND gone._sequence >= l._sequence)
  QUALIFY l._sequence = max(l._sequence) OVER (PARTITION BY l.chain, l.block_number)`;

const logsColumns = (...columns: string[]) => columns.map((column) => `evm_logs.${column}`);

/** blockchain.logs: what contracts of Ethereum-like chains reported, with the events that the decoder knows. */
export function logs(contract: Contract): DataProduct {
  return {
    id: 'blockchain.logs',
    layer: 'silver',
    contract,
    step: {
      name: 'keep the logs of blocks that count',
      from: ['evm_logs', 'evm_blocks', 'blocks'],
      sql: SQL,
      // A log's index is its place within its block, not within the chain.
      dedupe: {
        by: ['chain', 'block_number', 'log_index', 'block_hash', 'transaction_hash', 'address', 'topic0', 'topic1', 'topic2', 'topic3', 'data'],
        keep: '_row',
      },
      lineage: {
        ...Object.fromEntries(
          [
            'chain',
            'block_number',
            'block_hash',
            'block_time',
            'transaction_hash',
            'transaction_index',
            'log_index',
            'address',
            'topic0',
            'topic1',
            'topic2',
            'topic3',
            'data',
            'event',
            'args',
          ].map((name) => [name, logsColumns(name)]),
        ),
        finality: ['blockchain.blocks.finality'],
      },
    },
  };
}
