/** What texts mean, where JavaScript and the engine would differ if each did it in its own way. */

/** Characters that bytes 0x80 to 0x9F stand for in Windows-1252 (WHATWG Encoding Standard, index windows-1252); five are C1 controls. */
export const CP1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
export const C1 = Array.from({ length: 32 }, (_, index) => String.fromCharCode(0x80 + index)).join('');
const BYTE = new Map([...CP1252].map((character, index) => [character, 0x80 + index]));
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 that was decoded as Windows-1252, decoded rightly; null where it is not that, or is ASCII alone. */
export function demojibake(text: string): string | null {
  const bytes = new Uint8Array(text.length);
  let wide = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const byte = code < 0x80 || (code >= 0xa0 && code <= 0xff) ? code : (BYTE.get(text.charAt(at)) ?? (code <= 0x9f ? code : undefined));
    if (byte === undefined) return null;
    if (byte >= 0x80) wide = true;
    bytes[at] = byte;
  }
  if (!wide) return null;
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** Letters of Unicode 16, which the engine's tables do not know. */
const NEWER = /[\u019b\u0264\u1c89\u1c8a\ua7cb-\ua7cf\ua7d2-\ua7d5\ua7da-\ua7dc]/;

/** Greek small letters with a subscript iota, whose simple capital has it as well. */
const IOTA = /[\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb3\u1fc3\u1ff3]/;

/** Simple case mapping, as the engine has it: one code point for one. */
export function mapCase(text: string, to: 'lower' | 'upper'): string {
  // eslint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(text)) return to === 'lower' ? text.toLowerCase() : text.toUpperCase();
  let mapped = '';
  for (const one of text) {
    if (NEWER.test(one)) {
      mapped += one;
      continue;
    }
    const other =
      to === 'lower'
        ? one === 'İ'
          ? 'i'
          : one.toLowerCase()
        : one === 'ß'
          ? 'ẞ'
          : IOTA.test(one)
            ? String.fromCharCode(one.charCodeAt(0) + (one < '\u1fb0' ? 8 : 9))
            : one.toUpperCase();
    mapped += other.length === one.length || one.length === 2 ? other : one;
  }
  return mapped;
}

const DECIMAL = /^[+-]?[0-9]+(?:\.[0-9]*)?$|^[+-]?\.[0-9]+$/;

/** The text as a whole number of units of 10^-scale, rounded half away from zero; undefined where it is no decimal, or over `most` digits stand before the point. */
function rounded(text: string, scale: number, most: number): bigint | undefined {
  if (!DECIMAL.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const up = (fraction[scale] ?? '0') >= '5' ? 1n : 0n;
  const size = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0')) + up;
  if (size >= 10n ** BigInt(scale + most)) return undefined;
  return text.startsWith('-') ? -size : size;
}

/** A decimal rounded to `scale` digits, in its shortest form; null where it is none, or has over 18 digits in all. */
export function plainDecimal(text: string, scale: number): string | null {
  const value = rounded(text, scale, 18 - scale);
  return value === undefined ? null : plain(unscaled(value, scale));
}

/** `text × times + plus`, rounded half away from zero, where the text is rounded to 6 digits first; null where over 12 stand before its point. */
export function affine(text: string, times: string, plus: string, scale: number): string | null {
  const given = rounded(text, 6, 12);
  if (given === undefined) return null;
  const product = given * scaled(times, 9) + scaled(plus, 15);
  const unit = 10n ** BigInt(15 - scale);
  const half = product < 0n ? -(unit / 2n) : unit / 2n;
  const size = (product + half) / unit;
  return size >= 10n ** 18n || size <= -(10n ** 18n) ? null : plain(unscaled(size, scale));
}

/** Σ term × times ÷ over in its shortest form; null where no term is there, or the quotient has over 3 digits after the point. */
export function total(terms: readonly (readonly [text: string | null, times: string])[], over: number): string | null {
  let [sum, any] = [0n, false];
  for (const [given, times] of terms) {
    if (given === null) continue;
    const value = rounded(given, 3, 6);
    if (value === undefined) return null;
    sum += value * BigInt(times);
    any = true;
  }
  return any && sum % BigInt(over) === 0n ? plain(unscaled(sum / BigInt(over), 3)) : null;
}

function scaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(`${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
}

function unscaled(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

/** A decimal without leading zeros, without trailing zeros of the fraction, and without a negative zero. */
export function plain(text: string): string {
  return text
    .replace(/^(-?)0+([0-9])/, '$1$2')
    .replace(/(\.[0-9]*[1-9])0+$/, '$1')
    .replace(/\.0*$/, '')
    .replace(/^-0$/, '0');
}

/** A number in scientific form, such as `1.5E+03`, written out; null where more than 10 digits follow the point or 24 stand before it. */
export function writtenOut(text: string): string | null {
  const match = /^([+-]?)([0-9]{1,10})(?:\.([0-9]{1,10}))?[eE]([+-]?[0-9]{1,2})$/.exec(text);
  if (!match) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const point = whole.length + Number(exponent);
  const digits = whole + fraction;
  const significant = digits.replace(/0+$/, '').length;
  if (point > 24 || significant - point > 10) return null;
  const shifted = point <= 0 ? `0.${'0'.repeat(-point)}${digits}` : `${digits.slice(0, point).padEnd(point, '0')}.${digits.slice(point)}`;
  return plain(`${sign === '-' ? '-' : ''}${shifted}`);
}

/** `YYYY-MM-DD` the number of days after the base day. */
export function daysAfter(base: string, days: number): string {
  return new Date(Date.parse(`${base}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** The date of `YYYY-WW-D` (ISO 8601: week 1 holds 4 January, days from Monday); null where the year has no such week. */
export function isoWeekDay(text: string): string | null {
  const match = /^([0-9]{4})-([0-9]{2})-([1-7])$/.exec(text);
  if (!match) return null;
  const [year, week, day] = match.slice(1).map(Number) as [number, number, number];
  if (year < 1 || year > 9998 || week < 1) return null;
  const first = firstMonday(year);
  const at = first + ((week - 1) * 7 + day - 1) * 86_400_000;
  return first + (week - 1) * 7 * 86_400_000 >= firstMonday(year + 1) ? null : new Date(at).toISOString().slice(0, 10);
}

function firstMonday(year: number): number {
  const fourth = Date.parse(`${String(year).padStart(4, '0')}-01-04T00:00:00Z`);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * 86_400_000;
}
