import { SkeinError } from '@skein/kernel';
import { checkAsk, type Ask } from './ask.ts';
import { checkedLength, columnOf, rowsOf, type Column, type DictionaryColumn, type Table } from './column.ts';
import { dimensionOf, type Dimension } from './dimension.ts';
import type { Hierarchy } from './hierarchy.ts';
import { mondrian, type Admits, type Classes } from './mondrian.ts';
import { personCodes, personsOf } from './persons.ts';
import { recheck, type Verdict } from './recheck.ts';
import { sensitiveGuard } from './sensitive.ts';

export interface AnonymiseAsk extends Ask {
  /** What categories are generalised to, by quasi-identifier. A column of numbers with one is a category. */
  readonly hierarchies?: Readonly<Record<string, Hierarchy>>;
  /**
   * `runs` (default): a class of categories reads as the fewest nodes that make up its run of leaves, in the order of the tree; without a hierarchy, in
   * the order of code points. `nodes`: always as one node, which loses two to three times as much.
   */
  readonly categories?: 'runs' | 'nodes';
  /** Columns released as they are; by default all that are no quasi-identifiers, and not the person's. */
  readonly keep?: readonly string[];
}

/** What was lost. All shares are between 0 and 1. */
export interface LossReport {
  /** Rows looked at, and those released. */
  readonly rows: number;
  readonly released: number;
  /** Rows left out since a quasi-identifier, or the person, is missing (null or NaN) in them. */
  readonly suppressed: number;
  /** Persons whose rows are released, where it is said whose a row is. */
  readonly persons?: number;
  readonly classes: number;
  readonly classSizes: { readonly smallest: number; readonly median: number; readonly largest: number; readonly mean: number };
  /**
   * Normalised certainty penalty (Xu et al., KDD 2006): the mean over all released cells of quasi-identifiers of (high − low) ÷ (largest − smallest)
   * for numbers, and for categories of the leaves that the label stands for ÷ all leaves of the hierarchy, 0 for one leaf.
   */
  readonly ncp: number;
  /** The same with every cell of a suppressed row counted as 1. */
  readonly ncpWithSuppressed: number;
  readonly columns: readonly { readonly name: string; readonly ncp: number }[];
}

/**
 * Makes a table k-anonymous, and l-diverse and t-close where asked, by strict Mondrian. Rows keep their order; those with a missing quasi-identifier
 * are left out and counted. The result is not judged here: `release` does that. With a person, `persons` says whose the released rows are: for the
 * counter, never to be told.
 * @throws SKEIN_PRIVACY_INVALID, SKEIN_HIERARCHY_INVALID for input that cannot be read, SKEIN_PRIVACY_UNSAFE where no release can keep what is asked
 */
export function anonymise(table: Table, ask: AnonymiseAsk): { readonly release: Table; readonly report: LossReport; readonly persons?: Column } {
  checkAsk(ask);
  const rows = checkedLength(table);
  const keep = ask.keep ?? Object.keys(table).filter((name) => !ask.quasi.includes(name) && name !== ask.person);
  if (ask.person !== undefined && keep.includes(ask.person))
    throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(ask.person)} says whose a row is, and is not released`);
  const named = keep.find((name) => ask.quasi.includes(name));
  if (named !== undefined) throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(named)} is a quasi-identifier and cannot be kept as it is`);
  for (const name of Object.keys(ask.hierarchies ?? {}))
    if (!ask.quasi.includes(name))
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `a hierarchy is given for ${JSON.stringify(name)}, which is no quasi-identifier`);
  const dimensions = ask.quasi.map((name) => dimensionOf(name, columnOf(table, name), ask.hierarchies?.[name], ask.categories === 'nodes'));
  const kept = wholeRows(
    [...dimensions.map(({ codes }) => codes), ...(ask.person === undefined ? [] : [personCodes(ask.person, columnOf(table, ask.person))])],
    rows,
  );
  const persons = ask.person === undefined ? undefined : personsOf(table, ask.person, kept);
  if (kept.length < ask.k)
    throw new SkeinError('SKEIN_PRIVACY_UNSAFE', `${kept.length} rows cannot be ${ask.k}-anonymous`, { context: { rows, released: kept.length, k: ask.k } });
  if (persons && persons.count < ask.k)
    throw new SkeinError('SKEIN_PRIVACY_UNSAFE', `${persons.count} persons cannot be ${ask.k}-anonymous`, {
      context: { rows, released: kept.length, persons: persons.count, k: ask.k },
    });
  const guard = sensitiveGuard(table, kept, ask, persons);
  const admits: Admits | undefined = persons ? (order, from, to) => persons.within(order, from, to) >= ask.k && (!guard || guard(order, from, to)) : guard;
  if (admits && !admits(Int32Array.from(kept.keys()), 0, kept.length))
    throw new SkeinError('SKEIN_PRIVACY_UNSAFE', `not even all ${kept.length} rows together are as diverse as asked: ${JSON.stringify(ask.l)}`);
  const classes = mondrian(dimensions, kept, ask.k, admits);
  const release: Record<string, Table[string]> = {};
  for (const [j, dimension] of dimensions.entries()) release[dimension.name] = generalised(dimension, j, dimensions.length, classes);
  for (const name of keep) release[name] = kept.length === rows ? columnOf(table, name) : rowsOf(columnOf(table, name), kept);
  const report = lossOf(dimensions, classes, rows, kept.length);
  return persons ? { release, report: { ...report, persons: persons.count }, persons: persons.column } : { release, report };
}

/**
 * Anonymises, has the result re-checked by the independent counter, and hands it out only if it passes.
 * @throws as `anonymise`; SKEIN_PRIVACY_UNSAFE with the classes at fault where the re-check finds any
 */
export function release(table: Table, ask: AnonymiseAsk): { readonly release: Table; readonly report: LossReport; readonly verdict: Verdict } {
  const { persons, ...made } = anonymise(table, ask);
  return { ...made, verdict: assertSafe(ask.person !== undefined && persons ? { ...made.release, [ask.person]: persons } : made.release, ask) };
}

/** Refuses a released table, with the person's column where one is asked for, that does not keep what is asked. @throws SKEIN_PRIVACY_UNSAFE */
export function assertSafe(released: Table, ask: Ask): Verdict {
  const verdict = recheck(released, ask);
  if (verdict.passed) return verdict;
  const [first] = verdict.failures;
  throw new SkeinError(
    'SKEIN_PRIVACY_UNSAFE',
    first
      ? `${verdict.failed} of ${verdict.classes} classes fail, the first by ${first.rule}: ${first.found} where ${first.asked} is asked, in ${JSON.stringify(first.quasi)}`
      : 'the release holds no row',
    { context: { failures: verdict.failures } },
  );
}

function wholeRows(columns: readonly Int32Array[], rows: number): Int32Array {
  const missing = new Uint8Array(rows);
  for (const codes of columns) for (let row = 0; row < rows; row += 1) if ((codes[row] as number) < 0) missing[row] = 1;
  const kept = new Int32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row += 1) if (missing[row] === 0) kept[count++] = row;
  return kept.subarray(0, count);
}

function generalised(dimension: Dimension, j: number, d: number, classes: Classes): DictionaryColumn {
  const labels: string[] = [];
  const known = new Map<string, number>();
  const ofClass = new Int32Array(classes.count);
  for (let one = 0; one < classes.count; one += 1) {
    const label = dimension.label(classes.bounds[one * 2 * d + 2 * j] as number, classes.bounds[one * 2 * d + 2 * j + 1] as number);
    let code = known.get(label);
    if (code === undefined) {
      code = labels.push(label) - 1;
      known.set(label, code);
    }
    ofClass[one] = code;
  }
  const codes = new Int32Array(classes.classOf.length);
  for (let row = 0; row < codes.length; row += 1) codes[row] = ofClass[classes.classOf[row] as number] as number;
  return { codes, labels };
}

function lossOf(dimensions: readonly Dimension[], classes: Classes, rows: number, released: number): LossReport {
  const d = dimensions.length;
  const columns = dimensions.map((dimension, j) => {
    let sum = 0;
    for (let one = 0; one < classes.count; one += 1)
      sum += (classes.sizes[one] as number) * dimension.width(classes.bounds[one * 2 * d + 2 * j] as number, classes.bounds[one * 2 * d + 2 * j + 1] as number);
    return { name: dimension.name, ncp: sum / released };
  });
  const ncp = columns.reduce((sum, column) => sum + column.ncp, 0) / d;
  const sizes = classes.sizes.toSorted();
  return {
    rows,
    released,
    suppressed: rows - released,
    classes: classes.count,
    classSizes: {
      smallest: sizes[0] as number,
      median: sizes[sizes.length >> 1] as number,
      largest: sizes[sizes.length - 1] as number,
      mean: released / classes.count,
    },
    ncp,
    ncpWithSuppressed: (ncp * released + (rows - released)) / rows,
    columns,
  };
}
