import { canonicalJson, sha256 } from '@skein/kernel';
import { patternId, propose, type FamilyTrial, type Knowledge, type Pattern } from '@skein/pattern';
import { solveOnce } from '@skein/ports';
import { isAllowed } from '../allowed.ts';
import type { Task } from '../candidate.ts';
import type { OpenGap } from '../gap.ts';
import { applyPattern, type Application } from '../mending.ts';
import { askModel } from '../model.ts';
import { MODEL } from '../review/escalation.ts';
import { familiesFor, type GapTrials } from '../rewards.ts';
import { isAway } from '../run-board.ts';
import { sayable } from '../sayable.ts';
import { applyKnown, usable } from './cleaner.ts';

/** Milliseconds for which a signature is claimed while it is being solved. */
const LEASE = 60_000;
/** Milliseconds for which nobody looks again for a solution that was not found. */
const VAIN = 600_000;
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
  /** What families took on the gaps that were looked at here. */
  readonly trials: readonly GapTrials[];
}

/**
 * The gap resolver: for each gap that no known pattern closed it claims the signature, so that one agent solves it and the others wait, looks for solutions
 * in the typed library, tests them on held-back cells, puts them on the board, and applies them. Where the library reads nothing, a model is asked, if there
 * is one. Where readings conflict, or there is none, the gap persists, and the board notes it: with the same knowledge nobody looks again for a while.
 */
export async function resolve(task: Task, gaps: readonly OpenGap[]): Promise<Resolution> {
  const applied: Application[] = [];
  const persisting: Persisting[] = [];
  const trials: GapTrials[] = [];
  const kin = new Kin(task.healing.board?.knowledge());
  for (const gap of gaps) {
    if (!gap.repairable) {
      persisting.push({ gap, why: `the step does not say that ${gap.property.name} may be repaired in place` });
      continue;
    }
    if (task.healing.fixed !== undefined) continue;
    const { patterns, open, took } = await solve(task, gap, kin);
    if (took.length > 0) trials.push({ gap, trials: took });
    let closed = 0;
    for (const { pattern, why, own } of patterns) {
      const application = own ? await applyPattern(task, gap, pattern, why) : await applyKnown(task, gap, pattern, why);
      applied.push(application);
      if (application.refused * 20 <= application.tried) closed += application.tried - application.refused;
    }
    if (closed < gap.gap.values.length) persisting.push({ gap, why: open ?? 'the contract refuses what the solutions say' });
  }
  return { applied, persisting, trials };
}

interface Solved {
  readonly patterns: readonly { readonly pattern: Pattern; readonly why: string; readonly own: boolean }[];
  readonly open: string | undefined;
  /** Whether there was nothing to be found: not that what was found may not be used. */
  readonly vain: boolean;
  readonly took: readonly FamilyTrial[];
}

/** Solutions of the gap: found here, or by another agent that held the claim. */
async function solve(task: Task, gap: OpenGap, kin: Kin): Promise<Solved> {
  const { board } = task.healing;
  if (board === undefined) return synthesise(task, gap);
  let own: Solved | undefined;
  let vain: string | undefined;
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
    attempt: () => ({ basis: basisOf(task, gap, kin), values: gap.gap.values.length }),
    vain: () => (own?.vain === true ? { why: sayable(gap.property, own.open ?? ''), ttl: VAIN } : undefined),
    onVain: (why) => (vain = why),
  }).catch(async (error: unknown) => {
    // Without the board, each finds its own: the same solution is the same pattern once the board is back.
    if (!isAway(error)) throw error;
    own ??= await synthesise(task, gap);
    return undefined;
  });
  if (own !== undefined) return { ...own, patterns: own.patterns.filter(({ pattern }) => board.rejection(pattern.id) === undefined) };
  const patterns = (learned ?? []).map((pattern) => ({ pattern, why: 'found by another agent of the swarm', own: false }));
  return { patterns, open: vain, vain: vain !== undefined, took: [] };
}

/** Ids of the patterns of one rule and one target: a new one among them is a reason to look again. */
class Kin {
  readonly #ids = new Map<string, string[]>();

  constructor(knowledge: Knowledge | undefined) {
    for (const { id, signature } of knowledge?.patterns ?? []) {
      const key = canonicalJson([signature.rule, signature.target]);
      const ids = this.#ids.get(key);
      if (ids) ids.push(knowledge?.rejected[id] === undefined ? id : `${id} rejected`);
      else this.#ids.set(key, [knowledge?.rejected[id] === undefined ? id : `${id} rejected`]);
    }
  }

  of({ rule, target }: OpenGap['gap']['signature']): readonly string[] {
    return this.#ids.get(canonicalJson([rule, target])) ?? [];
  }
}

/** All that decides whether a solution can be found, but for the values: where the gap is, what is declared of its source, patterns of its kind, a model. */
function basisOf({ healing }: Task, { gap, facts }: OpenGap, kin: Kin): string {
  const { product, column } = gap.context;
  return sha256(canonicalJson([product, column, facts.source ?? {}, facts.codes ?? [], kin.of(gap.signature), healing.model !== undefined]));
}

async function synthesise(task: Task, gap: OpenGap): Promise<Solved> {
  const { session, product, healing } = task;
  let took: readonly FamilyTrial[] = [];
  const families = healing.board !== undefined && healing.rewards !== false ? familiesFor(healing.board, gap) : undefined;
  const outcome = propose(gap.gap, gap.facts, [], families, (trials) => (took = trials));
  if (outcome.kind === 'none' && healing.model !== undefined) {
    const found = await askModel(task, gap, healing.model);
    const pattern = found && patternOf(gap, { category: MODEL, ...found });
    if (pattern && healing.barred?.has(pattern.id) !== true)
      return { patterns: [{ pattern, why: 'proposed by a model, and borne out by the values', own: true }], open: undefined, vain: false, took };
  }
  if (outcome.kind !== 'solutions') return { patterns: [], open: outcome.why, vain: true, took };
  const columns = product.contract.properties.map(({ name }) => name);
  const patterns: { pattern: Pattern; why: string; own: boolean }[] = [];
  for (const proposal of outcome.ranked) {
    const { test, solution, why } = proposal;
    if (test.cells === 0 || test.passed < test.cells * LEAST_PASSED || !(await isAllowed(session, solution, columns))) continue;
    const pattern = patternOf(gap, proposal);
    if (healing.barred?.has(pattern.id) !== true) patterns.push({ pattern, why, own: true });
  }
  return { patterns, open: outcome.open[0]?.why, vain: false, took };
}

function patternOf({ gap }: OpenGap, { category, solution, test }: Pick<Pattern, 'category' | 'solution' | 'test'>): Pattern {
  const { signature, context } = gap;
  return { id: patternId({ category, signature, solution }), category, signature, context, solution, test, evidence: {} };
}
