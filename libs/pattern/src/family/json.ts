import { sub, type Text } from '../program/program.ts';
import { type Family, type Reading, reads } from './family.ts';

/** Values that were quoted or escaped once too often (RFC 8259 strings, CSV in CSV), and Python's notation where JSON is wanted. */
export const json: Family = (column) => {
  const { kind } = column.facts.property.type;
  const readings: Reading[] = [];
  const add = (what: string, when: string, result: Text, tier: 0 | 1): void => {
    if (column.values.some(({ text }) => new RegExp(when, 'u').test(text))) readings.push({ category: 'json', what, when: reads(column, when), result, tier });
  };
  const inner: Text = sub(column.text, '^"|"$');
  const unescaped: Text = { op: 'replace', of: { op: 'replace', of: inner, from: '\\"', to: '"' }, from: '\\\\', to: '\\' };
  add('the text inside quotes', '^"[^"\\\\]*"$', inner, 0);
  add('the text inside single quotes', "^'[^'\\\\]*'$", sub(column.text, "^'|'$"), 0);
  add('JSON that was written as a JSON string', '^"(?:[^"\\\\]|\\\\["\\\\])*\\\\["\\\\](?:[^"\\\\]|\\\\["\\\\])*"$', unescaped, 0);
  add('quotes doubled once too often', '^"?[\\[{][^"]*""', { op: 'replace', of: inner, from: '""', to: '"' }, 0);
  if (kind === 'struct' || kind === 'list' || kind === 'map') {
    const quoted: Text = { op: 'replace', of: column.text, from: "'", to: '"' };
    const words = sub(sub(sub(quoted, '\\bTrue\\b', 'true'), '\\bFalse\\b', 'false'), '\\bNone\\b', 'null');
    add("Python's notation", '^[\\[{][^"]*[\\]}]$', words, 1);
  }
  return readings;
};
