import type { Pattern } from '@skein/pattern';
import { clean } from './agents/cleaner.ts';
import { resolve, type Persisting } from './agents/gap-resolver.ts';
import type { Rows, Task } from './candidate.ts';
import { findGaps } from './gap.ts';
import { MENDS, openMends, putMends, STANDING, type Application } from './mending.ts';

/** What repairing came to, for one product. */
export interface Healed {
  readonly applied: readonly Application[];
  readonly persisting: readonly Persisting[];
  /** Rows that stand repaired. */
  readonly rows: number;
}

/** Cleaner, then gap resolver: gaps of the judged rows are closed by what is known, then by what can be found, and the contract judges the rows again. */
export async function heal(task: Task, rows: Rows): Promise<Healed> {
  const gaps = await findGaps(task, rows);
  if (gaps.length === 0) return { applied: [], persisting: [], rows: 0 };
  await openMends(task);
  const cleaned = await clean(task, gaps);
  const resolved = await resolve(task, cleaned.left);
  const standing = await putMends(task, rows);
  return { applied: [...cleaned.applied, ...resolved.applied], persisting: resolved.persisting, rows: standing };
}

/** Patterns of which repairs stand: all, or those in rows that `offending` relations hold. */
export async function standingPatterns({ session }: Task, healed: Healed, offending?: readonly string[]): Promise<Pattern[]> {
  if (healed.rows === 0 || offending?.length === 0) return [];
  const where =
    offending === undefined ? 'true' : `id IN (${offending.map((table) => `SELECT _mend FROM ${table} WHERE _mend IS NOT NULL`).join(' UNION ALL ')})`;
  const used = await session.rows<{ pattern: string }>(`SELECT DISTINCT pattern FROM (${STANDING}) WHERE ${where} ORDER BY 1`);
  const byId = new Map(healed.applied.map(({ pattern }) => [pattern.id, pattern]));
  return used.flatMap(({ pattern }) => byId.get(pattern) ?? []);
}

/**
 * Tells the board how each pattern fared here, in distinct values: those that stand, and those that were refused or taken back (`failed`). The counters are
 * those of the product as it is now, under the product's name, so that making it again from the same rows proves nothing twice.
 */
export async function shareEvidence({ session, product, healing }: Task, healed: Healed, failed: readonly Application[]): Promise<void> {
  const { board } = healing;
  if (board === undefined || healing.fixed !== undefined) return;
  const tallies = new Map<string, { successes: number; failures: number }>();
  const add = (id: string, successes: number, failures: number) => {
    const known = tallies.get(id) ?? { successes: 0, failures: 0 };
    tallies.set(id, { successes: known.successes + successes, failures: known.failures + failures });
  };
  for (const { pattern, refused } of healed.applied) add(pattern.id, 0, refused);
  for (const { pattern, tried } of failed) add(pattern.id, 0, tried);
  if (healed.rows > 0) {
    const counted = await session.rows<{ pattern: string; stands: bigint; lost: bigint }>(
      `SELECT pattern, count(DISTINCT value) FILTER (WHERE stands) AS stands, count(DISTINCT value) FILTER (WHERE NOT stands) AS lost
       FROM (SELECT pattern, value, id IN (SELECT id FROM (${STANDING})) AS stands FROM ${MENDS}) GROUP BY 1`,
    );
    for (const { pattern, stands, lost } of counted) add(pattern, Number(stands), Number(lost));
  }
  for (const [id, tally] of tallies) {
    if (board.rejection(id) === undefined && tally.successes + tally.failures > 0) await board.evidence(id, product.id, tally);
  }
}
