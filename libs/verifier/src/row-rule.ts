import { ident, type Place } from '@skein/kernel';
import { compareDecimal, TEXT_FORMATS, vectorRange, type ColumnType, type Property } from '@skein/contract';
import { columnRange, constant, onGrid, textConstant } from './constant.ts';

/** One row-level rule of a column, before it becomes a check. */
export interface RowRule {
  /** Last part of the check's id. */
  readonly rule: string;
  /** TRUE marks the row as violating; NULL does not. */
  readonly sql: string;
  readonly dimension: string;
}

/** A pattern that the contract's author wrote, to be compiled before any row is judged. */
export interface AuthoredPattern {
  readonly pattern: string;
  readonly place: Place;
}

const FIRST_DAY = '0001-01-01';
const LAST_DAY = '9999-12-31';

/** SQL that is TRUE where a column has no value. */
export function missingSql(property: Property): string {
  return `${ident(property.name)} IS NULL`;
}

/** The row-level rules of a property, cheapest first; `missing` is SQL of where it has no value. */
export function rowRules(property: Property, missing = missingSql(property)): RowRule[] {
  const column = ident(property.name);
  const { type, options } = property;
  const rules: RowRule[] = [];
  const add = (rule: string, sql: string, dimension = 'conformity') => void rules.push({ rule, sql, dimension });

  if (property.required) add('required', missing, 'completeness');
  if (type.kind === 'float') add('finite', `NOT isfinite(${column})`);
  // DuckDB's dates go far beyond the four-digit years that Iceberg readers, Arrow and JSON agree on, and have infinities.
  if (type.kind === 'date') add('range', `(${column} < DATE '${FIRST_DAY}' OR ${column} > DATE '${LAST_DAY}')`);
  if (type.kind === 'timestamp') {
    const [from, to] = [constant(`${FIRST_DAY} 00:00:00`, type), constant(`${LAST_DAY} 23:59:59.999999`, type)];
    add('range', `(${column} < ${from} OR ${column} > ${to})`);
  }
  for (const [name, rule, violates, up] of BOUNDS) {
    const value = options[name];
    if (value !== undefined) add(rule, boundSql(column, type, value, violates, up));
  }
  if (options.minLength !== undefined) add('min_length', `length(${column}) < ${options.minLength}`);
  if (options.maxLength !== undefined) add('max_length', `length(${column}) > ${options.maxLength}`);
  if (options.validValues !== undefined) add('valid_values', invalidSql(column, type, options.validValues));
  if (options.multipleOf !== undefined) add('multiple_of', multipleSql(column, type, options.multipleOf));
  if (options.pattern !== undefined) add('pattern', mismatchSql(column, options.pattern));
  if (options.format !== undefined) add('format', mismatchSql(column, TEXT_FORMATS[options.format] as string));
  const size = type.kind === 'map' ? `cardinality(${column})` : `len(${column})`;
  if (options.minItems !== undefined) add('min_items', `${size} < ${options.minItems}`);
  if (options.maxItems !== undefined) add('max_items', `${size} > ${options.maxItems}`);
  if (options.uniqueItems === true)
    add('unique_items', `(len(list_distinct(${column})) < list_count(${column}) OR len(${column}) - list_count(${column}) > 1)`, 'uniqueness');
  if (options.vector !== undefined && type.kind === 'list') {
    add('element.required', `len(${column}) > list_count(${column})`, 'completeness');
    const range = vectorRange(options.vector);
    const [rule, broken] = range ? ['range', `_x < ${range[0]} OR _x > ${range[1]}`] : ['finite', 'NOT isfinite(_x)'];
    add(`element.${rule}`, `coalesce(len(list_filter(${column}, lambda _x: ${broken})), 0) > 0`);
  }
  for (const { path, sql } of nestedMissing(column, type, 0)) add(`${path}.required`, sql, 'completeness');
  return rules;
}

/** The text of the pattern is an RE2 constant: the engine compiles it once. */
export function mismatchSql(column: string, pattern: string): string {
  return `NOT regexp_matches(${column}, ${textConstant(pattern)})`;
}

/** TRUE where the value is there and is none of `values`. */
export function invalidSql(column: string, type: ColumnType, values: readonly string[]): string {
  const held = representable(values, type);
  return held.length === 0 ? `${column} IS NOT NULL` : `${column} NOT IN (${held.map((value) => constant(value, type)).join(', ')})`;
}

/** TRUE where the value is one of `values`, or where it is missing, if SQL of that is given. */
export function amongSql(column: string, type: ColumnType, values: readonly string[], missing: string | undefined): string {
  const held = representable(values, type);
  const among = held.length === 0 ? undefined : `${column} IN (${held.map((value) => constant(value, type)).join(', ')})`;
  return [...(missing ? [missing] : []), ...(among ? [among] : [])].join(' OR ') || 'FALSE';
}

/** Codes that the column can hold at all: 0.5 never equals an integer, and casting it would round. */
function representable(values: readonly string[], type: ColumnType): readonly string[] {
  const range = columnRange(type);
  if (!range) return values;
  const scale = type.kind === 'decimal' ? type.scale : 0;
  return values.filter((value) => onGrid(value, scale, false).exact && compareDecimal(value, range[0]) >= 0 && compareDecimal(value, range[1]) <= 0);
}

const BOUNDS = [
  ['minimum', 'minimum', '<', true],
  ['maximum', 'maximum', '>', false],
  ['exclusiveMinimum', 'exclusive_minimum', '<=', false],
  ['exclusiveMaximum', 'exclusive_maximum', '>=', true],
] as const;

/**
 * `column < bound`, exactly: a bound between two values of the column is moved to the one that decides the same, and a bound
 * that no value passes or misses becomes a constant, so that no cast of the column is needed.
 */
function boundSql(column: string, type: ColumnType, bound: string, violates: string, up: boolean): string {
  const range = columnRange(type);
  if (!range) return `${column} ${violates} ${constant(bound, type)}`;
  const lower = violates.startsWith('<');
  if (compareDecimal(bound, range[0]) < 0) return lower ? 'FALSE' : `${column} IS NOT NULL`;
  if (compareDecimal(bound, range[1]) > 0) return lower ? `${column} IS NOT NULL` : 'FALSE';
  return `${column} ${violates} ${constant(onGrid(bound, type.kind === 'decimal' ? type.scale : 0, up).value, type)}`;
}

/**
 * With `column = N / 10^s` and `step = M / 10^t`: a multiple when N · 10^t is divisible by M · 10^s, so when N is divisible
 * by q = M · 10^s / gcd(10^t, M · 10^s). The test `column % (q / 10^s)` stays within the column's own exact type.
 */
function multipleSql(column: string, type: ColumnType, step: string): string {
  const scale = type.kind === 'decimal' ? type.scale : 0;
  const [whole = '0', fraction = ''] = step.split('.');
  const stepTimes = BigInt(whole + fraction) * 10n ** BigInt(scale);
  const divisor = stepTimes / gcd(10n ** BigInt(fraction.length), stepTimes);
  const digits = divisor.toString().padStart(scale + 1, '0');
  const onColumn = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  const range = columnRange(type);
  // A step beyond every value leaves only zero as a multiple.
  if (range && compareDecimal(onColumn, range[1]) > 0) return `${column} <> 0`;
  return `${column} % ${constant(onColumn, type)} <> 0`;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** Required fields within structs, lists and maps: one rule for each, by path (`city`, `element.price`, `value.unit`). */
function nestedMissing(value: string, type: ColumnType, depth: number): { path: string; sql: string }[] {
  switch (type.kind) {
    case 'struct':
      return type.fields.flatMap((field) => {
        const part = `struct_extract(${value}, ${textConstant(field.name)})`;
        const own = field.required ? [{ path: field.name, sql: `(${value} IS NOT NULL AND ${part} IS NULL)` }] : [];
        return [...own, ...nestedMissing(part, field.type, depth).map(({ path, sql }) => ({ path: `${field.name}.${path}`, sql }))];
      });
    case 'list':
    case 'map': {
      // No column of a contract begins with _, so none is taken for the variable.
      const item = `_x${depth}`;
      const [items, inner, path] = type.kind === 'list' ? [value, type.element, 'element'] : [`map_values(${value})`, type.value, 'value'];
      return nestedMissing(item, inner, depth + 1).map((rule) => ({
        path: `${path}.${rule.path}`,
        sql: `coalesce(len(list_filter(${items}, lambda ${item}: ${rule.sql})), 0) > 0`,
      }));
    }
    default:
      return [];
  }
}
