import { sha256 } from '@skein/kernel';

/**
 * What the failing values of one column have in common: how a gap is known again, in another batch, table or domain. Two gaps with
 * one signature key ask for the same solution.
 */
export interface Signature {
  /** Rule of the contract that the values break: `type`, `pattern`, `validValues`, `required`, `dependency` … */
  readonly rule: string;
  /** What the contract asks of the column, as far as a repair depends on it: engine type, and format, pattern or code list in short. */
  readonly target: string;
  /** Shapes of the failing values (see `shapeOf`), in order of text, without repeats. */
  readonly shapes: readonly string[];
}

/** Where a pattern was learned, and so where it is trusted first. */
export interface PatternContext {
  readonly domain: string;
  readonly product: string;
  readonly column: string;
}

/** A group of violations of one rule with one signature, which no step has fixed. */
export interface Gap {
  readonly context: PatternContext;
  readonly signature: Signature;
  /** Failing cells. */
  readonly cells: number;
  /** Distinct failing values with their counts, most frequent first; a sample where there are very many. */
  readonly values: readonly { readonly value: string | null; readonly count: number }[];
}

/**
 * What closes a gap, as DuckDB SQL over one row: plain scalar expressions on the allow-list of `checkSolution`. `{value}` stands for
 * the failing column as text, `{column:name}` (percent-encoded) for another column of the row as text.
 */
export interface Expression {
  readonly kind: 'expression';
  /** VARCHAR: the repaired value; NULL where it cannot say. The very text `NULL` makes the cells missing (see `clears`). */
  readonly transformation: string;
  /** BOOLEAN: the cells it may touch. */
  readonly preConditions: string;
  /** BOOLEAN over `{value}` (the repaired value): what must hold afterwards, beside the contract. */
  readonly postValidation: string;
}

/**
 * A dependency of the contract used as the solution: rows that agree in the determinants agree in the column, so the value that the
 * other rows of the group attest replaces the one that disagrees.
 */
export interface DependencyVote {
  readonly kind: 'dependency';
  readonly determinants: readonly string[];
  readonly column: string;
  /** Rows of the group that must attest the value. */
  readonly minimumSupport: number;
  /** Share of the group's evidence that the winning value must hold, above 0.5. */
  readonly minimumShare: number;
}

export type Solution = Expression | DependencyVote;

/** Verified applications by agent: a grow-only counter each, so that merging is idempotent, commutative and associative. */
export type Evidence = Readonly<Record<string, { readonly successes: number; readonly failures: number }>>;

/** A gap that can be recognised, and a tested solution that closes it. */
export interface Pattern {
  /** sha256 over category, signature and solution: the same discovery by two agents is one pattern. */
  readonly id: string;
  /** The family of the library that found it: `date`, `number`, `dependency`, `example`, `review`, `model` … */
  readonly category: string;
  readonly signature: Signature;
  readonly context: PatternContext;
  readonly solution: Solution;
  /** Result of the held-back test at discovery. */
  readonly test: { readonly cells: number; readonly passed: number };
  readonly evidence: Evidence;
}

export function signatureKey(signature: Signature): string {
  return sha256(JSON.stringify([signature.rule, signature.target, [...signature.shapes]]));
}

export function patternId(pattern: Pick<Pattern, 'category' | 'signature' | 'solution'>): string {
  const { kind, ...rest } = pattern.solution;
  const parts = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([pattern.category, signatureKey(pattern.signature), kind, parts]));
}
