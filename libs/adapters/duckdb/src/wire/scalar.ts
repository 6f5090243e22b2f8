import { dateText, intervalText, timestampText, timeText, zonedTimeText } from '../iso-text.ts';
import type { ResultType } from './result-type.ts';
import { StringVector } from './string-vector.ts';
import { f32, f64, i16, i32, i64, u16, u32, u64, type VectorView } from './vector-view.ts';

/** Signed 128-bit integer at `row` of a vector seen as 64-bit words. */
export function int128(words: BigUint64Array, row: number): bigint {
  return (BigInt.asIntN(64, words[row * 2 + 1] ?? 0n) << 64n) | (words[row * 2] ?? 0n);
}

/** DuckDB stores a UUID as a HUGEINT with the top bit flipped, so that it sorts as its text does. */
export function uuidText(words: BigUint64Array, row: number): string {
  const high = ((words[row * 2 + 1] ?? 0n) ^ (1n << 63n)).toString(16).padStart(16, '0');
  const low = (words[row * 2] ?? 0n).toString(16).padStart(16, '0');
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-${high.slice(12)}-${low.slice(0, 4)}-${low.slice(4)}`;
}

export function decimalText(value: bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** Arrow counts intervals in nanoseconds, DuckDB in microseconds. */
export function intervalOverflows(micros: bigint): boolean {
  return micros > 9_223_372_036_854_775n || micros < -9_223_372_036_854_775n;
}

/** The shortest text that reads back as the same number. FLOAT is rounded to the digits that it has. */
export function floatText(value: number, single: boolean): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0.0';
  if (single) {
    for (let digits = 6; digits <= 9; digits++) {
      const shorter = Number(value.toPrecision(digits));
      if (Math.fround(shorter) === value) return String(shorter);
    }
  }
  return String(value);
}

/** First byte: how many bits of the second are padding; then the bits, most significant first (DuckDB's BIT). */
function bitText(bytes: Uint8Array): string {
  const padding = bytes[0] ?? 0;
  let text = '';
  for (let byte = 1; byte < bytes.length; byte++) text += (bytes[byte] ?? 0).toString(2).padStart(8, '0');
  return text.slice(padding);
}

/** A three-byte header (sign in its top bit), then the magnitude, big-endian; all bytes inverted where negative (DuckDB's BIGNUM). */
function bignumText(bytes: Uint8Array): string {
  const negative = ((bytes[0] ?? 0) & 0x80) === 0;
  let hex = '';
  for (let index = 3; index < bytes.length; index++) hex += ((bytes[index] ?? 0) ^ (negative ? 0xff : 0)).toString(16).padStart(2, '0');
  const size = BigInt(`0x${hex || '0'}`);
  return (negative ? -size : size).toString();
}

/** 40 bits of microseconds, then 24 bits of offset, counted down from +15:59:59 (DuckDB's TIMETZ). */
function timeTzText(bits: bigint): string {
  return zonedTimeText(bits >> 24n, 57_599 - Number(bits & 0xff_ffffn));
}

/** A reader of the plain text of one scalar column; rows that are NULL must not be asked for. BLOB as base64. */
export function scalarText(type: ResultType, view: VectorView): (row: number) => string {
  switch (type.kind) {
    case 'BOOLEAN':
      return (row) => (view.data[row] === 0 ? 'false' : 'true');
    case 'TINYINT':
      return (row) => String(((view.data[row] ?? 0) << 24) >> 24);
    case 'UTINYINT':
      return (row) => String(view.data[row]);
    case 'SMALLINT':
      return numbers(i16(view));
    case 'USMALLINT':
      return numbers(u16(view));
    case 'INTEGER':
      return numbers(i32(view));
    case 'UINTEGER':
      return numbers(u32(view));
    case 'BIGINT':
      return numbers(i64(view));
    case 'UBIGINT':
      return numbers(u64(view));
    case 'HUGEINT': {
      const words = u64(view);
      return (row) => int128(words, row).toString();
    }
    case 'UHUGEINT': {
      const words = u64(view);
      return (row) => (((words[row * 2 + 1] ?? 0n) << 64n) | (words[row * 2] ?? 0n)).toString();
    }
    case 'FLOAT': {
      const values = f32(view);
      return (row) => floatText(values[row] ?? 0, true);
    }
    case 'DOUBLE': {
      const values = f64(view);
      return (row) => floatText(values[row] ?? 0, false);
    }
    case 'DECIMAL': {
      if (type.width === 16) {
        const words = u64(view);
        return (row) => decimalText(int128(words, row), type.scale);
      }
      const values = type.width === 2 ? i16(view) : type.width === 4 ? i32(view) : i64(view);
      return (row) => decimalText(BigInt(values[row] ?? 0), type.scale);
    }
    case 'DATE': {
      const values = i32(view);
      return (row) => dateText(values[row] ?? 0);
    }
    case 'TIME':
    case 'TIME_NS': {
      const values = i64(view);
      return (row) => timeText(values[row] ?? 0n, type.kind === 'TIME' ? 6 : 9);
    }
    case 'TIME WITH TIME ZONE': {
      const values = u64(view);
      return (row) => timeTzText(values[row] ?? 0n);
    }
    case 'TIMESTAMP':
    case 'TIMESTAMP_S':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_NS':
    case 'TIMESTAMP WITH TIME ZONE': {
      const values = i64(view);
      const scale = type.kind === 'TIMESTAMP_S' ? 0 : type.kind === 'TIMESTAMP_MS' ? 3 : type.kind === 'TIMESTAMP_NS' ? 9 : 6;
      const zoned = type.kind === 'TIMESTAMP WITH TIME ZONE';
      return (row) => timestampText(values[row] ?? 0n, scale, zoned);
    }
    case 'INTERVAL': {
      const [words, micros] = [i32(view), i64(view)];
      return (row) => intervalText(words[row * 4] ?? 0, words[row * 4 + 1] ?? 0, micros[row * 2 + 1] ?? 0n);
    }
    case 'UUID': {
      const words = u64(view);
      return (row) => uuidText(words, row);
    }
    case 'ENUM': {
      const indexes = type.width === 1 ? view.data : type.width === 2 ? u16(view) : u32(view);
      return (row) => type.labels[indexes[row] ?? 0] ?? '';
    }
    case 'VARCHAR': {
      const strings = new StringVector(view);
      return (row) => strings.text(row);
    }
    case 'BLOB':
    case 'GEOMETRY': {
      const strings = new StringVector(view);
      return (row) => {
        const bytes = strings.bytes(row);
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
      };
    }
    case 'BIT': {
      const strings = new StringVector(view);
      return (row) => bitText(strings.bytes(row));
    }
    case 'BIGNUM': {
      const strings = new StringVector(view);
      return (row) => bignumText(strings.bytes(row));
    }
    default:
      throw new RangeError(`${type.text} is not a scalar type`);
  }
}

function numbers(values: ArrayLike<number | bigint>): (row: number) => string {
  return (row) => String(values[row]);
}
