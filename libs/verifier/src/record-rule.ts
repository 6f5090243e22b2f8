import { isMultiple, vectorRange, type ColumnType, type Property, type Severity } from '@skein/contract';
import { compilePattern } from './pattern.ts';
import { listOf, mustBeNone, textsOf } from './quality-check.ts';
import { compareForms, distinctForm, exactBound, exactForm, farForm } from './record-value.ts';

/** A rule of one column that JSON Schema has no exact keyword for. */
export interface RecordRule {
  readonly check: string;
  readonly severity: Severity;
  readonly message: string;
  /** Whether the value breaks the rule. It is of its type, or beyond the years of one, or null where the value is missing. */
  breaks(value: unknown): boolean;
}

/** The rules of a column beyond its record schema, in the order of the check plan. */
export function recordRules(property: Property): RecordRule[] {
  const { type, options } = property;
  const rules: RecordRule[] = [];
  const add = (rule: string, message: string, breaks: (value: unknown) => boolean, severity: Severity = 'error') =>
    void rules.push({ check: `${property.name}.${rule}`, severity, message, breaks });
  const present = (breaks: (form: string, value: unknown) => boolean) => (value: unknown) => {
    if (value === null) return false;
    const form = farForm(value, type) ?? exactForm(value, type);
    return form !== undefined && breaks(form, value);
  };

  for (const [option, rule, words, broken] of BOUNDS) {
    const bound = options[option];
    if (bound === undefined) continue;
    const form = exactBound(bound, type);
    add(
      rule,
      `must be ${words} ${bound}`,
      present((value) => broken(compareForms(value, form, type))),
    );
  }
  const { validValues, multipleOf } = options;
  if (validValues !== undefined && type.kind !== 'string') {
    const codes = codeSet(validValues, type);
    add(
      'valid_values',
      `must be one of ${validValues.slice(0, 20).join(', ')}`,
      present((value) => !codes.has(value)),
    );
  }
  if (multipleOf !== undefined)
    add(
      'multiple_of',
      `must be a multiple of ${multipleOf}`,
      present((value) => !isMultiple(value, multipleOf)),
    );
  if (options.uniqueItems === true && type.kind === 'list') {
    add(
      'unique_items',
      'must not hold an item twice',
      (value) => Array.isArray(value) && new Set(value.map((item) => distinctForm(item, type.element))).size < value.length,
    );
  }
  if (options.vector !== undefined) {
    // The record schema says the same; what trusts to these rules alone must hear of it too.
    const [low, high] = vectorRange(options.vector) ?? [-Infinity, Infinity];
    const ranged = vectorRange(options.vector) !== undefined;
    const some = (holds: (item: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.some(holds);
    add(
      'element.required',
      'must not lack an element',
      some((item) => item === null || item === undefined),
    );
    add(
      ranged ? 'element.range' : 'element.finite',
      ranged ? `must have elements from ${low} to ${high}` : 'must have finite elements',
      some((item) => typeof item === 'number' && (ranged ? item < low || item > high : !Number.isFinite(item))),
    );
  }
  for (const rule of property.quality) {
    if (rule.type !== 'library' || !mustBeNone(rule)) continue;
    const id = `quality.${rule.id}`;
    if (rule.metric === 'nullValues') add(id, 'must not be null', (value) => value === null, rule.severity);
    if (rule.metric === 'missingValues') {
      const values = listOf(rule.arguments['missingValues']);
      const codes = codeSet(textsOf(values, type, rule), type);
      const among = present((value) => codes.has(value));
      add(id, 'must not be missing', (value) => (value === null ? values.includes(null) : among(value)), rule.severity);
    }
    if (rule.metric === 'invalidValues') {
      const { validValues: valid, pattern } = rule.arguments;
      const codes = valid === undefined ? undefined : codeSet(textsOf(listOf(valid), type, rule), type);
      const compiled = typeof pattern === 'string' ? compilePattern(pattern, rule.place) : undefined;
      add(
        id,
        'must be a valid value',
        present((form, value) => (codes !== undefined && !codes.has(form)) || (compiled !== undefined && !compiled.test(String(value)))),
        rule.severity,
      );
    }
  }
  return rules;
}

const BOUNDS = [
  ['minimum', 'minimum', 'at least', (order: number) => order < 0],
  ['maximum', 'maximum', 'at most', (order: number) => order > 0],
  ['exclusiveMinimum', 'exclusive_minimum', 'above', (order: number) => order <= 0],
  ['exclusiveMaximum', 'exclusive_maximum', 'below', (order: number) => order >= 0],
] as const;

function codeSet(values: readonly string[], type: ColumnType): ReadonlySet<string> {
  return new Set(values.map((value) => exactBound(value, type)));
}
