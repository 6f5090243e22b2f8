import type { Contract } from '@skein/contract';
import type { DataProduct } from '@skein/product';
import { amountOf } from './exact.ts';
import { finality } from './blocks.ts';

const ZERO = '0x0000000000000000000000000000000000000000';

/** Coin types of native coins (SLIP-44) that are not ether, by chain. Rollups and development chains pay in ether. */
const COIN_TYPES: Readonly<Record<string, number>> = { 'eip155:56': 9006, 'eip155:100': 700, 'eip155:137': 966, 'eip155:43114': 9005 };
const coin = (chain: string): string =>
  `CASE ${chain} ${Object.entries(COIN_TYPES)
    .map(([known, type]) => `WHEN '${known}' THEN '${type}'`)
    .join(' ')} ELSE '60' END`;

/** Columns of a movement, before decimals and order are added. */
const COLUMNS = 'chain, block_number, tx_id, place, log_index, token, sender, recipient, amount_raw, kind, is_fee, block_time, finality';

/** One movement for each log of a token standard; several for a batch. `place` orders the movements of a transaction. */
const TOKEN_LOGS = `SELECT chain, block_number, transaction_hash AS tx_id, [1, log_index, item] AS place, log_index, chain || '/' || standard || ':' || address || id AS token,
    sender, recipient, amount_raw, standard AS kind, false AS is_fee, block_time, finality
  FROM (
    SELECT chain, block_number, transaction_hash, log_index, address, block_time, finality, 0 AS item, 'erc20' AS standard, '' AS id, args[1] AS sender, args[2] AS recipient, args[3] AS amount_raw
      FROM logs WHERE event = 'erc20_transfer'
    UNION ALL
    SELECT chain, block_number, transaction_hash, log_index, address, block_time, finality, 0, 'erc721', '/' || args[3], args[1], args[2], '1' FROM logs WHERE event = 'erc721_transfer'
    UNION ALL
    SELECT chain, block_number, transaction_hash, log_index, address, block_time, finality, 0, 'erc1155', '/' || args[4], args[2], args[3], args[5] FROM logs WHERE event = 'erc1155_single'
    UNION ALL
    -- A batch is operator, from, to, all ids, then as many values.
    SELECT chain, block_number, transaction_hash, log_index, address, block_time, finality, n, 'erc1155', '/' || args[3 + n], args[2], args[3], args[3 + half + n]
      FROM (SELECT *, (len(args) - 3) // 2 AS half, unnest(range(1, (len(args) - 3) // 2 + 1))::INTEGER AS n FROM logs WHERE event = 'erc1155_batch')
    UNION ALL
    -- Wrapped ether is minted and burned without a Transfer, save by forks that report both: those count once.
    SELECT w.chain, w.block_number, w.transaction_hash, w.log_index, w.address, w.block_time, w.finality, 0, 'erc20', '',
        CASE w.event WHEN 'weth_deposit' THEN '${ZERO}' ELSE w.args[1] END, CASE w.event WHEN 'weth_deposit' THEN w.args[1] ELSE '${ZERO}' END, w.args[2]
      FROM logs w WHERE w.event IN ('weth_deposit', 'weth_withdrawal') AND NOT EXISTS (
        SELECT 1 FROM logs t WHERE t.event = 'erc20_transfer' AND t.chain = w.chain AND t.block_number = w.block_number AND t.transaction_hash = w.transaction_hash AND t.address = w.address
          AND t.args[3] = w.args[2] AND CASE w.event WHEN 'weth_deposit' THEN t.args[1] = '${ZERO}' AND t.args[2] = w.args[1] ELSE t.args[1] = w.args[1] AND t.args[2] = '${ZERO}' END))`;

/** Transactions of the blocks that count: those of a replaced block came with another block hash, or with a number that the block does not hold. */
const TRANSACTIONS = `SELECT t.*, b.block_time, b.finality FROM evm_transactions t JOIN blocks b ON b.chain = t.chain AND b.number = t.block_number
  WHERE (t.block_hash IS NULL OR t.block_hash = b.hash) AND t.transaction_index < b.transaction_count
  -- The same row twice is one.
  QUALIFY row_number() OVER (PARTITION BY t.chain, t.block_number, t.transaction_index, t.hash ORDER BY t._row) = 1`;

/** Value that a transaction carries, where it succeeded; its fee in any case. */
const NATIVE = `SELECT chain, block_number, hash AS tx_id, [0, 0, 0] AS place, NULL::INTEGER AS log_index, chain || '/slip44:' || ${coin('chain')} AS token, sender, recipient, value AS amount_raw,
    'native' AS kind, false AS is_fee, block_time, finality FROM evm_txs WHERE status = 1 AND value <> '0'
  UNION ALL
  SELECT chain, block_number, hash, [2, 0, 0], NULL, chain || '/slip44:' || ${coin('chain')}, sender, NULL, fee::VARCHAR, 'native', true, block_time, finality FROM evm_txs WHERE fee > 0`;

/**
 * Solana by balances before and after, which hold whatever program moved them, by inner instructions or through address lookup tables. The fee, which a
 * failed transaction pays too, is taken out of what its payer lost. Balances of one wallet and mint are one. Where one wallet lost what another
 * gained, and no third was touched, it is one movement; else each side stands by itself, without the other.
 */
const SOLANA = `slots AS (SELECT s.chain, s.slot, b.block_time, ${finality('s.slot', 'h')} AS finality, s.block FROM solana_slots s JOIN blocks b ON b.chain = s.chain AND b.number = s.slot
      LEFT JOIN solana_head h ON h.chain = s.chain),
  unpacked AS (SELECT chain, slot, block_time, finality, unnest(block.transactions) AS t FROM slots),
  txs AS (SELECT chain, slot, block_time, finality, t.transaction.signatures[1] AS tx_id, t.meta AS meta, list_transform(t.transaction.message.accountKeys, lambda key: coalesce(key->>'pubkey', key->>'$'))
      -- Parsed keys are objects and hold those of lookup tables already; plain keys do not.
      || CASE WHEN json_type(t.transaction.message.accountKeys[1]) = 'OBJECT' THEN [] ELSE coalesce(t.meta.loadedAddresses.writable, []) || coalesce(t.meta.loadedAddresses.readonly, []) END AS keys
    FROM unpacked WHERE t.meta IS NOT NULL),
  lamports AS (SELECT chain, slot, block_time, finality, tx_id, keys[i] AS wallet, '/slip44:501' AS token, NULL::INTEGER AS decimals,
      meta.postBalances[i]::HUGEINT - meta.preBalances[i]::HUGEINT + CASE WHEN i = 1 THEN meta.fee::HUGEINT ELSE 0 END AS delta
    FROM (SELECT *, unnest(range(1, len(keys) + 1)) AS i FROM txs)),
  held AS (SELECT chain, slot, block_time, finality, tx_id, keys, unnest(meta.preTokenBalances) AS b, -1 AS sign FROM txs
    UNION ALL SELECT chain, slot, block_time, finality, tx_id, keys, unnest(meta.postTokenBalances), 1 FROM txs),
  spl AS (SELECT chain, slot, block_time, finality, tx_id, coalesce(b.owner, keys[b.accountIndex + 1]) AS wallet, '/token:' || b.mint AS token, b.uiTokenAmount.decimals AS decimals,
      b.uiTokenAmount.amount::HUGEINT * sign AS delta FROM held),
  moved AS (SELECT chain, slot, block_time, finality, tx_id, token, wallet, max(decimals) AS decimals, sum(delta) AS delta
    FROM (SELECT * FROM lamports UNION ALL SELECT * FROM spl) GROUP BY ALL HAVING sum(delta) <> 0),
  sided AS (SELECT *, count(*) OVER whole = 2 AND sum(delta) OVER whole = 0 AS paired, any_value(CASE WHEN delta < 0 THEN wallet END) OVER whole AS loser FROM moved
    WINDOW whole AS (PARTITION BY chain, slot, tx_id, token)),
  solana AS (SELECT chain, slot AS block_number, tx_id, [CASE WHEN token LIKE '/token:%' THEN 1 ELSE 0 END, 0, 0] AS place, NULL::INTEGER AS log_index, chain || token AS token,
      CASE WHEN delta < 0 THEN wallet WHEN paired THEN loser END AS sender, CASE WHEN delta > 0 THEN wallet END AS recipient, abs(delta)::VARCHAR AS amount_raw,
      CASE WHEN token LIKE '/token:%' THEN 'spl' ELSE 'native' END AS kind, false AS is_fee, block_time, finality, coalesce(decimals, 9) AS decimals
    FROM sided WHERE delta > 0 OR NOT paired
    UNION ALL
    SELECT chain, slot, tx_id, [2, 0, 0], NULL, chain || '/slip44:501', keys[1], NULL, meta.fee::VARCHAR, 'native', true, block_time, finality, 9 FROM txs WHERE meta.fee > 0)`;

const SQL = `WITH evm_txs AS (${TRANSACTIONS}), ${SOLANA},
  movements AS (
    SELECT m.*, CASE m.kind WHEN 'native' THEN 18 WHEN 'erc20' THEN d.decimals WHEN 'erc721' THEN 0 END AS decimals
      FROM (SELECT ${COLUMNS} FROM (${TOKEN_LOGS}) UNION ALL SELECT ${COLUMNS} FROM (${NATIVE})) m
      LEFT JOIN tokens d ON m.kind = 'erc20' AND m.token = d.chain || '/erc20:' || d.address
    UNION ALL
    SELECT ${COLUMNS}, decimals FROM solana)
  SELECT chain, block_number, tx_id,
    (row_number() OVER (PARTITION BY chain, block_number, tx_id ORDER BY place, token, sender NULLS LAST, recipient NULLS LAST, amount_raw) - 1)::INTEGER AS ordinal,
    log_index, kind, token, sender AS from_address, recipient AS to_address, amount_raw, decimals::INTEGER AS decimals, ${amountOf('amount_raw', 'decimals')} AS amount, is_fee, block_time,
    (block_time AT TIME ZONE 'UTC')::DATE AS block_date, finality
  FROM movements`;

const OF = (evm: readonly string[], solana = true): string[] => [...evm, ...(solana ? ['solana_slots.block'] : [])];

/**
 * blockchain.transfers: every movement of value of all chains in one view. Ethereum-like chains: Transfer events of ERC-20, ERC-721 and ERC-1155, wrapped
 * ether, value of transactions, and fees. Solana: changes of balances, and fees.
 */
export function transfers(contract: Contract): DataProduct {
  return {
    id: 'blockchain.transfers',
    layer: 'gold',
    contract,
    step: {
      name: 'unite the movements of all chains',
      from: ['logs', 'blocks', 'evm_transactions', 'tokens', 'solana_slots', 'solana_head'],
      sql: SQL,
      lineage: {
        chain: OF(['blockchain.logs.chain', 'evm_transactions.chain']),
        block_number: OF(['blockchain.logs.block_number', 'evm_transactions.block_number']),
        tx_id: OF(['blockchain.logs.transaction_hash', 'evm_transactions.hash']),
        ordinal: OF(['blockchain.logs.log_index']),
        log_index: OF(['blockchain.logs.log_index'], false),
        kind: OF(['blockchain.logs.event']),
        token: OF(['blockchain.logs.address', 'blockchain.logs.args']),
        from_address: OF(['blockchain.logs.args', 'evm_transactions.sender']),
        to_address: OF(['blockchain.logs.args', 'evm_transactions.recipient']),
        amount_raw: OF(['blockchain.logs.args', 'evm_transactions.value', 'evm_transactions.fee']),
        decimals: OF(['tokens.decimals']),
        amount: OF(['blockchain.logs.args', 'evm_transactions.value', 'tokens.decimals']),
        is_fee: OF(['evm_transactions.fee']),
        block_time: ['blockchain.blocks.block_time'],
        block_date: ['blockchain.blocks.block_time'],
        finality: ['blockchain.blocks.finality'],
      },
    },
  };
}
