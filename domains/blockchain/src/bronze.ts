import { literal } from '@skein/kernel';
import type { BronzeTable } from '@skein/product';

/** CAIP-2 from the folder of a file: `eip155-1` is `eip155:1`. */
const CHAIN = `regexp_replace(regexp_extract(_file, '(?:^|/)((?:eip155|solana)-[-A-Za-z0-9_]{1,32})/', 1), '^(eip155|solana)-', '\\1:')`;
const fromJson = (structure: unknown) => `TRY(from_json(raw, ${literal(JSON.stringify(structure))}))`;

/**
 * Blocks of Ethereum-like chains; `canonical` are those that count. Of a number that came several times, the newest: a range may come again, whole or in part, after a
 * reorganisation. A shorter chain may have replaced a longer one: blocks above it that no longer fit, and came earlier, are orphans too.
 * `replaced` tells that another block held the number before.
 */
export const evmBlocks: BronzeTable = {
  name: 'evm_blocks',
  source: 'ethereum',
  tables: (table) => table === 'blocks',
  sql: `WITH newest AS (
      SELECT *, max(_sequence) OVER (PARTITION BY chain, number) AS newest, count(DISTINCT lower(hash)) OVER (PARTITION BY chain, number) > 1 AS several FROM landing),
    linked AS (
      SELECT *, lag(number) OVER w AS below, lower(lag(hash) OVER w) AS hash_below, lag(_sequence) OVER w AS sequence_below
      FROM newest WHERE _sequence = newest WINDOW w AS (PARTITION BY chain ORDER BY number)),
    forks AS (
      SELECT *, max(CASE WHEN number = below + 1 AND lower(parent_hash) <> hash_below AND _sequence < sequence_below THEN sequence_below END)
        OVER (PARTITION BY chain ORDER BY number) AS replaced_by FROM linked),
    chosen AS (SELECT * FROM forks WHERE replaced_by IS NULL OR _sequence >= replaced_by)
    SELECT chain, number, lower(hash) AS hash, lower(parent_hash) AS parent_hash, timestamp, transaction_count, several AS replaced, true AS canonical, _file, _row, _sequence FROM chosen
    UNION ALL
    SELECT chain, number, lower(hash), lower(parent_hash), timestamp, transaction_count, false, false, _file, _row, _sequence FROM landing o
      WHERE NOT EXISTS (SELECT 1 FROM chosen c WHERE c.chain = o.chain AND c.number = o.number AND lower(c.hash) = lower(o.hash))`,
  lineage: {
    number: ['landing:ethereum.number'],
    hash: ['landing:ethereum.hash'],
    parent_hash: ['landing:ethereum.parent_hash'],
    timestamp: ['landing:ethereum.timestamp'],
  },
};

/** Logs as they came, of all ranges. `removed` is set by nodes that take a log back. */
export const evmLogs: BronzeTable = {
  name: 'evm_logs',
  source: 'ethereum',
  tables: (table) => table === 'logs',
  columns: [
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
    'removed',
  ],
  // Checksummed addresses (ERC-55) are the same addresses.
  sql: `SELECT * REPLACE (lower(block_hash) AS block_hash, lower(address) AS address, coalesce(removed::BOOLEAN, false) AS removed), address <> lower(address) AS mixed_case FROM landing`,
};

/** Transactions with their receipts; of a block that came several times, those that came last. */
export const evmTransactions: BronzeTable = {
  name: 'evm_transactions',
  source: 'ethereum',
  tables: (table) => table === 'transactions',
  columns: ['chain', 'hash', 'block_number', 'block_hash', 'transaction_index', 'from', 'to', 'value', 'status', 'gas_used', 'effective_gas_price', 'nonce'],
  sql: `SELECT chain, lower(hash) AS hash, block_number, lower(block_hash::VARCHAR) AS block_hash, transaction_index, lower("from") AS sender, lower("to") AS recipient, value,
      -- Before Byzantium a receipt had no status; such a transaction is judged by no one here.
      coalesce(try_cast(status AS INTEGER), 1) AS status, TRY_CAST(gas_used::VARCHAR AS HUGEINT) * TRY_CAST(effective_gas_price::VARCHAR AS HUGEINT) AS fee, _file, _row, _sequence
    FROM landing QUALIFY rank() OVER (PARTITION BY chain, block_number ORDER BY _sequence DESC) = 1`,
};

/** What tokens say of themselves, one row a token: the newest. Decimals that are no uint8 are unknown. `currency`: what one unit is pegged to. */
export const tokens: BronzeTable = {
  name: 'tokens',
  source: 'ethereum_facts',
  tables: (table) => table === 'tokens',
  sql: `SELECT chain, contract AS address, CASE WHEN decimals BETWEEN 0 AND 255 THEN decimals END AS decimals, nullif(trim(token.symbol), '') AS symbol, token.currency AS currency
    FROM (SELECT *, lower(token.address) AS contract, CASE WHEN regexp_full_match(token.decimals, '[0-9]{1,3}') THEN token.decimals::INTEGER END AS decimals
      FROM (SELECT _sequence, _row, ${CHAIN} AS chain, ${fromJson({ address: 'VARCHAR', symbol: 'VARCHAR', decimals: 'VARCHAR', currency: 'VARCHAR' })} AS token FROM landing))
    WHERE contract IS NOT NULL QUALIFY row_number() OVER (PARTITION BY chain, contract ORDER BY _sequence DESC, _row DESC) = 1`.replace(
    'token.address AS address',
    'contract AS address',
  ),
};

const HEAD = `SELECT chain, head.finalized AS finalized, head.safe AS safe, head.latest AS latest
    FROM (SELECT _sequence, _row, ${CHAIN} AS chain, ${fromJson({ latest: 'BIGINT', safe: 'BIGINT', finalized: 'BIGINT' })} AS head FROM landing)
    WHERE head IS NOT NULL QUALIFY row_number() OVER (PARTITION BY chain ORDER BY _sequence DESC, _row DESC) = 1`;

/** How far each chain is final, as last observed. */
export const evmHead: BronzeTable = { name: 'evm_head', source: 'ethereum_facts', tables: (table) => table === 'head', sql: HEAD };
export const solanaHead: BronzeTable = { name: 'solana_head', source: 'solana', tables: (table) => table === 'head', sql: HEAD };

/** Blocks that a reorganisation took back, as the connector saw it: one row each, with how deep it went. The files of the chain hold them no more. */
export const evmRetracted: BronzeTable = {
  name: 'evm_retracted',
  source: 'ethereum_facts',
  tables: (table) => table === 'reorgs',
  sql: `SELECT DISTINCT chain, gone.number AS number, lower(gone.hash) AS hash, depth
    FROM (SELECT ${CHAIN} AS chain, reorg.depth AS depth, unnest(reorg.retracted) AS gone
      FROM (SELECT *, ${fromJson({ depth: 'INTEGER', retracted: [{ number: 'BIGINT', hash: 'VARCHAR' }] })} AS reorg FROM landing) WHERE reorg IS NOT NULL)
    WHERE gone.number IS NOT NULL`,
};

const TOKEN_BALANCE = [{ accountIndex: 'INTEGER', mint: 'VARCHAR', owner: 'VARCHAR', uiTokenAmount: { amount: 'VARCHAR', decimals: 'INTEGER' } }];

/** The part of getBlock's answer that products use ("getBlock RPC method", Solana documentation). u64 as UBIGINT, since lamports pass 2^53. */
const SOLANA_BLOCK = {
  blockhash: 'VARCHAR',
  previousBlockhash: 'VARCHAR',
  parentSlot: 'BIGINT',
  blockTime: 'BIGINT',
  transactions: [
    {
      transaction: { signatures: ['VARCHAR'], message: { accountKeys: ['JSON'] } },
      meta: {
        err: 'JSON',
        fee: 'UBIGINT',
        preBalances: ['UBIGINT'],
        postBalances: ['UBIGINT'],
        preTokenBalances: TOKEN_BALANCE,
        postTokenBalances: TOKEN_BALANCE,
        loadedAddresses: { writable: ['VARCHAR'], readonly: ['VARCHAR'] },
      },
    },
  ],
};

/**
 * Slots of Solana chains: of each the newest answer. `skipped` is the code by which the node said that the slot has no block (-32007, -32009);
 * `misread` is what stands where a block should.
 */
export const solanaSlots: BronzeTable = {
  name: 'solana_slots',
  source: 'solana',
  tables: (table) => table === 'blocks',
  sql: `SELECT _file, _row, _sequence, chain, line.slot AS slot, CASE WHEN line.block IS NULL AND NOT there AND line.skipped IN (-32007, -32009) THEN line.skipped END AS skipped, line.block AS block,
      CASE WHEN line.slot IS NULL OR (there AND line.block.blockhash IS NULL) THEN left(raw, 200) END AS misread
    FROM (SELECT _file, _row, _sequence, raw, ${CHAIN} AS chain, ${fromJson({ slot: 'BIGINT', skipped: 'INTEGER', block: SOLANA_BLOCK })} AS line,
        TRY(json_type(raw, '$.block')) = 'OBJECT' AS there FROM landing WHERE raw IS NOT NULL)
    QUALIFY row_number() OVER (PARTITION BY chain, coalesce(line.slot, -_row) ORDER BY _sequence DESC, _row DESC) = 1`,
};
