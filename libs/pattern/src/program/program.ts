/**
 * A repair as data: plain nodes with one meaning in JavaScript (`evaluate`) and in DuckDB (`toSql`). Every node but `clear` is a text or
 * missing; a node over a missing text is missing. Regular expressions are in the part that RE2 and ECMAScript share: no `.`, `\s`,
 * `\b`, flags or look-around, and written so that they cannot backtrack far.
 */
export type Text =
  /** The failing value. */
  | { readonly op: 'value' }
  /** Another column of the row. */
  | { readonly op: 'column'; readonly name: string }
  | { readonly op: 'const'; readonly text: string }
  /** Missing where a part is. */
  | { readonly op: 'concat'; readonly parts: readonly Text[] }
  /** The first of the texts that is there. */
  | { readonly op: 'first'; readonly of: readonly Text[] }
  | { readonly op: 'if'; readonly when: Test; readonly yes: Text; readonly no?: Text }
  | { readonly op: 'replace'; readonly of: Text; readonly from: string; readonly to: string }
  /** Every match becomes the constant text. */
  | { readonly op: 'sub'; readonly of: Text; readonly pattern: string; readonly to: string }
  /** The group of the first match; missing where there is none. `sure` where the program's condition leaves no text without one: that is quicker. */
  | { readonly op: 'extract'; readonly of: Text; readonly pattern: string; readonly group: number; readonly sure?: boolean }
  /** Character by character; `to` has as many as `from`. */
  | { readonly op: 'translate'; readonly of: Text; readonly from: string; readonly to: string }
  /** Letter by letter, where one letter stands for one (simple case mapping of Unicode). */
  | { readonly op: 'lower' | 'upper'; readonly of: Text }
  /** Padded on the left to `length` characters; longer texts stay. */
  | { readonly op: 'pad'; readonly of: Text; readonly length: number; readonly with: string }
  /** Part of the text between delimiters, from 1, or from -1 at the end; missing where there are not so many. */
  | { readonly op: 'part'; readonly of: Text; readonly by: string; readonly at: number }
  /** Characters from `from` (0-based), `length` of them or to the end. */
  | { readonly op: 'slice'; readonly of: Text; readonly from: number; readonly length?: number }
  | { readonly op: 'lookup'; readonly of: Text; readonly table: readonly (readonly [from: string, to: string])[] }
  /** Plain decimal × `times` + `plus`, rounded half away from zero to `scale` digits (at most 8), without trailing zeros; missing beyond 18 digits in all; of its input 6 digits after the point count; missing where over 12 stand before it. */
  | { readonly op: 'affine'; readonly of: Text; readonly times: string; readonly plus: string; readonly scale: number }
  /**
   * Σ term × whole number, divided by `over`, over plain decimals without sign of at most 6 digits before and 3 after the point; a term that is
   * missing counts nothing. Missing where all are, or where the quotient has over 3 digits after the point.
   */
  | { readonly op: 'total'; readonly terms: readonly (readonly [of: Text, times: string])[]; readonly over: number }
  /** A plain decimal rounded to `scale` digits (1 to 10), without leading zeros and trailing zeros of the fraction; missing beyond 18 digits in all. */
  | { readonly op: 'plain'; readonly of: Text; readonly scale: number }
  /** A number in scientific form (`1.5E+03`) as a plain decimal; missing where that takes over 24 digits before the point or 10 after. */
  | { readonly op: 'writtenOut'; readonly of: Text }
  /**
   * `YYYY-MM-DD` of a day written in one of the formats (strptime's `%d`, `%m`, `%Y`, of one or two and of four digits); missing where there is
   * no such day. Its meaning is stated for texts of such a form only: a program that has it tests the form first.
   */
  | { readonly op: 'parsed'; readonly of: Text; readonly formats: readonly string[] }
  /** `YYYY-MM-DD` where it is a day of the calendar (Gregorian, proleptic), else missing. */
  | { readonly op: 'day'; readonly of: Text }
  /** The day `n` days after the base day. */
  | { readonly op: 'daysAfter'; readonly of: Text; readonly base: string }
  /** `YYYY-MM-DD HH:MM:SS` of seconds or milliseconds since 1970, in UTC; with milliseconds where the unit is `ms`. */
  | { readonly op: 'epoch'; readonly of: Text; readonly unit: 's' | 'ms' }
  /** The Monday-based day of an ISO 8601 week: texts `2024-05-1` of week-year, week and day. */
  | { readonly op: 'isoWeekDay'; readonly of: Text }
  /** UTF-8 that was read as Windows-1252 (WHATWG), read rightly; missing where it is not that. */
  | { readonly op: 'demojibake'; readonly of: Text };

export type Test =
  | { readonly op: 'matches'; readonly of: Text; readonly pattern: string }
  | { readonly op: 'in'; readonly of: Text; readonly values: readonly string[] }
  /** In the order of code points, both ends included. */
  | { readonly op: 'between'; readonly of: Text; readonly from: string; readonly to: string }
  | { readonly op: 'present'; readonly of: Text }
  | { readonly op: 'all' | 'any'; readonly of: readonly Test[] }
  | { readonly op: 'not'; readonly of: Test };

export interface Program {
  /** The repaired value where `when` holds; missing where it cannot say, except that `clear` makes the cell missing. */
  readonly result: Text | { readonly op: 'clear' };
  /** The cells it may touch. */
  readonly when: Test;
  /** What must hold of the repaired value (as `value`). */
  readonly holds: Test;
}

export const VALUE: Text = { op: 'value' };
export const text = (constant: string): Text => ({ op: 'const', text: constant });
export const concat = (...parts: readonly Text[]): Text => ({ op: 'concat', parts });
export const extract = (of: Text, pattern: string, group = 1): Text => ({ op: 'extract', of, pattern, group });
export const sub = (of: Text, pattern: string, to = ''): Text => ({ op: 'sub', of, pattern, to });
export const pad = (of: Text, length: number): Text => ({ op: 'pad', of, length, with: '0' });
export const lower = (of: Text): Text => ({ op: 'lower', of });
export const upper = (of: Text): Text => ({ op: 'upper', of });
export const matches = (of: Text, pattern: string): Test => ({ op: 'matches', of, pattern });
export const ALWAYS: Test = { op: 'all', of: [] };
