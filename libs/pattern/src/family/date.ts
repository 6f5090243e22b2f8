import { isDate } from '@skein/contract';
import { compileText } from '../program/evaluate.ts';
import { concat, extract, lower, pad, sub, text, type Test, type Text } from '../program/program.ts';
import { type Column, type Family, type Reading, reads } from './family.ts';
import { monthNames } from './month.ts';
import { CLOCK, clockOf, ZONE } from './time.ts';

type Order = 'DMY' | 'MDY' | 'YMD';
const SEPARATOR = '(?: ?[-/._,] ?| )';
const DAY = '([0-9]{1,2})';
const ORDINAL = '([0-9]{1,2})(?:st|nd|rd|th|[.]|er|º)?';
const YEAR = '([0-9]{4})';
const SHORT_YEAR = "['’]?([0-9]{2})";
const NAME = "([^-0-9 .,/_'’]{3,14})[.]?";
/** A weekday before the date says nothing that the date does not. */
const WEEKDAY = '(?:[^-0-9 .,/_]{2,12}[.]?,? )?';
const BETWEEN = '(?:[-/._, ]| de | of |, ?|[.] )';

interface Form {
  readonly what: string;
  /** Groups for day, month and year, in that order of meaning. */
  readonly pattern: string;
  readonly groups: readonly [day: number, month: number, year: number];
  readonly named?: boolean;
  readonly short?: boolean;
  readonly order?: Order;
  readonly tier: 0 | 1;
}

/**
 * How dates are written (CLDR date formats; ISO 8601 basic and extended; RFC 2822; SAP's DATS). Orders of numbers are readings of the
 * same values: what one value proves (13/04) holds for the column.
 */
const FORMS: readonly Form[] = [
  { what: 'year, month, day', pattern: `${YEAR}${SEPARATOR}${DAY}${SEPARATOR}${DAY}[.]?`, groups: [3, 2, 1], order: 'YMD', tier: 0 },
  { what: 'year, month, day with 年月日', pattern: `${YEAR} ?年 ?${DAY} ?月 ?${DAY} ?日`, groups: [3, 2, 1], tier: 0 },
  { what: 'day before month', pattern: `${DAY}${SEPARATOR}${DAY}${SEPARATOR}${YEAR}`, groups: [1, 2, 3], order: 'DMY', tier: 0 },
  { what: 'month before day', pattern: `${DAY}${SEPARATOR}${DAY}${SEPARATOR}${YEAR}`, groups: [2, 1, 3], order: 'MDY', tier: 0 },
  { what: 'day before month, short year', pattern: `${DAY}${SEPARATOR}${DAY}${SEPARATOR}${SHORT_YEAR}`, groups: [1, 2, 3], short: true, order: 'DMY', tier: 0 },
  { what: 'month before day, short year', pattern: `${DAY}${SEPARATOR}${DAY}${SEPARATOR}${SHORT_YEAR}`, groups: [2, 1, 3], short: true, order: 'MDY', tier: 0 },
  { what: 'short year first', pattern: `([0-9]{2})-([0-9]{2})-([0-9]{2})`, groups: [3, 2, 1], short: true, order: 'YMD', tier: 0 },
  { what: 'eight digits, year first', pattern: '([0-9]{4})([0-9]{2})([0-9]{2})', groups: [3, 2, 1], order: 'YMD', tier: 0 },
  { what: 'eight digits, day first', pattern: '([0-9]{2})([0-9]{2})([0-9]{4})', groups: [1, 2, 3], order: 'DMY', tier: 0 },
  { what: 'eight digits, month first', pattern: '([0-9]{2})([0-9]{2})([0-9]{4})', groups: [2, 1, 3], order: 'MDY', tier: 0 },
  { what: 'six digits, year first', pattern: '([0-9]{2})([0-9]{2})([0-9]{2})', groups: [3, 2, 1], short: true, order: 'YMD', tier: 1 },
  { what: 'six digits, day first', pattern: '([0-9]{2})([0-9]{2})([0-9]{2})', groups: [1, 2, 3], short: true, order: 'DMY', tier: 1 },
  { what: 'six digits, month first', pattern: '([0-9]{2})([0-9]{2})([0-9]{2})', groups: [2, 1, 3], short: true, order: 'MDY', tier: 1 },
  {
    what: 'day, name of the month, year',
    pattern: `${WEEKDAY}${ORDINAL}${BETWEEN}{1,2}${NAME}${BETWEEN}{1,2}${YEAR}`,
    groups: [1, 2, 3],
    named: true,
    tier: 0,
  },
  {
    what: 'name of the month, day, year',
    pattern: `${WEEKDAY}${NAME}${BETWEEN}{1,2}${ORDINAL}${BETWEEN}{1,2}${YEAR}`,
    groups: [2, 1, 3],
    named: true,
    tier: 0,
  },
  { what: 'year, name of the month, day', pattern: `${YEAR}${BETWEEN}{1,2}${NAME}${BETWEEN}{1,2}${ORDINAL}`, groups: [3, 2, 1], named: true, tier: 0 },
  {
    what: 'day, name of the month, short year',
    pattern: `${WEEKDAY}${ORDINAL}${BETWEEN}{1,2}${NAME}${BETWEEN}{1,2}${SHORT_YEAR}`,
    groups: [1, 2, 3],
    named: true,
    short: true,
    tier: 0,
  },
  { what: 'day, name of the month and year in one word', pattern: `([0-9]{1,2})([^-0-9 .,/_]{3,4})([0-9]{4})`, groups: [1, 2, 3], named: true, tier: 0 },
];

/** Dates and timestamps, whichever of the two the column wants. */
export const date: Family = (column) => {
  const { property } = column.facts;
  const kind = property.type.kind;
  const outputs = kind === 'date' ? [ISO] : kind === 'timestamp' ? [ISO] : kind === 'string' ? outputsOf(column) : [];
  if (outputs.length === 0 || !column.values.some(({ text: value }) => /[0-9].*[0-9]/.test(value))) return [];
  const declared = column.facts.source?.dateOrder;
  const window = yearsOf(column);
  const readings: Reading[] = [];
  for (const form of FORMS.flatMap((one) => byMark(column, one))) {
    if (declared !== undefined && form.order !== undefined && form.order !== declared && !(form.order === 'YMD' && form.short !== true)) continue;
    readings.push(...formReadings(column, form, window, outputs));
  }
  if (kind !== 'string') readings.push(...countedReadings(column, window));
  return readings;
};

/** A form whose order numbers must prove, once for each mark that the values have: `13.04.2020` says nothing of `03/04/2020`. */
function byMark(column: Column, form: Form): Form[] {
  if (form.order === undefined || !form.pattern.includes(SEPARATOR)) return [form];
  const whole = new RegExp(`^${form.pattern}`, 'u');
  const marks = new Set(column.values.flatMap(({ text: value }) => (whole.test(value) ? (/[-/.,_]/.exec(value)?.[0] ?? ' ') : [])));
  if (marks.size <= 1) return [form];
  return [...marks].map((mark) => ({ ...form, pattern: form.pattern.replaceAll(SEPARATOR, mark === ' ' ? ' ' : `(?: ?[${mark}] ?)`) }));
}

type Output = (year: Text, month: Text, day: Text) => Text;
const ISO: Output = (year, month, day) => concat(year, text('-'), month, text('-'), day);

interface Years {
  readonly from: number;
  readonly to: number;
  readonly newest: number;
}

/** Years that are plausible where a number might mean something else: near those that the column holds, else 1900 to 2100. */
function yearsOf(column: Column): Years {
  const years = column.accepted.filter((value) => /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(value)).map((value) => Number(value.slice(0, 4)));
  if (years.length < 5) return { from: 1900, to: 2100, newest: 2058 };
  const [least, most] = [Math.min(...years), Math.max(...years)];
  return { from: least - 30, to: most + 30, newest: most + 10 };
}

function formReadings(column: Column, form: Form, window: Years, outputs: readonly Output[]): Reading[] {
  const plainPattern = new RegExp(`^${form.pattern}`, 'u');
  if (!column.values.some(({ text: value }) => plainPattern.test(value))) return [];
  const whole = `^${form.pattern}`;
  const part = (index: 0 | 1 | 2, rest: string): Text => extract(column.text, `${whole}${rest}`, form.groups[index]);
  const kind = column.facts.property.type.kind;
  const zoned = column.facts.property.type.kind === 'timestamp' && column.facts.property.type.zoned;
  const seen = form.named === true ? namesIn(column, new RegExp(whole, 'u'), form.groups[1]) : [];
  if (form.named === true && seen.length === 0) return [];

  const simple = form.named === true || form.short === true ? undefined : formatsOf(column, form, plainPattern);
  const reading = (rest: string, suffix: Text | undefined, what: string, tier: 0 | 1): Reading[] => {
    const year = form.short === true ? century(part(2, rest), window) : part(2, rest);
    const month: Text = form.named === true ? { op: 'lookup', of: lower(part(1, rest)), table: seen } : pad(part(1, rest), 2);
    const quick = rest === '$' ? simple : undefined;
    const day: Text =
      quick === undefined ? { op: 'day', of: ISO(year, month, pad(part(0, rest), 2)) } : { op: 'parsed', of: column.text, formats: quick.formats };
    const inWindow = /digits/.test(form.what) || form.short === true;
    const test: Test[] = [reads(column, quick?.pattern ?? `${whole}${rest}`)];
    if (form.named === true) test.push({ op: 'in', of: lower(part(1, rest)), values: seen.map(([name]) => name) });
    return outputs.map((output) => {
      const formed = output === ISO ? day : output(extract(day, '^([0-9]{4})'), extract(day, '-([0-9]{2})-'), extract(day, '([0-9]{2})$'));
      const result = suffix === undefined ? formed : concat(formed, text(' '), suffix);
      const checked: Text = inWindow
        ? { op: 'if', when: between(quick === undefined ? year : { op: 'slice', of: day, from: 0, length: 4 }, window), yes: result }
        : result;
      return { category: 'date', what: `${form.what}${what}`, when: { op: 'all', of: test }, result: checked, tier: tier > form.tier ? tier : form.tier };
    });
  };
  const found = reading('$', kind === 'timestamp' ? text(zoned ? '00:00:00Z' : '00:00:00') : undefined, '', kind === 'timestamp' && zoned ? 1 : 0);
  if (!column.values.some(({ text: value }) => /[0-9][hH:.][0-9]{2}/.test(value))) return found;
  const groups = (form.pattern.match(/\((?!\?)/g) ?? []).length;
  const clock = `(?:[Tt ]|, ?| at ){1,2}${CLOCK}`;
  const time = clockOf(column.text, `${whole}${clock}`, groups);
  if (kind === 'timestamp' && zoned) {
    const zone = sub(sub(extract(column.text, `${ZONE}$`), '^ ?(?:Z|UTC|GMT)$', 'Z'), ' ');
    found.push(...reading(`${clock}${ZONE}$`, concat(time, zone), ' with time and zone', 0));
  } else if (kind === 'timestamp') found.push(...reading(`${clock}$`, time, ' with time', 0));
  else found.push(...reading(`${clock}$`, undefined, ', its time left out', 1));
  return found;
}

/**
 * The formats of a form for the engine's own parser, with the pattern of what they admit: the separators that the values have. Undefined
 * where they are too many.
 */
function formatsOf(column: Column, form: Form, pattern: RegExp): { formats: readonly string[]; pattern: string } | undefined {
  const letters = [1, 2, 3].map((group) => (['d', 'm', 'Y'] as const)[form.groups.findIndex((one) => one === group)] ?? 'd');
  const [first, second, third] = letters.map((letter) => `%${letter}`) as [string, string, string];
  if (form.what.startsWith('eight')) return { formats: [`${first}${second}${third}`], pattern: '^[0-9]{8}$' };
  const marks = new Map<string, readonly [string, string]>();
  for (const { text: value } of column.values) {
    if (!pattern.test(value)) continue;
    const found = /^[0-9]+([^0-9]+)[0-9]+([^0-9]+)[0-9]+$/.exec(value);
    if (!found?.[1] || !found[2]) continue;
    marks.set(found.slice(1, 3).join('0'), [found[1], found[2]]);
  }
  if (marks.size === 0 || marks.size > 5) return undefined;
  const digits = (letter: string | undefined): string => (letter === 'Y' ? '[1-9][0-9]{3}' : '[0-9]{1,2}');
  const literal = (mark: string): string => [...mark].map((sign) => (/[\\^[\]]/.test(sign) ? `\\${sign}` : `[${sign}]`)).join('');
  const middle = [...marks.values()].map(([a, b]) => `${literal(a)}${digits(letters[1])}${literal(b)}`).join('|');
  return {
    formats: [...marks.values()].map(([a, b]) => `${first}${a}${second}${b}${third}`),
    pattern: `^${digits(letters[0])}(?:${middle})${digits(letters[2])}$`,
  };
}

function between(year: Text, { from, to }: Years): Test {
  return { op: 'between', of: year, from: String(Math.max(from, 1)).padStart(4, '0'), to: String(Math.min(to, 9999)).padStart(4, '0') };
}

/** A year of two digits in the hundred years that end with the newest plausible one (POSIX strptime where the column says nothing: to 2058… from 1959). */
function century(year: Text, { newest }: Years): Text {
  const table = Array.from({ length: 100 }, (_, index) => {
    const late = newest - ((newest - index) % 100);
    return [String(index).padStart(2, '0'), String(late)] as const;
  });
  const pivot = table.find(([short], index) => index > 0 && Number(table[index]?.[1]) < Number(table[index - 1]?.[1]) && short !== '');
  if (!pivot) return concat(text(String(table[0]?.[1]).slice(0, 2)), year);
  const [low, high] = [String(table[0]?.[1]).slice(0, 2), String(table[99]?.[1]).slice(0, 2)];
  const before = table.filter(([, full]) => full.startsWith(low)).map(([short]) => short);
  return { op: 'if', when: { op: 'in', of: year, values: before }, yes: concat(text(low), year), no: concat(text(high), year) };
}

/** Names of months that stand in the values, and the English ones. */
function namesIn(column: Column, pattern: RegExp, group: number): readonly (readonly [string, string])[] {
  const names = monthNames();
  const seen = new Map<string, string>();
  for (const { text: value } of column.values) {
    const name = pattern.exec(value)?.[group]?.toLowerCase();
    const month = name === undefined ? undefined : names.get(name);
    if (name !== undefined && month !== undefined) seen.set(name, month);
  }
  if (seen.size === 0) return [];
  for (const name of ENGLISH) {
    const month = names.get(name);
    if (month !== undefined) seen.set(name, month);
  }
  return [...seen].sort(([a], [b]) => (a < b ? -1 : 1));
}
const ENGLISH = 'january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec'.split(
  ' ',
);

/** Days and moments as counts: seconds and milliseconds since 1970 (POSIX), serial days of spreadsheets (1900 system, from 1899-12-30), weeks (ISO 8601). */
function countedReadings(column: Column, window: Years): Reading[] {
  const { type } = column.facts.property;
  const timestamp = type.kind === 'timestamp';
  const suffix = type.kind === 'timestamp' && type.zoned ? text('Z') : text('');
  const readings: Reading[] = [];
  const add = (what: string, pattern: string, moment: Text, tier: 0 | 1): void => {
    if (!column.values.some(({ text: value }) => new RegExp(pattern, 'u').test(value))) return;
    const result: Text = { op: 'if', when: between(extract(moment, '^([0-9]{4})'), window), yes: moment };
    readings.push({ category: 'date', what, when: reads(column, pattern), result, tier });
  };
  const day = (moment: Text): Text => (timestamp ? concat(moment, suffix) : { op: 'slice', of: moment, from: 0, length: 10 });
  const count = extract(column.text, '^([0-9]+)');
  add('seconds since 1970', '^[0-9]{9,10}$', day({ op: 'epoch', of: count, unit: 's' }), 1);
  add('seconds since 1970', '^[0-9]{9,10}[.]0+$', day({ op: 'epoch', of: count, unit: 's' }), 1);
  add('milliseconds since 1970', '^[0-9]{12,13}$', day({ op: 'epoch', of: count, unit: 'ms' }), 1);
  if (!(type.kind === 'timestamp' && type.zoned)) {
    const serial: Text = { op: 'daysAfter', of: count, base: '1899-12-30' };
    add('days since 1899-12-30, as spreadsheets count', '^[0-9]{5}(?:[.]0+)?$', timestamp ? concat(serial, text(' 00:00:00')) : serial, 1);
    const week = concat(extract(column.text, '^([0-9]{4})'), text('-'), extract(column.text, '[Ww]([0-9]{2})'), text('-'), extract(column.text, '([1-7])$'));
    add(
      'week and day',
      '^[0-9]{4}-?[Ww][0-9]{2}-?[1-7]$',
      timestamp ? concat({ op: 'isoWeekDay', of: week }, text(' 00:00:00')) : { op: 'isoWeekDay', of: week },
      0,
    );
  }
  return readings;
}

/** Forms of dates that a text column holds: those that nearly all accepted values have; where there are none, those that the contract accepts. */
function outputsOf(column: Column): Output[] {
  const { accepts, property } = column.facts;
  if (column.codes !== undefined) return [];
  const forms: readonly (readonly [sample: RegExp, output: Output, order: readonly number[]])[] = [
    [/^([0-9]{4})-([0-9]{2})-([0-9]{2})$/, ISO, [1, 2, 3]],
    [/^([0-9]{4})([0-9]{2})([0-9]{2})$/, (y, m, d) => concat(y, m, d), [1, 2, 3]],
    ...['/', '.', '-'].flatMap((mark) => {
      const pattern = new RegExp(`^([0-9]{2})[${mark}]([0-9]{2})[${mark}]([0-9]{4})$`);
      const bare = new RegExp(`^([1-9][0-9]?)[${mark}]([1-9][0-9]?)[${mark}]([0-9]{4})$`);
      const short = (of: Text): Text => sub(of, '^0');
      return [
        [pattern, (y: Text, m: Text, d: Text) => concat(d, text(mark), m, text(mark), y), [3, 2, 1]],
        [pattern, (y: Text, m: Text, d: Text) => concat(m, text(mark), d, text(mark), y), [3, 1, 2]],
        [bare, (y: Text, m: Text, d: Text) => concat(short(d), text(mark), short(m), text(mark), y), [3, 2, 1]],
        [bare, (y: Text, m: Text, d: Text) => concat(short(m), text(mark), short(d), text(mark), y), [3, 1, 2]],
      ] as const;
    }),
  ];
  const sample = column.accepted.slice(0, 200);
  if (sample.length >= 3) {
    const reading = (value: string, [pattern, , [y = 0, m = 0, d = 0]]: (typeof forms)[number]): boolean => {
      const parts = pattern.exec(value);
      return parts !== null && isDate(`${parts[y]}-${parts[m]?.padStart(2, '0')}-${parts[d]?.padStart(2, '0')}`);
    };
    const fitting = forms.filter((form) => sample.filter((value) => reading(value, form)).length >= sample.length * 0.95);
    // Padded and bare forms both fit where no value tells them apart; the first, the padded one, then stands.
    return fitting.map(([, output]) => output).slice(0, 2);
  }
  const day: readonly [Text, Text, Text] = [text('2024'), text('11'), text('23')];
  if (accepts('no date') || (property.options.pattern === undefined && property.options.format === undefined)) return [];
  return forms.filter(([, output]) => accepts(compileText(output(...day))({ value: '' }))).map(([, output]) => output);
}
