/**
 * A length of time as a service level promises it. Milliseconds to weeks have one length; months and years are those of the
 * calendar, in UTC: three years after a moment is the same day and clock time of the third year, or the last day of its month.
 */
export type Period = { readonly micros: bigint } | { readonly months: bigint };

const SECOND = 1_000_000n;
const MICROS: readonly (readonly [bigint, readonly string[]])[] = [
  [1_000n, ['ms', 'millisecond', 'milliseconds']],
  [SECOND, ['s', 'sec', 'second', 'seconds']],
  [60n * SECOND, ['min', 'minute', 'minutes']],
  [3_600n * SECOND, ['h', 'hr', 'hour', 'hours']],
  [86_400n * SECOND, ['d', 'day', 'days']],
  [604_800n * SECOND, ['w', 'wk', 'week', 'weeks']],
];
const MONTHS: readonly (readonly [bigint, readonly string[]])[] = [
  [1n, ['mo', 'mon', 'month', 'months']],
  [12n, ['y', 'yr', 'year', 'years']],
];

/** The period that value and unit of a service level say exactly, or why they say none. */
export function readPeriod(value: string, unit: string | undefined): { readonly period: Period } | { readonly reason: string } {
  if (unit === undefined) return { reason: 'it has no unit' };
  const name = unit.trim().toLowerCase();
  if (name === 'm') return { reason: 'the unit m may be minutes or months: write min or mo' };
  const found = /^(\d{1,18})(?:\.(\d{1,18}))?$/.exec(value.trim());
  if (!found || /^[0.]*$/.test(value.trim())) return { reason: `${JSON.stringify(value)} is no positive number` };
  const [, whole = '0', fraction = ''] = found;
  const digits = fraction.replace(/0+$/, '');
  const times = (length: bigint): bigint | undefined => {
    const scaled = BigInt(whole + digits) * length;
    const grain = 10n ** BigInt(digits.length);
    return scaled % grain === 0n ? scaled / grain : undefined;
  };
  const fixed = MICROS.find(([, names]) => names.includes(name));
  if (fixed) {
    const micros = times(fixed[0]);
    return micros === undefined ? { reason: `${value} ${unit} is no whole number of microseconds` } : { period: { micros } };
  }
  const calendar = MONTHS.find(([, names]) => names.includes(name));
  if (!calendar) return { reason: `the unit ${JSON.stringify(unit)} is not known` };
  const months = times(calendar[0]);
  return months === undefined ? { reason: `${value} ${unit} is no whole number of months` } : { period: { months } };
}

/**
 * Positive where `a` is longer, negative where it is shorter, from whatever moment both are counted; undefined where that depends
 * on the moment: a month has 28 to 31 days, and a year 365 or 366.
 */
export function comparePeriods(a: Period, b: Period): number | undefined {
  if ('months' in a && 'months' in b) return sign(a.months - b.months);
  const [[leastA, mostA], [leastB, mostB]] = [bounds(a), bounds(b)];
  if (leastA === mostA && leastB === mostB) return sign(leastA - leastB);
  if (leastA > mostB) return 1;
  return mostA < leastB ? -1 : undefined;
}

/** The least and the most microseconds that a period may last. */
function bounds(period: Period): readonly [bigint, bigint] {
  if ('micros' in period) return [period.micros, period.micros];
  const [years, months] = [period.months / 12n, period.months % 12n];
  return [(years * 365n + months * 28n) * DAY, (years * 366n + months * 31n) * DAY];
}

function sign(difference: bigint): number {
  return difference > 0n ? 1 : difference < 0n ? -1 : 0;
}

/** `micros`: microseconds since the epoch, UTC. */
export function after(micros: bigint, period: Period): bigint {
  if ('micros' in period) return micros + period.micros;
  const days = floor(micros, DAY);
  const from = new Date(Number(days) * 86_400_000);
  const month = BigInt(from.getUTCFullYear()) * 12n + BigInt(from.getUTCMonth()) + period.months;
  const [year, index] = [floor(month, 12n), Number(month - floor(month, 12n) * 12n)];
  if (year > LAST_YEAR) return END_OF_TIME;
  const last = new Date(0);
  last.setUTCFullYear(Number(year), index + 1, 0);
  const day = new Date(0);
  day.setUTCFullYear(Number(year), index, Math.min(from.getUTCDate(), last.getUTCDate()));
  return BigInt(day.getTime()) * 1_000n + (micros - days * DAY);
}

const DAY = 86_400n * SECOND;
/** A JavaScript date reaches to the year 275,760. */
const LAST_YEAR = 200_000n;
const END_OF_TIME = 1n << 70n;

function floor(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b < 0n ? quotient - 1n : quotient;
}

/** Microseconds since the epoch of `YYYY-MM-DD[ HH:MM:SS[.ffffff]]`, in UTC; undefined for any other text. A day is its first moment. */
export function momentOf(text: string): bigint | undefined {
  const found = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?)?$/.exec(text.trim());
  if (!found) return undefined;
  const [year, month, date, hours, minutes, seconds] = found.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const day = new Date(0);
  day.setUTCFullYear(year, month - 1, date);
  if (day.getUTCMonth() !== month - 1 || day.getUTCDate() !== date || hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return BigInt(day.getTime()) * 1_000n + BigInt(hours * 3_600 + minutes * 60 + seconds) * SECOND + BigInt((found[7] ?? '').padEnd(6, '0'));
}

/** The other way round, as the engine writes timestamps. */
export function momentText(micros: bigint): string {
  const millis = floor(micros, 1_000n);
  const text = new Date(Number(millis)).toISOString().slice(0, 19).replace('T', ' ');
  const part = (micros - floor(micros, SECOND) * SECOND).toString().padStart(6, '0').replace(/0+$/, '');
  return part === '' ? text : `${text}.${part}`;
}

/** Milliseconds from a moment (ms since the epoch) until the period after it has passed; undefined where value and unit say no period. */
export function periodAfter(from: number, value: string, unit: string | undefined): number | undefined {
  const read = readPeriod(value, unit);
  return 'reason' in read ? undefined : Number((after(BigInt(from) * 1_000n, read.period) - BigInt(from) * 1_000n) / 1_000n);
}
