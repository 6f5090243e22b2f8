import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { bindExpression, type Expression } from '@skein/pattern';
import { fixedDecimals } from './decimals.ts';
import type { Ward } from './ward.ts';

/** From this share of missing cells on, missing is ordinary in a column. */
const ORDINARY = 0.05;
/** Cells that a form of a whole source has at least, as a share of the column. */
const SYSTEMATIC = 0.05;
/** Share of the cells that must show a form which no slip brings about. */
const SHOWN = 0.1;

/**
 * Whether a column that may be missing hardly ever is: there a word for nothing stands for a value that was lost, which to clear would hide. Told
 * by the upper end of the share's interval (Wilson 1927, 95 %), so that few rows tell nothing.
 */
export async function isSeldomMissing(ward: Ward, { name }: Property, expression: Expression): Promise<boolean> {
  const column = ident(name);
  const { touches } = bindExpression(expression, column, ident);
  const [seen] = await ward.session.rows<{ rows: bigint; missing: bigint }>(
    `SELECT count(*) AS rows, count(*) FILTER (${column} IS NULL OR _row IN (SELECT _row FROM _found WHERE _col = ${literal(name)}) AND coalesce(${touches}, FALSE)) AS missing FROM ${ident(ward.table)}`,
  );
  return seen !== undefined && upperShare(Number(seen.missing), Number(seen.rows)) < ORDINARY;
}

function upperShare(hits: number, cells: number): number {
  if (cells === 0) return 1;
  const [z, share] = [1.96, hits / cells];
  const middle = share + z ** 2 / (2 * cells);
  return (middle + z * Math.sqrt((share * (1 - share)) / cells + z ** 2 / (4 * cells ** 2))) / (1 + z ** 2 / cells);
}

/**
 * SQL that holds for the cells in which a program reads a form, and not what a slip left of another value. A program that adds zeros (`2024-1-5`,
 * `7943`) may as well have met a lost digit: it needs a source that writes so, which is seen by the same broken value again and again,
 * by many cells, or by cells that lack two digits. A program that takes characters away (`303.3x`) must leave as many decimals as the
 * column's values have: what is lost in front of a unit may be a digit. A value without a point (`7 %`) is written so.
 */
export async function isNoSlip(ward: Ward, property: Property, touches: string, repaired: string): Promise<string[]> {
  const { name } = property;
  const column = ident(name);
  const held = `SELECT ${column} AS v FROM ${ident(ward.table)} WHERE ${column} IS NOT NULL AND _row NOT IN (SELECT _row FROM _found WHERE _col = ${literal(name)})`;
  const bare = (text: string): string => `regexp_replace(${text}, '[^0-9A-Za-z]', '', 'g')`;
  const zeros = (text: string): string => `(length(${text}) - length(replace(${text}, '0', '')))`;
  // Letters and digits but for the zeros are the same, and zeros are more.
  const adds = `(replace(${bare(column)}, '0', '') = replace(${bare(repaired)}, '0', '') AND ${zeros(repaired)} > ${zeros(column)} AND NOT contains(${repaired}, '.'))`;
  const found = `SELECT ${column} AS v, count(*) AS n, ${zeros(repaired)} - ${zeros(column)} AS more FROM ${ident(ward.table)} WHERE ${touches} AND ${adds} GROUP BY ALL`;
  const [seen] = await ward.session.rows<{ cells: bigint | null; again: bigint | null; twice: bigint | null; rows: bigint; unread: bigint }>(
    `SELECT sum(n)::BIGINT AS cells, (sum(n) FILTER (n >= 2))::BIGINT AS again, (sum(n) FILTER (more >= 2))::BIGINT AS twice, (SELECT count(*) FROM ${ident(ward.table)}) AS rows,
       (SELECT count(*) FROM ${ident(ward.table)} WHERE ${column} IS NOT NULL AND _row IN (SELECT _row FROM _found WHERE _col = ${literal(name)}) AND _row NOT IN (SELECT _row FROM _fix WHERE _col = ${literal(name)}) AND NOT coalesce(${touches}, FALSE)) AS unread FROM (${found})`,
  );
  const [cells, again, twice] = [Number(seen?.cells ?? 0n), Number(seen?.again ?? 0n), Number(seen?.twice ?? 0n)];
  const sure: string[] = [];
  if (cells > 0 && Number(seen?.unread ?? 0n) * 4 > cells) sure.push(`NOT ${adds}`);
  // Where values come back, one that does not is a slip.
  else if (again * 2 >= cells) sure.push(`(NOT ${adds} OR ${column} IN (SELECT v FROM (${found}) WHERE n >= 2) OR ${repaired} IN (${held}))`);
  else if (twice < SHOWN * cells && cells < SYSTEMATIC * Number(seen?.rows ?? 0n)) sure.push(`NOT ${adds}`);
  const decimals = await fixedDecimals(ward, property);
  if (decimals > 0) {
    const digits = (text: string): string => `regexp_replace(${text}, '[^0-9]', '', 'g')`;
    const fewer = `length(regexp_extract(${repaired}, '[.]([0-9]+)$', 1)) < ${decimals}`;
    sure.push(
      `NOT (regexp_matches(${column}, '[.,]') AND length(${bare(column)}) > length(${bare(repaired)}) AND ${digits(column)} = ${digits(repaired)} AND ${fewer})`,
    );
  }
  return sure;
}
