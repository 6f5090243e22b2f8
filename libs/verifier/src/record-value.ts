import { compareDecimal, exactNumber, normalTime, normalTimestamp, type ColumnType } from '@skein/contract';

/**
 * The values of JSON records as the engine holds them once they are typed, so that both paths compare the same thing. All
 * functions take values that the record schema let pass, and no null.
 */

const INT64 = ['-9223372036854775808', '9223372036854775807'] as const;

/** Exact comparable form: decimal text for numbers, full text for dates and times, the text itself for strings. Undefined where the value lies outside its type. */
export function exactForm(value: unknown, type: ColumnType): string | undefined {
  switch (type.kind) {
    case 'int': {
      const text = typeof value === 'number' ? exactNumber(String(value)) : String(value);
      return text !== undefined && (type.bits === 32 || (compareDecimal(text, INT64[0]) >= 0 && compareDecimal(text, INT64[1]) <= 0)) ? text : undefined;
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
      return String(value);
  }
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

export function ownMember(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
