import { patternId, propose, type Pattern, type Proposal } from '@skein/pattern';
import { solveOnce } from '@skein/ports';
import { isAllowed } from '../allowed.ts';
import type { Task } from '../candidate.ts';
import type { OpenGap } from '../gap.ts';
import { applyPattern, type Application } from '../mending.ts';
import { usable } from './cleaner.ts';

/** Milliseconds for which a signature is claimed while it is being solved. */
const LEASE = 60_000;
/** Share of held-back cells that a solution must close. */
const LEAST_PASSED = 0.95;

/** A gap that nothing closed, and why. */
export interface Persisting {
  readonly gap: OpenGap;
  readonly why: string;
}

export interface Resolution {
  readonly applied: readonly Application[];
  readonly persisting: readonly Persisting[];
}

/**
 * The gap resolver: for each gap that no known pattern closed it claims the signature, so that one agent solves it and the others wait, looks for solutions
 * in the typed library, tests them on held-back cells, puts them on the board, and applies them. Where readings conflict, or there is
 * none, the gap persists.
 */
export async function resolve(task: Task, gaps: readonly OpenGap[]): Promise<Resolution> {
  const applied: Application[] = [];
  const persisting: Persisting[] = [];
  for (const gap of gaps) {
    if (!gap.repairable) {
      persisting.push({ gap, why: `the step does not say that ${gap.property.name} may be repaired in place` });
      continue;
    }
    if (task.healing.fixed !== undefined) continue;
    const { patterns, open } = await solve(task, gap);
    let closed = 0;
    for (const { pattern, why } of patterns) {
      const application = await applyPattern(task, gap, pattern, why);
      applied.push(application);
      if (application.refused * 20 <= application.tried) closed += application.tried - application.refused;
    }
    if (closed < gap.gap.values.length) persisting.push({ gap, why: open ?? 'the contract refuses what the solutions say' });
  }
  return { applied, persisting };
}

interface Solved {
  readonly patterns: readonly { readonly pattern: Pattern; readonly why: string }[];
  readonly open: string | undefined;
}

/** Solutions of the gap: found here, or by another agent that held the claim. */
async function solve(task: Task, gap: OpenGap): Promise<Solved> {
  const { board } = task.healing;
  if (board === undefined) return synthesise(task, gap);
  let own: Solved | undefined;
  // What was known when the cleaner passed has been tried: only news counts.
  const tried = new Set(board.lookup(gap.key).map(({ id }) => id));
  const learned = await solveOnce<readonly Pattern[]>({
    board,
    signatureKey: gap.key,
    ttl: LEASE,
    choose: () => {
      const news = own === undefined ? usable(task.healing, gap.key).filter(({ id }) => !tried.has(id)) : own.patterns.map(({ pattern }) => pattern);
      return news.length > 0 ? news : undefined;
    },
    async solve() {
      own = await synthesise(task, gap);
      const [first, ...others] = own.patterns.filter(({ pattern }) => board.rejection(pattern.id) === undefined);
      for (const { pattern } of others) await board.publish(pattern);
      return first?.pattern;
    },
  });
  if (own !== undefined) return { ...own, patterns: own.patterns.filter(({ pattern }) => board.rejection(pattern.id) === undefined) };
  return { patterns: (learned ?? []).map((pattern) => ({ pattern, why: 'found by another agent of the swarm' })), open: undefined };
}

async function synthesise({ session, product, healing }: Task, gap: OpenGap): Promise<Solved> {
  const outcome = propose(gap.gap, gap.facts);
  if (outcome.kind !== 'solutions') return { patterns: [], open: outcome.why };
  const columns = product.contract.properties.map(({ name }) => name);
  const patterns: { pattern: Pattern; why: string }[] = [];
  for (const proposal of outcome.ranked) {
    const { test, solution, why } = proposal;
    if (test.cells === 0 || test.passed < test.cells * LEAST_PASSED || !(await isAllowed(session, solution, columns))) continue;
    const pattern = patternOf(gap, proposal);
    if (healing.barred?.has(pattern.id) !== true) patterns.push({ pattern, why });
  }
  return { patterns, open: outcome.open[0]?.why };
}

function patternOf({ gap }: OpenGap, { category, solution, test }: Proposal): Pattern {
  const { signature, context } = gap;
  return { id: patternId({ category, signature, solution }), category, signature, context, solution, test, evidence: {} };
}
