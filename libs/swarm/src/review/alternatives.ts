import { evaluate, propose, type ColumnFacts, type Example, type Gap, type Program, type Proposal, type RowText } from '@skein/pattern';
import { alternativeId, type Alternative } from '@skein/ports';

/** Readings that belong together: applied in order, the first that has something to say. */
export interface Candidate {
  readonly id: string;
  readonly category: string;
  readonly solutions: readonly Proposal['solution'][];
  readonly programs: readonly Program[];
  readonly why: string;
}

export interface Candidates {
  readonly candidates: readonly Candidate[];
  /** Whether they are readings of the same values, between which nothing decides. */
  readonly disputed: boolean;
  /** Why no agent decided. */
  readonly why: string;
}

/** Distinct values of a cluster that candidates are found from and tried on. */
const MOST_VALUES = 500;

/** The values of all gaps together, most frequent first. */
export function valuesOf(gaps: readonly Gap[]): Gap['values'] {
  const counts = new Map<string | null, number>();
  for (const { values } of gaps) for (const { value, count } of values) counts.set(value, (counts.get(value) ?? 0) + count);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
    .slice(0, MOST_VALUES);
}

/** What could be done about gaps of one cluster: where readings dispute values, one candidate for each of them, with what is undisputed before it. */
export function candidatesOf(gaps: readonly [Gap, ...Gap[]], facts: ColumnFacts, examples: readonly Example[] = []): Candidates {
  const outcome = propose({ ...gaps[0], values: valuesOf(gaps) }, facts, examples);
  if (outcome.kind === 'none') return { candidates: [], disputed: false, why: outcome.why };
  const agreed = outcome.kind === 'solutions' ? outcome.ranked : [];
  const conflicts = outcome.kind === 'conflict' ? [outcome] : outcome.open;
  if (conflicts.length === 0) return { candidates: [candidateOf(agreed)], disputed: false, why: 'the evidence of one gap alone was too little' };
  const candidates = conflicts.flatMap(({ between }) => between.map((reading) => candidateOf([...agreed, reading])));
  return { candidates: [...new Map(candidates.map((one) => [one.id, one])).values()], disputed: true, why: conflicts.map(({ why }) => why).join('; ') };
}

function candidateOf(proposals: readonly Proposal[]): Candidate {
  const solutions = proposals.map(({ solution }) => solution);
  return {
    id: alternativeId(solutions),
    category: proposals.at(-1)?.category ?? 'review',
    solutions,
    programs: proposals.map(({ program }) => program),
    why: proposals.map(({ why }) => why).join('; '),
  };
}

/** What the candidate makes of a value; undefined where it leaves it alone. */
export function outcomeOf({ programs }: Pick<Candidate, 'programs'>, row: RowText): string | null | undefined {
  for (const program of programs) {
    const { touched, value } = evaluate(program, row);
    if (touched) return value;
  }
  return undefined;
}

/** Tries a candidate on every value of the cluster: a cell passes when the contract accepts what came out. */
export function tryCandidate(candidate: Candidate, gaps: readonly Gap[], facts: ColumnFacts, proposedBy: string): Alternative {
  let [cells, passed] = [0, 0];
  for (const { value, count } of valuesOf(gaps)) {
    if (value === null) continue;
    cells += count;
    const after = outcomeOf(candidate, { value });
    if (after !== undefined && facts.accepts(after)) passed += count;
  }
  const { id, category, solutions, why } = candidate;
  return { id, category, solutions, why, test: { cells, passed }, proposedBy };
}
