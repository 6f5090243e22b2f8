import { DECIDED, decisionAgent, patternId, signatureKey, type Gap, type Pattern, type PersistentGap } from '@skein/pattern';
import type { Alternative, Review, ReviewKind } from '@skein/ports';

/** Category of what a model proposes. */
export const MODEL = 'model';

/** A gap that persists, with some of its rows. */
export interface EscalatedGap extends PersistentGap {
  /** Rows that hold it, as text; a sample. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

/** A cluster of gaps on its way to a decision. */
export interface Escalation {
  /** Hash of the cluster. */
  readonly id: string;
  readonly kind: ReviewKind;
  /** The largest first. */
  readonly gaps: readonly [Gap, ...Gap[]];
  readonly message: string;
  /** Of the largest gap, at most 20. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

/** Patterns that stand for an alternative: one for each solution and signature. `category` is that of the finder, or `review` once a person decided. */
export function patternsOf(gaps: readonly Gap[], alternative: Alternative, category: string, evidence: Pattern['evidence']): Pattern[] {
  const patterns = new Map<string, Pattern>();
  for (const { signature, context } of gaps) {
    for (const solution of alternative.solutions) {
      const id = patternId({ category, signature, solution });
      if (!patterns.has(id)) patterns.set(id, { id, category, signature, context, solution, test: alternative.test, evidence });
    }
  }
  return [...patterns.values()];
}

/** What the swarm is told when a review is settled: patterns to use, or ids of patterns not to use. */
export interface Teaching {
  readonly publish: readonly Pattern[];
  readonly reject: readonly string[];
}

/** A settled review as patterns; the same whenever it is asked, so that telling twice changes nothing. */
export function teachingOf(review: Review): Teaching {
  const category = review.kind === 'masking' ? 'masking' : DECIDED;
  if (review.status === 'rejected') {
    const ids = review.alternatives.flatMap((alternative) =>
      // Whoever brings it again, it is the same: a model too.
      [alternative.category, category, MODEL].flatMap((of) => patternsOf(review.gaps, alternative, of, {}).map(({ id }) => id)),
    );
    return { publish: [], reject: [...new Set(ids)] };
  }
  const chosen = review.alternatives.find(({ id }) => id === review.chosen);
  if (!chosen) return { publish: [], reject: [] };
  const publish = patternsOf(review.gaps, chosen, category, {}).map((pattern) => ({ ...pattern, evidence: verified(review, pattern, chosen.test) }));
  return { publish, reject: [] };
}

/**
 * The cells whose outcome the contract accepted and a person saw: verified, once. They are divided among the columns of the review that have the
 * pattern's signature, each in its own name: for these the person decided, and for no others.
 */
function verified({ id, gaps }: Review, { signature }: Pattern, { cells, passed }: Pattern['test']): Pattern['evidence'] {
  if (cells === 0) return {};
  const key = signatureKey(signature);
  const agents = [...new Set(gaps.filter((gap) => signatureKey(gap.signature) === key).map(({ context }) => decisionAgent(id, context)))].sort();
  const share = (of: number, at: number): number => Math.floor(of / agents.length) + (at < of % agents.length ? 1 : 0);
  return Object.fromEntries(agents.map((agent, at) => [agent, { successes: share(passed, at), failures: share(cells - passed, at) }]));
}
