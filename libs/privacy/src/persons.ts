import { columnOf, rowsOf, type Column, type Table } from './column.ts';
import { dimensionOf } from './dimension.ts';

/** Whose the rows are, by their positions in `kept`. */
export interface Persons {
  /** The column, of the rows that are kept: for whoever counts them anew, and for nobody else. */
  readonly column: Column;
  readonly codes: Int32Array;
  readonly count: number;
  /** Distinct persons of the rows that stand from `from` to before `to` in `order`. */
  within(order: Int32Array, from: number, to: number): number;
}

/** Every kept row has a person. */
export function personsOf(table: Table, name: string, kept: Int32Array): Persons {
  const column = rowsOf(columnOf(table, name), kept);
  const codes = personCodes(name, column);
  const seen = new Set(codes);
  const marks = new Int32Array(codes.reduce((most, code) => Math.max(most, code), -1) + 1);
  let mark = 0;
  return {
    column,
    codes,
    count: seen.size,
    within(order, from, to) {
      mark += 1;
      let persons = 0;
      for (let at = from; at < to; at += 1) {
        const code = codes[order[at] as number] as number;
        if (marks[code] === mark) continue;
        marks[code] = mark;
        persons += 1;
      }
      return persons;
    },
  };
}

/** A number for each person, −1 where a row has none. */
export const personCodes = (name: string, column: Column): Int32Array => dimensionOf(name, column).codes;

/** Counts in falling order, as many of the largest as account for all persons, the last cut to fit: what a class is at its least diverse. */
export function leastDiverse(counts: Int32Array, persons: number): Int32Array {
  const falling = counts.filter((count) => count > 0).sort((a, b) => b - a);
  let left = persons;
  for (let at = 0; at < falling.length; at += 1) {
    const count = Math.min(left, falling[at] as number);
    falling[at] = count;
    left -= count;
  }
  return falling;
}
