import type { Column } from './family.ts';

/** Signs and words of currencies, by ISO 4217 code. `$` and `¥` are shared by several; one column with one sign still means one. */
const SIGNS: readonly (readonly [code: string, pattern: string])[] = [
  ['USD', '(?:US ?)?[$]|[Uu][Ss][Dd]|[Dd]ollars?'],
  ['EUR', '€|[Ee][Uu][Rr][Oo]?s?'],
  ['GBP', '£|[Gg][Bb][Pp]|[Pp]ounds?'],
  ['JPY', '[¥￥円]|[Jj][Pp][Yy]|[Yy]en'],
  ['INR', '₹|[Ii][Nn][Rr]|[Rr]s[.]?|[Rr]upees?'],
  ['CHF', '[Cc][Hh][Ff]|[Ff]r[.]'],
  ['KRW', '₩|[Kk][Rr][Ww]'],
  ['RUB', '₽|[Rr][Uu][Bb]|руб[.]?'],
  ['PLN', '[Pp][Ll][Nn]|zł'],
  ['SEK', '[Ss][Ee][Kk]|kr[.]?'],
  ['TRY', '₺|[Tt][Rr][Yy]|TL'],
  ['BRL', 'R[$]|[Bb][Rr][Ll]'],
];
const LISTED = new Set(SIGNS.map(([code]) => code));
const CODES = new Set(Intl.supportedValuesOf('currency'));

/** The pattern of a currency's signs. */
export function CURRENCY(code: string): string {
  return SIGNS.find(([name]) => name === code)?.[1] ?? `[${code[0]}${code[0]?.toLowerCase()}]${code.slice(1)}|${code.toLowerCase()}`;
}

/** The currencies of the gap's amounts; where the source or the column's name (`price_eur`) says which one the column is in, that one at most. */
export function currenciesOf(column: Column): string[] {
  const found = new Set<string>();
  for (const { text } of column.values) {
    const around = text.replace(/[0-9.,'’_ +\-()]+/g, ' ').trim();
    if (around === '') continue;
    for (const [code, pattern] of SIGNS) if (new RegExp(`^(?:${pattern})(?![A-Za-z])`).test(around)) found.add(code);
    const word = around.split(' ')[0]?.toUpperCase() ?? '';
    if (CODES.has(word) && !LISTED.has(word) && /^[A-Z]{3}$/.test(word)) found.add(word);
  }
  const wanted = wantedOf(column);
  return [...found].filter((code) => wanted === undefined || code === wanted).sort();
}

/** Whether a text, such as one that stands round every number, is the sign of a currency. */
export function isCurrency(text: string): boolean {
  const sign = text.trim();
  return CODES.has(sign.toUpperCase()) || SIGNS.some(([, pattern]) => new RegExp(`^(?:${pattern})$`, 'i').test(sign));
}

function wantedOf({ facts: { property, source } }: Column): string | undefined {
  if (source?.unit !== undefined && CODES.has(source.unit)) return source.unit;
  const words = property.name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .split(/[^A-Z]+/);
  const named = words.filter((word, at) => at > 0 && CODES.has(word));
  return named.length === 1 ? named[0] : undefined;
}
