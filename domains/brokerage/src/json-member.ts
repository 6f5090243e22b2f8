import { literal } from '@skein/kernel';

/** A member of an event as text; NULL where it is absent or JSON's null. */
export function member(path: string, json = 'raw'): string {
  return `json_extract_string(${json}, ${literal(`$.${path}`)})`;
}

/** Minor units, which the log writes as decimal text; NULL for anything else. */
export const cents = (text: string): string => `CASE WHEN regexp_full_match(${text}, '-?[0-9]{1,27}') THEN CAST(${text} AS DECIMAL(28, 0)) END`;

/** A moment that the log writes as milliseconds since the epoch, in UTC. */
export const moment = (text: string): string => `make_timestamp(TRY_CAST(${text} AS BIGINT) * 1000)`;

/** Entries for `_invalid`: a value that is there, and that the reading could not take. */
export function unread(...checks: readonly { readonly column: string; readonly text: string; readonly read: string; readonly rule?: string }[]): string {
  const parts = checks.map(
    ({ column, text, read, rule = 'type' }) =>
      `CASE WHEN ${text} IS NOT NULL AND ${read} IS NULL THEN [{'column': ${literal(column)}, 'value': ${text}, 'rule': ${literal(rule)}}] ELSE [] END`,
  );
  return parts.reduce((all, part) => `list_concat(${all}, ${part})`);
}
