import { isDate } from '@skein/contract';
import type { Program, Test, Text } from './program.ts';
import { affine, daysAfter, demojibake, isoWeekDay, mapCase, plainDecimal, total, writtenOut } from './text.ts';

/** A row as text; `value` is the failing cell, `row` the columns by name. */
export interface RowText {
  readonly value: string | null;
  readonly row?: Readonly<Record<string, string | null>>;
}

/** What becomes of a cell: `touched` is false where the program has nothing to say of it. */
export interface Repaired {
  readonly touched: boolean;
  readonly value: string | null;
}

export type Run = (cell: RowText) => string | null;
export type Judge = (cell: RowText) => boolean;

/** The meaning of a program in JavaScript: for discovery and tests. Applied at scale, it is the SQL of `toSql`. */
export function evaluate(program: Program, cell: RowText): Repaired {
  return compileProgram(program)(cell);
}

export function compileProgram({ result, when, holds: afterwards }: Program): (cell: RowText) => Repaired {
  const [may, holds] = [compileTest(when), compileTest(afterwards)];
  const run = result.op === 'clear' ? undefined : compileText(result);
  return (cell) => {
    if (!may(cell)) return { touched: false, value: cell.value };
    if (!run) return { touched: true, value: null };
    const value = run(cell);
    return value !== null && holds({ ...cell, value }) ? { touched: true, value } : { touched: false, value: cell.value };
  };
}

/** A text as a function; children are compiled once. */
export function compileText(node: Text): Run {
  if (node.op === 'value') return (cell) => cell.value;
  if (node.op === 'column') return (cell) => cell.row?.[node.name] ?? null;
  if (node.op === 'const') return () => node.text;
  if (node.op === 'concat' || node.op === 'first') {
    const parts = (node.op === 'concat' ? node.parts : node.of).map(compileText);
    return node.op === 'first' ? (cell) => firstOf(parts, cell) : (cell) => joined(parts, cell);
  }
  if (node.op === 'if') {
    const [when, yes, no] = [compileTest(node.when), compileText(node.yes), node.no && compileText(node.no)];
    return (cell) => (when(cell) ? yes(cell) : (no?.(cell) ?? null));
  }
  if (node.op === 'total') {
    const terms = node.terms.map(([of, times]) => [compileText(of), times] as const);
    return (cell) =>
      total(
        terms.map(([of, times]) => [of(cell), times]),
        node.over,
      );
  }
  const [of, apply] = [compileText(node.of), applied(node)];
  return (cell) => {
    const given = of(cell);
    return given === null ? null : apply(given);
  };
}

function applied(node: Exclude<Text, { op: 'value' | 'column' | 'const' | 'concat' | 'first' | 'if' | 'total' }>): (text: string) => string | null {
  switch (node.op) {
    case 'replace':
      return (text) => text.replaceAll(node.from, () => node.to);
    case 'sub': {
      const pattern = new RegExp(node.pattern, 'gu');
      return (text) => text.replaceAll(pattern, () => node.to);
    }
    case 'extract': {
      const pattern = new RegExp(node.pattern, 'u');
      return (text) => pattern.exec(text)?.[node.group] || null;
    }
    case 'translate': {
      const to = [...node.to];
      const table = new Map([...node.from].map((character, index) => [character, to[index] ?? '']));
      return (text) => [...text].map((character) => table.get(character) ?? character).join('');
    }
    case 'lower':
    case 'upper':
      return (text) => mapCase(text, node.op);
    case 'pad':
      return (text) => node.with.repeat(Math.max(0, node.length - [...text].length)) + text;
    case 'part':
      return (text) => text.split(node.by).at(node.at > 0 ? node.at - 1 : node.at) || null;
    case 'slice':
      return (text) => [...text].slice(node.from, node.length === undefined ? undefined : node.from + node.length).join('');
    case 'lookup': {
      const table = new Map(node.table);
      return (text) => table.get(text) ?? null;
    }
    case 'affine':
      return (text) => affine(text, node.times, node.plus, node.scale);
    case 'plain':
      return (text) => plainDecimal(text, node.scale);
    case 'writtenOut':
      return writtenOut;
    case 'parsed': {
      const forms = node.formats.map(formOf);
      return (text) => {
        for (const form of forms) {
          const day = form(text);
          if (day !== null) return day;
        }
        return null;
      };
    }
    case 'day':
      return (text) => (isDate(text) ? text : null);
    case 'daysAfter':
      return (text) => (/^[0-9]{1,6}$/.test(text) ? daysAfter(node.base, Number(text)) : null);
    case 'epoch':
      return (text) => epoch(text, node.unit);
    case 'isoWeekDay':
      return isoWeekDay;
    case 'demojibake':
      return demojibake;
  }
}

function formOf(format: string): (text: string) => string | null {
  const order = [...format.matchAll(/%([dmY])/g)].map(([, letter]) => letter);
  const pattern = new RegExp(
    `^${format.replaceAll(/%Y|%[dm]|[^]/g, (sign) => (sign === '%Y' ? '([0-9]{4})' : sign.length === 2 ? '([0-9]{1,2})' : `[${sign}]`))}$`,
  );
  const [year, month, day] = ['Y', 'm', 'd'].map((letter) => order.indexOf(letter) + 1) as [number, number, number];
  return (text) => {
    const parts = pattern.exec(text);
    if (!parts) return null;
    const iso = `${parts[year]}-${parts[month]?.padStart(2, '0')}-${parts[day]?.padStart(2, '0')}`;
    return isDate(iso) ? iso : null;
  };
}

function epoch(text: string, unit: 's' | 'ms'): string | null {
  if (!(unit === 's' ? /^[0-9]{1,11}$/ : /^[0-9]{1,14}$/).test(text)) return null;
  const iso = new Date(Number(text) * (unit === 's' ? 1000 : 1)).toISOString().replace('T', ' ');
  return unit === 's' ? iso.slice(0, 19) : iso.slice(0, 23);
}

function firstOf(parts: readonly Run[], cell: RowText): string | null {
  for (const part of parts) {
    const found = part(cell);
    if (found !== null) return found;
  }
  return null;
}

function joined(parts: readonly Run[], cell: RowText): string | null {
  let whole = '';
  for (const part of parts) {
    const found = part(cell);
    if (found === null) return null;
    whole += found;
  }
  return whole;
}

export function compileTest(test: Test): Judge {
  switch (test.op) {
    case 'matches': {
      const [of, pattern] = [compileText(test.of), new RegExp(test.pattern, 'u')];
      return (cell) => {
        const text = of(cell);
        return text !== null && pattern.test(text);
      };
    }
    case 'in': {
      const [of, values] = [compileText(test.of), new Set(test.values)];
      return (cell) => {
        const text = of(cell);
        return text !== null && values.has(text);
      };
    }
    case 'between': {
      const of = compileText(test.of);
      return (cell) => {
        const text = of(cell);
        return text !== null && text >= test.from && text <= test.to;
      };
    }
    case 'present': {
      const of = compileText(test.of);
      return (cell) => of(cell) !== null;
    }
    case 'all': {
      const of = test.of.map(compileTest);
      return (cell) => of.every((one) => one(cell));
    }
    case 'any': {
      const of = test.of.map(compileTest);
      return (cell) => of.some((one) => one(cell));
    }
    case 'not': {
      const of = compileTest(test.of);
      return (cell) => !of(cell);
    }
  }
}
