import { SkeinError } from './error.ts';

/** The one quoting function for identifiers (standard SQL: double quotes, doubled inside). Refuses NUL. */
export function ident(name: string): string {
  if (name.includes('\0')) throw new SkeinError('SKEIN_NAME_INVALID', `identifier ${JSON.stringify(name)} holds a NUL character`);
  return `"${name.replaceAll('"', '""')}"`;
}

/** `ident` of each part, joined by dots: `qualified('governed', 'sap', 'material')`. */
export function qualified(...parts: readonly string[]): string {
  return parts.map(ident).join('.');
}

export type SqlValue = string | bigint | boolean | number | null;

/**
 * A constant inside DDL and views, where SQL takes no bound parameter. Everywhere else values are bound.
 * Numbers must be finite; integers beyond 2^53 come as bigint, decimals as strings with a cast around them.
 */
export function literal(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new SkeinError('SKEIN_INTERNAL', `a non-finite number cannot stand in SQL: ${value}`);
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? `${value}::DOUBLE` : String(value);
  }
  if (value.includes('\0')) throw new SkeinError('SKEIN_NAME_INVALID', 'a text constant holds a NUL character');
  return `'${value.replaceAll("'", "''")}'`;
}
