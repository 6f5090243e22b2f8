import { compareDecimal, exactNumber, isDate, normalTime, normalTimestamp, type ColumnType } from '@skein/contract';

/**
 * The values of JSON records as the engine holds them once they are typed, so that both paths compare the same thing. All
 * functions take values that the record schema let pass, and no null.
 */

const WHOLE = { 32: ['-2147483648', '2147483647'], 64: ['-9223372036854775808', '9223372036854775807'] } as const;

/** Exact comparable form: decimal text for numbers, full text for dates and times, the text itself for strings. Undefined where the value lies outside its type. */
export function exactForm(value: unknown, type: ColumnType): string | undefined {
  switch (type.kind) {
    case 'int': {
      const text = typeof value === 'number' ? exactNumber(String(value)) : String(value);
      const [least, greatest] = WHOLE[type.bits];
      return text !== undefined && compareDecimal(text, least) >= 0 && compareDecimal(text, greatest) <= 0 ? text : undefined;
    }
    case 'decimal':
      return exactNumber(String(value));
    case 'float': {
      const number = type.bits === 32 ? Math.fround(Number(value)) : Number(value);
      return Number.isFinite(number) ? floatForm(number) : undefined;
    }
    case 'time':
      return normalTime(String(value));
    case 'timestamp': {
      const text = normalTimestamp(String(value), type.zoned);
      return text !== undefined && text >= '0001' ? text : undefined;
    }
    default:
      return String(value).isWellFormed() ? String(value) : undefined;
  }
}

/** The engine's timestamps, microseconds in 64 bits, end here. */
const FARTHEST_YEAR = 290_000;

/**
 * A day or moment that the engine can hold, and that lies outside of the years 0001 to 9999: text that is before, or after, every
 * exact form. Undefined for all other values.
 */
export function farForm(value: unknown, type: ColumnType): '' | '~' | undefined {
  if ((type.kind !== 'date' && type.kind !== 'timestamp') || typeof value !== 'string') return undefined;
  const endless = /^(-?)infinity$/i.exec(value);
  if (endless) return endless[1] === '-' ? '' : '~';
  const [, year = '', day = '', clock = ''] = /^(-?[1-9]\d{4,5}|-?\d{4})-(\d{2}-\d{2})(.*)$/s.exec(value) ?? [];
  if (year === '' || (type.kind === 'date') !== (clock === '')) return undefined;
  const at = Number(year);
  // The calendar repeats itself every 400 years.
  if (!isDate(`${2000 + (((at % 400) + 400) % 400)}-${day}`)) return undefined;
  if (type.kind === 'timestamp' && (normalTimestamp(`2000-01-01${clock}`, type.zoned) === undefined || Math.abs(at) > FARTHEST_YEAR)) return undefined;
  if (at < 1) return '';
  if (at > 9999) return '~';
  // Its zone may carry it over the edge.
  return type.kind === 'timestamp' && exactForm(value, type) === undefined ? (at === 1 ? '' : '~') : undefined;
}

/** A bound or code of the contract, in the same form. */
export function exactBound(bound: string, type: ColumnType): string {
  if (type.kind !== 'float') return bound;
  return floatForm(type.bits === 32 ? Math.fround(Number(bound)) : Number(bound));
}

/** A double has an exact decimal value, but its shortest text tells it from every other one. */
function floatForm(number: number): string {
  return Object.is(number, -0) ? '0' : String(number);
}

/** Negative, zero or positive. */
export function compareForms(a: string, b: string, type: ColumnType): number {
  switch (type.kind) {
    case 'int':
    case 'decimal':
      return compareDecimal(a, b);
    case 'float':
      return Number(a) - Number(b);
    default:
      return a < b ? -1 : a > b ? 1 : 0;
  }
}

/** Whether every part of a nested value lies within its type: digit strings within 64 bits, instants within four-digit years. */
export function withinType(value: unknown, type: ColumnType): boolean {
  if (value === null || value === undefined) return true;
  switch (type.kind) {
    case 'list':
      return (value as unknown[]).every((item) => withinType(item, type.element));
    case 'map':
      return Object.entries(value).every(([key, item]) => withinType(key, type.key) && withinType(item, type.value));
    case 'struct':
      return type.fields.every((field) => withinType(ownMember(value, field.name), field.type));
    default:
      return exactForm(value, type) !== undefined;
  }
}

/** Text that is equal for values which the engine holds as equal: the order of a map's entries counts, as there. */
export function distinctForm(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return 'null';
  switch (type.kind) {
    case 'list':
      return `[${(value as unknown[]).map((item) => distinctForm(item, type.element)).join()}]`;
    case 'map':
      return `{${Object.entries(value)
        .map(([key, item]) => `${distinctForm(key, type.key)}:${distinctForm(item, type.value)}`)
        .join()}}`;
    case 'struct':
      return `(${type.fields.map((field) => distinctForm(ownMember(value, field.name), field.type)).join()})`;
    default:
      return JSON.stringify(exactForm(value, type) ?? String(value));
  }
}

/** No type nests deeper. */
const DEEPEST_TEXT = 64;

/** Whether all texts and keys are text of Unicode, which the engine can hold: half a character, of which JavaScript makes strings, is none. */
export function isText(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (value === null || typeof value !== 'object' || depth > DEEPEST_TEXT) return true;
  for (const key in value) if (!key.isWellFormed() || !isText(ownMember(value, key), depth + 1)) return false;
  return true;
}

export function ownMember(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
