import { canonicalJson, sha256, SkeinError } from '@skein/kernel';
import type { Example, Expression } from '@skein/pattern';
import type { DecisionVerb } from '@skein/ports';

/** A decision as it is sent. */
export interface DecisionRequest {
  readonly id: string;
  readonly decision: DecisionVerb;
  readonly reason: string;
  readonly choice: string | undefined;
  readonly solution: Expression | undefined;
  readonly examples: readonly Example[] | undefined;
}

const MEMBERS = new Set(['id', 'decision', 'reason', 'choice', 'solution', 'examples']);
const VERBS: readonly unknown[] = ['approve', 'amend', 'reject'];
const MOST_EXAMPLES = 20;
const MOST_COLUMNS = 1_000;
const LONGEST_VALUE = 1_000;
const LONGEST_SQL = 16_384;

function refuse(message: string, member?: string): SkeinError {
  const hint = 'Send {"decision": "approve", "reason": "…", "choice": "…"}; amend takes "examples" or "solution"; see docs/reviews.md.';
  return new SkeinError('SKEIN_REQUEST_INVALID', message, { hint, context: member === undefined ? {} : { member } });
}

/** Checks the parsed body. A decision without an id gets one from who says what of which review: sent twice it is the same. Throws SKEIN_REQUEST_INVALID. */
export function readDecision(body: unknown, review: string, subject: string): DecisionRequest {
  if (!isRecord(body)) throw refuse('the body is not a JSON object');
  const unknown = Object.keys(body).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw refuse(`the body may not have ${JSON.stringify(unknown.slice(0, 60))}`, unknown.slice(0, 60));
  const { decision, reason, choice, id } = body;
  if (!VERBS.includes(decision)) throw refuse('decision must be approve, amend or reject', 'decision');
  if (typeof reason !== 'string') throw refuse('reason must be a text', 'reason');
  if (choice !== undefined && (typeof choice !== 'string' || decision !== 'approve')) throw refuse('choice must be a text, and belongs to approve', 'choice');
  if (id !== undefined && typeof id !== 'string') throw refuse('id must be a text', 'id');
  const examples = body['examples'] === undefined ? undefined : readExamples(body['examples']);
  const solution = body['solution'] === undefined ? undefined : readSolution(body['solution']);
  if ((decision === 'amend') !== ((examples === undefined) !== (solution === undefined)) || (decision !== 'amend' && (examples ?? solution) !== undefined))
    throw refuse('an amendment has either examples or a solution, and no other decision has them', 'examples');
  return {
    id: id ?? sha256(canonicalJson({ review, subject, decision, reason, choice: choice ?? null, examples: examples ?? [], solution: solution ?? null })),
    decision: decision as DecisionVerb,
    reason,
    choice,
    solution,
    examples,
  };
}

function readExamples(given: unknown): Example[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > MOST_EXAMPLES)
    throw refuse(`examples must be a list of 1 to ${MOST_EXAMPLES} rows {"input", "output"}`, 'examples');
  return given.map((one: unknown, at) => {
    const { input, output, row, ...rest } = isRecord(one) ? one : {};
    if (!isCell(input) || !isCell(output) || Object.keys(rest).length > 0)
      throw refuse(`examples[${at}] is not {"input", "output"} of texts or null`, 'examples');
    if (row === undefined) return { input, output };
    if (!isRecord(row) || Object.keys(row).length > MOST_COLUMNS || !Object.values(row).every(isCell))
      throw refuse(`examples[${at}].row does not hold texts or null by column`, 'examples');
    return { input, output, row: Object.fromEntries(Object.entries(row)) as Record<string, string | null> };
  });
}

function readSolution(given: unknown): Expression {
  const { transformation, preConditions = 'TRUE', postValidation = 'TRUE', kind, ...rest } = isRecord(given) ? given : {};
  const fits = (part: unknown): part is string => typeof part === 'string' && part !== '' && part.length <= LONGEST_SQL && part.isWellFormed();
  if (!fits(transformation) || !fits(preConditions) || !fits(postValidation) || Object.keys(rest).length > 0 || (kind !== undefined && kind !== 'expression'))
    throw refuse('solution must be {"transformation", "preConditions", "postValidation"} of SQL texts', 'solution');
  return { kind: 'expression', transformation, preConditions, postValidation };
}

function isCell(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && value.length <= LONGEST_VALUE && value.isWellFormed());
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
