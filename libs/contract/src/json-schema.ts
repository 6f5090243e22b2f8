import type { ColumnType, Contract, Property, Vector } from './contract.ts';
import { decimalForm, RECORD_FORMS, TEXT_FORMATS } from './text-format.ts';
import { vectorRange } from './vector.ts';

/** A JSON Schema, draft 2019-09. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const SAFE = Number.MAX_SAFE_INTEGER;

/**
 * The closed schema of one record of a contract. Its form, in JSON:
 *
 * - 64-bit integers: a number while it is exact (up to 2^53 − 1), or a digit string: `9007199254740993` must be `"9007199254740993"`
 * - decimals: a digit string `"12.50"`, never a number
 * - dates `YYYY-MM-DD`, times `HH:MM[:SS[.ffffff]]`, timestamps `YYYY-MM-DDTHH:MM[:SS[.ffffff]]`, with `Z` or `±HH:MM` where zoned
 * - binary: base64; maps: an object (keys as text); structs: a closed object; lists: an array
 * - a value that is not required may be null or absent
 *
 * Patterns are RE2, unanchored. Bounds of digit strings and dates, multiples, and uniqueness of items have no JSON Schema
 * keyword (or none that is safe): they stand in `checks.json`, and `recordValidator` of the verifier judges them.
 */
export function toJsonSchema(contract: Contract): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2019-09/schema',
    $id: `urn:skein:${contract.product}:${contract.version}`,
    title: contract.product,
    ...(contract.description === undefined ? {} : { description: contract.description }),
    type: 'object',
    properties: withoutPrototype(contract.properties.map((property) => [property.name, propertySchema(property)])),
    required: contract.properties.filter((property) => property.required).map((property) => property.name),
    additionalProperties: false,
  };
}

function propertySchema(property: Property): JsonSchema {
  const described = property.description === undefined ? {} : { description: property.description };
  return { ...described, ...valueSchema(property.type, !property.required, property.options) };
}

function valueSchema(type: ColumnType, nullable: boolean, options: Property['options'] = {}): JsonSchema {
  const named = (name: string) => (nullable ? [name, 'null'] : name);
  const form = (pattern: string) => ({ type: named('string'), pattern });
  const given = (keywords: Record<string, unknown>) => Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined));
  switch (type.kind) {
    case 'string': {
      const { pattern, format, minLength, maxLength, validValues } = options;
      return {
        type: named('string'),
        ...given({ pattern, minLength, maxLength, allOf: format === undefined ? undefined : [{ pattern: TEXT_FORMATS[format] }] }),
        ...(validValues ? { enum: nullable ? [...validValues, null] : validValues } : {}),
      };
    }
    case 'boolean':
      return { type: named('boolean') };
    case 'int':
      if (type.bits === 32) return { type: named('integer'), minimum: -2147483648, maximum: 2147483647 };
      return {
        anyOf: [{ type: 'integer', minimum: -SAFE, maximum: SAFE }, { type: 'string', pattern: RECORD_FORMS.integer }, ...(nullable ? [{ type: 'null' }] : [])],
      };
    case 'float':
      return { type: named('number') };
    case 'decimal':
      return form(decimalForm(type.precision, type.scale));
    case 'date':
      return form(RECORD_FORMS.date);
    case 'time':
      return form(RECORD_FORMS.time);
    case 'timestamp':
      return form(type.zoned ? RECORD_FORMS.instant : RECORD_FORMS.timestamp);
    case 'binary':
      return form(RECORD_FORMS.base64);
    case 'list':
      return {
        type: named('array'),
        items: options.vector ? elementSchema(type.element, options.vector) : valueSchema(type.element, true),
        ...given({ minItems: options.minItems, maxItems: options.maxItems }),
      };
    case 'map':
      return {
        type: named('object'),
        additionalProperties: valueSchema(type.value, true),
        ...given({ propertyNames: keySchema(type.key), minProperties: options.minItems, maxProperties: options.maxItems }),
      };
    case 'struct':
      return {
        type: named('object'),
        properties: withoutPrototype(type.fields.map((field) => [field.name, valueSchema(field.type, !field.required)])),
        required: type.fields.filter((field) => field.required).map((field) => field.name),
        additionalProperties: false,
      };
  }
}

/** No element of a vector is missing. */
function elementSchema(type: ColumnType, vector: Vector): JsonSchema {
  const [minimum, maximum] = vectorRange(vector) ?? [];
  return { ...valueSchema(type, false), ...(minimum === undefined ? {} : { minimum, maximum }) };
}

/** Keys of JSON objects are text; a map with other keys carries their text. */
function keySchema(type: ColumnType): JsonSchema | undefined {
  switch (type.kind) {
    case 'int':
      return { pattern: RECORD_FORMS.integer };
    case 'decimal':
      return { pattern: decimalForm(type.precision, type.scale) };
    case 'date':
      return { pattern: RECORD_FORMS.date };
    case 'boolean':
      return { pattern: '^(?:true|false)$' };
    default:
      return undefined;
  }
}

/** A column may be named `__proto__`; an ordinary object literal would lose it. */
function withoutPrototype(entries: [string, JsonSchema][]): Record<string, JsonSchema> {
  const made: Record<string, JsonSchema> = {};
  for (const [name, schema] of entries) Object.defineProperty(made, name, { value: schema, enumerable: true, configurable: true, writable: true });
  return made;
}
