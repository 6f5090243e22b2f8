import { concat, extract, matches, pad, sub, text, type Text } from '../program/program.ts';
import { type Column, type Family, type Reading, reads } from './family.ts';

/** Hour, minute, second, fraction and half of the day: ISO 8601 and CLDR time formats, `7.10pm`, `19h10`. */
export const CLOCK = '([0-9]{1,2}) ?[:.hH] ?([0-9]{2})(?:[:.]([0-9]{2})(?:[.,]([0-9]{1,6}))?)? ?([AaPp])?(?:[.]?[Mm][.]?)?(?: ?Uhr| ?h)?';
export const ZONE = '( ?Z| ?UTC| ?GMT| ?[+-][0-9]{2}:?[0-9]{2})';

/** `HH:MM:SS[.ffffff]` from the groups of `CLOCK` in a pattern, of which `before` groups stand in front; missing where it is no time of day. */
export function clockOf(of: Text, pattern: string, before: number): Text {
  const part = (group: number): Text => extract(of, pattern, before + group);
  const hour = pad(part(1), 2);
  const half: Text = { op: 'lookup', of: concat(hour, part(5)), table: HALVES };
  const withHalf: Text = { op: 'if', when: { op: 'present', of: part(5) }, yes: half, no: hour };
  const second: Text = { op: 'first', of: [part(3), text('00')] };
  const fraction: Text = { op: 'first', of: [concat(text('.'), part(4)), text('')] };
  const whole = concat(withHalf, text(':'), part(2), text(':'), second, fraction);
  return extract(whole, '^((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]+)?)$');
}

/** 12 AM is midnight and 12 PM noon (CLDR; NIST). */
const HALVES = Array.from({ length: 12 }, (_, index) => index + 1).flatMap((hour) =>
  (['a', 'A', 'p', 'P'] as const).map(
    (half) => [`${String(hour).padStart(2, '0')}${half}`, String((hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)).padStart(2, '0')] as const,
  ),
);

/** A date before or after a clock time, of which a column of times keeps nothing: `12/01/2011 7:10 a`, `7:10 a.m. Dec 1`. */
const besideDate = (clock: string): string[] => [
  `^[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4},? ${clock}$`,
  `^${clock}(?: on)? ?(?:[A-Z][a-z]{2,8},? )?[A-Z][a-z]{2,8}[.]? [0-9]{1,2}(?:,? [0-9]{4})?$`,
];

/** Times of day, in columns of type time, and in text columns whose accepted values have one form of them. */
export const time: Family = (column) => {
  if (column.facts.property.type.kind === 'string') return written(column);
  if (column.facts.property.type.kind !== 'time') return [];
  const pattern = `^${CLOCK}$`;
  const readings: Reading[] = [];
  if (column.values.some(({ text: value }) => new RegExp(pattern, 'u').test(value))) {
    readings.push({
      category: 'time',
      what: 'hour, minute and second, with halves of the day',
      when: reads(column, pattern),
      result: clockOf(column.text, pattern, 0),
      tier: 0,
    });
  }
  const half = '^([0-9]{1,2})()()() ?([AaPp])[.]?[Mm][.]?$';
  if (column.values.some(({ text: value }) => new RegExp(half, 'u').test(value))) {
    const hour: Text = { op: 'lookup', of: concat(pad(extract(column.text, half, 1), 2), extract(column.text, half, 5)), table: HALVES };
    readings.push({ category: 'time', what: 'an hour with its half of the day', when: reads(column, half), result: concat(hour, text(':00:00')), tier: 0 });
  }
  const digits = '^([0-9]{2})([0-9]{2})([0-9]{2})?$';
  if (column.values.some(({ text: value }) => new RegExp(digits, 'u').test(value))) {
    const second: Text = { op: 'first', of: [extract(column.text, digits, 3), text('00')] };
    const whole = concat(extract(column.text, digits, 1), text(':'), extract(column.text, digits, 2), text(':'), second);
    readings.push({
      category: 'time',
      what: 'four or six digits',
      when: reads(column, digits),
      result: extract(whole, '^((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])$'),
      tier: 1,
    });
  }
  const dated = `^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]${CLOCK}$`;
  if (column.values.some(({ text: value }) => new RegExp(dated, 'u').test(value))) {
    readings.push({ category: 'time', what: 'the time of a timestamp', when: reads(column, dated), result: clockOf(column.text, dated, 0), tier: 1 });
  }
  for (const pattern of besideDate(CLOCK)) {
    if (!column.values.some(({ text: value }) => new RegExp(pattern, 'u').test(value))) continue;
    readings.push({ category: 'time', what: 'the time beside a date', when: reads(column, pattern), result: clockOf(column.text, pattern, 0), tier: 1 });
  }
  return readings.map((one) => ({ ...one, result: one.result.op === 'clear' ? one.result : sub(one.result, '[.]0+$') }));
};

/** Forms of times in text columns: what stands for the halves of the day, or nothing where hours count to 24. */
const WRITTEN: readonly (readonly [form: RegExp, halves: readonly [string, string] | undefined])[] = [
  [/^(?:1[0-2]|[1-9]):[0-5][0-9] [ap][.]m[.]$/, [' a.m.', ' p.m.']],
  [/^(?:1[0-2]|[1-9]):[0-5][0-9] [AP]M$/, [' AM', ' PM']],
  [/^(?:1[0-2]|[1-9]):[0-5][0-9] [ap]m$/, [' am', ' pm']],
  [/^(?:1[0-2]|[1-9]):[0-5][0-9][ap]m$/, ['am', 'pm']],
  [/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, undefined],
];
/** Clocks that say which half of the day they mean: by a letter, or by an hour that only one half has. */
const HALF_DAY = '(0?[1-9]|1[0-2]) ?[:.hH] ?([0-5][0-9])(?:[:.][0-5][0-9])? ?([AaPp])(?:[.]?[Mm][.]?)?';
const WHOLE_DAY = '(00|1[3-9]|2[0-3]) ?[:.hH] ?([0-5][0-9])(?:[:.][0-5][0-9])?(?: ?Uhr| ?h)?';

function written(column: Column): Reading[] {
  const sample = column.accepted.slice(0, 200);
  const found = WRITTEN.find(([form]) => sample.filter((value) => form.test(value)).length >= sample.length * 0.95);
  if (sample.length < 3 || found === undefined) return [];
  const [, halves] = found;
  return [HALF_DAY, WHOLE_DAY].flatMap((clock) =>
    [`^${clock}$`, ...besideDate(clock)].flatMap((pattern): Reading[] => {
      if (!column.values.some(({ text: value }) => new RegExp(pattern, 'u').test(value))) return [];
      const part = (group: number): Text => extract(column.text, pattern, group);
      const hour = part(1);
      const late = clock === HALF_DAY ? matches(part(3), '[Pp]') : matches(hour, '[^0]');
      const counted: Text =
        halves !== undefined
          ? { op: 'lookup', of: pad(hour, 2), table: TWELVE }
          : clock === HALF_DAY
            ? { op: 'lookup', of: concat(pad(hour, 2), part(3)), table: HALVES }
            : hour;
      const half: Text = halves === undefined ? text('') : { op: 'if', when: late, yes: text(halves[1]), no: text(halves[0]) };
      const what = 'a time of day in the form of the column';
      return [{ category: 'time', what, when: reads(column, pattern), result: concat(counted, text(':'), part(2), half), tier: 1 }];
    }),
  );
}
const TWELVE = Array.from({ length: 24 }, (_, hour) => [String(hour).padStart(2, '0'), String(hour % 12 || 12)] as const);
