import { engineType } from '@skein/contract';
import { shapeOf, unjustified, type Expression } from '@skein/pattern';
import type { NoProposal, ProposalQuestion, ProposerRun } from '@skein/ports';
import { isAllowed, repairedBy } from './allowed.ts';
import type { Task } from './candidate.ts';
import type { OpenGap } from './gap.ts';

/** Distinct values that must speak for a model's solution, none of which it was told. */
const FEWEST_VALUES = 8;
const MOST_VALUES = 2_000;
/** Share of the values that it must read. */
const LEAST_PASSED = 0.95;
const MOST_SOLUTIONS = 3;
const MOST_SHAPES = 16;
const MOST_EXAMPLES = 10;
const LONGEST_EXAMPLE = 100;
const LONGEST_CODES = 2_000;

/** The model within a run, and who hears what came of asking it. */
export interface ModelUse {
  readonly run: ProposerRun;
  readonly tellsValues: boolean;
  readonly heard: (gap: OpenGap, outcome: ModelOutcome, why: string) => void;
}

/** `accepted`: a solution passed its tests. `unfit`: it was not allowed, failed on the values, or they do not bear it out. */
export type ModelOutcome = 'accepted' | 'unfit' | NoProposal;

export interface ModelSolution {
  readonly solution: Expression;
  readonly test: { readonly cells: number; readonly passed: number };
}

/** What is told of a gap. */
export function questionOf({ property, gap }: OpenGap, tellsValues: boolean): ProposalQuestion {
  const counts = new Map<string, number>();
  for (const { value, count } of gap.values) {
    const shape = value === null ? '∅' : shapeOf(value);
    counts.set(shape, (counts.get(shape) ?? 0) + count);
  }
  const shapes = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, MOST_SHAPES);
  const open = property.classification === 'public';
  const { validValues, ...options } = property.options;
  const codes = open && validValues !== undefined && JSON.stringify(validValues).length <= LONGEST_CODES ? { validValues } : {};
  return {
    rule: gap.signature.rule,
    column: property.name,
    type: engineType(property.type),
    required: property.required,
    options: { ...options, ...codes },
    shapes: shapes.map(([shape, count]) => ({ shape, share: Number((count / Math.max(1, gap.cells)).toFixed(3)) })),
    examples: open && tellsValues ? told(gap.values) : [],
  };
}

function told(values: OpenGap['gap']['values']): string[] {
  return values.flatMap(({ value }) => (value === null || value.length > LONGEST_EXAMPLE ? [] : [value])).slice(0, MOST_EXAMPLES);
}

/**
 * Asks the model for a gap that no agent could read. What it says goes the way of every solution, and a narrower one: the allow-list lets it read the failing
 * value only, it is tested by the contract on values that it was not told, and the values must bear it out (`unjustified`). Then the contract judges
 * the repaired rows.
 */
export async function askModel({ session }: Task, gap: OpenGap, { run, tellsValues, heard }: ModelUse): Promise<ModelSolution | undefined> {
  const question = questionOf(gap, tellsValues);
  const answer = await run.ask(question);
  if (answer.kind !== 'solutions') {
    heard(gap, answer.kind, answer.why);
    return undefined;
  }
  const held = gap.gap.values.filter(({ value }) => value !== null && !value.includes('\0') && !question.examples.includes(value)).slice(0, MOST_VALUES);
  let why = 'it proposed nothing';
  for (const solution of answer.solutions.slice(0, MOST_SOLUTIONS)) {
    const found = await tested(session, solution, held, gap);
    if (typeof found !== 'string') {
      heard(gap, 'accepted', `a solution of the model reads ${found.test.passed} of ${found.test.cells} values`);
      return found;
    }
    why = found;
  }
  heard(gap, 'unfit', why);
  return undefined;
}

async function tested(session: Task['session'], solution: Expression, held: OpenGap['gap']['values'], { facts }: OpenGap): Promise<ModelSolution | string> {
  if (held.length < FEWEST_VALUES) return `${held.length} distinct values are too few to test a solution of a model on; ${FEWEST_VALUES} are needed`;
  if (!(await isAllowed(session, solution, []))) return 'its SQL is not allowed';
  let outcomes: ReadonlyMap<string, string | null>;
  try {
    outcomes = await repairedBy(session, solution, held);
  } catch {
    return 'its SQL could not be run';
  }
  const passed = [...outcomes].filter(([value, outcome]) => outcome !== value && facts.accepts(outcome));
  if (passed.length < outcomes.size || passed.length < held.length * LEAST_PASSED)
    return `the contract accepts ${passed.length} of ${held.length} values that it was tested on`;
  const doubt = unjustified(outcomes, facts);
  return doubt ?? { solution, test: { cells: held.length, passed: passed.length } };
}
