import type { Landing, Source } from '@skein/product';

/** `eip155-1`: a CAIP-2 chain, whose colon is no character of file names everywhere. */
const EVM = String.raw`eip155-\d{1,32}`;
const SOLANA = String.raw`solana-[-\w]{1,32}`;
const RANGE = String.raw`\d{1,18}-\d{1,18}`;

const EVM_RANGE = new RegExp(`(?:^|/)${EVM}/(blocks|transactions|logs)/${RANGE}\\.parquet$`);
const EVM_FACTS = new RegExp(`(?:^|/)${EVM}/(tokens|head|reorgs)\\.ndjson$`);
const SOLANA_FILE = new RegExp(`(?:^|/)${SOLANA}/(?:(blocks)/${RANGE}|(head|tokens))\\.(?:ndjson|json)(?:\\.gz)?$`);

/**
 * Of a range that came again the newest counts, and a file whose range lies wholly within a newer one not at all: connectors join small files of
 * new blocks to large ones of final blocks. Where ranges overlap in part, the steps choose block by block. Other files: the newest of each.
 */
export function liveRanges(landings: readonly Landing[]): Landing[] {
  const live: Landing[] = [];
  const newer = new Map<string, [bigint, bigint][]>();
  const seen = new Set<string>();
  for (const landing of landings.toReversed()) {
    const { origin, file } = landing;
    if (seen.has(`${origin}\n${file}`)) continue;
    seen.add(`${origin}\n${file}`);
    const range = /^(.*?)(\d+)-(\d+)\.[a-z.]+$/.exec(file);
    const [from, to] = [BigInt(range?.[2] ?? 0), BigInt(range?.[3] ?? 0)];
    const folder = `${origin}\n${range?.[1] ?? file}`;
    const others = newer.get(folder) ?? [];
    if (range && others.some(([first, last]) => first <= from && to <= last)) continue;
    newer.set(folder, [...others, [from, to]]);
    live.push(landing);
  }
  return live.toReversed();
}

/** Blocks, transactions and logs of Ethereum-like chains: one Parquet file for each kind and range of blocks. Of a file that came again the newest counts. */
export const evmRanges: Source = {
  name: 'ethereum',
  describes: 'eip155-<chain>/<blocks|transactions|logs>/<from>-<to>.parquet',
  shape: 'table',
  tableOf: (file) => EVM_RANGE.exec(file)?.[1],
  live: liveRanges,
  columnTypes: {
    blocks: { chain: 'VARCHAR', number: 'BIGINT', hash: 'VARCHAR', parent_hash: 'VARCHAR', timestamp: 'BIGINT', transaction_count: 'INTEGER' },
    transactions: { chain: 'VARCHAR', hash: 'VARCHAR', block_number: 'BIGINT', transaction_index: 'INTEGER', from: 'VARCHAR', to: 'VARCHAR', value: 'VARCHAR' },
    logs: {
      chain: 'VARCHAR',
      block_number: 'BIGINT',
      block_hash: 'VARCHAR',
      block_time: 'BIGINT',
      transaction_hash: 'VARCHAR',
      transaction_index: 'INTEGER',
      log_index: 'INTEGER',
      address: 'VARCHAR',
      topic0: 'VARCHAR',
      topic1: 'VARCHAR',
      topic2: 'VARCHAR',
      topic3: 'VARCHAR',
      data: 'VARCHAR',
      event: 'VARCHAR',
      args: 'VARCHAR[]',
    },
  },
};

/** What is known of an Ethereum-like chain beside its blocks: tokens, how far it is final, and which blocks were replaced. */
export const evmFacts: Source = {
  name: 'ethereum_facts',
  describes: 'eip155-<chain>/<tokens|head|reorgs>.ndjson',
  shape: 'json',
  tableOf: (file) => EVM_FACTS.exec(file)?.[1],
};

/** Answers of Solana's getBlock, one line for each slot: `{slot, block, skipped}`. */
export const solanaFiles: Source = {
  name: 'solana',
  describes: 'solana-<chain>/blocks/<from>-<to>.ndjson, solana-<chain>/head.ndjson',
  shape: 'json',
  tableOf(file) {
    const found = SOLANA_FILE.exec(file);
    return found?.[1] ?? found?.[2];
  },
  live: liveRanges,
};
