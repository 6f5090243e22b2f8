import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';

/** What a chain's head says of a block: `finalized` will not be replaced, `confirmed` is unlikely to, `processed` may be. */
export const finality = (number: string, head: string): string =>
  `CASE WHEN ${number} <= ${head}.finalized THEN 'finalized' WHEN ${number} <= ${head}.safe THEN 'confirmed' ELSE 'processed' END`;

/** Seconds since 1970, in UTC whatever the session's time zone. */
const instant = (seconds: string): string => `to_timestamp(${seconds})`;
const utcDate = (seconds: string): string => `(make_timestamp(${seconds} * 1000000))::DATE`;
const FAULT = `NULL::STRUCT("column" VARCHAR, "value" VARCHAR, "rule" VARCHAR)`;

const SQL = `WITH skipped AS (SELECT chain, slot FROM solana_slots WHERE skipped IS NOT NULL),
  -- A number may be replaced more than once; where the old block came back, nothing was.
  retracted AS (SELECT chain, number, list_distinct(list('hash:reorganised_depth_' || depth ORDER BY depth)) AS depths FROM evm_retracted g
    WHERE NOT EXISTS (SELECT 1 FROM evm_blocks k WHERE k.canonical AND k.chain = g.chain AND k.number = g.number AND k.hash = g.hash) GROUP BY chain, number)
  SELECT b.chain, b.number, b.hash, b.parent_hash, CASE WHEN b.number > 0 THEN b.number - 1 END AS parent_number, 0::BIGINT AS declared_skipped, ${instant('b.timestamp')} AS block_time, ${utcDate('b.timestamp')} AS block_date,
    b.transaction_count::BIGINT AS transaction_count, ${finality('b.number', 'h')} AS finality, b._file, b._row,
    CASE WHEN b.replaced OR r.depths IS NOT NULL THEN ['hash:reorganised'] ELSE [] END || coalesce(r.depths, []) AS _repairs, list_filter([${FAULT}], lambda fault: fault IS NOT NULL) AS _invalid
  FROM evm_blocks b LEFT JOIN evm_head h ON h.chain = b.chain LEFT JOIN retracted r ON r.chain = b.chain AND r.number = b.number WHERE b.canonical
  UNION ALL
  SELECT s.chain, s.slot, s.block.blockhash, s.block.previousBlockhash, s.block.parentSlot,
    (SELECT count(*) FROM skipped k WHERE k.chain = s.chain AND k.slot > s.block.parentSlot AND k.slot < s.slot), ${instant('s.block.blockTime')}, ${utcDate('s.block.blockTime')},
    coalesce(len(s.block.transactions), 0), ${finality('s.slot', 'h')}, s._file, s._row, [],
    list_filter([CASE WHEN s.misread IS NOT NULL THEN {'column': 'hash', 'value': s.misread, 'rule': 'type'} END, ${FAULT}], lambda fault: fault IS NOT NULL)
  FROM solana_slots s LEFT JOIN solana_head h ON h.chain = s.chain WHERE s.block.blockhash IS NOT NULL OR s.misread IS NOT NULL`;

/** blockchain.blocks: the blocks that count, of all chains. */
export function blocks(contract: Contract): DataProduct {
  return {
    id: 'blockchain.blocks',
    layer: 'silver',
    contract,
    step: {
      name: 'take the blocks that count',
      from: ['evm_blocks', 'evm_head', 'evm_retracted', 'solana_slots', 'solana_head'],
      sql: SQL,
      // The same block twice in a file is one; two blocks of one number are not, and the contract refuses both.
      dedupe: { by: ['chain', 'number', 'hash'], keep: '_row' },
      lineage: {
        chain: ['evm_blocks.chain', 'solana_slots.chain'],
        number: ['evm_blocks.number', 'solana_slots.slot'],
        hash: ['evm_blocks.hash', 'solana_slots.block'],
        parent_hash: ['evm_blocks.parent_hash', 'solana_slots.block'],
        parent_number: ['evm_blocks.number', 'solana_slots.block'],
        declared_skipped: ['solana_slots.skipped'],
        block_time: ['evm_blocks.timestamp', 'solana_slots.block'],
        block_date: ['evm_blocks.timestamp', 'solana_slots.block'],
        transaction_count: ['evm_blocks.transaction_count', 'solana_slots.block'],
        finality: ['evm_head.finalized', 'evm_head.safe', 'solana_head.finalized', 'solana_head.safe'],
      },
    },
  };
}
