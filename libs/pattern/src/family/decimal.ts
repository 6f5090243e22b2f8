import { concat, extract, matches, sub, text, type Text } from '../program/program.ts';
import type { Column } from './family.ts';

/** Numbers with groups of three, or of two and three (India), for each decimal mark; spaces, apostrophes and underscores group for both. */
export const CORE = {
  '.': "(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}|[0-9]{1,3}(?:[ '’_][0-9]{3})+|[0-9]+)(?:[.][0-9]*)?|[.][0-9]+",
  ',': "(?:[0-9]{1,3}(?:[.][0-9]{3})+|[0-9]{1,3}(?:[ '’_][0-9]{3})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+",
} as const;
export type Mark = keyof typeof CORE;

const TOKEN = "([.,]?[0-9](?:[0-9.,'’_ ]*[0-9])?)";
const WHOLE = { '.': new RegExp(`^(?:${CORE['.']})$`), ',': new RegExp(`^(?:${CORE[',']})$`) };

/** Decimal marks that the column leaves open: those that some value proves, or both where none does. What the source declares, decides. */
export function marksOf(column: Column): Mark[] {
  const declared = column.facts.source?.decimal;
  if (declared !== undefined) return [declared];
  const proved = new Set<Mark>();
  const prove = (value: string): void => {
    const token = new RegExp(TOKEN).exec(value)?.[1];
    if (token === undefined || !/[.,]/.test(token)) return;
    const [dot, comma] = [WHOLE['.'].test(token), WHOLE[','].test(token)];
    if (dot !== comma) proved.add(dot ? '.' : ',');
  };
  for (const { text: value } of column.values) prove(value);
  for (const value of column.accepted) prove(value);
  return proved.size === 1 ? [...proved] : ['.', ','];
}

/** Whether outcomes lose trailing zeros: integers must, and else the column's accepted values show it. */
export function isPlain(column: Column): boolean {
  if (column.facts.property.type.kind === 'int') return true;
  const numbers = column.accepted.filter((value) => /^-?[0-9]+(\.[0-9]+)?$/.test(value));
  return numbers.some((value) => !value.includes('.')) && !numbers.some((value) => /\.[0-9]*0$/.test(value));
}

/** The number in a text as a plain decimal: groups removed, the sign in front. */
export function numberIn(column: Column, mark: Mark): Text {
  const seen = (pattern: RegExp): boolean => column.values.some(({ text: value }) => pattern.test(value));
  // What no value has costs nothing: programs are made for the gap, and `isSimple` keeps the others out of them.
  if (isSimple(column)) {
    const simple: Text = { op: 'extract', of: column.text, pattern: '^[^0-9]*([0-9][0-9.,]*)', group: 1, sure: true };
    const ungrouped: Text = seen(mark === '.' ? /,/ : /\./) ? { op: 'replace', of: simple, from: mark === '.' ? ',' : '.', to: '' } : simple;
    const pointed: Text = mark === ',' ? { op: 'replace', of: ungrouped, from: ',', to: '.' } : ungrouped;
    return isPlain(column) ? { op: 'plain', of: pointed, scale: scaleOf(column) } : pointed;
  }
  const token = extract(column.text, TOKEN);
  const dotted: Text = mark === '.' ? sub(token, "[, '’_]") : { op: 'replace', of: sub(token, "[. '’_]"), from: ',', to: '.' };
  const led: Text = { op: 'if', when: matches(token, '^[.,]'), yes: concat(text('0'), dotted), no: dotted };
  const signed: Text = { op: 'if', when: matches(column.text, '^[^0-9]*-|^[(]|[0-9] ?-'), yes: concat(text('-'), led), no: led };
  return isPlain(column) ? { op: 'plain', of: signed, scale: scaleOf(column) } : signed;
}

/** Whether no value has a sign, parentheses, a leading point, or groups by spaces and the like: one extraction reads such numbers. */
function isSimple(column: Column): boolean {
  return !column.values.some(({ text: value }) => /^[^0-9]*-|[0-9] ?-|[(]|^[^0-9]*[.,][0-9]|[0-9][ '’_][0-9]/.test(value));
}

/** A number between `before` and `after` (patterns), with its sign in front, behind, or as parentheses round the whole (accounting). */
export function framed(column: Column, mark: Mark, before: string, after: string): string {
  const [b, a] = [before === '' ? '' : `(?:${before}) ?`, after === '' ? '' : ` ?(?:${after})`];
  if (isSimple(column)) return `^[+]?${b}(?:${limited(column, SIMPLE[mark])})${a}$`;
  const core = `(?:${limited(column, CORE[mark])})`;
  return `^(?:[+-]? ?${b}[+-]? ?${core}${a}|${b}${core} ?-${a}|${b}${core}${a} ?-|[(] ?${b}${core}${a} ?[)])$`;
}

const SIMPLE = {
  '.': '(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})(?:[.][0-9]+)?',
  ',': '(?:[0-9]+|[0-9]{1,3}(?:[.][0-9]{3})+)(?:,[0-9]+)?',
} as const;

/** Digits that may stand after the mark where outcomes are printed plain: as many as some value has, so that nothing is rounded. */
function scaleOf(column: Column): number {
  const most = Math.max(2, ...column.values.map(({ text: value }) => /[.,]([0-9]+)[^0-9]*$/.exec(value)?.[1]?.length ?? 0));
  return Math.min(most, 10);
}

function limited(column: Column, pattern: string): string {
  return isPlain(column) ? pattern.replace(/(\(\?:(?:\[\.\]|,)\[0-9\])[*+]\)\?/, (_, start: string) => `${start}{0,${scaleOf(column)}})?`) : pattern;
}

/** A pattern that takes its letters in either case, written without flags. */
export function cased(pattern: string): string {
  return pattern.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}

export function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (sign) => `[${sign === '^' || sign === '\\' || sign === ']' || sign === '[' ? `\\${sign}` : sign}]`);
}
