/**
 * The `format`s of text, each as one regular expression in RE2 syntax, so that the record check and the engine agree to the
 * letter. All are anchored. Sources: RFC 5321 and 5322 (e-mail, without quoted local parts and comments), RFC 9562 (uuid),
 * RFC 3986 (uri: absolute), RFC 1123 (hostname), RFC 4291 (ipv6), RFC 3339 (date, date-time, time; the calendar is checked), RFC 4648 (byte).
 */

const date =
  '(?:(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))' +
  '|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)-02-29)';
const clock = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?';
const zone = '(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])';
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const byte4 = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const ipv4 = `${byte4}(?:\\.${byte4}){3}`;
const h16 = '[0-9A-Fa-f]{1,4}';
const ls32 = `(?:${h16}:${h16}|${ipv4})`;
const ipv6 = [
  `(?:${h16}:){6}${ls32}`,
  `::(?:${h16}:){5}${ls32}`,
  `(?:${h16})?::(?:${h16}:){4}${ls32}`,
  `(?:(?:${h16}:){0,1}${h16})?::(?:${h16}:){3}${ls32}`,
  `(?:(?:${h16}:){0,2}${h16})?::(?:${h16}:){2}${ls32}`,
  `(?:(?:${h16}:){0,3}${h16})?::${h16}:${ls32}`,
  `(?:(?:${h16}:){0,4}${h16})?::${ls32}`,
  `(?:(?:${h16}:){0,5}${h16})?::${h16}`,
  `(?:(?:${h16}:){0,6}${h16})?::`,
].join('|');

/** By the name of the format. */
export const TEXT_FORMATS: Readonly<Record<string, string>> = {
  email: `^${atom}(?:\\.${atom})*@(?:${label}\\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$`,
  uuid: '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$',
  uri: "^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$",
  hostname: `^${label}(?:\\.${label})*$`,
  ipv4: `^${ipv4}$`,
  ipv6: `^(?:${ipv6})$`,
  date: `^${date}$`,
  'date-time': `^${date}[Tt ]${clock}${zone}$`,
  time: `^${clock}${zone}?$`,
  byte: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
};

/** Record forms of typed columns (see `toJsonSchema`), at most microseconds. */
export const RECORD_FORMS = {
  date: TEXT_FORMATS['date'] as string,
  time: '^(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?$',
  timestamp: `^${date}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?$`,
  instant: `^${date}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?(?:[Zz]|[+-](?:0[0-9]|1[0-8])(?::?[0-5][0-9])?)$`,
  integer: '^(?:0|-?[1-9][0-9]{0,18})$',
  base64: TEXT_FORMATS['byte'] as string,
} as const;

/** A decimal of at most `precision` digits, `scale` of them after the point: `-?12.50`, no exponent, no leading zeros. */
export function decimalForm(precision: number, scale: number): string {
  const whole = precision - scale;
  const digits = whole === 0 ? '0' : whole === 1 ? '[0-9]' : `(?:0|[1-9][0-9]{0,${whole - 1}})`;
  return `^-?${digits}${scale === 0 ? '' : `(?:\\.[0-9]{1,${scale}})?`}$`;
}
