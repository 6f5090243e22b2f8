import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';

/** Test support: files as the connectors write them. */

export const CHAIN = 'eip155:1';

const COLUMNS = {
  blocks: { chain: 'VARCHAR', number: 'BIGINT', hash: 'VARCHAR', parent_hash: 'VARCHAR', timestamp: 'BIGINT', transaction_count: 'INTEGER' },
  transactions: {
    chain: 'VARCHAR',
    hash: 'VARCHAR',
    block_number: 'BIGINT',
    transaction_index: 'INTEGER',
    from: 'VARCHAR',
    to: 'VARCHAR',
    value: 'VARCHAR',
    status: 'INTEGER',
    gas_used: 'BIGINT',
    effective_gas_price: 'VARCHAR',
    nonce: 'BIGINT',
  },
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
    removed: 'BOOLEAN',
  },
} as const;

export type EvmKind = keyof typeof COLUMNS;
export type EvmRow = Readonly<Record<string, unknown>>;

/** Writes rows as the Parquet file of one range of blocks, below `folder`; missing columns are NULL. */
export async function putRange(folder: string, kind: EvmKind, range: string, rows: readonly EvmRow[], chain = CHAIN): Promise<void> {
  const directory = path.join(folder, 'ethereum', chain.replace(':', '-'), kind);
  await mkdir(directory, { recursive: true });
  const text = path.join(directory, `.${range}.ndjson`);
  await writeFile(text, rows.map((row) => JSON.stringify({ chain, ...row })).join('\n'));
  const types = Object.entries(COLUMNS[kind]).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  const from =
    rows.length > 0
      ? `SELECT * FROM read_json(${literal(text)}, format = 'newline_delimited', columns = {${types.join(', ')}})`
      : `SELECT ${Object.entries(COLUMNS[kind])
          .map(([name, type]) => `NULL::${type} AS "${name}"`)
          .join(', ')} WHERE false`;
  const engine = duckdbEngine();
  const session = await engine.open();
  try {
    await session.run(`COPY (${from}) TO ${literal(path.join(directory, `${range}.parquet`))} (FORMAT parquet)`);
  } finally {
    await session.close();
    await engine.close();
    await rm(text);
  }
}

export const hash = (seed: number | string): string => `0x${Buffer.from(String(seed)).toString('hex').padStart(64, '0')}`;
export const address = (seed: number): string => `0x${seed.toString(16).padStart(40, '0')}`;
export const topicOf = (account: string): string => `0x${account.slice(2).padStart(64, '0')}`;
export const word = (value: bigint): string => BigInt.asUintN(256, value).toString(16).padStart(64, '0');

export const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** 2026-08-28T11:59:47Z */
export const NOON = 1_787_918_387;

/** A block; `fork` gives another one of the same number. */
export function block(number: number, changes: EvmRow & { fork?: string; parentFork?: string } = {}): EvmRow {
  const { fork = '', parentFork = fork, ...rest } = changes;
  return {
    number,
    hash: hash(`${number}${fork}`),
    parent_hash: hash(`${number - 1}${parentFork}`),
    timestamp: NOON + 12 * number,
    transaction_count: 4,
    ...rest,
  };
}

/** A log in a block; its transaction is `index` of the block. */
export function log(number: number, logIndex: number, changes: EvmRow & { fork?: string } = {}): EvmRow {
  const { fork = '', ...rest } = changes;
  return {
    block_number: number,
    block_hash: hash(`${number}${fork}`),
    block_time: NOON + 12 * number,
    transaction_hash: hash(`tx${number}`),
    transaction_index: 0,
    log_index: logIndex,
    address: address(0xaaa),
    topic0: hash('some event'),
    data: '0x',
    event: null,
    args: null,
    ...rest,
  };
}

export function erc20(
  number: number,
  logIndex: number,
  token: string,
  from: string,
  to: string,
  amount: bigint,
  changes: EvmRow & { fork?: string } = {},
): EvmRow {
  return log(number, logIndex, {
    address: token,
    topic0: TRANSFER,
    topic1: topicOf(from),
    topic2: topicOf(to),
    data: `0x${word(amount)}`,
    event: 'erc20_transfer',
    args: [from, to, amount.toString()],
    ...changes,
  });
}

export function erc721(number: number, logIndex: number, token: string, from: string, to: string, id: bigint): EvmRow {
  return log(number, logIndex, {
    address: token,
    topic0: TRANSFER,
    topic1: topicOf(from),
    topic2: topicOf(to),
    topic3: `0x${word(id)}`,
    data: '0x',
    event: 'erc721_transfer',
    args: [from, to, id.toString()],
  });
}

export function sync(number: number, logIndex: number, pool: string, reserve0: bigint, reserve1: bigint, changes: EvmRow = {}): EvmRow {
  return log(number, logIndex, {
    address: pool,
    event: 'v2_sync',
    args: [String(reserve0), String(reserve1)],
    data: `0x${word(reserve0)}${word(reserve1)}`,
    ...changes,
  });
}

export function swap(
  number: number,
  logIndex: number,
  pool: string,
  taker: string,
  amounts: readonly [bigint, bigint, bigint, bigint],
  changes: EvmRow = {},
): EvmRow {
  return log(number, logIndex, {
    address: pool,
    event: 'v2_swap',
    args: [taker, ...amounts.map(String), taker],
    data: `0x${amounts.map(word).join('')}`,
    ...changes,
  });
}

export const lines = (...records: readonly unknown[]): string => `${records.map((record) => JSON.stringify(record)).join('\n')}\n`;
