import { concat, extract, text, type Text } from '../program/program.ts';
import { cased } from './decimal.ts';
import { type Column, type Family, type Reading, reads } from './family.ts';
import { targetOf } from './unit.ts';

/** Seconds of each unit, with its spellings. */
const PARTS = [
  [86_400, 'd|days?|tage?'],
  [3600, 'h|hrs?|hours?|std'],
  [60, 'm|mins?|minutes?|minuten'],
  [1, 's|secs?|seconds?|sek|sekunden'],
] as const;
const NUMBER = '([0-9]{1,6}(?:[.][0-9]{1,3})?)';
/** `1h 30m`, `2 hours and 5 minutes`. */
const WORDED = `^${PARTS.map(([, words]) => `(?:${NUMBER} ?(?:${cased(words)})[.]?(?:,? ?(?:and |& )?|$))?`).join('')}$`;
/** ISO 8601, 5.5.2.2: `PT1H30M`; months and years have no length. */
const ISO = `^P(?:${NUMBER}D)?(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`;
/** Hours, minutes and seconds; of two numbers alone nobody knows which they are. */
const CLOCK = '^()([0-9]{1,4}):([0-5][0-9]):([0-5][0-9])$';
const FORMS = [WORDED, ISO, CLOCK];
const UNITS = { s: 1, min: 60, h: 3600 } as const;
type Unit = keyof typeof UNITS;

/**
 * Durations of several parts as a number of the wanted unit: declared, or named in the column's name or description; or, in a text column,
 * the one that nearly all accepted values have. Where nothing says the unit, hours, minutes and seconds are readings of the same values.
 */
export const duration: Family = (column) => {
  const kind = column.facts.property.type.kind;
  const several = column.values.some(({ text: value }) => COMPOUND.test(value) || /^P[0-9T.DHMS]+$/.test(value) || new RegExp(CLOCK).test(value));
  if (!several) return [];
  if (kind === 'string') {
    const written = writtenIn(column);
    return written === undefined ? [] : readings(column, written.unit, (of) => concat(of, text(written.after)));
  }
  if (kind !== 'int' && kind !== 'decimal' && kind !== 'float') return [];
  const target = targetOf(column);
  if (target === undefined && column.facts.source?.unit !== undefined) return [];
  if (target !== undefined) return target.symbol in UNITS ? readings(column, target.symbol as Unit) : [];
  return (Object.keys(UNITS) as Unit[]).flatMap((unit) => readings(column, unit));
};
const COMPOUND = /[0-9] ?[A-Za-z]+[.]?,? ?(?:and |& )?[0-9]+ ?[A-Za-z]/;

function readings(column: Column, unit: Unit, output: (of: Text) => Text = (of) => of): Reading[] {
  return FORMS.flatMap((pattern) => {
    const form = new RegExp(pattern, 'u');
    if (!column.values.some(({ text: value }) => form.test(value))) return [];
    const terms = PARTS.map(([seconds], index): readonly [Text, string] => [extract(column.text, pattern, index + 1), String(seconds)]);
    const total: Text = { op: 'total', terms, over: UNITS[unit] };
    return [{ category: 'duration', what: `durations in ${unit}`, when: reads(column, pattern), result: output(total), tier: 0 as const }];
  });
}

/** The unit that accepted texts such as `90 min` have, with what stands after their number. */
function writtenIn(column: Column): { unit: Unit; after: string } | undefined {
  const sample = column.accepted.slice(0, 200);
  const tails = new Set(sample.map((value) => /^[0-9]+(?:[.][0-9]+)?( ?[A-Za-z]+[.]?)$/.exec(value)?.[1]));
  const [after] = tails;
  if (sample.length < 3 || tails.size !== 1 || after === undefined) return undefined;
  const at = PARTS.findIndex(([, words]) => new RegExp(`^ ?(?:${words})[.]?$`, 'i').test(after));
  const unit = ([undefined, 'h', 'min', 's'] as const)[at];
  return unit && { unit, after };
}
