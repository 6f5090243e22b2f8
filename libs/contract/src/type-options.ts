import { quote } from './check-shape.ts';
import type { ColumnType, TypeOptions } from './contract.ts';
import { compareDecimal } from './exact.ts';
import { isDate, normalTime, normalTimestamp } from './moment.ts';
import { booleanAt, mapAt, mapsAt, nodeAt, numberAt, offsetOf, textAt, type Reading } from './reading.ts';
import type { ResolvedType } from './resolve-type.ts';
import { TEXT_FORMATS } from './text-format.ts';
import { readVector } from './vector.ts';
import { exactNumber, type Tree, type TreeMap } from './yaml-tree.ts';

/** Formats that describe how a value is shown or kept; there is nothing to check. */
const SHOWN_FORMATS = ['password', 'binary'];

const LOWER = ['minimum', 'exclusiveMinimum'] as const;
const UPPER = ['maximum', 'exclusiveMaximum'] as const;

/** `logicalTypeOptions`, `enum`, and what the physical type implies, in one shape; contradictions are faults. */
export function readTypeOptions(property: TreeMap, type: ResolvedType, reading: Reading): TypeOptions {
  const options = mapAt(property, 'logicalTypeOptions');
  const read: { -readonly [Key in keyof TypeOptions]: TypeOptions[Key] } = {};
  const { type: column } = type;
  if (options && textAt(property, 'logicalType') === undefined) {
    reading.invalid('logicalTypeOptions', options.at, 'logicalTypeOptions need a logicalType', `Add logicalType: ${type.logicalType}.`);
    return read;
  }
  const count = (name: 'minLength' | 'maxLength' | 'minItems' | 'maxItems', from: TreeMap | undefined, key: string = name) => {
    const value = from && numberAt(from, key);
    if (value === undefined) return;
    if (Number(value) > 2_147_483_647)
      reading.invalid(key, offsetOf(from as TreeMap, key), `${key} is ${value}, which no value reaches`, 'Write a number below 2147483648.');
    else read[name] = Number(value);
  };

  if (column.kind === 'string') {
    count('minLength', options);
    count('maxLength', options);
    const pattern = options && textAt(options, 'pattern');
    if (pattern !== undefined) read.pattern = pattern;
    const format = (options && textAt(options, 'format')) ?? type.format;
    if (format !== undefined && !SHOWN_FORMATS.includes(format)) {
      if (Object.hasOwn(TEXT_FORMATS, format)) read.format = format;
      else
        reading.unsupported(
          'format',
          offsetOf(options as TreeMap, 'format'),
          `the format ${quote(format)} cannot be judged`,
          `Use one of ${[...Object.keys(TEXT_FORMATS), ...SHOWN_FORMATS].join(', ')}, or a pattern.`,
        );
    }
    if (type.maxLength !== undefined) {
      if (read.maxLength !== undefined && read.maxLength > type.maxLength)
        reading.invalid(
          'maxLength',
          offsetOf(options as TreeMap, 'maxLength'),
          `maxLength ${read.maxLength} is above the ${type.maxLength} that ${textAt(property, 'physicalType')} holds`,
          'Let the two agree.',
        );
      read.maxLength ??= type.maxLength;
    }
  } else if (options && column.kind === 'binary' && [...options.entries.keys()].some((key) => key !== 'format')) {
    reading.unsupported('logicalTypeOptions', options.at, 'binary values have no text to judge', 'Remove the options, or store text.');
  }
  if (column.kind === 'list' && type.logicalType === 'vector') {
    const vector = readVector(property, column.element, reading);
    if (vector) Object.assign(read, { vector, minItems: vector.dimensions, maxItems: vector.dimensions });
  } else if (column.kind === 'list') {
    count('minItems', options);
    count('maxItems', options);
    if (options && booleanAt(options, 'uniqueItems') === true) read.uniqueItems = true;
  }
  if (column.kind === 'map') {
    count('minItems', options, 'minProperties');
    count('maxItems', options, 'maxProperties');
  }
  if (column.kind === 'struct') {
    for (const key of ['minProperties', 'maxProperties']) {
      if (options?.entries.has(key))
        reading.unsupported(
          key,
          offsetOf(options, key),
          `${key} of a struct with fixed fields cannot be judged`,
          'Mark the fields that must stand as required.',
        );
    }
  }
  if (options) readBounds(options, column, read, reading);
  if (type.bounds) {
    const [low, high] = type.bounds;
    if (read.minimum === undefined && read.exclusiveMinimum === undefined) read.minimum = low;
    if (read.maximum === undefined && read.exclusiveMaximum === undefined) read.maximum = high;
  }
  contradictions(options, column, read, reading);
  const values = mapsAt(property, 'enum').map((entry) => nodeAt(entry, 'value'));
  if (values.length > 0) {
    const valid = readValues(
      values.filter((value) => value !== undefined),
      column,
      'enum',
      reading,
    );
    if (valid) read.validValues = valid;
  }
  return read;
}

function readBounds(options: TreeMap, column: ColumnType, read: { -readonly [Key in keyof TypeOptions]: TypeOptions[Key] }, reading: Reading): void {
  for (const name of [...LOWER, ...UPPER, 'multipleOf' as const]) {
    const node = nodeAt(options, name);
    if (node?.kind !== 'scalar') continue;
    const value = boundText(node.text, column);
    if (value === undefined) reading.invalid(name, node.at, `${name} ${quote(node.text)} is no value of this type`, boundForm(column));
    else read[name] = value;
  }
}

/** A bound or code in the one text form of its column type; undefined where it is no value of the type. */
export function boundText(text: string, column: ColumnType): string | undefined {
  switch (column.kind) {
    case 'int':
    case 'decimal':
    case 'float':
      return exactNumber(text);
    case 'date':
      return isDate(text) ? text : undefined;
    case 'time':
      return normalTime(text);
    case 'timestamp':
      return normalTimestamp(text, column.zoned);
    case 'boolean':
      return text === 'true' || text === 'false' ? text : undefined;
    case 'string':
      return text;
    default:
      return undefined;
  }
}

function boundForm(column: ColumnType): string {
  if (column.kind === 'date') return 'Write a date, such as "2026-01-31".';
  if (column.kind === 'time') return 'Write a time of day, such as "23:59:59".';
  if (column.kind === 'timestamp')
    return column.zoned
      ? 'Write an instant with its zone, such as "2026-01-31T00:00:00Z".'
      : 'Write a wall-clock time without a zone, such as "2026-01-31 00:00:00".';
  if (column.kind === 'boolean') return 'Write true or false.';
  if (column.kind === 'list' || column.kind === 'map' || column.kind === 'struct' || column.kind === 'binary')
    return 'Only single values can be compared; remove it.';
  return 'Write a finite number of at most 400 digits.';
}

/** A code list as written text; null and duplicates are faults. */
export function readValues(nodes: readonly Tree[], column: ColumnType, rule: string, reading: Reading): string[] | undefined {
  const values: string[] = [];
  const seen = new Set<string>();
  const before = reading.faults.length;
  for (const node of nodes) {
    const text = node.kind === 'scalar' && node.value !== null ? boundText(node.text, column) : undefined;
    if (text === undefined)
      reading.invalid(
        rule,
        node.at,
        node.kind === 'scalar' && node.value === null
          ? 'null cannot be a code; whether it may stand is what required says'
          : `${node.kind === 'scalar' ? quote(node.text) : `a ${node.kind}`} is no value of this type`,
        boundForm(column),
      );
    else if (seen.has(text)) reading.invalid(rule, node.at, `the code ${quote(text)} stands twice`, 'Name each code once.');
    else {
      seen.add(text);
      values.push(text);
    }
  }
  return reading.faults.length === before ? values : undefined;
}

function contradictions(options: TreeMap | undefined, column: ColumnType, read: TypeOptions, reading: Reading): void {
  const numeric = column.kind === 'int' || column.kind === 'decimal' || column.kind === 'float';
  const compare = (a: string, b: string) => (numeric ? compareDecimal(a, b) : a < b ? -1 : a > b ? 1 : 0);
  const at = (name: string) => (options ? offsetOf(options, name) : 0);
  for (const low of LOWER) {
    for (const high of UPPER) {
      const [from, to] = [read[low], read[high]];
      if (from === undefined || to === undefined) continue;
      const order = compare(from, to);
      if (order > 0 || (order === 0 && (low !== 'minimum' || high !== 'maximum'))) {
        reading.invalid(low, at(options?.entries.has(low) ? low : high), `${low} ${from} and ${high} ${to} leave no value`, 'Change one of the two bounds.');
      }
    }
  }
  for (const [low, high] of [
    ['minLength', 'maxLength'],
    ['minItems', 'maxItems'],
  ] as const) {
    const [from, to] = [read[low], read[high]];
    if (from !== undefined && to !== undefined && from > to) reading.invalid(low, at(low), `${low} ${from} is above ${high} ${to}`, 'Change one of the two.');
  }
  if (read.multipleOf !== undefined && column.kind === 'float') {
    reading.unsupported(
      'multipleOf',
      at('multipleOf'),
      'multipleOf has no exact meaning on a floating-point column',
      'Use physicalType DECIMAL(precision, scale).',
    );
  }
  if (column.kind !== 'int' && column.kind !== 'decimal') return;
  // A constant wider than 38 digits has no exact type in the engine, and no value of the column could tell it from its neighbour.
  for (const name of [...LOWER, ...UPPER, 'multipleOf'] as const) {
    const value = read[name];
    if (value !== undefined && value.replace(/[-.]/g, '').length > 38)
      reading.invalid(name, at(name), `${name} ${value} has more than 38 digits`, 'Write a bound that a value of the column can reach.');
  }
}
