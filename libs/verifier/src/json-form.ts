import { decimalForm, type ColumnType } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { numberForm, textForm, type Form } from './text-form.ts';

/**
 * JSON text with its numbers, where one of them is long, turned into text that begins with U+0001: the engine's JSON reader would make a double of
 * `123456789012345678.123456`. RE2 replaces by one template, so strings and numbers are matched side by side: what is left
 * empty between the two marks was a string. Control characters cannot stand in JSON text, so the marks cannot either.
 */
export function keepDigits(json: string): string {
  const marked = `regexp_replace(${json}, '("(?:[^"\\\\]|\\\\.)*")|(-?[0-9][0-9.eE+-]*)', '\\1' || chr(1) || '\\2' || chr(2), 'g')`;
  const replaced = `replace(replace(replace(${marked}, chr(1) || chr(2), ''), chr(1), '"\\u0001'), chr(2), '"')`;
  // A double holds 15 digits exactly: most texts have no longer number, and stay as they are.
  return `CASE WHEN regexp_matches(${json}, '[0-9][0-9.]{15}') THEN ${replaced} ELSE ${json} END`;
}

/** The member of an object of that name, as JSON; NULL where it is absent. */
export function jsonMember(json: string, name: string): string {
  return `json_extract(${json}, ${path(name)})`;
}

/** The members of those names as one list, found in one reading of the text. */
export function jsonMembers(json: string, names: readonly string[]): string {
  return `json_extract(${json}, [${names.map(path).join(', ')}])`;
}

function path(name: string): string {
  return literal(`$."${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);
}

/** `json` is SQL of a JSON value that is not null, its digits kept; the forms are those of `toJsonSchema`, and decimals may be numbers too. */
export function jsonForm(json: string, type: ColumnType, depth = 0): Form {
  const text = `json_extract_string(${json}, '$')`;
  const isText = `json_type(${json}) = 'VARCHAR'`;
  // A text of its own may begin with the mark, too: what follows the mark is a number, or it is none.
  const isMarked = `(${isText} AND starts_with(${text}, chr(1)) AND regexp_full_match(substr(${text}, 2), '-?[0-9][-+0-9.eE]*'))`;
  const isNumber = `(${isMarked} OR json_type(${json}) IN ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT', 'UHUGEINT'))`;
  const digits = `ltrim(${text}, chr(1))`;
  switch (type.kind) {
    case 'boolean':
      return { ok: `(json_type(${json}) = 'BOOLEAN')`, value: `${text} = 'true'` };
    case 'float': {
      // NaN and Infinity are no JSON, but many write them; the contract's own check says that they are not finite.
      const form = numberForm(digits, type);
      return { ok: `(${isNumber} AND ${form.ok})`, value: form.value };
    }
    case 'int':
    case 'decimal': {
      const number = numberForm(digits, type);
      const written = textForm(text, type);
      // A 32-bit integer is a number in JSON; only what a double cannot hold may come as digits.
      const form = type.kind === 'decimal' ? ` AND regexp_full_match(${text}, ${literal(decimalForm(type.precision, type.scale))})` : '';
      const asText = type.kind === 'int' && type.bits === 32 ? 'FALSE' : `(${isText}${form} AND ${written.ok})`;
      return {
        ok: `CASE WHEN ${isNumber} THEN ${number.ok} ELSE ${asText} END`,
        value: `CASE WHEN ${isNumber} THEN ${number.value} ELSE ${written.value} END`,
      };
    }
    case 'list': {
      const item = `_v${depth}`;
      const items = `json_extract(${json}, '$[*]')`;
      const inner = jsonForm(item, type.element, depth + 1);
      return {
        ok: `(json_type(${json}) = 'ARRAY' AND len(list_filter(${items}, lambda ${item}: json_type(${item}) <> 'NULL' AND NOT ${inner.ok})) = 0)`,
        value: `list_transform(${items}, lambda ${item}: CASE WHEN json_type(${item}) = 'NULL' THEN NULL ELSE ${inner.value} END)`,
      };
    }
    case 'map': {
      const [key, item] = [`_k${depth}`, `_v${depth}`];
      const keys = `json_keys(${json})`;
      const values = `json_extract(${json}, '$.*')`;
      const keyForm = textForm(key, type.key, false);
      const inner = jsonForm(item, type.value, depth + 1);
      const typedKeys = `list_transform(${keys}, lambda ${key}: ${keyForm.value})`;
      return {
        ok: `(json_type(${json}) = 'OBJECT' AND len(list_filter(${keys}, lambda ${key}: NOT ${keyForm.ok})) = 0 AND len(list_distinct(${typedKeys})) = len(${keys}) AND len(list_filter(${values}, lambda ${item}: json_type(${item}) <> 'NULL' AND NOT ${inner.ok})) = 0)`,
        value: `map(${typedKeys}, list_transform(${values}, lambda ${item}: CASE WHEN json_type(${item}) = 'NULL' THEN NULL ELSE ${inner.value} END))`,
      };
    }
    case 'struct': {
      const key = `_k${depth}`;
      const parts = type.fields.map((field) => {
        const member = jsonMember(json, field.name);
        return { name: field.name, member, form: jsonForm(member, field.type, depth + 1) };
      });
      const absent = (member: string) => `(${member} IS NULL OR json_type(${member}) = 'NULL')`;
      const unknown = `len(list_filter(json_keys(${json}), lambda ${key}: ${key} NOT IN (${parts.map((part) => literal(part.name)).join(', ')}))) = 0`;
      return {
        ok: `(json_type(${json}) = 'OBJECT' AND ${[unknown, ...parts.map((part) => `(${absent(part.member)} OR ${part.form.ok})`)].join(' AND ')})`,
        value: `struct_pack(${parts.map((part) => `${ident(part.name)} := CASE WHEN ${absent(part.member)} THEN NULL ELSE ${part.form.value} END`).join(', ')})`,
      };
    }
    default: {
      const form = textForm(text, type, depth === 0);
      return { ok: `(${isText} AND NOT ${isMarked} AND ${form.ok})`, value: form.value };
    }
  }
}
