import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { QueryEngine } from '@skein/ports';
import { literal } from '@skein/kernel';
import { EVM_CHAIN, type DemoBlock } from './chain.ts';

/** One log, in the columns of the connector. */
export interface LogRow {
  chain: string;
  block_number: number;
  block_hash: string;
  block_time: number;
  transaction_hash: string;
  transaction_index: number;
  log_index: number;
  address: string;
  topic0: string | null;
  topic1: string | null;
  topic2: string | null;
  topic3: string | null;
  data: string;
  event: string | null;
  args: readonly string[] | null;
  /** The only log of its transaction. Not written. */
  readonly alone: boolean;
  /** Of a block that was replaced. Not written. */
  readonly orphaned: boolean;
}

const COLUMNS = {
  blocks: {
    chain: 'VARCHAR',
    number: 'BIGINT',
    hash: 'VARCHAR',
    parent_hash: 'VARCHAR',
    timestamp: 'BIGINT',
    transaction_count: 'INTEGER',
  },
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
  },
} as const;

type Kind = keyof typeof COLUMNS;

export const blockRows = (blocks: readonly DemoBlock[]): object[] =>
  blocks.map(({ number, hash, parent, timestamp, transactions }) => ({
    chain: EVM_CHAIN,
    number,
    hash,
    parent_hash: parent,
    timestamp,
    transaction_count: transactions.length,
  }));

export const transactionRows = (blocks: readonly DemoBlock[]): object[] =>
  blocks.flatMap(({ number, transactions }) =>
    transactions.map(({ hash, from, to, value, failed, gas }, index) => ({
      chain: EVM_CHAIN,
      hash,
      block_number: number,
      transaction_index: index,
      from,
      to,
      value: String(value),
      status: failed ? 0 : 1,
      gas_used: gas,
      effective_gas_price: '1500000007',
      nonce: index,
    })),
  );

export function logRows(blocks: readonly DemoBlock[], orphaned: boolean): LogRow[] {
  return blocks.flatMap(({ number, hash, timestamp, transactions }) => {
    let place = 0;
    return transactions.flatMap((transaction, index) =>
      transaction.logs.map(({ address, topics, data, event, args }): LogRow => ({
        chain: EVM_CHAIN,
        block_number: number,
        block_hash: hash,
        block_time: timestamp,
        transaction_hash: transaction.hash,
        transaction_index: index,
        log_index: place++,
        address,
        topic0: topics[0] ?? null,
        topic1: topics[1] ?? null,
        topic2: topics[2] ?? null,
        topic3: topics[3] ?? null,
        data,
        event,
        args,
        alone: transaction.logs.length === 1,
        orphaned,
      })),
    );
  });
}

/** Writes rows as the file of one range of blocks. Returns its name below `directory`. */
export async function writeRange(
  engine: QueryEngine,
  directory: string,
  kind: Kind,
  [from, to]: readonly [number, number],
  rows: readonly object[],
): Promise<string> {
  const file = `ethereum/${EVM_CHAIN.replace(':', '-')}/${kind}/${String(from).padStart(12, '0')}-${String(to).padStart(12, '0')}.parquet`;
  const target = path.join(directory, file);
  await mkdir(path.dirname(target), { recursive: true });
  const text = `${target}.ndjson`;
  await writeFile(text, rows.map((row) => JSON.stringify(row)).join('\n'));
  const types = Object.entries(COLUMNS[kind]).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
  const session = await engine.open();
  try {
    await session.run(
      `COPY (SELECT * FROM read_json(${literal(text)}, format = 'newline_delimited', columns = {${types.join(', ')}})) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    await session.close();
    await rm(text);
  }
  return file;
}
