import { SkeinError } from '@skein/kernel';
import { DECIDED, isDecidedFor, mayApply, posterior, propose, type Pattern } from '@skein/pattern';
import type { HealingWith, Task } from '../candidate.ts';
import type { OpenGap } from '../gap.ts';
import { applyPattern, type Application } from '../mending.ts';
import { isAllowed, repairedBy } from '../allowed.ts';

/** Share of verified applications that a pattern must exceed, with 95 % certainty, to be applied unasked. */
const THRESHOLD = 0.5;
/** Distinct values on which a pattern that others brought is held against the own library. */
const CROSS_CHECKED = 40;

export interface Cleaning {
  readonly applied: readonly Application[];
  /** Gaps of which cells are left. */
  readonly left: readonly OpenGap[];
}

/**
 * The cleaner: on the way from bronze to silver it closes gaps by patterns that the swarm knows and that have proved themselves. A pattern whose SQL is
 * not on the allow-list, that the contract refuses on the gap's values, or that differs from what the own library reads there, is not applied,
 * and the refusal counts against it. What a person decided for one column holds for another only where the own library says the same; there it is
 * left alone otherwise, and nothing counts against it.
 */
export async function clean(task: Task, gaps: readonly OpenGap[]): Promise<Cleaning> {
  const applied: Application[] = [];
  const left: OpenGap[] = [];
  for (const gap of gaps) {
    let closed = 0;
    if (gap.repairable) {
      for (const pattern of usable(task.healing, gap.key)) {
        const application = await applyKnown(task, gap, pattern);
        applied.push(application);
        if (application.refused * 20 <= application.tried) closed += application.tried - application.refused;
      }
    }
    if (closed < gap.gap.values.length) left.push(gap);
  }
  return { applied, left };
}

/** Known patterns of a signature that may be applied; a replay has its own list, and no others. */
export function usable(healing: HealingWith, key: string): readonly Pattern[] {
  const known = healing.fixed?.get(key) ?? healing.board?.lookup(key) ?? [];
  return known.filter((pattern) => healing.barred?.has(pattern.id) !== true && (healing.fixed !== undefined || mayApply(posterior(pattern), THRESHOLD)));
}

/**
 * Applies a pattern that others brought, if it is allowed and the own library has nothing against it. One that fails on the values (a cast, a number that is
 * too large) is refused: it must not take the product with it.
 */
export async function applyKnown(task: Task, gap: OpenGap, pattern: Pattern, why = 'a known pattern'): Promise<Application> {
  try {
    return await applyTrusted(task, gap, pattern, why);
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'SKEIN_STEP_FAILED') throw error;
    return { gap, pattern, why: 'its SQL could not be run', tried: 1, refused: 1 };
  }
}

async function applyTrusted(task: Task, gap: OpenGap, pattern: Pattern, why: string): Promise<Application> {
  const { session, product, healing } = task;
  const columns = product.contract.properties.map(({ name }) => name);
  if (pattern.solution.kind !== 'expression') return { gap, pattern, why, tried: 0, refused: 0 };
  if (!(await isAllowed(session, pattern.solution, columns))) return { gap, pattern, why: 'its SQL is not allowed', tried: 1, refused: 1 };
  if (healing.fixed !== undefined || isDecidedFor(pattern, gap.gap.context)) return applyPattern(task, gap, pattern, why);
  if (pattern.category === DECIDED) {
    if (await confirms(task, gap, pattern)) return applyPattern(task, gap, pattern, why);
    return {
      gap,
      pattern,
      why: `it was decided for ${pattern.context.product}.${pattern.context.column}, and nothing says that it holds here`,
      tried: 0,
      refused: 0,
    };
  }
  if (pattern.evidence[product.id] === undefined && (await contradicts(task, gap, pattern))) {
    return { gap, pattern, why: 'the own library reads the values otherwise', tried: 1, refused: 1 };
  }
  return applyPattern(task, gap, pattern, why);
}

/** Whether the own library reads every value of a sample that the pattern touches, each alike, and disputes none. */
async function confirms({ session }: Task, gap: OpenGap, pattern: Pattern): Promise<boolean> {
  if (pattern.solution.kind !== 'expression') return false;
  const values = gap.gap.values.slice(0, CROSS_CHECKED);
  const outcome = propose({ ...gap.gap, values }, gap.facts);
  if (outcome.kind !== 'solutions' || outcome.open.length > 0) return false;
  const ours = new Map<string, string | null>();
  for (const { solution } of outcome.ranked)
    for (const [value, repaired] of await repairedBy(session, solution, values)) if (!ours.has(value)) ours.set(value, repaired);
  const theirs = await repairedBy(session, pattern.solution, values);
  return theirs.size > 0 && [...theirs].every(([value, repaired]) => ours.has(value) && ours.get(value) === repaired);
}

/** Whether the own library finds solutions for a sample of the gap that say something else than the pattern: valid, and yet wrong. */
async function contradicts({ session }: Task, gap: OpenGap, pattern: Pattern): Promise<boolean> {
  const values = gap.gap.values.slice(0, CROSS_CHECKED);
  const outcome = propose({ ...gap.gap, values }, gap.facts);
  if (outcome.kind === 'conflict') return true;
  if (outcome.kind === 'none' || pattern.solution.kind !== 'expression') return false;
  const theirs = await repairedBy(session, pattern.solution, values);
  for (const { solution } of outcome.ranked) {
    const ours = await repairedBy(session, solution, values);
    for (const [value, repaired] of ours) if (theirs.has(value) && theirs.get(value) !== repaired) return true;
  }
  return false;
}
