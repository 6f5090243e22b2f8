/** Days of each month in the proleptic Gregorian calendar (ISO 8601). */
function daysIn(year: number, month: number): number {
  return [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
}

/** `YYYY-MM-DD` that exists in the calendar, years 0001 to 9999. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match !== null && match[1] !== '0000' && Number(match[3]) >= 1 && Number(match[3]) <= daysIn(Number(match[1]), Number(match[2]));
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?$/;

/** `HH:MM[:SS[.ffffff]]` in full form `HH:MM:SS.ffffff`; undefined where it is no time of day (no leap seconds, no 24:00). */
export function normalTime(text: string): string | undefined {
  const match = TIME.exec(text);
  return match ? `${match[1]}:${match[2]}:${match[3] ?? '00'}.${(match[4] ?? '').padEnd(6, '0')}` : undefined;
}

/**
 * A timestamp in full form `YYYY-MM-DD HH:MM:SS.ffffff`. A zoned one is turned to UTC (`Z` or `±HH:MM` must stand, unless
 * it is a date alone, which is its midnight in UTC); a wall-clock one must not carry a zone.
 */
export function normalTimestamp(text: string, zoned: boolean): string | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)([Zz]|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(text);
  if (!match) return undefined;
  const [, date = '', clock = '00:00', zone] = match;
  const time = normalTime(clock);
  if (!isDate(date) || time === undefined) return undefined;
  if (!zoned) return zone === undefined ? `${date} ${time}` : undefined;
  if (zone === undefined) return match[2] === undefined ? `${date} ${time}` : undefined;
  if (/^[Zz]$/.test(zone)) return `${date} ${time}`;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(':', '') || '0');
  if (hours > 18 || minutes > 59) return undefined;
  const offset = (hours * 60 + minutes) * (zone.startsWith('-') ? -1 : 1);
  const moved = new Date(Date.parse(`${date}T${time.slice(0, 8)}Z`) - offset * 60_000);
  const iso = moved.toISOString();
  return /^\d{4}-/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}${time.slice(8)}` : undefined;
}
