import { SkeinError, type Clock } from '@skein/kernel';
import { patternId, signatureKey, type ColumnFacts, type PatternContext } from '@skein/pattern';
import type { Alternative, EscalationSteps, PatternBoard, Review, ReviewDesk, ReviewRequest, ReviewRow } from '@skein/ports';
import { candidatesOf, outcomeOf, tryCandidate, type Candidate, type Candidates } from './alternatives.ts';
import { patternsOf, teachingOf, type Escalation } from './escalation.ts';
import { masks } from './masking.ts';
import { rewardDecision } from '../rewards.ts';

export interface EscalationParts {
  readonly desk: ReviewDesk;
  readonly board: PatternBoard;
  /** What is known of a column; undefined where its contract is not. */
  facts(context: PatternContext): Promise<ColumnFacts | undefined>;
  /** Persons who must approve, by policy: 1 or 2. */
  approvals(product: string): number;
  /** Products made from this one by lineage. */
  downstream(product: string): Promise<readonly string[]>;
  readonly clock: Clock;
  /** Who proposes: the name of the meta-swarmlet. */
  readonly name: string;
}

export type MetaSteps = EscalationSteps<Escalation, Candidate, Alternative>;

const MOST_ROWS = 20;
/** Gaps of a review that are kept with all that is known of them, and values of each. */
const MOST_GAP_VALUES = 200;
/** Cells that must speak for a solution before nobody is asked. */
const FEWEST_CELLS = 8;

/** The steps of the gateway's own swarm: find, try, judge by the contract, ask, and tell the swarm what was said. */
export function escalationSteps(parts: EscalationParts): MetaSteps {
  const { desk, board, name } = parts;

  async function look({ kind, gaps }: Escalation): Promise<Candidates & { readonly facts: ColumnFacts | undefined }> {
    if (kind === 'masking') return { candidates: masks(), disputed: true, why: 'a person must say whether the column is hidden', facts: undefined };
    const facts = await parts.facts(gaps[0].context);
    if (!facts) return { candidates: [], disputed: false, why: 'the contract of the column is not known', facts };
    const found = candidatesOf(gaps, facts);
    return { ...found, candidates: found.candidates.filter((one) => !isRejected(one, gaps)), facts };
  }

  /** Whether a person has said no to a part of it, for one of the gaps. */
  function isRejected({ category, solutions }: Candidate, gaps: Escalation['gaps']): boolean {
    return gaps.some(({ signature }) =>
      solutions.some((solution) => [category, 'review'].some((of) => board.rejection(patternId({ category: of, signature, solution })) !== undefined)),
    );
  }

  return {
    candidates: async (cluster) => (await look(cluster)).candidates,

    async attempt(cluster, candidate) {
      const facts = cluster.kind === 'masking' ? undefined : await parts.facts(cluster.gaps[0].context);
      if (facts) return tryCandidate(candidate, cluster.gaps, facts, name);
      const { id, category, solutions, why } = candidate;
      return { id, category, solutions, why, test: { cells: 0, passed: 0 }, proposedBy: name };
    },

    async judge(cluster, trials) {
      const { candidates, disputed, why } = await look(cluster);
      const [only] = trials;
      if (only && trials.length === 1 && !disputed && only.test.passed === only.test.cells && only.test.cells >= FEWEST_CELLS) {
        const patterns = patternsOf(cluster.gaps, only, only.category, {});
        // Where the swarm knows them already, and the gaps persist, they were not enough.
        const fresh = patterns.filter(({ id, signature }) => !board.lookup(signatureKey(signature)).some((known) => known.id === id));
        await Promise.all(fresh.map((pattern) => board.publish(pattern)));
        if (fresh.length > 0) return 'settled';
      }
      const { review } = await desk.open(await request(parts, cluster, trials, candidates, why));
      // Where another cluster asks about one of these gaps, its answer is waited for, and what then persists comes again.
      return review.id === cluster.id ? 'review' : 'settled';
    },

    async settle({ id }) {
      const review = await desk.get(id);
      if (!review || review.status === 'open') throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `nothing is decided in the review ${id}`);
      await teach(board, review);
      await desk.applied(id);
    },
  };
}

async function teach(board: PatternBoard, review: Review): Promise<void> {
  const { publish, reject } = teachingOf(review);
  const reason = review.decisions.at(-1)?.reason ?? '';
  for (const { signature } of review.kind === 'repair' ? review.gaps : [])
    for (const { id, category } of review.alternatives) rewardDecision(board, signature, category, review.status !== 'rejected' && id === review.chosen);
  await Promise.all([...publish.map((pattern) => board.publish(pattern)), ...reject.map((id) => board.reject(id, reason))]);
}

async function request(
  { approvals, downstream, clock, name }: EscalationParts,
  { id, kind, gaps, message, rows }: Escalation,
  alternatives: readonly Alternative[],
  candidates: readonly Candidate[],
  why: string,
): Promise<ReviewRequest> {
  const [{ context, signature }] = gaps;
  const products = [...new Set(gaps.map((gap) => gap.context.product))];
  const cells = gaps.reduce((sum, gap) => sum + gap.cells, 0);
  const reached = new Set((await Promise.all(products.map((product) => downstream(product)))).flat());
  for (const product of products) reached.delete(product);
  return {
    id,
    kind,
    product: context.product,
    products,
    rule: signature.rule,
    column: context.column,
    gaps: gaps.map((gap) => ({ ...gap, values: gap.values.slice(0, MOST_GAP_VALUES) })),
    message,
    why,
    rows: rows.slice(0, MOST_ROWS).map((row) => shownRow(row, context.column, candidates)),
    alternatives: [...alternatives].sort((a, b) => b.test.passed - a.test.passed || (a.id < b.id ? -1 : 1)),
    // A cell of one column is one row.
    blast: { cells, rows: cells, products: [...reached].sort() },
    approvals: Math.max(1, ...products.map((product) => approvals(product))),
    proposedBy: name,
    openedAt: clock.now(),
  };
}

function shownRow(before: Readonly<Record<string, string | null>>, column: string, candidates: readonly Candidate[]): ReviewRow {
  const after = candidates.flatMap((candidate): [string, string | null][] => {
    const outcome = outcomeOf(candidate, { value: before[column] ?? null, row: before });
    return outcome === undefined ? [] : [[candidate.id, outcome]];
  });
  return { before, after: Object.fromEntries(after) };
}
