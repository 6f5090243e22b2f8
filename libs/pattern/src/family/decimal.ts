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
  const token = extract(column.text, TOKEN);
  const dotted: Text = mark === '.' ? sub(token, "[, '’_]") : { op: 'replace', of: sub(token, "[. '’_]"), from: ',', to: '.' };
  const led: Text = { op: 'if', when: matches(token, '^[.,]'), yes: concat(text('0'), dotted), no: dotted };
  const signed: Text = { op: 'if', when: matches(column.text, '^[^0-9]*-|^[(]|[0-9] ?-'), yes: concat(text('-'), led), no: led };
  return isPlain(column) ? { op: 'plain', of: signed } : signed;
}

/** A number between `before` and `after` (patterns), with its sign in front, behind, or as parentheses round the whole (accounting). */
export function framed(mark: Mark, before: string, after: string): string {
  const core = `(?:${CORE[mark]})`;
  const [b, a] = [before === '' ? '' : `(?:${before}) ?`, after === '' ? '' : ` ?(?:${after})`];
  return `^(?:[+-]? ?${b}[+-]? ?${core}${a}|${b}${core} ?-${a}|${b}${core}${a} ?-|[(] ?${b}${core}${a} ?[)])$`;
}

/** A pattern that takes its letters in either case, written without flags. */
export function cased(pattern: string): string {
  return pattern.replace(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}

export function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (sign) => `[${sign === '^' || sign === '\\' || sign === ']' || sign === '[' ? `\\${sign}` : sign}]`);
}
