import type { Disputed } from './dependency-round.ts';
import type { LabelledRow } from './healing.ts';

/** Labels that agree with the votes of a column before weaker votes are taken as enough. */
const ENOUGH = 2;
/** A weaker vote that labels have confirmed the like of. */
const CONFIRMED = 0.8;
/** What is asked of a column whose votes labels have contradicted. */
const CONTRADICTED = 0.999;

/** What labels say of the votes of each column: how often the attested value was the right one where a cell was disputed. */
export class Trust {
  readonly #labels: ReadonlyMap<bigint, LabelledRow['values']>;
  readonly #seen = new Map<string, { right: Set<bigint>; wrong: Set<bigint> }>();

  constructor(labels: readonly LabelledRow[]) {
    this.#labels = new Map(labels.map(({ row, values }) => [row, values]));
  }

  learn(disputes: readonly Disputed[]): void {
    for (const { row, column, vote } of disputes) {
      const values = this.#labels.get(row);
      if (values === undefined || !Object.hasOwn(values, column) || vote === undefined) continue;
      const seen = this.#seen.get(column) ?? { right: new Set(), wrong: new Set() };
      if (values[column] === vote.value) seen.right.add(row);
      // A vote that would not have been applied says nothing against those that would.
      else if (vote.probability >= CONFIRMED) seen.wrong.add(row);
      this.#seen.set(column, seen);
    }
  }

  /** Least probability of a vote that is applied: lower where labels agreed, nearly out of reach where they did not. */
  leastProbability(column: string, otherwise: number): number {
    const right = this.#seen.get(column)?.right.size ?? 0;
    const wrong = this.#seen.get(column)?.wrong.size ?? 0;
    if (wrong > 0 && right < wrong * 10) return Math.max(otherwise, CONTRADICTED);
    return right >= ENOUGH ? Math.min(otherwise, CONFIRMED) : otherwise;
  }
}
