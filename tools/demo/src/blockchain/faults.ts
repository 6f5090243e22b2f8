import type { PlantedFault } from '../planted.ts';
import type { Random } from '../random.ts';
import type { LogRow } from './rows.ts';

interface FaultKind extends Omit<PlantedFault, 'count'> {
  /** Logs that can hold the fault; absent where it is planted elsewhere. */
  fits?(row: LogRow): boolean;
  /** Changes the row; absent where a second row is what is wrong. */
  plant?(row: LogRow): void;
}

const LOGS = 'blockchain.logs';
const BLOCKS = 'blockchain.blocks';
/** A transfer that is not a part of a swap. */
const alone = (row: LogRow): boolean => row.event === 'erc20_transfer' && row.alone;

/** Every fault of the blockchain demo source with its stated rate: of logs, of blocks where the product is blocks. */
export const BLOCKCHAIN_FAULTS = {
  duplicate_log: {
    rate: 0.002,
    expected: 'deduplicated',
    product: LOGS,
    rule: 'log_index',
    description: 'the same log twice in one file, as overlapping getLogs calls leave it',
    fits: () => true,
  },
  cut_data: {
    rate: 0.0005,
    expected: 'refused',
    product: LOGS,
    rule: 'data.pattern',
    description: 'data that lost a digit: half a byte is no data',
    fits: alone,
    plant(row) {
      row.data = row.data.slice(0, -1);
      row.event = null;
      row.args = null;
    },
  },
  unknown_block: {
    rate: 0.0005,
    expected: 'refused',
    product: LOGS,
    rule: 'block_hash.reference',
    description: 'a log of a block that was never taken in',
    fits: alone,
    plant(row) {
      row.block_number += 50_000_000;
      row.block_hash = `0x${'dead'.repeat(16)}`;
    },
  },
  checksummed_address: {
    rate: 0.001,
    expected: 'repaired',
    product: LOGS,
    rule: 'address:case',
    description: 'an address with the capitals of ERC-55',
    fits: (row) => alone(row) && /[a-f]/.test(row.address),
    plant(row) {
      row.address = `0x${row.address.slice(2).toUpperCase()}`;
    },
  },
  foreign_encoding: {
    rate: 0.0005,
    expected: 'accepted',
    product: LOGS,
    description: 'a contract that uses the topic of Transfer for data of 31 bytes: a log, and no transfer',
    fits: alone,
    plant(row) {
      row.data = row.data.slice(0, -2);
      row.event = null;
      row.args = null;
    },
  },
  missing_decimals: {
    rate: 0.1,
    expected: 'accepted',
    product: 'blockchain.transfers',
    description: 'a transfer of a token that does not tell its decimals: its amount is raw alone',
    fits: undefined,
  },
  orphaned_block: {
    rate: 0.003,
    expected: 'repaired',
    product: BLOCKS,
    rule: 'hash:reorganised',
    description: 'a block that a reorganisation replaced, three deep, with its logs and transactions, some of which came again in another block',
  },
  malformed_line: {
    rate: 0.001,
    expected: 'refused',
    product: BLOCKS,
    rule: 'source.malformed',
    description: 'a line of a slot cut short, which came again whole',
  },
} as const satisfies Record<string, FaultKind>;

export type BlockchainFault = keyof typeof BLOCKCHAIN_FAULTS;

/** Plants one fault a row at most, spread by chance; every kind that fits anything at least once. Returns the rows, and how many hold each fault. */
export function plantInLogs(rows: readonly LogRow[], random: Random): { readonly rows: LogRow[]; readonly counts: Map<BlockchainFault, number> } {
  const counts = new Map<BlockchainFault, number>();
  const taken = new Set<number>();
  const twice = new Set<number>();
  for (const [name, kind] of Object.entries(BLOCKCHAIN_FAULTS) as [BlockchainFault, FaultKind][]) {
    const { fits } = kind;
    if (fits === undefined) continue;
    const candidates = rows.flatMap((row, index) => (!row.orphaned && fits(row) ? [index] : []));
    const count = Math.min(candidates.length, Math.max(1, Math.round(rows.length * kind.rate)));
    let planted = 0;
    for (let tries = 0; planted < count && tries < 1000 * count; tries++) {
      const index = random.pick(candidates);
      if (taken.has(index)) continue;
      taken.add(index);
      planted++;
      const row = rows[index];
      if (row && kind.plant) kind.plant(row);
      else twice.add(index);
    }
    counts.set(name, planted);
  }
  return { rows: rows.flatMap((row, index) => (twice.has(index) ? [row, { ...row }] : [row])), counts };
}

export function ledger(counts: ReadonlyMap<BlockchainFault, number>): Readonly<Record<BlockchainFault, PlantedFault>> {
  const entries = Object.entries(BLOCKCHAIN_FAULTS).map(([name, kind]: [string, FaultKind]) => {
    const { rate, expected, product, rule, description } = kind;
    return [name, { count: counts.get(name as BlockchainFault) ?? 0, expected, product, ...(rule ? { rule } : {}), rate, description }];
  });
  return Object.fromEntries(entries) as Readonly<Record<BlockchainFault, PlantedFault>>;
}
