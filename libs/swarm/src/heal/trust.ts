import type { Disputed } from './dependency-round.ts';
import type { LabelledRow } from './healing.ts';

/** Labels that agree with the votes of a column before weaker votes are taken as enough. */
const ENOUGH = 2;
/** A weaker vote that labels have confirmed the like of. */
const CONFIRMED = 0.8;
/** What is asked of a column of which labels have contradicted a vote that would have been applied. */
const CONTRADICTED = 0.999;
/** Right votes that outweigh a wrong one. */
const OUTWEIGHS = 10;

/** What labels say of the votes of each column: how often the attested value was the right one where a cell was disputed. */
export class Trust {
  readonly #labels: ReadonlyMap<bigint, LabelledRow['values']>;
  /** By column the labelled rows of which a vote was right, and those of which it was wrong with its probability. */
  readonly #seen = new Map<string, { right: Set<bigint>; wrong: Map<bigint, number> }>();

  constructor(labels: readonly LabelledRow[]) {
    this.#labels = new Map(labels.map(({ row, values }) => [row, values]));
  }

  /** `eligible` tells votes that are applied where their probability suffices: what no other would say as well speaks against none. */
  learn(disputes: readonly Disputed[], eligible: (one: Disputed) => boolean): void {
    for (const one of disputes) {
      const { row, column, vote } = one;
      const values = this.#labels.get(row);
      if (values === undefined || !Object.hasOwn(values, column) || vote === undefined) continue;
      const seen = this.#seen.get(column) ?? { right: new Set(), wrong: new Map() };
      if (values[column] === vote.value) seen.right.add(row);
      else if (vote.probability >= CONFIRMED && eligible(one)) seen.wrong.set(row, Math.max(vote.probability, seen.wrong.get(row) ?? 0));
      this.#seen.set(column, seen);
    }
  }

  /**
   * Least probability of a vote that is applied: lower where labels agreed, nearly out of reach where they contradict one that would have been applied.
   * What would not have been applied lets no weaker vote pass when it is wrong, and takes away none that stands without labels.
   */
  leastProbability(column: string, otherwise: number): number {
    const right = this.#seen.get(column)?.right.size ?? 0;
    const wrong = [...(this.#seen.get(column)?.wrong.values() ?? [])];
    if (wrong.length === 0 || right >= wrong.length * OUTWEIGHS) return right >= ENOUGH ? Math.min(otherwise, CONFIRMED) : otherwise;
    return wrong.some((probability) => probability >= otherwise) ? Math.max(otherwise, CONTRADICTED) : otherwise;
  }
}
