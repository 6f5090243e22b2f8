import { literal } from '@skein/kernel';

/**
 * SQL expressions that read the text of one exported value. All of them give NULL for NULL and for what they cannot read; none
 * raises an error.
 */

/** Blank, tab, line breaks and the no-break space are no part of a value that people or tags write. */
export const trimmed = (text: string): string => `nullif(trim(${text}, E' \\t\\r\\n' || chr(160)), '')`;

/** GA4 writes "(not set)" where there is nothing, and "(data deleted)" where there was something. */
const ABSENT = `('(not set)', '(data deleted)', '', 'null', 'undefined')`;
export const present = (text: string): string => `CASE WHEN ${text} IN ${ABSENT} THEN NULL ELSE ${text} END`;

/** An INT64, also where it came through a FLOAT64 (`3.0`). DuckDB's own cast would round 1.5 and read 0x10. */
export const integer = (text: string): string => `CASE WHEN regexp_full_match(${text}, '[+-]?[0-9]{1,19}([.]0*)?') THEN TRY_CAST(${text} AS BIGINT) END`;

/** A decimal from its own digits, never by way of a double; digits beyond the sixth place, which binary fractions leave, are rounded. */
export const decimal = (text: string): string => `TRY_CAST(${text} AS DECIMAL(18, 6))`;

/** An INT64 inside a list lambda, where a regular expression would be compiled again for each chunk of rows. */
export const integerInList = (text: string): string => `CASE WHEN ${decimal(text)} = TRY_CAST(${text} AS BIGINT) THEN TRY_CAST(${text} AS BIGINT) END`;

/** `YYYYMMDD` as exported, or ISO where a tool made a DATE of it. */
export const date = (text: string): string =>
  `CASE length(${text}) WHEN 8 THEN try_strptime(${text}, '%Y%m%d')::DATE WHEN 10 THEN TRY_CAST(${text} AS DATE) END`;

/** Whether a text is digits with a zero before others. CASE, since AND works out both of its sides for every row. */
export const zeroPadded = (text: string): string =>
  `CASE WHEN starts_with(${text}, '0') THEN length(${text}) > 1 AND translate(${text}, '0123456789', '') = '' ELSE false END`;

/** Digits alone lose their leading zeros, so that a shop's id and SAP's external material number are one text. */
export const articleNumber = (text: string): string => `CASE WHEN ${zeroPadded(text)} THEN coalesce(nullif(ltrim(${text}, '0'), ''), '0') ELSE ${text} END`;

/** A VARCHAR[] of those entries whose condition holds; NULL where none does, which is nearly every row. */
export function namesWhere(entries: readonly (readonly [name: string, condition: string])[]): string {
  return `CASE WHEN ${entries.map(([, condition]) => `(${condition})`).join(' OR ')}
    THEN list_filter([${entries.map(([name, condition]) => `CASE WHEN ${condition} THEN ${literal(name)} END`).join(', ')}], lambda name: name IS NOT NULL) END`;
}

/** Values that could not be read, as the swarm wants them: column, rule and raw value; NULL where there is none. */
export function invalidWhere(entries: readonly { column: string; rule: string; raw: string; when: string }[]): string {
  return `CASE WHEN ${entries.map(({ when }) => `(${when})`).join(' OR ')}
    THEN list_filter([${entries
      .map(({ column, rule, raw, when }) => `CASE WHEN ${when} THEN {'column': ${literal(column)}, 'rule': ${literal(rule)}, 'value': ${raw}} END`)
      .join(', ')}], lambda fault: fault IS NOT NULL) END`;
}
