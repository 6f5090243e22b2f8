/**
 * Dates and times as ISO 8601 text, from the integers that DuckDB stores: days or fractions of seconds since 1970-01-01.
 * Days become year, month and day in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
 * algorithms", civil_from_days). Years outside 0000 to 9999 carry a sign and six digits or more; DuckDB's infinities are words.
 */

const DAY_SECONDS = 86_400n;
const INFINITE_DATE = 2 ** 31 - 1;
const INFINITE_TIMESTAMP = 2n ** 63n - 1n;

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** `2024-02-29`, from days since the epoch. */
export function dateText(days: number): string {
  if (days === INFINITE_DATE) return 'infinity';
  if (days === -INFINITE_DATE) return '-infinity';
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const digits = year >= 0 && year <= 9999 ? String(year).padStart(4, '0') : `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
  return `${digits}-${two(month)}-${two(day)}`;
}

/** `23:59:59.000001`: as many digits of fraction as `scale` says (0, 3, 6 or 9). `value` counts 10^-scale seconds since midnight. */
export function timeText(value: bigint, scale: number): string {
  const unit = 10n ** BigInt(scale);
  const seconds = Number(value / unit);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return scale === 0 ? clock : `${clock}.${String(value % unit).padStart(scale, '0')}`;
}

/** `2024-02-29T23:59:59.000001`, with `Z` where it is an instant. `value` counts 10^-scale seconds since the epoch. */
export function timestampText(value: bigint, scale: number, zoned: boolean): string {
  if (value === INFINITE_TIMESTAMP) return 'infinity';
  if (value === -INFINITE_TIMESTAMP) return '-infinity';
  const perDay = DAY_SECONDS * 10n ** BigInt(scale);
  let days = value / perDay;
  let rest = value % perDay;
  if (rest < 0n) {
    rest += perDay;
    days -= 1n;
  }
  return `${dateText(Number(days))}T${timeText(rest, scale)}${zoned ? 'Z' : ''}`;
}

/** ISO 8601 duration: `P14M3DT4.5S`, `PT0S` for nothing; parts keep their own signs, as months, days and seconds do not convert. */
export function intervalText(months: number, days: number, micros: bigint): string {
  let time = '';
  if (micros !== 0n) {
    const size = micros < 0n ? -micros : micros;
    const fraction = String(size % 1_000_000n)
      .padStart(6, '0')
      .replace(/0+$/, '');
    time = `T${micros < 0n ? '-' : ''}${size / 1_000_000n}${fraction === '' ? '' : `.${fraction}`}S`;
  }
  return months === 0 && days === 0 && time === '' ? 'PT0S' : `P${months === 0 ? '' : `${months}M`}${days === 0 ? '' : `${days}D`}${time}`;
}

/** `01:02:03.000000+02:00`, from DuckDB's TIMETZ offset in seconds. */
export function zonedTimeText(micros: bigint, offsetSeconds: number): string {
  const size = Math.abs(offsetSeconds);
  const seconds = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  return `${timeText(micros, 6)}${offsetSeconds < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${seconds}`;
}
