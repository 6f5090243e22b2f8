import { DataType, DateUnit, TimeUnit, makeVector, type Data, type RecordBatch } from 'apache-arrow';
import { SkeinClientError } from './client-error.ts';

/**
 * A value of a row, exactly: 64-bit integers are bigint, decimals text with all their digits, dates and times ISO 8601 text
 * (instants end in `Z`), lists arrays, structs objects, maps `{ key, value }[]`, binary Uint8Array.
 */
export type SqlValue = string | number | bigint | boolean | null | Uint8Array | SqlValue[] | { [name: string]: SqlValue };

type Reader = (index: number) => SqlValue;

/** The rows of a batch as objects by column name. Throws where two columns share a name: one would hide the other. */
export function* batchRows<Row>(batch: RecordBatch): Generator<Row> {
  const names = batch.schema.fields.map((field) => field.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new SkeinClientError('SKEIN_CLIENT_ANSWER', `two columns of the result are named ${JSON.stringify(twice)}`, {
      hint: 'Give one of them another name with AS, or take the result with .arrow().',
    });
  }
  const readers = batch.data.children.map(reader);
  for (let index = 0; index < batch.numRows; index += 1) yield record(names, readers, index) as Row;
}

function record(names: readonly string[], readers: readonly Reader[], index: number): Record<string, SqlValue> {
  const row: Record<string, SqlValue> = {};
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] as string;
    const value = (readers[at] as Reader)(index);
    // Assigning to __proto__ would set the prototype and lose the value.
    if (name === '__proto__') Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
    else row[name] = value;
  }
  return row;
}

function reader(data: Data): Reader {
  if (DataType.isNull(data.type)) return () => null;
  const read = validReader(data);
  return data.nullCount === 0 ? read : (index) => (data.getValid(index) ? read(index) : null);
}

function validReader(data: Data): Reader {
  const { type } = data;
  if (DataType.isDecimal(type)) return (index) => decimalText(data.values as Uint32Array, data.stride, index, type.scale);
  if (DataType.isTimestamp(type)) {
    const digits = FRACTION[type.unit];
    const zone = type.timezone ? 'Z' : '';
    return (index) => timestampText((data.values as BigInt64Array)[index] as bigint, digits) + zone;
  }
  if (DataType.isDate(type)) {
    return type.unit === DateUnit.DAY
      ? (index) => dateText((data.values as Int32Array)[index] as number)
      : (index) => timestampText((data.values as BigInt64Array)[index] as bigint, 3).slice(0, -13);
  }
  if (DataType.isTime(type)) {
    const digits = FRACTION[type.unit];
    return (index) => timeText(BigInt((data.values as Int32Array | BigInt64Array)[index] as number | bigint), digits);
  }
  if (DataType.isList(type) || DataType.isLargeList(type) || DataType.isMap(type)) {
    const item = reader(data.children[0] as Data);
    return (index) => items(item, Number(data.valueOffsets[index]), Number(data.valueOffsets[index + 1]));
  }
  if (DataType.isFixedSizeList(type)) {
    const item = reader(data.children[0] as Data);
    return (index) => items(item, index * type.listSize, (index + 1) * type.listSize);
  }
  if (DataType.isStruct(type)) {
    const names = type.children.map((field) => field.name);
    const readers = data.children.map(reader);
    return (index) => record(names, readers, index);
  }
  const vector = makeVector(data);
  if (
    DataType.isInt(type) ||
    DataType.isFloat(type) ||
    DataType.isBool(type) ||
    DataType.isUtf8(type) ||
    DataType.isLargeUtf8(type) ||
    DataType.isUtf8View(type) ||
    DataType.isDictionary(type)
  ) {
    return (index) => vector.get(index) as SqlValue;
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type) || DataType.isBinaryView(type) || DataType.isFixedSizeBinary(type)) {
    return (index) => (vector.get(index) as Uint8Array).slice();
  }
  throw new SkeinClientError('SKEIN_CLIENT_ANSWER', `columns of type ${String(type)} have no exact form as rows`, {
    hint: 'Cast the column to text in the SQL, or take the result with .arrow().',
  });
}

function items(read: Reader, begin: number, end: number): SqlValue[] {
  return Array.from({ length: end - begin }, (_, at) => read(begin + at));
}

const FRACTION: Readonly<Record<TimeUnit, number>> = { [TimeUnit.SECOND]: 0, [TimeUnit.MILLISECOND]: 3, [TimeUnit.MICROSECOND]: 6, [TimeUnit.NANOSECOND]: 9 };

/** Two's complement of `stride` 32-bit words, least significant first, as a number with `scale` digits after the point. */
function decimalText(words: Uint32Array, stride: number, index: number, scale: number): string {
  let bits = 0n;
  for (let word = stride - 1; word >= 0; word -= 1) bits = (bits << 32n) | BigInt(words[index * stride + word] as number);
  const value = BigInt.asIntN(32 * stride, bits);
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${value < 0n ? '-' : ''}${digits.slice(0, point)}${scale > 0 ? `.${digits.slice(point)}` : ''}`;
}

const INFINITE_DATE = 2 ** 31 - 1;
const INFINITE_TIMESTAMP = 2n ** 63n - 1n;
/** The calendar repeats itself after 400 years, which are this many days. */
const ERA_DAYS = 146_097;

/** ISO 8601 from days since 1970-01-01; years outside 0000 to 9999 with sign and six digits; DuckDB's infinities as words. */
function dateText(days: number): string {
  if (Math.abs(days) === INFINITE_DATE) return days > 0 ? 'infinity' : '-infinity';
  const era = Math.floor(days / ERA_DAYS);
  const [year, ...rest] = new Date((days - era * ERA_DAYS) * 86_400_000).toISOString().slice(0, 10).split('-');
  const full = Number(year) + era * 400;
  const digits = full >= 0 && full <= 9_999 ? String(full).padStart(4, '0') : `${full < 0 ? '-' : '+'}${String(Math.abs(full)).padStart(6, '0')}`;
  return [digits, ...rest].join('-');
}

function timeText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = Number(value / unit);
  const clock = [seconds / 3_600, (seconds / 60) % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
  return digits === 0 ? clock : `${clock}.${String(value % unit).padStart(digits, '0')}`;
}

function timestampText(value: bigint, digits: number): string {
  if (value === INFINITE_TIMESTAMP) return 'infinity';
  if (value === -INFINITE_TIMESTAMP) return '-infinity';
  const perDay = 86_400n * 10n ** BigInt(digits);
  const rest = ((value % perDay) + perDay) % perDay;
  return `${dateText(Number((value - rest) / perDay))}T${timeText(rest, digits)}`;
}
