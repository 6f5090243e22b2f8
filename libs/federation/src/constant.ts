import { compareDecimal, engineType, exactNumber, isDate, normalTime, normalTimestamp, type ColumnType } from '@skein/contract';
import { literal } from '@skein/kernel';

/** Types that row filters compare, and that pseudonyms are made of. */
export function isScalar(type: ColumnType): boolean {
  return type.kind !== 'struct' && type.kind !== 'list' && type.kind !== 'map' && type.kind !== 'binary';
}

/**
 * A constant of a column's type as SQL for a view, or undefined when the text is no exact value of that type. Views are templates
 * (`{files}`, `{pseudonym:…}`), so no brace of a value may reach them.
 */
export function constantOf(type: ColumnType, text: string): string | undefined {
  if (text.includes('\0') || text.length > 1_000) return undefined;
  switch (type.kind) {
    case 'string':
      return textConstant(text);
    case 'boolean':
      return text === 'true' || text === 'false' ? text.toUpperCase() : undefined;
    case 'int': {
      const exact = exactNumber(text);
      if (exact === undefined || exact.includes('.')) return undefined;
      const bound = 2n ** BigInt(type.bits - 1);
      const value = BigInt(exact);
      return value < -bound || value >= bound ? undefined : cast(exact, type);
    }
    case 'decimal': {
      const exact = exactNumber(text);
      if (exact === undefined || (exact.split('.')[1] ?? '').length > type.scale) return undefined;
      const limit = `1${'0'.repeat(type.precision - type.scale)}`;
      return compareDecimal(exact.replace('-', ''), limit) < 0 ? cast(exact, type) : undefined;
    }
    case 'float': {
      const exact = exactNumber(text);
      return exact === undefined ? undefined : cast(exact, type);
    }
    case 'date':
      return isDate(text) ? cast(text, type) : undefined;
    case 'time': {
      const time = normalTime(text);
      return time === undefined ? undefined : cast(time, type);
    }
    case 'timestamp': {
      const moment = normalTimestamp(text, type.zoned);
      return moment === undefined ? undefined : cast(type.zoned ? `${moment}+00` : moment, type);
    }
    default:
      return undefined;
  }
}

function cast(text: string, type: ColumnType): string {
  return `CAST(${literal(text)} AS ${engineType(type)})`;
}

function textConstant(text: string): string {
  return text.includes('{') || text.includes('}') ? `(${literal(text).replaceAll('{', "'||chr(123)||'").replaceAll('}', "'||chr(125)||'")})` : literal(text);
}
