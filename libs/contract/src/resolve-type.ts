import { INTEGER_FORMATS, PhysicalTypeError, engineType, formatRange, parsePhysicalType, sameType, type PhysicalType } from './column-type.ts';
import type { ColumnType, StructField } from './contract.ts';
import { quote } from './check-shape.ts';
import { booleanAt, itemsAt, mapAt, mapsAt, nodeAt, offsetOf, textAt, type Reading } from './reading.ts';
import { vectorElement, vectorPhysicalType } from './vector.ts';
import type { TreeMap } from './yaml-tree.ts';

/** A property's type as both of its type fields agree on it. */
export interface ResolvedType extends PhysicalType {
  readonly logicalType: string;
}

/** Options that a nested property may not carry: only top-level columns are judged by them. */
const NESTED_CHECKS = ['logicalTypeOptions', 'quality', 'relationships', 'enum', 'unique', 'primaryKey'];

/**
 * Resolves `logicalType` and `physicalType` to one exact type.
 *
 * Where `physicalType` is silent: string, boolean, date and time speak for themselves; integer is 64 bits (or its
 * `format`); timestamp is a wall-clock time unless `timezone: true`; object, array and map are built of `properties`,
 * `items` and `map`, a vector is a list of its elements; number is refused unless its `format` is f32 or f64, since silence must not decide whether digits
 * are lost. Where `logicalType` is silent, it follows from the physical type.
 */
export function resolveType(property: TreeMap, reading: Reading, nested = false): ResolvedType | undefined {
  const logical = textAt(property, 'logicalType');
  const written = textAt(property, 'physicalType');
  if (nested) {
    const given = NESTED_CHECKS.find((key) => property.entries.has(key) && booleanAt(property, key) !== false);
    if (given && !onlyTypes(property, given)) {
      reading.unsupported(
        'nested.checks',
        property.entries.get(given)?.at ?? property.at,
        `${given} of a nested property is not judged`,
        'Make it a column of its own, or write a row-level SQL rule on the column.',
      );
    }
  }
  if (logical === undefined && written === undefined) {
    reading.invalid(
      'logicalType',
      property.at,
      `the property ${quote(textAt(property, 'name') ?? 'item')} has no type`,
      'Add logicalType, and physicalType where one logical type has several widths.',
    );
    return undefined;
  }
  let physical: PhysicalType | undefined;
  if (written !== undefined && !isComposed(property, logical, written)) {
    try {
      physical = logical === 'vector' ? vectorPhysicalType(property, written) : parsePhysicalType(written);
    } catch (error) {
      if (!(error instanceof PhysicalTypeError)) throw error;
      reading.invalid(
        'physicalType',
        offsetOf(property, 'physicalType'),
        `physicalType ${quote(written)} cannot be read: ${error.message}`,
        'Write a SQL type such as VARCHAR, BIGINT, DECIMAL(18,3), DOUBLE, TIMESTAMPTZ, VARCHAR[] or STRUCT(a BIGINT).',
      );
      return undefined;
    }
  }
  const built = builtType(property, logical, physical, reading);
  if (built === 'faulty') return undefined;
  const resolved = built ?? physical;
  if (!resolved) return undefined;
  if (built && physical && !sameType(built.type, physical.type)) {
    reading.invalid(
      'physicalType',
      offsetOf(property, 'physicalType'),
      `physicalType ${quote(written ?? '')} is ${engineType(physical.type)}, but ${logical === 'vector' ? 'elementType makes' : 'the nested properties make'} ${engineType(built.type)}`,
      'Let the two agree, or leave physicalType out.',
    );
    return undefined;
  }
  const logicalType = logical ?? logicalOf(resolved.type);
  if (!agrees(logicalType, resolved.type)) {
    reading.invalid(
      'physicalType',
      offsetOf(property, 'physicalType'),
      `physicalType ${quote(written ?? '')} cannot hold logicalType ${logicalType}`,
      `A ${engineType(resolved.type)} is of logicalType ${logicalOf(resolved.type)}.`,
    );
    return undefined;
  }
  const result = { ...physical, ...resolved, logicalType };
  if (nested && (result.bounds || result.maxLength !== undefined || result.format !== undefined)) {
    reading.unsupported(
      'nested.checks',
      offsetOf(property, 'physicalType'),
      'a length, a form or a narrow integer of a nested property is not judged',
      'Write VARCHAR, INTEGER or BIGINT.',
    );
    return undefined;
  }
  return result;
}

/** `physicalType: object` beside `properties` names the wire's kind of value, not a type. */
function isComposed(property: TreeMap, logical: string | undefined, written: string): boolean {
  const vague = /^(object|struct|record|row|array|list|map)$/i.test(written.trim());
  return (
    vague &&
    ((logical === 'object' && property.entries.has('properties')) ||
      (logical === 'array' && property.entries.has('items')) ||
      (logical === 'map' && property.entries.has('map')))
  );
}

function onlyTypes(property: TreeMap, key: string): boolean {
  if (key !== 'logicalTypeOptions') return false;
  const options = mapAt(property, key);
  return [...(options?.entries.keys() ?? [])].every(
    (option) =>
      option === 'timezone' ||
      option === 'defaultTimezone' ||
      (option === 'format' && textAt(property, 'logicalType') !== 'string') ||
      (option === 'required' && textAt(property, 'logicalType') === 'object'),
  );
}

/** The type that the logical side alone says, undefined where it leaves it to the physical type. */
function builtType(property: TreeMap, logical: string | undefined, physical: PhysicalType | undefined, reading: Reading): PhysicalType | 'faulty' | undefined {
  const options = mapAt(property, 'logicalTypeOptions');
  const format = options && textAt(options, 'format');
  const missing = (message: string, fix: string) => {
    reading.invalid('physicalType', offsetOf(property, 'logicalType'), message, fix);
    return 'faulty' as const;
  };
  switch (logical) {
    case undefined:
      return undefined;
    case 'string':
      return physical ? undefined : { type: { kind: 'string' } };
    case 'boolean':
    case 'date':
    case 'time':
      return physical ? undefined : { type: { kind: logical } };
    case 'integer': {
      if (format === undefined) return physical ? undefined : { type: { kind: 'int', bits: 64 } };
      const said = INTEGER_FORMATS[format];
      if (!said) return missing(`integers of format ${format} have no exact Iceberg type`, 'Use i64, or logicalType number with physicalType DECIMAL(38,0).');
      if (!physical) return said;
      // A wider column may hold a narrower format; the bounds of the format are then checked.
      if (said.type.kind === 'int' && physical.type.kind === 'int' && physical.type.bits < said.type.bits)
        return missing(`format ${format} does not fit into ${engineType(physical.type)}`, 'Widen physicalType, or narrow the format.');
      const range = formatRange(format);
      return range && !sameType(said.type, physical.type) ? { type: physical.type, bounds: range } : { ...physical, ...said, type: physical.type };
    }
    case 'number': {
      if (format === 'f32' || format === 'f64') {
        const said: PhysicalType = { type: { kind: 'float', bits: format === 'f32' ? 32 : 64 } };
        if (!physical) return said;
        if (!sameType(said.type, physical.type)) return missing(`format ${format} is not ${engineType(physical.type)}`, 'Let format and physicalType agree.');
        return undefined;
      }
      if (!physical)
        return missing(
          'a number without a physicalType could be exact or rounded',
          'Add physicalType: DECIMAL(precision, scale) for exact values, DOUBLE for measurements.',
        );
      return undefined;
    }
    case 'timestamp': {
      const zone = options && booleanAt(options, 'timezone');
      if (!physical) return { type: { kind: 'timestamp', zoned: zone ?? false } };
      if (zone !== undefined && physical.type.kind === 'timestamp' && physical.type.zoned !== zone) {
        reading.invalid(
          'timezone',
          offsetOf(options as TreeMap, 'timezone'),
          `timezone is ${zone}, but ${engineType(physical.type)} ${physical.type.zoned ? 'is an instant' : 'has no zone'}`,
          `Write physicalType ${zone ? 'TIMESTAMPTZ' : 'TIMESTAMP'}, or drop timezone.`,
        );
        return 'faulty';
      }
      return undefined;
    }
    case 'object': {
      const fields = nodeAt(property, 'properties');
      if (!fields) return physical ? undefined : missing('an object needs its properties', 'Add properties, or physicalType STRUCT(…) or MAP(…, …).');
      return struct(property, reading);
    }
    case 'array': {
      const items = mapAt(property, 'items');
      if (!items) return physical ? undefined : missing('an array needs its items', 'Add items, or physicalType such as VARCHAR[].');
      const element = resolveType(items, reading, true);
      return element ? { type: { kind: 'list', element: element.type } } : 'faulty';
    }
    case 'vector':
      return { type: { kind: 'list', element: vectorElement(property, physical).type } };
    case 'map': {
      const parts = mapAt(property, 'map');
      if (!parts) return physical ? undefined : missing('a map needs its key and value', 'Add map: { key, value }, or physicalType MAP(…, …).');
      const key = mapAt(parts, 'key');
      const value = mapAt(parts, 'value');
      const keyType = key && resolveType(key, reading, true);
      const valueType = value && resolveType(value, reading, true);
      return keyType && valueType ? { type: { kind: 'map', key: keyType.type, value: valueType.type } } : 'faulty';
    }
  }
  return undefined;
}

function struct(property: TreeMap, reading: Reading): PhysicalType | 'faulty' {
  const options = mapAt(property, 'logicalTypeOptions');
  const required = new Set(options ? itemsAt(options, 'required').map((item) => (item.kind === 'scalar' ? item.text : '')) : []);
  const fields: StructField[] = [];
  const names = new Set<string>();
  let sound = true;
  const parts = mapsAt(property, 'properties');
  if (parts.length === 0) {
    reading.invalid('properties', offsetOf(property, 'properties'), 'an object needs at least one property', 'Add the fields of the object.');
    return 'faulty';
  }
  for (const part of parts) {
    const name = textAt(part, 'name') ?? '';
    // JavaScript validators pass over a member `__proto__`.
    if (name === '' || name === '__proto__' || /[\p{Cc}{}]/u.test(name) || names.has(name.toLowerCase())) {
      reading.invalid(
        'properties.name',
        offsetOf(part, 'name'),
        names.has(name.toLowerCase()) ? `the field ${quote(name)} stands twice` : `${quote(name)} is no field name`,
        'Give each field a name of its own, without braces or control characters.',
      );
      sound = false;
    }
    names.add(name.toLowerCase());
    const type = resolveType(part, reading, true);
    if (!type) sound = false;
    else fields.push({ name, type: type.type, required: booleanAt(part, 'required') === true || required.delete(name) });
    required.delete(name);
  }
  for (const name of required) {
    reading.invalid(
      'logicalTypeOptions.required',
      offsetOf(options as TreeMap, 'required'),
      `required names ${quote(name)}, which is no property of the object`,
      'Name only properties that stand in the object.',
    );
    sound = false;
  }
  return sound ? { type: { kind: 'struct', fields } } : 'faulty';
}

export function logicalOf(type: ColumnType): string {
  switch (type.kind) {
    case 'int':
      return 'integer';
    case 'float':
    case 'decimal':
      return 'number';
    case 'struct':
      return 'object';
    case 'list':
      return 'array';
    case 'binary':
      return 'string';
    default:
      return type.kind;
  }
}

function agrees(logical: string, type: ColumnType): boolean {
  if (logical === logicalOf(type)) return true;
  if (logical === 'integer') return type.kind === 'decimal' && type.scale === 0;
  if (logical === 'number') return type.kind === 'int';
  if (logical === 'vector') return type.kind === 'list';
  // ODCS 3.0 and 3.1 have no logical type for maps.
  return logical === 'object' && type.kind === 'map';
}
