import { isDate, normalTime, normalTimestamp, TEXT_FORMATS, type ColumnType, type Property } from '@skein/contract';
import { compilePattern } from './pattern.ts';
import { recordRules } from './record-rule.ts';

const INT64 = ['-9223372036854775808', '9223372036854775807'].map(BigInt) as [bigint, bigint];
const INT32 = [-2147483648n, 2147483647n] as const;
const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/;
const NUMBER = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/i;
/** A day and a time of day; a day alone is no moment. */
const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]/;

/**
 * Whether the contract accepts a text, or a missing value (null), in a column of single values: what `textForm` and the row rules say in
 * SQL, in JavaScript, for values that do not stand in a table yet. Nested columns accept nothing but null.
 */
export function textAccepts(property: Property): (value: string | null) => boolean {
  const { type, options, required, place } = property;
  const patterns = [options.pattern, options.format === undefined ? undefined : TEXT_FORMATS[options.format]]
    .filter((pattern) => pattern !== undefined)
    .map((pattern) => compilePattern(pattern, place));
  const codes = options.validValues === undefined || type.kind !== 'string' ? undefined : new Set(options.validValues);
  const rules = recordRules(property).filter(({ severity }) => severity === 'error');
  return (value) => {
    if (value === null) return !required && !rules.some((rule) => rule.breaks(null));
    const typed = typedText(value, type);
    if (typed === undefined || rules.some((rule) => rule.breaks(typed))) return false;
    if (type.kind !== 'string') return true;
    const length = [...value].length;
    if (options.minLength !== undefined && length < options.minLength) return false;
    if (options.maxLength !== undefined && length > options.maxLength) return false;
    return (codes === undefined || codes.has(value)) && patterns.every((pattern) => pattern.test(value));
  };
}

/** The value in the form that record rules take; undefined where the text is none of the type. */
function typedText(text: string, type: ColumnType): unknown {
  switch (type.kind) {
    case 'string':
      return text;
    case 'boolean':
      return /^(?:true|false)$/i.test(text) ? /^true$/i.test(text) : undefined;
    case 'int': {
      const plain = /[.e]/i.test(text) ? wholeOf(text) : text === '-0' ? '0' : text;
      if (plain === undefined || !/^-?(?:0|[1-9][0-9]{0,18})$/.test(plain)) return undefined;
      const [low, high] = type.bits === 32 ? INT32 : INT64;
      return BigInt(plain) >= low && BigInt(plain) <= high ? plain : undefined;
    }
    case 'decimal': {
      // Exponents come from binary floats, and are read as such.
      const double = /e/i.test(text) && NUMBER.test(text) ? Number(text) : undefined;
      const written = double === undefined ? text : double.toFixed(type.scale);
      if (double !== undefined && Number(written) !== double) return undefined;
      const [, whole, fraction = ''] = /^-?(0|[1-9][0-9]*)(?:\.([0-9]+))?$/.exec(written) ?? [];
      const digits = fraction.replace(/0+$/, '');
      if (whole === undefined || digits.length > type.scale || (whole === '0' ? 0 : whole.length) > type.precision - type.scale) return undefined;
      return `${written.startsWith('-') ? '-' : ''}${whole}${digits === '' ? '' : `.${digits}`}`;
    }
    case 'float':
      return NUMBER.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'date':
      return DAY.test(text) && isDate(text) && text >= '0001' ? text : undefined;
    case 'time':
      return normalTime(text);
    case 'timestamp':
      return MOMENT.test(text) ? normalTimestamp(text, type.zoned) : undefined;
    case 'binary':
      return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) ? text : undefined;
    default:
      return undefined;
  }
}

/** A whole number that was written as a float: exact below 2^53. */
function wholeOf(text: string): string | undefined {
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? String(number === 0 ? 0 : number) : undefined;
}
