import { familyOf, type Pattern } from '@skein/pattern';
import { clean } from './agents/cleaner.ts';
import { resolve, type Persisting } from './agents/gap-resolver.ts';
import type { Mended, Rows, Task } from './candidate.ts';
import { findGaps } from './gap.ts';
import { shareRewards, type GapTrials } from './rewards.ts';
import { MENDS, openMends, putMends, STANDING, type Application } from './mending.ts';

/** What repairing came to, for one product. */
export interface Healed {
  readonly applied: readonly Application[];
  readonly persisting: readonly Persisting[];
  /** Rows that stand repaired. */
  readonly rows: number;
  /** What families took on the gaps that were looked at here. */
  readonly trials: readonly GapTrials[];
}

/** Cleaner, then gap resolver: gaps of the judged rows are closed by what is known, then by what can be found, and the contract judges the rows again. */
export async function heal(task: Task, rows: Rows): Promise<Healed> {
  const gaps = await findGaps(task, rows);
  if (gaps.length === 0) return { applied: [], persisting: [], rows: 0, trials: [] };
  await openMends(task);
  const cleaned = await clean(task, gaps);
  const resolved = await resolve(task, cleaned.left);
  const standing = await putMends(task, rows);
  return { applied: [...cleaned.applied, ...resolved.applied], persisting: resolved.persisting, rows: standing, trials: resolved.trials };
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

/** Repairs that stand, in cells. */
export async function mendedCells({ session }: Task, healed: Healed): Promise<Mended[]> {
  if (healed.rows === 0) return [];
  const byId = new Map(healed.applied.map((application) => [application.pattern.id, application]));
  const counted = await session.rows<{ column: string; rule: string; pattern: string; n: bigint }>(
    `SELECT "column", rule, pattern, count(*) AS n FROM (${STANDING}) GROUP BY ALL ORDER BY 1, 2, 3`,
  );
  return counted.flatMap(({ column, rule, pattern, n }) => {
    const found = byId.get(pattern);
    return found === undefined ? [] : [{ column, rule, cells: Number(n), pattern: found.pattern, why: found.why }];
  });
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
  const stands = new Map<string, number>();
  if (healed.rows > 0 && healed.trials.length > 0) {
    const byId = new Map(healed.applied.map(({ pattern }) => [pattern.id, pattern]));
    const counted = await session.rows<{ gap: number; pattern: string; n: bigint }>(
      `SELECT gap, pattern, count(DISTINCT value) AS n FROM (${STANDING}) GROUP BY ALL`,
    );
    for (const { gap, pattern, n } of counted) {
      const key = `${gap} ${familyOf(byId.get(pattern)?.category ?? '') ?? ''}`;
      stands.set(key, (stands.get(key) ?? 0) + Number(n));
    }
  }
  if (healing.rewards !== false) shareRewards(board, product.contract, healed.trials, (gap, family) => stands.get(`${gap.index} ${family}`) ?? 0);
  for (const [id, tally] of tallies) {
    if (board.rejection(id) === undefined && tally.successes + tally.failures > 0) await board.evidence(id, product.id, tally);
  }
}
