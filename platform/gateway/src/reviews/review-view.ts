import { decide, type Catalog, type Principal } from '@skein/federation';
import { shapeOf, type Example } from '@skein/pattern';
import type { Alternative, Review, ReviewDecision } from '@skein/ports';

/** Values of the largest gap that are shown. */
const MOST_VALUES = 20;

/** One line of a list: it holds no value of a row. */
export function reviewLine({ id, kind, status, product, column, rule, gaps, blast, alternatives, approvals, openedAt, applied }: Review) {
  return {
    id,
    kind,
    status,
    product,
    column,
    rule,
    gaps: gaps.length,
    cells: blast.cells,
    alternatives: alternatives.length,
    approvals,
    openedAt: at(openedAt),
    applied,
  };
}

/**
 * A review as a principal may see it. Of columns whose values policy does not show them in the clear, only the shapes of values are shown, and where
 * the reviewed column is such a one, neither the words of the gap nor its solutions are told, since they may quote values. A review of masking holds no
 * value, and the ways to hide a column quote none.
 */
export function reviewView(review: Review, catalog: Catalog, principal: Principal, purpose: string | undefined) {
  const clear = clearColumns(review.product, catalog, principal, purpose);
  const hidden = !clear.has(review.column);
  const untold = hidden && review.kind !== 'masking';
  const text = (column: string, value: string | null): string | null => (value === null || clear.has(column) ? value : shapeOf(value));
  const masked = new Set<string>(hidden ? [review.column] : []);
  const rows = review.rows.map(({ before, after }) => {
    for (const column of Object.keys(before)) if (!clear.has(column)) masked.add(column);
    return {
      before: mapped(before, text),
      after: mapped(after, (_id, value) => text(review.column, value)),
    };
  });
  const [leader] = review.gaps;
  return {
    ...reviewLine(review),
    products: review.products,
    message: untold ? `${review.column} breaks ${review.rule}` : review.message,
    why: untold ? 'hidden: it may quote values of a column that you may not see' : review.why,
    evidence: {
      cells: review.blast.cells,
      gaps: review.gaps.length,
      signature: leader?.signature,
      values: leader?.values.slice(0, MOST_VALUES).map(({ value, count }) => ({ value: text(review.column, value), count })),
    },
    rows,
    maskedColumns: [...masked].sort(),
    alternatives: review.alternatives.map((alternative) => shownAlternative(alternative, untold)),
    blast: review.blast,
    proposedBy: review.proposedBy,
    chosen: review.chosen ?? null,
    decisions: review.decisions.map((decision) => shownDecision(decision, untold)),
  };
}

function shownAlternative({ id, category, solutions, why, test, proposedBy }: Alternative, hidden: boolean) {
  return { id, category, proposedBy, test, ...(hidden ? {} : { why, solutions }) };
}

function shownDecision({ id, decision, by, reason, at: time, choice, examples }: ReviewDecision, hidden: boolean) {
  const shown: readonly Example[] | undefined = hidden ? undefined : examples;
  return { id, decision, by, reason, at: at(time), choice: choice ?? null, ...(shown ? { examples: shown } : {}) };
}

/** Whether the values of the reviewed column are shown to the principal as they are. */
export function seesColumn({ product, column }: Review, catalog: Catalog, principal: Principal, purpose: string | undefined): boolean {
  return clearColumns(product, catalog, principal, purpose).has(column);
}

/** Columns that are shown in the clear in every row. */
function clearColumns(product: string, catalog: Catalog, principal: Principal, purpose: string | undefined): ReadonlySet<string> {
  const entry = catalog.entries.get(product);
  const decision = entry && decide(entry.policy, entry.contract, principal, purpose);
  if (!decision || decision.rows !== undefined) return new Set();
  return new Set(
    decision.columns
      .filter(({ access, branches }) => access === 'clear' && branches[0]?.rows.some((conditions) => conditions.length === 0))
      .map(({ name }) => name),
  );
}

function mapped(row: Readonly<Record<string, string | null>>, text: (column: string, value: string | null) => string | null): Record<string, string | null> {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, text(column, value)]));
}

function at(time: number): string {
  return new Date(time).toISOString();
}
