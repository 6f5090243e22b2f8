import { familyOf, type Pattern } from '@skein/pattern';
import { clean } from './agents/cleaner.ts';
import { resolve, type Persisting } from './agents/gap-resolver.ts';
import { MENDS, type Mended, type Rows, type Task } from './candidate.ts';
import { DependencyVotes } from './dependency-votes.ts';
import { findGaps } from './gap.ts';
import { shareRewards, type GapTrials } from './rewards.ts';
import { openMends, putMends, STANDING, type Application } from './mending.ts';

/** What repairing came to, for one product. */
export interface Healed {
  readonly applied: readonly Application[];
  readonly persisting: readonly Persisting[];
  /** Rows that stand repaired. */
  readonly rows: number;
  /** What families took on the gaps that were looked at here. */
  readonly trials: readonly GapTrials[];
  /** Patterns that had repaired something when dependencies were voted on: a replay needs them all. */
  readonly basis: readonly Pattern[];
  /** Whether cells that dependencies leave open lie in the engine. */
  readonly disputed: boolean;
}

/**
 * Cleaner, then gap resolver: gaps of the judged rows are closed by what is known, then by what can be found, and the contract judges the rows again. Where
 * the contract states dependencies, the rows of a group vote before and after; what they leave open, a person may have decided.
 */
export async function heal(task: Task, rows: Rows): Promise<Healed> {
  await openMends(task);
  const votes = await DependencyVotes.of(task, rows);
  await votes?.before();
  const gaps = await findGaps(task, rows);
  if (gaps.length === 0 && votes === undefined) return { applied: [], persisting: [], rows: 0, trials: [], basis: [], disputed: false };
  const cleaned = await clean(task, gaps);
  const resolved = await resolve(task, cleaned.left);
  const voted = await votes?.after(gaps.length);
  const decided = await clean(
    task,
    (voted?.gaps ?? []).map(({ gap }) => gap),
  );
  const standing = await putMends(task, rows);
  const applied = [...cleaned.applied, ...resolved.applied, ...(voted?.applied ?? []), ...decided.applied];
  const basis = new Set([...(voted?.patterns ?? []), ...(voted?.applied ?? []).map(({ pattern }) => pattern.id)]);
  return {
    applied,
    persisting: [...resolved.persisting, ...(voted?.gaps ?? []).filter(({ gap }) => decided.left.includes(gap))],
    rows: standing,
    trials: resolved.trials,
    basis: [...new Map(applied.map(({ pattern }) => [pattern.id, pattern])).values()].filter(({ id }) => basis.has(id)),
    disputed: voted !== undefined,
  };
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
  const voted = new Set([...healed.applied, ...failed].filter(({ pattern }) => pattern.solution.kind === 'dependency').map(({ pattern }) => pattern.id));
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
    // Votes rest on the rows of the product alone: there is nothing that others could take over.
    if (voted.has(id)) continue;
    if (board.rejection(id) === undefined && tally.successes + tally.failures > 0) await board.evidence(id, product.id, tally);
  }
}
