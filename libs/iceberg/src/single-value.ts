import { decimalOf, type IcebergType } from './schema.ts';

/** Code points kept of a text bound: Iceberg's default metrics mode, `truncate(16)`. */
const TEXT_BOUND_LENGTH = 16;

/**
 * A column's lower or upper bound in Iceberg's single-value serialization (table spec, appendix D) from a value as DuckDB
 * prints it. Undefined where the type has no useful bounds or the text is not understood: a missing bound costs
 * speed, a wrong one costs rows.
 */
export function encodeBound(type: IcebergType, text: string, side: 'lower' | 'upper'): Uint8Array | undefined {
  if (typeof type !== 'string') return undefined;
  switch (type) {
    case 'boolean':
      return text === 'true' || text === '1' ? Uint8Array.of(1) : text === 'false' || text === '0' ? Uint8Array.of(0) : undefined;
    case 'int':
      return integer(wholeNumber(text), 4);
    case 'long':
      return integer(wholeNumber(text), 8);
    case 'float':
      return floating(text, side, 4);
    case 'double':
      return floating(text, side, 8);
    case 'date':
      return integer(days(text), 4);
    case 'time':
      return integer(timeOfDay(text), 8);
    case 'timestamp':
    case 'timestamptz':
      return integer(micros(text, type === 'timestamptz'), 8);
    case 'string': {
      const bound = side === 'lower' ? truncateLower(text) : truncateUpper(text);
      return bound === undefined ? undefined : new TextEncoder().encode(bound);
    }
    case 'binary':
      return undefined;
    default:
      return decimal(type, text);
  }
}

function wholeNumber(text: string): bigint | undefined {
  return /^-?\d{1,40}$/.test(text) ? BigInt(text) : undefined;
}

function integer(value: bigint | undefined, bytes: 4 | 8): Uint8Array | undefined {
  if (value === undefined || BigInt.asIntN(bytes * 8, value) !== value) return undefined;
  const out = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) out.setInt32(0, Number(value), true);
  else out.setBigInt64(0, value, true);
  return new Uint8Array(out.buffer);
}

function floating(text: string, side: 'lower' | 'upper', bytes: 4 | 8): Uint8Array | undefined {
  const lower = text.toLowerCase();
  let value =
    lower === 'inf' || lower === 'infinity'
      ? Infinity
      : lower === '-inf' || lower === '-infinity'
        ? -Infinity
        : /^-?[\d.]+(e[+-]?\d+)?$/.test(lower)
          ? Number(lower)
          : NaN;
  if (Number.isNaN(value)) return undefined;
  // -0 sorts before +0 in Iceberg, while engines call them equal and may report either
  if (value === 0) value = side === 'lower' ? -0 : 0;
  const out = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) out.setFloat32(0, value, true);
  else out.setFloat64(0, value, true);
  return new Uint8Array(out.buffer);
}

/** Two's complement, big-endian, the fewest bytes that hold the unscaled value. */
function decimal(type: IcebergType, text: string): Uint8Array | undefined {
  const shape = decimalOf(type);
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (shape === undefined || match === null) return undefined;
  const [, sign, whole, fraction = ''] = match;
  if (fraction.length > shape.scale) return undefined;
  const unscaled = BigInt(`${sign}${whole}${fraction.padEnd(shape.scale, '0')}`);
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1;
  const hex = BigInt.asUintN(length * 8, unscaled)
    .toString(16)
    .padStart(length * 2, '0');
  return Uint8Array.from({ length }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16));
}

function days(text: string): bigint | undefined {
  const match = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return Number.isNaN(date.getTime()) ? undefined : BigInt(date.getTime() / 86_400_000);
}

function timeOfDay(text: string): bigint | undefined {
  const match = /^(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const seconds = BigInt(match[1] ?? 0) * 3600n + BigInt(match[2] ?? 0) * 60n + BigInt(match[3] ?? 0);
  return seconds * 1_000_000n + BigInt((match[4] ?? '').padEnd(6, '0'));
}

/** Microseconds since the epoch; a zoned value must bear its offset. */
function micros(text: string, zoned: boolean): bigint | undefined {
  const match = /^(\S+)[ T](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?:(Z)|([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?)?$/.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '', utc, sign, hours, minutes = '0', seconds = '0'] = match;
  if (zoned !== (utc !== undefined || sign !== undefined)) return undefined;
  const [day, clock] = [days(date), timeOfDay(time)];
  if (day === undefined || clock === undefined) return undefined;
  const offset = sign === undefined ? 0n : (BigInt(hours ?? 0) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * (sign === '-' ? -1n : 1n);
  return day * 86_400_000_000n + clock - offset * 1_000_000n;
}

function truncateLower(text: string): string {
  return Array.from(text).slice(0, TEXT_BOUND_LENGTH).join('');
}

/** The shortest text of at most 16 code points that sorts, as UTF-8 bytes, at or after every text with this prefix. */
function truncateUpper(text: string): string | undefined {
  const points = Array.from(text);
  if (points.length <= TEXT_BOUND_LENGTH) return text;
  const kept = points.slice(0, TEXT_BOUND_LENGTH).map((point) => point.codePointAt(0) ?? 0);
  for (let last = kept.pop(); last !== undefined; last = kept.pop()) {
    if (last === 0x10ffff) continue;
    // the surrogates U+D800 to U+DFFF are not characters
    return String.fromCodePoint(...kept, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}
