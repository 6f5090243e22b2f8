import type { Tally } from './evidence.ts';
import { patternId, type Evidence, type Pattern, type PatternContext, type Signature, type Solution } from './pattern.ts';

/** Bounds of what is taken from elsewhere: a pattern is a few expressions, not a file. */
const LONGEST_SQL = 16_384;
const LONGEST_NAME = 256;
const MOST_SHAPES = 64;
const MOST_AGENTS = 4_096;

/**
 * Reads a pattern that another writer put on a channel or into a file: shape, sizes and identity. Fields beyond those of a pattern are
 * dropped. Whether its SQL may run is another question: `checkSolution` answers it, where the pattern is used.
 * @returns the pattern, or in words what is wrong with it.
 */
export function readPattern(input: unknown): Pattern | string {
  if (!isRecord(input)) return 'a pattern is an object';
  const { id, category } = input;
  if (!isName(category)) return 'category is no name';
  const signature = readSignature(input['signature']);
  if (signature === undefined) return 'signature is not { rule, target, shapes }';
  const context = readContext(input['context']);
  if (context === undefined) return 'context is not { domain, product, column }';
  const solution = readSolution(input['solution']);
  if (solution === undefined) return 'solution is neither an expression nor a dependency vote';
  const test = readTest(input['test']);
  if (test === undefined) return 'test is not { cells, passed }';
  const evidence = readEvidence(input['evidence']);
  if (evidence === undefined) return 'evidence is not counters by agent';
  const pattern = { category, signature, context, solution, test, evidence };
  // Whoever could choose the id could stand in for a pattern that the swarm trusts.
  if (id !== patternId(pattern)) return 'id is not that of its category, signature and solution';
  return { id, ...pattern };
}

/** Reads counters by agent; undefined when they are none. */
export function readEvidence(input: unknown, readOne: (tally: unknown) => Tally | undefined = readTally): Evidence | undefined {
  if (!isRecord(input)) return undefined;
  const entries = Object.entries(input);
  if (entries.length > MOST_AGENTS) return undefined;
  const evidence: [string, Tally][] = [];
  for (const [agent, tally] of entries) {
    const read = readOne(tally);
    if (!isName(agent) || read === undefined) return undefined;
    evidence.push([agent, read]);
  }
  return Object.fromEntries(evidence);
}

/** Reads a pair of counters; undefined when it is none. */
export function readTally(input: unknown): Tally | undefined {
  if (!isRecord(input)) return undefined;
  const { successes, failures } = input;
  return isCount(successes) && isCount(failures) ? { successes, failures } : undefined;
}

/** Reads a pair of sums of rewards, which are no whole numbers; undefined when it is none. */
export function readEarned(input: unknown): Tally | undefined {
  if (!isRecord(input)) return undefined;
  const { successes, failures } = input;
  return isSum(successes) && isSum(failures) ? { successes, failures } : undefined;
}

/** Whether a value can name a category, an agent or a rule. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME && !/\p{Cc}/u.test(value);
}

function readSignature(input: unknown): Signature | undefined {
  if (!isRecord(input)) return undefined;
  const { rule, target, shapes } = input;
  if (!isName(rule) || !isText(target) || !isTexts(shapes) || shapes.length > MOST_SHAPES) return undefined;
  return { rule, target, shapes: [...shapes] };
}

function readContext(input: unknown): PatternContext | undefined {
  if (!isRecord(input)) return undefined;
  const { domain, product, column } = input;
  // A header of a spreadsheet may hold a line break.
  return isName(domain) && isName(product) && isText(column) && column.length <= LONGEST_NAME ? { domain, product, column } : undefined;
}

function readSolution(input: unknown): Solution | undefined {
  if (!isRecord(input)) return undefined;
  if (input['kind'] === 'expression') {
    const { transformation, preConditions, postValidation } = input;
    if (!isText(transformation) || !isText(preConditions) || !isText(postValidation)) return undefined;
    return { kind: 'expression', transformation, preConditions, postValidation };
  }
  if (input['kind'] !== 'dependency') return undefined;
  const { determinants, column, minimumSupport, minimumShare } = input;
  if (!isTexts(determinants) || determinants.length === 0 || determinants.length > MOST_SHAPES || !isName(column)) return undefined;
  if (!isCount(minimumSupport) || typeof minimumShare !== 'number' || !(minimumShare > 0.5 && minimumShare <= 1)) return undefined;
  return { kind: 'dependency', determinants: [...determinants], column, minimumSupport, minimumShare };
}

function readTest(input: unknown): Pattern['test'] | undefined {
  if (!isRecord(input)) return undefined;
  const { cells, passed } = input;
  return isCount(cells) && isCount(passed) && passed <= cells ? { cells, passed } : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSum(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_SQL;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}
