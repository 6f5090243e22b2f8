import { engineType, type ColumnType } from '@skein/contract';
import { literal } from '@skein/kernel';

/** SQL over a value that is not NULL: whether it can be read as the type without loss, and what it is then. */
export interface Form {
  /** BOOLEAN, never NULL for a value that is not. */
  readonly ok: string;
  /** Only evaluated where `ok` is true. */
  readonly value: string;
}

// The forms of JSON records (`toJsonSchema`) hold for text anywhere; see there for their sources.
const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const CLOCK = '(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\\.[0-9]{1,6})?)?';
const ZONE = '(?:[Zz]|[+-](?:0[0-9]|1[0-8])(?::?[0-5][0-9])?)';
/** Days beyond four-digit years, and infinity, are values, which the contract's own range check refuses. */
const FAR = '(?:-?[1-9][0-9]{4,5}|-[0-9]{4})-[0-9]{2}-[0-9]{2}';
const ENDLESS = '(?i)-?infinity';

const matches = (text: string, pattern: string) => `regexp_full_match(${text}, ${literal(pattern)})`;
const castable = (text: string, type: ColumnType) => `TRY_CAST(${text} AS ${engineType(type)}) IS NOT NULL`;

/**
 * `text` is SQL of a VARCHAR. Nested types are not written as plain text: they are JSON (see `json-form.ts`). `far` says whether days
 * beyond four-digit years are read: within nested values no check would refuse them.
 */
export function textForm(text: string, type: ColumnType, far = true): Form {
  const days = far ? `(?:${DAY}|${FAR})` : `(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-[0-9]{2}-[0-9]{2}`;
  const endless = far ? ENDLESS : '[^\\s\\S]';
  const cast = (from = text) => `TRY_CAST(${from} AS ${engineType(type)})`;
  switch (type.kind) {
    case 'string':
      return { ok: 'TRUE', value: text };
    case 'boolean':
      return { ok: `lower(${text}) IN ('true', 'false')`, value: `lower(${text}) = 'true'` };
    case 'int':
      return { ok: `(${matches(text, '-?(?:0|[1-9][0-9]{0,18})')} AND ${castable(text, type)})`, value: cast() };
    case 'decimal': {
      // Zeros after the last digit of the scale carry nothing.
      const digits = `regexp_replace(${text}, '^(-?[0-9]+(?:\\.[0-9]{0,${type.scale}})?)0*$', '\\1')`;
      const exact = type.scale === 0 ? `regexp_replace(${text}, '\\.0+$', '')` : digits;
      return {
        ok: `(${matches(exact, `-?(?:0|[1-9][0-9]*)${type.scale === 0 ? '' : `(?:\\.[0-9]{1,${type.scale}})?`}`)} AND ${castable(exact, type)})`,
        value: cast(exact),
      };
    }
    case 'float':
      return {
        ok: `(${matches(text, '(?i)[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?(?:nan|inf|infinity)')} AND ${castable(text, type)} AND (isfinite(${cast()}) OR NOT ${matches(text, '.*[0-9].*')}))`,
        value: cast(),
      };
    case 'date':
      return { ok: `(${matches(text, `${days}|${endless}`)} AND ${castable(text, type)})`, value: cast() };
    case 'time': {
      const full = withSeconds(text);
      return { ok: `(${matches(text, CLOCK)} AND ${castable(full, type)})`, value: cast(full) };
    }
    case 'timestamp': {
      const full = withSeconds(`upper(${text})`);
      const form = type.zoned ? `${days}[Tt ]${CLOCK}${ZONE}` : `${days}[Tt ]${CLOCK}`;
      return { ok: `((${matches(text, form)} OR ${matches(text, endless)}) AND ${castable(full, type)})`, value: cast(full) };
    }
    case 'binary':
      return { ok: matches(text, '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'), value: `from_base64(${text})` };
    default:
      return { ok: 'FALSE', value: `NULL::${engineType(type)}` };
  }
}

/** `12:30` and `12:30Z` with `:00`, which the engine's casts want. */
function withSeconds(text: string): string {
  return `regexp_replace(${text}, '((?:^|[T ])[0-9]{2}:[0-9]{2})(Z|[+-].*)?$', '\\1:00\\2')`;
}

/** `text` is SQL of a number's digits, as JSON or the engine writes them; exponents come from binary floats and are read as such. */
export function numberForm(text: string, type: ColumnType): Form {
  const plain = textForm(text, type);
  if (type.kind !== 'int' && type.kind !== 'decimal') return type.kind === 'float' ? plain : { ok: 'FALSE', value: plain.value };
  const double = `TRY_CAST(${text} AS DOUBLE)`;
  const back = `TRY_CAST(${double} AS ${engineType(type)})`;
  const exact = type.kind === 'int' ? `(${double} = trunc(${double}) AND abs(${double}) < 9007199254740992)` : 'TRUE';
  const scientific = `(contains(lower(${text}), 'e')${type.kind === 'int' ? ` OR contains(${text}, '.')` : ''})`;
  return {
    ok: `CASE WHEN ${scientific} THEN coalesce(${exact} AND ${back} IS NOT NULL AND CAST(${back} AS DOUBLE) = ${double}, FALSE) ELSE ${textForm(minusZero(text), type).ok} END`,
    value: `CASE WHEN ${scientific} THEN ${back} ELSE ${textForm(minusZero(text), type).value} END`,
  };
}

function minusZero(text: string): string {
  return `(CASE WHEN ${text} = '-0' THEN '0' ELSE ${text} END)`;
}
