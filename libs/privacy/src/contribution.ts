import { SkeinError } from '@skein/kernel';
import { cryptoBytes, uniformBelow, type Bytes } from './chance.ts';

/** What one person adds to one partition. */
export interface Contribution {
  readonly person: string;
  readonly partition: string;
  /** Whole units: cents, pieces, rows. */
  readonly value: bigint;
}

/** How much one person may change: noise hides exactly so much. */
export interface ContributionBounds {
  readonly partitionsPerPerson: number;
  readonly rowsPerPartition: number;
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * What remains when everybody keeps to the bounds: partitions and rows beyond them are left out by lot, and values moved to the nearest bound. What
 * remains of a person depends on nobody else's rows.
 * @throws SKEIN_PRIVACY_INVALID
 */
export function boundContributions(rows: readonly Contribution[], bounds: ContributionBounds, bytes: Bytes = cryptoBytes()): Contribution[] {
  checkBounds(bounds);
  const people = new Map<string, Map<string, Contribution[]>>();
  for (const row of rows) {
    const partitions = people.get(row.person) ?? new Map<string, Contribution[]>();
    people.set(row.person, partitions);
    const held = partitions.get(row.partition);
    if (held) held.push(row);
    else partitions.set(row.partition, [row]);
  }
  const clamped = (value: bigint): bigint => (value < bounds.low ? bounds.low : value > bounds.high ? bounds.high : value);
  return [...people.values()].flatMap((partitions) =>
    drawn([...partitions.values()], bounds.partitionsPerPerson, bytes).flatMap((held) =>
      drawn(held, bounds.rowsPerPartition, bytes).map((row) => ({ ...row, value: clamped(row.value) })),
    ),
  );
}

export function checkBounds(bounds: ContributionBounds): void {
  for (const name of ['partitionsPerPerson', 'rowsPerPartition'] as const)
    if (!Number.isSafeInteger(bounds[name]) || bounds[name] < 1)
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `${name} is a whole number of at least 1, not ${bounds[name]}`);
  if (bounds.low > bounds.high) throw new SkeinError('SKEIN_PRIVACY_INVALID', `values cannot lie between ${bounds.low} and ${bounds.high}`);
}

/** `count` of the items, each choice equally likely. */
function drawn<T>(items: readonly T[], count: number, bytes: Bytes): T[] {
  if (items.length <= count) return [...items];
  const pool = [...items];
  for (let at = 0; at < count; at += 1) {
    const other = at + Number(uniformBelow(BigInt(pool.length - at), bytes));
    [pool[at], pool[other]] = [pool[other] as T, pool[at] as T];
  }
  return pool.slice(0, count);
}
