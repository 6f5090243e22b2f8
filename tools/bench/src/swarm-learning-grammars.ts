import { ident, literal } from '@skein/kernel';
import { random } from './swarm-learning-random.ts';

/**
 * How the bench writes values wrongly: 500 ways over the columns of ten kinds of tables, made from numbers alone. Nothing but the writer of the
 * tables and the judge of the repairs reads this file; a worker sees the text of the cells and the contract.
 * They are ways that the library of families closes: what is measured is sharing, and a gap that nobody closes is counted apart (`unsolved`).
 */
export interface Grammar {
  readonly id: number;
  readonly kind: number;
  readonly column: ColumnName;
  /** SQL of the corrupted text, over SQL of the true value. */
  readonly corrupt: (truth: string) => string;
}

export type ColumnName = (typeof COLUMNS)[number];
export const COLUMNS = ['day', 'amount', 'quantity'] as const;
export const KINDS = 10;
/** Partitions of a table: each has one grammar in each column. */
export const PARTITIONS = 25;

/** SQL of what the cell of a row means, typed. Few distinct values, as columns of facts have. */
export function truthSql(column: ColumnName, row: string): string {
  const h = `(hash(${row} * 8 + ${COLUMNS.indexOf(column)}) % 1000003)::BIGINT`;
  if (column === 'day') return `(DATE '2015-01-01' + (${h} % 3600)::INTEGER)`;
  return column === 'amount' ? `((100000 + (${h} % 2000) * 449 + 7) / 100.0)::DECIMAL(12,2)` : `(1000 + ${h} % 9000)::BIGINT`;
}

/** SQL that is true for the cells of a row that are corrupted: 1 in 100. */
export function dirtySql(column: ColumnName, row: string): string {
  return `hash(${row} * 8 + ${COLUMNS.indexOf(column) + 4}) % 100 = 0`;
}

/** The contract of a kind of table. The bounds tell the kinds apart. */
export function contractText(kind: number): string {
  return `apiVersion: v3.2.0
kind: DataContract
id: bench-facts-${kind}
version: 1.0.0
domain: bench
schema:
  - name: facts_${kind}
    properties:
      - { name: day, logicalType: date, required: true, logicalTypeOptions: { minimum: "2000-01-${String(kind + 1).padStart(2, '0')}" } }
      - { name: amount, logicalType: number, physicalType: "DECIMAL(12,2)", required: true, logicalTypeOptions: { minimum: 0, maximum: ${100_000 + kind} } }
      - { name: quantity, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0, maximum: ${1_000_000 + kind} } }
`;
}

/** The first `count` grammars of a seed, spread evenly over kinds of tables and columns. */
export function grammars(count: number, kinds: number, seed: number): Grammar[] {
  const targets = Array.from({ length: kinds * COLUMNS.length }, (_, index) => {
    const [kind, column] = [index % kinds, COLUMNS[Math.floor(index / kinds)] as ColumnName];
    return { kind, column, forms: formsOf(kind, column, random(seed * 1_009 + index)) };
  });
  return Array.from({ length: count }, (_, id) => {
    const { kind, column, forms } = targets[id % targets.length] as (typeof targets)[number];
    const corrupt = forms[Math.floor(id / targets.length)];
    if (corrupt === undefined) throw new Error(`${count} grammars are more than there are`);
    return { id, kind, column, corrupt };
  });
}

type Form = (truth: string) => string;

function formsOf(kind: number, column: ColumnName, next: () => number): Form[] {
  if (column === 'day') return shuffled(dayForms(kind % 2 === 0), next);
  // Marks round a number: one before, one behind, or both; each pair of marks is another shape.
  const marks = shuffled(['#', '*', '=', '[', ']', '{', '}', '|', ':', '@', ';', '!', '?', '&', '/'], next);
  const affixed = marks.flatMap((before, at): Form[] => {
    const [b, a] = [literal(before), literal(marks[(at + 5) % marks.length] ?? '')];
    return at % 3 === 0 ? [(v) => `${b} || ${v}::VARCHAR`] : at % 3 === 1 ? [(v) => `${b} || ${v}::VARCHAR || ${a}`] : [(v) => `${v}::VARCHAR || ${b}`];
  });
  return column === 'amount' ? shuffled(amountForms(), next).concat(affixed) : shuffled(quantityForms(), next).concat(affixed);
}

/** Days. Which of day and month stands first is the habit of a kind of table. */
function dayForms(dayFirst: boolean): Form[] {
  const [first, second] = dayFirst ? ['%d', '%m'] : ['%m', '%d'];
  const numeric = ['/', '.', '-', ' ', ' / ', ' . ', ' - ', '. ', '/ ', '- '].map((mark) => `${first}${mark}${second}${mark}%Y`);
  const named = ['%d %b %Y', '%d-%b-%Y', '%b %d, %Y', '%d. %b %Y', '%d/%b/%Y', '%d%b%Y', '%A, %d %b %Y'];
  const other = ['%Y%m%d', '%Y年%m月%d日', '%Y %b. %d', '%b.%d.%Y'];
  return [...numeric, ...named, ...other].map(
    (format): Form =>
      (v) =>
        `strftime(${v}, ${literal(format)})`,
  );
}

/** 1,000.07 to 9,980.00: always four digits before the point. */
function amountForms(): Form[] {
  const grouped =
    (group: string, point: string): Form =>
    (v) =>
      `(${v}::VARCHAR)[:1] || ${literal(group)} || (${v}::VARCHAR)[2:4] || ${literal(point)} || (${v}::VARCHAR)[6:]`;
  const around =
    (before: string, after: string): Form =>
    (v) =>
      `${literal(before)} || ${v}::VARCHAR || ${literal(after)}`;
  return [
    grouped('', ','),
    grouped('.', ','),
    grouped("'", '.'),
    grouped(' ', '.'),
    grouped(' ', ','),
    grouped(',', '.'),
    around('+', ''),
    around('$', ''),
    around('€', ''),
    around('', ' EUR'),
    around('EUR ', ''),
    around('', 'kg'),
    around('', ' kg'),
    around('USD', ''),
  ];
}

/** Whole numbers from 1,000 to 9,999. */
function quantityForms(): Form[] {
  const around =
    (before: string, after: string): Form =>
    (v) =>
      `${literal(before)} || ${v}::VARCHAR || ${literal(after)}`;
  return [
    around('', ' pcs'),
    around('', 'pcs'),
    around('+', ''),
    around('', ' PCS'),
    around('', ' (pcs)'),
    around('x ', ''),
    around('N', ''),
    around('', 'U'),
    around('Qty ', ''),
    around('Qty: ', ''),
    around('qty: ', ''),
    around('n: ', ' u'),
    around('# ', ''),
    around('', ' Pcs'),
    (v) => `(${v}::VARCHAR)[:1] || ' ' || (${v}::VARCHAR)[2:]`,
    (v) => `(${v}::VARCHAR)[:1] || '''' || (${v}::VARCHAR)[2:]`,
  ];
}

/** SQL of the text of one table's cell: right, or as its partition's grammar has it. */
export function cellSql(column: ColumnName, row: string, partition: string, byPartition: readonly Grammar[]): string {
  const truth = truthSql(column, row);
  const branches = byPartition.map((grammar, at) => `WHEN ${at} THEN ${grammar.corrupt('_v')}`).join(' ');
  return `(SELECT CASE WHEN ${dirtySql(column, row)} THEN CASE ${partition} ${branches} END ELSE _v::VARCHAR END FROM (SELECT ${truth} AS _v)) AS ${ident(column)}`;
}

function shuffled<T>(values: readonly T[], next: () => number): T[] {
  return values
    .map((value) => ({ value, by: next() }))
    .sort((a, b) => a.by - b.by)
    .map(({ value }) => value);
}
