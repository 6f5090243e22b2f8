import type { Contract } from '@skein/contract';
import { columnTest, type ColumnTest } from './clean-record.ts';

const [QUOTE, COMMA, MINUS, ZERO, NINE, COLON, BACKSLASH, OPEN, CLOSE, SPACE, N, T, F] = [...'",-09:\\{} ntf'].map((char) => char.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** A test of NDJSON lines that says yes only to records without a violation. */
export interface CleanLine {
  /** Whether the line certainly holds a clean record. */
  clean(line: string): boolean;
  /** Tells the order of the members of a record that was read in full: later lines are expected to have it too. */
  learn(record: unknown): void;
}

/**
 * Reads a flat record from its text and judges each value where it lies, without making an object of it. Lines with escapes, nested
 * values, members in another order, or other white space than one blank are left to the full check.
 */
export function cleanLine(contract: Contract): CleanLine {
  const flat = contract.properties.every(({ type }) => type.kind !== 'struct' && type.kind !== 'list' && type.kind !== 'map');
  const columns = flat ? contract.properties.map(columnTest) : [];
  let expected: readonly ColumnTest[] = columns;
  return {
    clean: (line) => flat && read(line, expected),
    learn(record) {
      if (!flat || record === null || typeof record !== 'object') return;
      const byName = new Map(columns.map((column) => [column.name, column]));
      const order = Object.keys(record).flatMap((name) => byName.get(name) ?? []);
      const named = new Set(order);
      expected = [...order, ...columns.filter((column) => !named.has(column))];
    },
  };
}

function read(line: string, expected: readonly ColumnTest[]): boolean {
  const last = line.length - 1;
  if (line.charCodeAt(0) !== OPEN || line.charCodeAt(last) !== CLOSE) return false;
  let at = 1;
  let next = 0;
  while (at < last) {
    if (line.charCodeAt(at) !== QUOTE) return false;
    // Members that may be absent are passed over.
    let column = expected[next++];
    while (column !== undefined && !isNamed(line, at + 1, column.name)) {
      if (column.required) return false;
      column = expected[next++];
    }
    if (column === undefined) return false;
    at += column.name.length + 3;
    if (line.charCodeAt(at) === SPACE) at++;

    const first = line.charCodeAt(at);
    if (first === QUOTE) {
      const from = ++at;
      for (let code = line.charCodeAt(at); code !== QUOTE; code = line.charCodeAt(++at)) if (code === BACKSLASH || code < SPACE || at >= last) return false;
      if (!column.keeps(line.slice(from, at++))) return false;
    } else if (first === MINUS || (first >= ZERO && first <= NINE)) {
      let value = 0;
      const from = at;
      let code = first;
      for (; code >= ZERO && code <= NINE; code = line.charCodeAt(++at)) value = value * 10 + (code - ZERO);
      // Short whole numbers need no general reader.
      if ((code !== COMMA && code !== CLOSE) || at - from > 15 || (first === ZERO && at - from > 1)) {
        NUMBER.lastIndex = from;
        const found = NUMBER.exec(line);
        if (found === null) return false;
        value = Number(found[0]);
        at = NUMBER.lastIndex;
      }
      if (!column.keeps(value)) return false;
    } else if (first === N) {
      if (column.required || !line.startsWith('null', at)) return false;
      at += 4;
    } else if (first === T || first === F) {
      if (!line.startsWith(first === T ? 'true' : 'false', at) || !column.keeps(first === T)) return false;
      at += first === T ? 4 : 5;
    } else return false;

    if (at === last) break;
    if (line.charCodeAt(at) !== COMMA) return false;
    at++;
    if (line.charCodeAt(at) === SPACE) at++;
    // A comma announces a member.
    if (at >= last) return false;
  }
  for (let rest = expected[next]; rest !== undefined; rest = expected[++next]) if (rest.required) return false;
  return at === last;
}

/** Whether `name":` stands here; names that JSON writes with an escape never do. */
function isNamed(line: string, at: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) if (line.charCodeAt(at + index) !== name.charCodeAt(index)) return false;
  return line.charCodeAt(at + name.length) === QUOTE && line.charCodeAt(at + name.length + 1) === COLON;
}
