import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import type { Ward } from './ward.ts';

/** Cells that show how many decimals a column is written with. */
const LEAST_CELLS = 20;
/** Share of them that must have as many. Where zeros at the end are left out, one number of ten lacks one. */
const SHARE = 0.95;

/** The number of decimals that a decimal column is written with throughout (`19.00`, `7.50`); 0 where there is none. Cells that break the contract are not asked. */
export async function fixedDecimals(ward: Ward, { name, type }: Property): Promise<number> {
  if (type.kind !== 'decimal') return 0;
  const column = ident(name);
  const [seen] = await ward.session.rows<{ decimals: number | null; cells: bigint | null; all: bigint | null }>(
    `SELECT first(d ORDER BY n DESC, d) AS decimals, max(n)::BIGINT AS cells, sum(n)::BIGINT AS "all" FROM (
       SELECT length(regexp_extract(${column}, '[.]([0-9]+)$', 1))::INTEGER AS d, count(*) AS n FROM ${ident(ward.table)}
       WHERE ${column} IS NOT NULL AND _row NOT IN (SELECT _row FROM _found WHERE _col = ${literal(name)}) GROUP BY 1)`,
  );
  if (seen === undefined || Number(seen.all ?? 0n) < LEAST_CELLS || Number(seen.cells) < SHARE * Number(seen.all)) return 0;
  return seen.decimals ?? 0;
}

/** A plain number with as many decimals, where it has fewer; any other text as it is. Its value stays the same. */
export function withDecimals(value: string | null, decimals: number): string | null {
  if (decimals === 0 || value === null || !/^-?[0-9]+([.][0-9]+)?$/.test(value)) return value;
  const [whole = '', fraction = ''] = value.split('.');
  return fraction.length >= decimals ? value : `${whole}.${fraction.padEnd(decimals, '0')}`;
}

/** The same in SQL. */
export function withDecimalsSql(value: string, decimals: number): string {
  if (decimals === 0) return value;
  const pointed = `CASE WHEN contains(${value}, '.') THEN ${value} ELSE ${value} || '.' END`;
  const lacking = `regexp_full_match(${value}, '-?[0-9]+([.][0-9]{1,${decimals}})?')`;
  return `CASE WHEN ${lacking} THEN rpad(${pointed}, (strpos(${pointed}, '.') + ${decimals})::INTEGER, '0') ELSE ${value} END`;
}
