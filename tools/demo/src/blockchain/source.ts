import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { SkeinError } from '@skein/kernel';
import type { PlantedFault } from '../planted.ts';
import { randomFrom, type Random } from '../random.ts';
import { hex } from './abi.ts';
import { demoChain, EVM_CHAIN, type DemoBlock, type DemoTransaction } from './chain.ts';
import { ledger, plantInLogs, type BlockchainFault } from './faults.ts';
import { MONEY, withPayments, type DemoPayments } from './payments.ts';
import { blockRows, logRows, transactionRows, writeRange } from './rows.ts';
import { demoSlots, SOLANA_CHAIN } from './solana.ts';

export interface BlockchainSourceOptions {
  /** Folder to write into; it is made if it does not exist. */
  readonly directory: string;
  readonly seed: number;
  /** Events of the shop's source; the chain holds a fifth as many logs, and Solana a hundredth as many slots. */
  readonly rows: number;
  /** `YYYY-MM-DD` on which the chains were read, at noon UTC; default 2026-08-31. No clock is read. */
  readonly lastDay?: string;
  /** Told as a share of `rows`, like the shop's source does. */
  readonly onProgress?: (rows: number) => void;
}

export interface BlockchainSource {
  readonly rows: number;
  readonly bytes: number;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
  readonly planted: Readonly<Record<BlockchainFault, PlantedFault>>;
  /** What customers paid, to hold against `sap.open_receivables`. */
  readonly truth: DemoPayments;
}

const LEAST_LOGS = 2000;
const LEAST_SLOTS = 200;
/** Ranges that the chain is delivered in, and how deep the reorganisation between the second and the third is. */
const RANGES = 4;
const DEPTH = 3;
/** Blocks behind the newest that are not final. */
const UNFINAL = 64;

/**
 * Writes what the connectors of two chains would leave: an Ethereum-like one in four ranges of blocks, the third of which begins with a reorganisation three
 * blocks deep, and a Solana one, with faults at stated rates. The same options give the same rows.
 */
export async function writeBlockchainSource(options: BlockchainSourceOptions): Promise<BlockchainSource> {
  const { directory, seed, rows, lastDay = '2026-08-31' } = options;
  if (!Number.isInteger(rows) || rows < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `a source needs at least one row, not ${rows}`);
  const until = Date.parse(`${lastDay}T12:00:00Z`) / 1000;
  if (Number.isNaN(until)) throw new SkeinError('SKEIN_CONFIG_INVALID', `lastDay must be YYYY-MM-DD, not ${lastDay}`);
  const random = randomFrom(seed).fork('blockchain');
  // Two days and a half: every hour of the day, and midnights.
  const span = { from: until - 216_000, until };
  const traded = demoChain(random.fork('chain'), { logs: Math.max(LEAST_LOGS, Math.ceil(rows / 5)), ...span });
  const solana = demoSlots(random.fork('solana'), { slots: Math.max(LEAST_SLOTS, Math.ceil(rows / 100)), ...span });
  const faults = random.fork('faults');
  const size = Math.ceil(traded.blocks.length / RANGES);
  const {
    blocks: paid,
    lost,
    truth,
  } = withPayments(randomFrom(seed).fork('payments'), traded.blocks, {
    seed,
    rows,
    orphans: traded.blocks.slice(2 * size - DEPTH, 2 * size).map(({ number }) => number),
    pending: (traded.blocks.at(-1)?.number ?? 0) - UNFINAL + 1,
    coins: traded.tokens.filter(({ symbol }) => symbol === 'WETH' || symbol === 'ALPHA'),
  });
  const chain = { blocks: paid, tokens: [...traded.tokens, ...Object.values(MONEY)] };
  const counts = new Map<BlockchainFault, number>();
  const files: { file: string; rows: number }[] = [];
  const put = async (file: string, lines: readonly string[]): Promise<void> => {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), `${lines.join('\n')}\n`);
    files.push({ file, rows: lines.length });
  };

  const engine = duckdbEngine();
  try {
    for (let part = 0; part < RANGES; part++) {
      const blocks = chain.blocks.slice(part * size, (part + 1) * size);
      // The third range comes with the blocks that replaced the end of the second.
      const again = part === 2 ? chain.blocks.slice(part * size - DEPTH, part * size) : [];
      const kept = part === 1 ? blocks.slice(0, -DEPTH) : [...again, ...blocks];
      const orphans = part === 1 ? orphansOf(blocks.slice(-DEPTH), kept.at(-1)?.hash ?? '', faults, lost) : [];
      if (orphans.length > 0) counts.set('orphaned_block', orphans.length);
      const all = [...kept, ...orphans];
      const range = [all[0]?.number ?? 0, all.at(-1)?.number ?? 0] as const;
      const planted = plantInLogs([...logRows(kept, false), ...logRows(orphans, true)], faults);
      for (const [fault, count] of planted.counts) counts.set(fault, (counts.get(fault) ?? 0) + count);
      for (const [kind, lines] of [
        ['blocks', blockRows(all)],
        ['transactions', transactionRows(all)],
        ['logs', planted.rows.map(({ alone: _alone, orphaned: _orphaned, ...row }) => row)],
      ] as const) {
        files.push({ file: await writeRange(engine, directory, kind, range, lines), rows: lines.length });
      }
      options.onProgress?.(Math.floor((rows * (part + 1)) / (RANGES + 1)));
    }
  } finally {
    await engine.close();
  }
  const silent = new Set(chain.tokens.filter(({ decimals }) => decimals === undefined).map(({ address }) => address));
  const moved = chain.blocks
    .flatMap(({ transactions }) => transactions.flatMap(({ logs }) => logs))
    .filter(({ event, address }) => event === 'erc20_transfer' && silent.has(address));
  counts.set('missing_decimals', moved.length);

  const evm = `ethereum/${EVM_CHAIN.replace(':', '-')}`;
  const last = chain.blocks.at(-1)?.number ?? 0;
  await put(
    `${evm}/tokens.ndjson`,
    chain.tokens.map((token) => JSON.stringify({ ...token, decimals: token.decimals ?? null })),
  );
  await put(`${evm}/head.ndjson`, [
    JSON.stringify({ chain: EVM_CHAIN, latest: last, safe: last - 32, finalized: last - UNFINAL, observed_at: `${lastDay}T12:00:00Z` }),
  ]);

  const folder = `solana/${SOLANA_CHAIN.replace(':', '-')}`;
  const broken = 1 + faults.below(solana.lines.length - 1);
  const cut = solana.lines[broken] ?? '';
  counts.set('malformed_line', 1);
  const end = solana.first + solana.lines.length - 1;
  await put(`${folder}/blocks/${pad(solana.first)}-${pad(end)}.ndjson`, [
    ...solana.lines.slice(0, broken),
    cut.slice(0, Math.floor(cut.length * 0.6)),
    ...solana.lines.slice(broken),
  ]);
  await put(`${folder}/head.ndjson`, [
    JSON.stringify({ chain: SOLANA_CHAIN, latest: end, safe: end - 1, finalized: end - 32, observed_at: `${lastDay}T12:00:00Z` }),
  ]);
  options.onProgress?.(rows);
  const sizes = await Promise.all(files.map(({ file }) => stat(path.join(directory, file))));
  return {
    rows: files.reduce((sum, file) => sum + file.rows, 0),
    bytes: sizes.reduce((sum, { size }) => sum + size, 0),
    files,
    planted: ledger(counts),
    truth,
  };
}

const pad = (number: number): string => String(number).padStart(12, '0');

/** Blocks that lost: of the same numbers, with the same transactions in other places, each found in another block afterwards, and `lost` ones, which are not. */
function orphansOf(blocks: readonly DemoBlock[], parent: string, random: Random, lost: ReadonlyMap<number, readonly DemoTransaction[]>): DemoBlock[] {
  let above = parent;
  return blocks.map((block, index): DemoBlock => {
    const transactions = [...(blocks[(index + 1) % blocks.length] ?? block).transactions, ...(lost.get(block.number) ?? [])];
    const orphan = { ...block, hash: hex(random, 64), parent: above, transactions };
    above = orphan.hash;
    return orphan;
  });
}
