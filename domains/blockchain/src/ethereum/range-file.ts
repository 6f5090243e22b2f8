import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { once } from 'node:events';
import { ident, literal } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { decodeEvent } from '../decode/event.ts';
import type { Block } from './fetch-range.ts';

/** The kinds of files of a range, in the order in which they are written: a range counts when its blocks are there. */
export const KINDS = ['logs', 'transactions', 'blocks'] as const;
export type Kind = (typeof KINDS)[number];

/** First and last block of a file's name; it holds those of them that there are. */
export interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

const DIGITS = 12;

/** Columns of the files, with engine types. Amounts are decimal text: they pass 2^64. */
export const COLUMNS: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  blocks: {
    chain: 'VARCHAR',
    number: 'BIGINT',
    hash: 'VARCHAR',
    parent_hash: 'VARCHAR',
    timestamp: 'BIGINT',
    logs_bloom: 'VARCHAR',
    transaction_count: 'INTEGER',
    gas_used: 'VARCHAR',
    gas_limit: 'VARCHAR',
    base_fee: 'VARCHAR',
    miner: 'VARCHAR',
  },
  transactions: {
    chain: 'VARCHAR',
    hash: 'VARCHAR',
    block_number: 'BIGINT',
    block_hash: 'VARCHAR',
    block_time: 'BIGINT',
    transaction_index: 'INTEGER',
    from: 'VARCHAR',
    to: 'VARCHAR',
    value: 'VARCHAR',
    status: 'INTEGER',
    gas_used: 'VARCHAR',
    effective_gas_price: 'VARCHAR',
    nonce: 'VARCHAR',
    selector: 'VARCHAR',
    type: 'INTEGER',
    contract_address: 'VARCHAR',
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
    // Why a log with the topic of a known event was not decoded, and where it is wrong.
    fault: 'VARCHAR',
  },
};

export function rangeName({ from, to }: Range): string {
  return `${String(from).padStart(DIGITS, '0')}-${String(to).padStart(DIGITS, '0')}.parquet`;
}

export function rangeOfName(name: string): Range | undefined {
  const found = /^(\d{12,})-(\d{12,})\.parquet$/.exec(name);
  return found ? { from: BigInt(found[1] ?? 0), to: BigInt(found[2] ?? 0) } : undefined;
}

/** Ranges whose files are there, by first block. */
export async function listRanges(folder: string, kind: Kind): Promise<Range[]> {
  const names = await readdir(path.join(folder, kind)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .map(rangeOfName)
    .filter((range) => range !== undefined)
    .sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : Number(a.to - b.to)));
}

/** Rows of a block in the form of the files; bigint is written as digits. */
function* rowsOf(kind: Kind, chain: string, { header, logs, receipts }: Block): Generator<string> {
  const time = Number(header.timestamp);
  if (kind === 'blocks') {
    yield JSON.stringify({
      chain,
      number: Number(header.number),
      hash: header.hash,
      parent_hash: header.parentHash,
      timestamp: time,
      logs_bloom: header.logsBloom,
      transaction_count: header.transactionHashes.length,
      gas_used: String(header.gasUsed),
      gas_limit: String(header.gasLimit),
      base_fee: header.baseFee === undefined ? null : String(header.baseFee),
      miner: header.miner,
    });
    return;
  }
  if (kind === 'transactions') {
    for (const [index, one] of header.transactions.entries()) {
      const receipt = receipts[index];
      yield JSON.stringify({
        chain,
        hash: one.hash,
        block_number: Number(header.number),
        block_hash: header.hash,
        block_time: time,
        transaction_index: one.index,
        from: one.from,
        to: one.to ?? null,
        value: String(one.value),
        status: receipt?.status ?? null,
        gas_used: receipt === undefined ? null : String(receipt.gasUsed),
        effective_gas_price: receipt?.effectiveGasPrice === undefined ? null : String(receipt.effectiveGasPrice),
        nonce: String(one.nonce),
        selector: one.selector ?? null,
        type: one.type,
        contract_address: receipt?.contractAddress ?? null,
      });
    }
    return;
  }
  for (const log of logs) {
    const decoded = decodeEvent(log.topics, log.data);
    const event = decoded !== undefined && 'event' in decoded ? decoded : undefined;
    const fault = decoded !== undefined && 'fault' in decoded ? decoded : undefined;
    yield JSON.stringify({
      chain,
      block_number: Number(log.blockNumber),
      block_hash: log.blockHash,
      block_time: time,
      transaction_hash: log.transactionHash,
      transaction_index: log.transactionIndex,
      log_index: log.logIndex,
      address: log.address,
      topic0: log.topics[0] ?? null,
      topic1: log.topics[1] ?? null,
      topic2: log.topics[2] ?? null,
      topic3: log.topics[3] ?? null,
      data: log.data,
      event: event?.event ?? null,
      args: event?.args ?? null,
      fault: fault === undefined ? null : `${fault.at}${fault.byte === undefined ? '' : `:${fault.byte}`}: ${fault.fault}`,
    });
  }
}

/** Rows of one log or transaction are joined to texts of about this many characters before they are written. */
const PART = 1 << 20;

/**
 * Writes the files of a range, each whole or not at all, the blocks last. What was there under the same name is replaced. Counts the rows of logs.
 */
export async function writeRange(
  session: EngineSession,
  folder: string,
  chain: string,
  range: Range,
  blocks: readonly Block[],
  kinds: readonly Kind[],
): Promise<number> {
  let logs = 0;
  for (const kind of KINDS.filter((one) => kinds.includes(one))) {
    const place = path.join(folder, kind);
    await mkdir(place, { recursive: true });
    const text = path.join(place, `.${rangeName(range)}.ndjson`);
    try {
      const rows = await writeText(text, chain, kind, blocks);
      if (kind === 'logs') logs = rows;
      const columns = Object.entries(COLUMNS[kind]).map(([name, type]) => `${literal(name)}: ${literal(type)}`);
      await writeParquetFile(
        session,
        `SELECT * FROM read_json(${literal(text)}, format = 'newline_delimited', columns = {${columns.join(', ')}}, maximum_object_size = 67108864)`,
        path.join(place, rangeName(range)),
      );
    } finally {
      await rm(text, { force: true });
    }
  }
  return logs;
}

async function writeText(file: string, chain: string, kind: Kind, blocks: readonly Block[]): Promise<number> {
  const stream = createWriteStream(file);
  // Heard also between writes: an error without a listener would end the process.
  const failed = new Promise<never>((_, reject) => stream.once('error', reject));
  failed.catch(() => undefined);
  let part = '';
  let rows = 0;
  for (const block of blocks) {
    for (const row of rowsOf(kind, chain, block)) {
      part += `${row}\n`;
      rows++;
      if (part.length < PART) continue;
      if (!stream.write(part)) await Promise.race([once(stream, 'drain'), failed]);
      part = '';
    }
  }
  stream.end(part);
  await Promise.race([once(stream, 'close'), failed]);
  return rows;
}

/** The result of a query as a Parquet file that appears at once, and is on the disk. */
export async function writeParquetFile(session: EngineSession, query: string, target: string): Promise<void> {
  const stage = path.join(path.dirname(target), `.${path.basename(target)}.tmp`);
  await session.run(`COPY (${query}) TO ${literal(stage)} (FORMAT parquet, COMPRESSION zstd)`);
  await settle(stage, target);
}

/** A text file that appears at once. */
export async function writeTextFile(target: string, text: string): Promise<void> {
  const stage = path.join(path.dirname(target), `.${path.basename(target)}.tmp`);
  const handle = await open(stage, 'w');
  await handle.writeFile(text);
  await handle.close();
  await settle(stage, target);
}

async function settle(stage: string, target: string): Promise<void> {
  const handle = await open(stage, 'r+');
  await handle.sync();
  await handle.close();
  await rename(stage, target);
}

/** A header as the files keep it. */
export interface KeptHeader {
  readonly number: bigint;
  readonly hash: string;
  readonly parentHash: string;
}

/** Headers of the files, from block `from` on, by number; of ranges that overlap, those of the wider. */
export async function readHeaders(session: EngineSession, folder: string, from: bigint): Promise<KeptHeader[]> {
  const ranges = (await listRanges(folder, 'blocks')).filter((range) => range.to >= from);
  if (ranges.length === 0) return [];
  const files = ranges.map((range) => literal(path.join(folder, 'blocks', rangeName(range))));
  const rows = await session.rows<{ number: bigint; hash: string; parent: string }>(
    `SELECT number, any_value(hash) AS hash, any_value(parent_hash) AS parent FROM read_parquet([${files.join(', ')}]) WHERE number >= ${from} GROUP BY number ORDER BY number`,
  );
  return rows.map(({ number, hash, parent }) => ({ number: BigInt(number), hash, parentHash: parent }));
}

/** The files of narrower ranges as one of a wider, row for row. */
export async function joinRanges(session: EngineSession, folder: string, kind: Kind, parts: readonly Range[], whole: Range): Promise<void> {
  const place = path.join(folder, kind);
  const files = parts.map((range) => literal(path.join(place, rangeName(range))));
  const columns = Object.keys(COLUMNS[kind]).map(ident).join(', ');
  const order = kind === 'blocks' ? 'number' : kind === 'logs' ? 'block_number, log_index' : 'block_number, transaction_index';
  await writeParquetFile(session, `SELECT ${columns} FROM read_parquet([${files.join(', ')}]) ORDER BY ${order}`, path.join(place, rangeName(whole)));
}

export async function removeRange(folder: string, kind: Kind, range: Range): Promise<void> {
  await rm(path.join(folder, kind, rangeName(range)), { force: true });
}
