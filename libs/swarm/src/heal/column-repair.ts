import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import {
  bindExpression,
  clears,
  evaluate,
  nearValues,
  propose,
  signatureOf,
  type ColumnFacts,
  type Example,
  type Expression,
  type Gap,
  type Proposal,
  type ValueCount,
} from '@skein/pattern';
import { fixedDecimals, withDecimals, withDecimalsSql } from './decimals.ts';
import type { Disputed } from './dependency-round.ts';
import { withoutNoise, withoutNoiseSql } from './float-noise.ts';
import { isNoSlip, isSeldomMissing } from './slip.ts';
import type { Change, Ward } from './ward.ts';

/** Distinct values that the synthesiser is given. */
const MOST_VALUES = 2_000;
/** Share of the present values that a program over another column must reproduce before it fills missing ones. */
const AGREEMENT = 0.9;

/** Distinct labelled values that a program must explain before it may add characters. */
const ADDITIONS = 3;

interface Counted {
  readonly value: string | null;
  readonly count: number;
}

/**
 * Repairs the cells of one column by what the synthesiser finds, and by what the labels of the column teach. A program that contradicts what
 * dependencies have repaired is not applied.
 */
export async function repairColumn(ward: Ward, property: Property): Promise<void> {
  const examples = await examplesOf(ward, property);
  // Only what a label changes though the contract accepts it says that other such values may be wrong too.
  const reads = reader(ward, property);
  const taught = examples.some(({ input, output }) => input !== null && input !== output && reads(input));
  if (!taught && (await stillBroken(ward, property)).length === 0) return;
  await repairNoise(ward, property);
  const broken = await stillBroken(ward, property);
  if (broken.length === 0 && !taught) return;
  const accepted = await acceptedValues(ward, property);
  const facts = factsOf(ward, property, accepted, examples);
  const decimals = await decimalsOf(ward, property, examples);
  const noisy = broken.some(({ value }) => value !== null && /[0-9]{13}/.test(value));
  if (broken.length > 0) {
    // Readings of the library that no label contradicts go before programs that only labels taught.
    const readings = propose(gapOf(property, broken), facts);
    if (readings.kind === 'solutions')
      for (const one of readings.ranked)
        if (!isRefuted(one, property, examples, decimals) && !(await contradicts(ward, property, one, decimals)))
          await applyProposal(ward, property, one, { taught: false, noisy, examples, decimals });
  }
  if (examples.length === 0) return;
  const outcome = propose(gapOf(property, [...(await stillBroken(ward, property)), ...(taught ? accepted : [])]), facts, examples);
  if (outcome.kind !== 'solutions') return;
  for (const proposal of outcome.ranked) {
    if (!isProved(proposal, examples) || (await contradicts(ward, property, proposal, decimals))) continue;
    await applyProposal(ward, property, proposal, { taught, noisy, examples, decimals });
  }
}

/** Distinct labelled values that must agree before a form is put right in a whole column, without asking dependencies. */
const AGREEING = 3;

/** Applies what several labels agree on to a column whose values keep the contract and are yet written in a form that is not meant. */
export async function repairForms(ward: Ward, property: Property): Promise<void> {
  const examples = await examplesOf(ward, property);
  const accepts = ward.accepts(property.name);
  const changed = examples.filter(({ input, output }) => input !== null && input !== output && accepts(input));
  if (new Set(changed.map(({ input }) => input)).size < AGREEING) return;
  const accepted = await acceptedValues(ward, property);
  const outcome = propose(gapOf(property, accepted), factsOf(ward, property, accepted, examples), examples);
  if (outcome.kind !== 'solutions') return;
  const decimals = await decimalsOf(ward, property, examples);
  for (const proposal of outcome.ranked) {
    const explained = changed.filter(({ input, output }) => evaluate(proposal.program, { value: input }).value === output);
    if (new Set(explained.map(({ input }) => input)).size >= AGREEING && isProved(proposal, examples))
      await applyProposal(ward, property, proposal, { taught: true, noisy: false, examples, decimals });
  }
}

/** Takes the digits off that floating point left behind, where nothing else is wrong with a number. */
async function repairNoise(ward: Ward, property: Property): Promise<void> {
  const column = ident(property.name);
  const bare = withoutNoiseSql(column, property);
  if (bare === column) return;
  const plain = withDecimalsSql(bare, await decimalsOf(ward, property, await examplesOf(ward, property)));
  const why = 'digits that binary floating point left behind are taken off';
  const broken = `_row IN (SELECT _row FROM _found WHERE _col = ${literal(property.name)}) AND ${bare} <> ${column}`;
  await ward.applySql(property, { column: property.name, category: 'number', why, sql: plain, expression: undefined }, broken, plain, 0.99);
}

/** Decimals that a repaired number is written with: those of the column, where no label writes another number. */
async function decimalsOf(ward: Ward, property: Property, examples: readonly Example[]): Promise<number> {
  const decimals = await fixedDecimals(ward, property);
  return examples.every(({ output }) => withDecimals(output, decimals) === output) ? decimals : 0;
}

/** Values of cells that broke the contract and have not been repaired. */
function stillBroken(ward: Ward, { name }: Property): Promise<Counted[]> {
  return valuesOf(ward, `SELECT _value AS v FROM _found WHERE _col = ${literal(name)} AND _row NOT IN (SELECT _row FROM _fix WHERE _col = ${literal(name)})`);
}

/** Whether labels speak against a program: it says other than they do in more than one of five cells that it touches. A cell may have two errors, of which it mends one. */
function isRefuted({ program }: Proposal, property: Property, examples: readonly Example[], decimals: number): boolean {
  let [right, wrong] = [0, 0];
  for (const { input, output, row } of examples) {
    const { touched, value } = evaluate(program, { value: input, ...(row ? { row } : {}) });
    if (!touched || input === output) continue;
    if (withDecimals(withoutNoise(value, property), decimals) === output) right++;
    else wrong++;
  }
  return wrong * 4 > right;
}

/** Rows that keep the contract for each one that does not, and for each distinct value, from which on a column's values are taken for known. */
const KNOWN = 3;
/** Rows that hold the same broken value before it is taken for a way of writing. */
const AGAIN = 3;
/** Share of outcomes that must be known before others are believed too. */
const MOSTLY = 0.8;

/**
 * A column whose values come back again and again, such as a code or a key, has them all or nearly: what a program makes of a broken cell
 * should be one of them. SQL that holds for such cells, where outcomes are mostly none; undefined where nothing is to be asked.
 */
async function knownValues({ session, table }: Ward, { name }: Property, touches: string, repaired: string): Promise<string | undefined> {
  const column = ident(name);
  const held = `SELECT ${column} AS v FROM ${ident(table)} WHERE ${column} IS NOT NULL AND _row NOT IN (SELECT _row FROM _found WHERE _col = ${literal(name)})`;
  const [seen] = await session.rows<{ rows: bigint; forms: bigint; broken: bigint }>(
    `SELECT count(*) AS rows, count(DISTINCT v) AS forms, (SELECT count(*) FROM _found WHERE _col = ${literal(name)}) AS broken FROM (${held})`,
  );
  if (seen === undefined || Number(seen.rows) < KNOWN * Number(seen.broken) || Number(seen.rows) < KNOWN * Number(seen.forms)) return undefined;
  const known = `(${repaired}) IN (${held})`;
  const [outcomes] = await session.rows<{ all: bigint; known: bigint }>(
    `SELECT count(*) AS "all", count(*) FILTER (${known}) AS known FROM ${ident(table)} WHERE ${touches}`,
  );
  if (outcomes === undefined || Number(outcomes.known) >= MOSTLY * Number(outcomes.all)) return undefined;
  // What stands broken again and again was written so, and no slip: `2139` in every row of one town, where no `02139` is left.
  const again = `${column} IN (SELECT ${column} FROM ${ident(table)} WHERE ${touches} GROUP BY 1 HAVING count(*) >= ${AGAIN})`;
  const [repeated] = await session.rows<{ all: bigint; again: bigint }>(
    `SELECT count(*) AS "all", count(*) FILTER (${again}) AS again FROM ${ident(table)} WHERE ${touches} AND NOT coalesce(${known}, FALSE)`,
  );
  return repeated !== undefined && Number(repeated.again) >= MOSTLY * Number(repeated.all) ? `(${known} OR ${again})` : known;
}

/** Cells that may be slips among those that a program reads, as a share of them. */
const SLIPS = 0.05;

/** Whether a program says other than the repairs that dependencies have made in the column, in more cells than slips explain. */
async function contradicts(ward: Ward, { name }: Property, { solution }: Proposal, decimals: number): Promise<boolean> {
  const { touches, repaired } = bindExpression(solution, '_before', (column) => `t.${ident(column)}`);
  const [seen] = await ward.session.rows<{ both: bigint; same: bigint }>(
    `SELECT count(*) AS both, count(*) FILTER (${withDecimalsSql(repaired, decimals)} = _after) AS same FROM _fix f JOIN ${ident(ward.table)} t ON t._row = f._row WHERE f._col = ${literal(name)} AND ${touches}`,
  );
  if (seen === undefined || Number(seen.same) >= AGREEMENT * Number(seen.both)) return false;
  const open = bindExpression(solution, ident(name), ident).touches;
  const [left] = await ward.session.rows<{ cells: bigint }>(
    `SELECT count(*) AS cells FROM ${ident(ward.table)} WHERE _row IN (SELECT _row FROM _found WHERE _col = ${literal(name)}) AND ${open}`,
  );
  return Number(seen.both) - Number(seen.same) > SLIPS * (Number(seen.both) + Number(left?.cells ?? 0n));
}

/**
 * Whether labels suffice for a program that they taught: three, or any where the program only takes away. What few labels add may be true
 * of their rows alone (`1003x` put right to `10036`).
 */
function isProved({ category, program }: Proposal, examples: readonly Example[]): boolean {
  if (category !== 'example') return true;
  const explained = examples.filter(
    ({ input, output, row }) => input !== output && evaluate(program, { value: input, ...(row ? { row } : {}) }).value === output,
  );
  return new Set(explained.map(({ input }) => input)).size >= ADDITIONS || explained.every(({ input, output }) => isWithin(output ?? '', input ?? ''));
}

/** Whether `part` is left of `whole` when characters are taken out of it. */
function isWithin(part: string, whole: string): boolean {
  let at = 0;
  for (const sign of part) {
    at = whole.indexOf(sign, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** Whether a label shows what the program does: a cell that it puts right. */
function isConfirmed(program: Proposal['program'], property: Property, examples: readonly Example[], decimals: number): boolean {
  return examples.some(({ input, output, row }) => {
    if (input === null || input === output) return false;
    const { touched, value } = evaluate(program, { value: input, ...(row ? { row } : {}) });
    return touched && withDecimals(withoutNoise(value, property), decimals) === output;
  });
}

async function applyProposal(
  ward: Ward,
  property: Property,
  { solution: expression, program, category, why, score }: Proposal,
  { taught, noisy, examples, decimals }: { taught: boolean; noisy: boolean; examples: readonly Example[]; decimals: number },
): Promise<void> {
  const column = ident(property.name);
  const confirmed = isConfirmed(program, property, examples, decimals);
  if (!confirmed && clears(expression) && (await isSeldomMissing(ward, property, expression))) return;
  const { touches, repaired } = bindExpression(expression, column, ident);
  const plain = clears(expression) || !noisy ? repaired : withoutNoiseSql(repaired, property);
  // Without labels, a program is for cells that break the contract: of others, it was not asked.
  const only = taught ? touches : `${touches} AND _row IN (SELECT _row FROM _found WHERE _col = ${literal(property.name)})`;
  const written = clears(expression) ? plain : withDecimalsSql(plain, decimals);
  const solution = { column: property.name, category, why, sql: `CASE WHEN ${touches} THEN ${written} ELSE ${column} END`, expression };
  const known = clears(expression) || !ward.isCode(property) ? undefined : await knownValues(ward, property, only, written);
  const sure = confirmed || clears(expression) ? [] : await isNoSlip(ward, property, only, plain);
  const touched = [only, ...(known === undefined ? [] : [known]), ...sure].join(' AND ');
  await ward.applySql(property, solution, touched, written, Math.min(0.99, Math.max(0.5, score)));
}

/**
 * Fills missing cells from another column of the same row, where labels show how: `Madison WI` beside a missing state that a person filled
 * with `WI`. The program must agree with the rows in which both stand.
 */
export async function fillFromColumns(ward: Ward, property: Property): Promise<void> {
  const filled = (await examplesOf(ward, property)).filter(({ input, output }) => input === null && output !== null);
  if (filled.length === 0) return;
  const column = ident(property.name);
  const accepted = await acceptedValues(ward, property);
  for (const other of ward.columns) {
    if (other.name === property.name) continue;
    const examples = filled.flatMap(({ output, row }): Example[] => {
      const input = row?.[other.name] ?? null;
      return input === null || output === null || input === output ? [] : [{ input, output, ...(row ? { row } : {}) }];
    });
    if (examples.length < filled.length || !examples.every(({ input, output }) => output !== null && input?.includes(output))) continue;
    const sources = await valuesOf(
      ward,
      `SELECT ${ident(other.name)} AS v FROM ${ident(ward.table)} WHERE ${column} IS NULL AND ${ident(other.name)} IS NOT NULL`,
    );
    const outcome = propose(gapOf(property, sources), factsOf(ward, property, accepted, examples), examples);
    if (outcome.kind !== 'solutions') continue;
    for (const { solution: found, why, score } of outcome.ranked) {
      const expression = over(found, other.name);
      const { touches, repaired } = bindExpression(expression, column, ident);
      const anyway = bindExpression({ ...expression, preConditions: found.preConditions.replaceAll('{value}', placeholder(other.name)) }, column, ident);
      const [seen] = await ward.session.rows<{ both: bigint; same: bigint }>(
        `SELECT count(*) AS both, count(*) FILTER (${anyway.repaired} = ${column}) AS same FROM ${ident(ward.table)} WHERE ${column} IS NOT NULL AND ${anyway.touches}`,
      );
      if (seen !== undefined && Number(seen.same) < AGREEMENT * Number(seen.both)) continue;
      const solution = {
        column: property.name,
        category: 'example',
        why: `filled from ${other.name}: ${why}`,
        sql: `CASE WHEN ${touches} THEN ${repaired} ELSE ${column} END`,
        expression,
      };
      await ward.applySql(property, solution, touches, repaired, Math.min(0.99, Math.max(0.5, score)));
    }
  }
}

/** An expression over the column itself as one over another column, for cells that are missing. */
function over({ kind, transformation, preConditions, postValidation }: Expression, other: string): Expression {
  const put = (sql: string): string => sql.replaceAll('{value}', placeholder(other));
  return { kind, transformation: put(transformation), preConditions: `({value}) IS NULL AND (${put(preConditions)})`, postValidation };
}

function placeholder(column: string): string {
  return `{column:${encodeURIComponent(column)}}`;
}

/** Cells that still break the contract (`_left`), and that no dependency speaks of: by the smallest change that the contract accepts. */
export async function repairNear(ward: Ward, property: Property, disputes: readonly Disputed[]): Promise<void> {
  const told = new Set(disputes.filter((one) => one.column === property.name && one.vote !== undefined).map(({ row }) => row));
  const left = await ward.session.rows<{ row: bigint; value: string }>(
    `SELECT _row AS row, _value AS value FROM _left WHERE _col = ${literal(property.name)} AND _value IS NOT NULL AND _rule <> 'required' AND _row NOT IN (SELECT _row FROM _fix WHERE _col = ${literal(property.name)})`,
  );
  const cells = left.filter(({ row }) => !told.has(row));
  if (cells.length === 0) return;
  const values = [...new Set(cells.map(({ value }) => value))].slice(0, MOST_VALUES);
  const found = nearValues(values, factsOf(ward, property, await acceptedValues(ward, property), []));
  for (const [why, near] of Map.groupBy(found, (one) => one.why)) {
    const table = new Map(near.map(({ from, to }) => [from, to]));
    const sql = `CASE ${ident(property.name)} ${near.map(({ from, to }) => `WHEN ${literal(from)} THEN ${literal(to)}`).join(' ')} ELSE ${ident(property.name)} END`;
    const changes = cells.flatMap(({ row, value }): Change[] => {
      const to = table.get(value);
      return to === undefined ? [] : [{ row, value: to, probability: 0.97, why }];
    });
    await ward.applyCells(property, { column: property.name, category: 'near-value', why, sql, expression: undefined }, changes);
  }
}

function gapOf(property: Property, values: readonly Counted[]): Gap {
  return {
    context: { domain: '', product: '', column: property.name },
    signature: signatureOf('type', property, values),
    cells: values.reduce((sum, { count }) => sum + count, 0),
    values,
  };
}

function factsOf(ward: Ward, property: Property, accepted: readonly Counted[], examples: readonly Example[]): ColumnFacts {
  return { property, accepts: reader(ward, property), accepted: shown(property, accepted, examples) };
}

/** Whether the contract accepts a value once digits that floating point left behind are off. */
function reader(ward: Ward, property: Property): (value: string | null) => boolean {
  const accepts = ward.accepts(property.name);
  return (value) => accepts(value) || accepts(withoutNoise(value, property));
}

/** Values that show how the column is written: those that keep the contract, what labels put right, and of a column of numbers without either, the contract's own form of numbers, which is plain. */
function shown({ type }: Property, accepted: readonly Counted[], examples: readonly Example[]): ValueCount[] {
  const values = [...accepted, ...examples.map(({ output }) => ({ value: output, count: 1 }))].filter((one): one is ValueCount => one.value !== null);
  const numeric = ['int', 'decimal', 'float'].includes(type.kind);
  return numeric && values.length === 0 ? [{ value: '0', count: 1 }] : values;
}

/** Values that broke nothing when healing began. */
async function acceptedValues(ward: Ward, { name }: Property): Promise<Counted[]> {
  return valuesOf(
    ward,
    `SELECT ${ident(name)} AS v FROM ${ident(ward.table)} WHERE ${ident(name)} IS NOT NULL AND _row NOT IN (SELECT _row FROM _found WHERE _col = ${literal(name)})`,
  );
}

/** Distinct values of `v` with their rows, the most frequent first. */
async function valuesOf({ session }: Ward, select: string): Promise<Counted[]> {
  const rows = await session.rows<{ value: string | null; count: bigint }>(
    `SELECT v AS value, count(*) AS count FROM (${select}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_VALUES}`,
  );
  return rows.map(({ value, count }) => ({ value, count: Number(count) }));
}

/** The labelled cells of a column, with what stands in the table now. */
export async function examplesOf(ward: Ward, property: Property): Promise<Example[]> {
  const named = ward.labels.filter(({ values }) => Object.hasOwn(values, property.name));
  if (named.length === 0) return [];
  const rows = await ward.session.rows<Record<string, string | bigint | null>>(
    `SELECT * FROM ${ident(ward.table)} WHERE _row IN (${named.map(({ row }) => row).join(', ')})`,
  );
  const byRow = new Map(rows.map((row) => [row['_row'] as bigint, row as Record<string, string | null>]));
  return named.flatMap(({ row, values }): Example[] => {
    const found = byRow.get(row);
    return found === undefined ? [] : [{ input: found[property.name] ?? null, output: values[property.name] ?? null, row: found }];
  });
}
