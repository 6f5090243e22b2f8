import { ALWAYS, type Text } from '../program/program.ts';
import { type Column, type Family, type Reading, reads } from './family.ts';
import { CURRENCY, currenciesOf, isCurrency } from './currency.ts';
import { cased, escaped, framed, type Mark, marksOf, numberIn } from './decimal.ts';
import { isUnit, unitReadings } from './unit.ts';

const NUMERIC = new Set(['int', 'float', 'decimal']);

/**
 * Numbers: groups and decimal marks, signs behind or as parentheses, scientific form, percent, currencies, units, words for powers of ten,
 * and a constant text round every value. `1,234` has two readings until the column decides.
 */
export const number: Family = (column) => {
  const numeric = NUMERIC.has(column.facts.property.type.kind);
  if (!numeric && !(column.accepted.length > 0 && column.accepted.every((value) => /^-?[0-9]+(\.[0-9]+)?$/.test(value)))) return [];
  if (!column.values.some(({ text: value }) => /[0-9]/.test(value))) return [];
  const readings: Reading[] = [];
  const add = (mark: Mark, what: string, before: string, after: string, tier: 0 | 1, change?: (of: Text) => Text, meaning?: string): void => {
    const of = numberIn(column, mark);
    readings.push({
      category: 'number',
      what: `${what}, decimal mark ${mark}`,
      when: reads(column, framed(column, mark, before, after)),
      result: change ? change(of) : of,
      tier,
      ...(meaning !== undefined && { meaning }),
    });
  };
  const times =
    (by: string) =>
    (of: Text): Text => ({ op: 'affine', of, times: by, plus: '0', scale: 8 });
  const letters = column.values.some(({ text: value }) => /[^0-9.,'’_ +\-()]/.test(value));
  const currencies = currenciesOf(column);
  const currency = currencies.length === 1 ? currencies[0] : undefined;
  for (const mark of marksOf(column)) {
    add(mark, 'a number with groups, signs or zeros', '', '', 0);
    if (!letters) continue;
    if (column.values.some(({ text: value }) => /[%٪]|per ?cent|pct/i.test(value))) {
      add(mark, 'percent as the number before it', '', PERCENT, 0);
      add(mark, 'percent as a share', '', PERCENT, 0, times('0.01'));
    }
    for (const code of currencies.slice(0, MOST_CURRENCIES)) {
      add(mark, `amounts in ${code}`, CURRENCY(code), '', 0, undefined, code);
      add(mark, `amounts in ${code}`, '', CURRENCY(code), 0, undefined, code);
    }
    for (const [power, words] of POWERS) {
      if (isFiner(column, Number(power) / 10)) continue;
      if (column.values.some(({ text: value }) => new RegExp(`[0-9] ?(?:${words})(?![a-z])`, 'i').test(value))) {
        add(mark, `× ${power}`, currency === undefined ? '' : `(?:${CURRENCY(currency)})?`, cased(words), 1, times(power));
      }
    }
    readings.push(...unitReadings(column, mark), ...affixReadings(column, mark));
  }
  if (column.values.some(({ text: value }) => /[0-9][eE][+-]?[0-9]/.test(value))) {
    readings.push({
      category: 'number',
      what: 'scientific form',
      when: reads(column, '^[+-]?[0-9]+([.][0-9]+)?[eE][+-]?[0-9]{1,2}$'),
      result: { op: 'writtenOut', of: column.text },
      tier: 0,
    });
  }
  return readings;
};

/** Whether most accepted numbers are no multiples of a step: then `8.4k` among them is a number rounded to the step, and what it was is lost. */
function isFiner(column: Column, step: number): boolean {
  const numbers = column.accepted.map(Number).filter(Number.isFinite);
  return numbers.length >= 5 && numbers.filter((one) => one % step === 0).length < numbers.length / 2;
}

/** Currencies of one gap that are told apart; two are enough for a conflict. */
const MOST_CURRENCIES = 6;
const PERCENT = '%|٪|[Pp]er ?[Cc]ent|[Pp]ct[.]?';
/** Words for powers of ten. */
const POWERS: readonly (readonly [power: string, words: string])[] = [
  ['1000', 'k|thousand|tsd[.]?'],
  ['1000000', 'mm|mn|mio[.]?|mill[.]?|million|millions|m'],
  ['1000000000', 'bn|billion|billions|mrd[.]?|b'],
];

/** One and the same text before or after nearly every number says nothing: `No. 12`, `12 pcs`. Units and currencies do, and have readings of their own. */
function affixReadings(column: Column, mark: Mark): Reading[] {
  const counts = new Map<string, { before: string; after: string; count: number }>();
  let all = 0;
  for (const { text: value, fails } of column.values) {
    if (!fails && !column.labelled) continue;
    const found = /^([^0-9+\-.,(]*)[0-9][0-9.,'’_ ]*?([^0-9.,]*)$/.exec(value);
    if (!found) continue;
    const [before, after] = [(found[1] ?? '').trim().toLowerCase(), (found[2] ?? '').trim().toLowerCase()];
    if (before.length > 16 || after.length > 16) continue;
    all += 1;
    const key = JSON.stringify([before, after]);
    const entry = counts.get(key) ?? { before, after, count: 0 };
    entry.count += 1;
    counts.set(key, entry);
  }
  return [...counts.values()]
    .filter(({ before, after }) => !isUnit(after) && !isCurrency(before) && !isCurrency(after))
    .filter(({ before, after, count }) => `${before}${after}` !== '' && !/[<>~≈%]/.test(before + after) && count >= 3 && count >= all * 0.8)
    .map(({ before, after }) => ({
      category: 'number',
      what: `${JSON.stringify(before + after)} around every number, decimal mark ${mark}`,
      when: reads(column, framed(column, mark, cased(escaped(before)), cased(escaped(after)))),
      result: numberIn(column, mark),
      holds: ALWAYS,
      tier: 1 as const,
    }));
}
