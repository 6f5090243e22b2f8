import { SkeinError } from '@skein/kernel';

/** Values of a few kinds, each kept once: Arrow's dictionaries have this shape. A negative code is a missing value. */
export interface DictionaryColumn {
  readonly codes: Int32Array;
  readonly labels: readonly string[];
}

/** Numbers are ordered and generalised to ranges; texts are categories and generalised by a hierarchy. NaN, null and undefined are missing. */
export type Column =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array
  | readonly (string | number | bigint | boolean | null | undefined)[]
  | DictionaryColumn;

/** Columns of one length, by name. */
export type Table = Readonly<Record<string, Column>>;

export const isDictionary = (column: Column): column is DictionaryColumn => !Array.isArray(column) && 'codes' in column;
export const lengthOf = (column: Column): number => (isDictionary(column) ? column.codes.length : column.length);

/** The value of one row: null where it is missing. */
export function valueAt(column: Column, row: number): string | number | bigint | boolean | null {
  if (isDictionary(column)) return column.labels[column.codes[row] as number] ?? null;
  const value = column[row] ?? null;
  return typeof value === 'number' && Number.isNaN(value) ? null : value;
}

/** The rows at these positions, in the same form. */
export function rowsOf(column: Column, rows: Int32Array): Column {
  if (isDictionary(column)) return { codes: Int32Array.from(rows, (row) => column.codes[row] as number), labels: column.labels };
  if (Array.isArray(column)) return Array.from(rows, (row) => (column as readonly (string | null)[])[row] ?? null);
  const typed = column as Int32Array;
  const picked = new (typed.constructor as Int32ArrayConstructor)(rows.length);
  for (let at = 0; at < rows.length; at += 1) picked[at] = typed[rows[at] as number] as number;
  return picked;
}

/**
 * Columns of rows as JSON or Arrow have them; a column that a row lacks is missing there.
 * @throws SKEIN_PRIVACY_INVALID for values that are no scalars
 */
export function tableOfRows(rows: readonly Readonly<Record<string, unknown>>[]): Table {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  const scalar = (value: unknown, name: string, row: number): string | number | bigint | boolean | null => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'object' || typeof value === 'function' || typeof value === 'symbol')
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `row ${row + 1} holds no scalar in ${JSON.stringify(name)}`);
    return value as string | number | bigint | boolean;
  };
  return Object.fromEntries([...names].map((name) => [name, rows.map((row, at) => scalar(row[name], name, at))]));
}

/** The same table as rows; `limit` rows of it where one is given. */
export function rowsOfTable(table: Table, limit = Number.POSITIVE_INFINITY): Record<string, string | number | bigint | boolean | null>[] {
  const columns = Object.entries(table);
  const count = Math.min(limit, checkedLength(table));
  return Array.from({ length: count }, (_, row) => Object.fromEntries(columns.map(([name, column]) => [name, valueAt(column, row)])));
}

/** How many rows a table has. @throws SKEIN_PRIVACY_INVALID where its columns differ in length */
export function checkedLength(table: Table): number {
  const [first, ...others] = Object.entries(table);
  if (!first) throw new SkeinError('SKEIN_PRIVACY_INVALID', 'the table has no column');
  const rows = lengthOf(first[1]);
  for (const [name, column] of others)
    if (lengthOf(column) !== rows)
      throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(name)} has ${lengthOf(column)} rows, and ${JSON.stringify(first[0])} has ${rows}`);
  return rows;
}

/** The column called `name`. @throws SKEIN_PRIVACY_INVALID */
export function columnOf(table: Table, name: string): Column {
  const column = Object.hasOwn(table, name) ? table[name] : undefined;
  if (column === undefined) throw new SkeinError('SKEIN_PRIVACY_INVALID', `the table has no column ${JSON.stringify(name)}`);
  return column;
}
