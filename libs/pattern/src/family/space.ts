import { compileText } from '../program/evaluate.ts';
import { lower, matches, sub, upper, VALUE, type Text } from '../program/program.ts';
import type { Family, Reading } from './family.ts';

/** Full-width forms (Unicode block FF00–FFEF), Unicode's spaces and minus signs, and tabs and line ends, as ASCII. */
const FULL = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0xff01 + index)).join('');
const ASCII = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
const SPACES = '\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t\n\v\f\r';
const MINUS = '\u2212\u2010\u2011';
/** Zero-width characters, direction marks, soft hyphens, byte order marks and control characters. */
const INVISIBLE = '[\\x00-\\x08\\x0e-\\x1f\\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+';

/** The value as it was meant to be typed: visible, with single plain spaces, trimmed. */
export const TIDY: Text = sub(
  sub(
    sub({ op: 'translate', of: VALUE, from: FULL + SPACES + MINUS, to: ASCII + ' '.repeat(SPACES.length) + '-'.repeat(MINUS.length) }, INVISIBLE),
    ' {2,}',
    ' ',
  ),
  '^ | $',
);

const tidy = compileText(TIDY);
// eslint-disable-next-line no-control-regex
const ODD = /^\s|\s$|\s\s|[^\x20-\x7e]/;

export function tidied(value: string): string {
  return ODD.test(value) ? (tidy({ value }) ?? value) : value;
}

/**
 * White space, invisible characters, full-width forms and case. The contract decides which of the forms it wants; where it takes
 * several, the least change is made: space before case, and the case of the accepted values before any other.
 */
export const space: Family = (column) => {
  if (column.facts.property.type.kind !== 'string') return [];
  const readings: Reading[] = [];
  const add = (what: string, result: Text, tier: 0 | 1): void => {
    readings.push({ category: 'space-case', what, when: matches(VALUE, '[^ ]'), result, tier, partial: true });
  };
  if (column.values.some(({ raw, text }) => raw !== text)) add('white space and invisible characters', TIDY, 0);
  const cased = column.accepted.filter((value) => /[A-Za-z]/.test(value));
  if (!(cased.length > 0 && cased.every((value) => value !== value.toUpperCase()))) add('upper case', upper(column.text), 1);
  if (!(cased.length > 0 && cased.every((value) => value !== value.toLowerCase()))) add('lower case', lower(column.text), 1);
  return readings;
};
