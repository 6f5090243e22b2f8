import { decimalForm, RECORD_FORMS, TEXT_FORMATS, type ColumnType, type Contract, type Property } from '@skein/contract';
import { compilePattern } from './pattern.ts';
import { quickTest } from './pattern-automaton.ts';
import { recordRules, type RecordRule } from './record-rule.ts';
import { isText } from './record-value.ts';

/** True for a value that certainly keeps a rule; false for one that the full check must look at. */
export type Keeps = (value: unknown) => boolean;

const never: Keeps = () => false;
const always: Keeps = () => true;

/**
 * A test that says yes only to records without a violation, at a fraction of the full check's cost; no means that the full check
 * must judge.
 */
export function cleanRecord(contract: Contract): (record: unknown) => boolean {
  const keeps = objectTest(contract.properties.map(columnTest));
  return (record) => keeps(record) && isText(record);
}

/** What a column's values must keep. */
export interface ColumnTest {
  readonly name: string;
  /** A null, or no value at all, breaks a rule. */
  readonly required: boolean;
  readonly keeps: Keeps;
}

export function columnTest(property: Property): ColumnTest {
  return { name: property.name, required: mustStand(property), keeps: valueTest(property) };
}

/** Rules may ask for a value where `required` does not. */
function mustStand(property: Property): boolean {
  return property.required || recordRules(property).some((rule) => rule.breaks(null));
}

function objectTest(members: readonly ColumnTest[]): Keeps {
  // What every object inherits could pass for a member.
  if (members.some(({ name }) => name in Object.prototype)) return never;
  return (value) => {
    if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false;
    const record = value as Record<string, unknown>;
    let known = 0;
    for (const { name, required, keeps } of members) {
      const member = record[name];
      if (member === undefined || member === null) {
        if (required) return false;
        if (member === null) known++;
      } else if (keeps(member)) known++;
      else return false;
    }
    for (const _ in record) known--;
    return known === 0;
  };
}

function valueTest(property: Property): Keeps {
  const { type, options } = property;
  const base = typeTest(type, options);
  if (base === never) return never;
  const bounds = boundTest(type, options);
  const bounded = BOUNDS.filter((name) => options[name] !== undefined);
  const skipped = new Set(bounds === undefined ? [] : bounded.map((name) => `${property.name}.${RULE_OF[name]}`));
  const rules: RecordRule[] = recordRules(property).filter((rule) => !skipped.has(rule.check));
  const parts = [
    base,
    ...(bounds === undefined ? [] : [bounds]),
    ...rules.map(
      (rule): Keeps =>
        (value) =>
          !rule.breaks(value),
    ),
  ];
  return every(parts);
}

const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'] as const;
const RULE_OF = { minimum: 'minimum', maximum: 'maximum', exclusiveMinimum: 'exclusive_minimum', exclusiveMaximum: 'exclusive_maximum' } as const;

function every(parts: readonly Keeps[]): Keeps {
  const real = parts.filter((part) => part !== always);
  const [first = always, second, third] = real;
  if (second === undefined) return first;
  if (third === undefined) return (value) => first(value) && second(value);
  return (value) => real.every((keeps) => keeps(value));
}

/** Undefined where bounds of such a column have no test that is both quick and exact. */
function boundTest(type: ColumnType, options: Property['options']): Keeps | undefined {
  const bounds = BOUNDS.map((name) => options[name]);
  if (bounds.every((bound) => bound === undefined)) return undefined;
  const [low, high, above, below] = bounds.map((bound) => (bound === undefined ? undefined : Number(bound)));
  // Within 15 digits a double tells every decimal from its neighbours, so that comparing doubles compares decimals.
  const exact = bounds.every((bound) => bound === undefined || bound.replaceAll(/[^0-9]/g, '').length <= 15);
  const within = (value: number) =>
    (low === undefined || value >= low) &&
    (high === undefined || value <= high) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below);
  if (!exact) return undefined;
  if (type.kind === 'int') return (value) => typeof value === 'number' && within(value);
  if (type.kind === 'float' && type.bits === 64) return (value) => within(value as number);
  if (type.kind === 'decimal' && type.precision <= 15) return (value) => within(Number(value));
  return undefined;
}

function typeTest(type: ColumnType, options: Property['options'] = {}): Keeps {
  switch (type.kind) {
    case 'string':
      return textTest(options);
    case 'boolean':
      return (value) => typeof value === 'boolean';
    case 'int':
      if (type.bits === 32) return (value) => typeof value === 'number' && (value | 0) === value;
      const whole = written('integer');
      return (value) => Number.isSafeInteger(value) || (typeof value === 'string' && value.length <= 18 && whole(value));
    case 'float':
      return type.bits === 64
        ? (value) => typeof value === 'number' && Number.isFinite(value)
        : (value) => typeof value === 'number' && Math.abs(value) < 3.4e38;
    case 'decimal':
      return form(decimalForm(type.precision, type.scale));
    case 'date':
      return written('date');
    case 'time':
      return written('time');
    case 'timestamp': {
      const moment = written(type.zoned ? 'instant' : 'timestamp');
      // A zone may carry an instant over the first or the last year.
      return (value) => moment(value) && (value as string) >= '0002' && (value as string) < '9998';
    }
    case 'binary':
      return written('base64');
    case 'struct':
      return objectTest(type.fields.map(({ name, required, type: part }) => ({ name, required, keeps: typeTest(part) })));
    case 'list': {
      const item = typeTest(type.element);
      const { minItems = 0, maxItems = Infinity } = options;
      return (value) => Array.isArray(value) && value.length >= minItems && value.length <= maxItems && value.every((each) => each === null || item(each));
    }
    case 'map':
      // Keys have forms and orders of their own.
      return never;
  }
}

function textTest({ pattern, format, minLength = 0, maxLength = Infinity, validValues }: Property['options']): Keeps {
  const codes = validValues === undefined ? undefined : new Set(validValues);
  const inCodes: Keeps = codes === undefined ? always : (value) => codes.has(value as string);
  // Lengths are in code points, of which a text has at least half as many as it has units.
  const least = minLength <= 1 ? minLength : undefined;
  const long: Keeps =
    minLength === 0 && maxLength === Infinity
      ? always
      : (value) => {
          const { length } = value as string;
          if (length > maxLength) return false;
          return least === undefined ? length >= minLength && (length >= 2 * minLength || isBasic(value as string)) : length >= least;
        };
  const patterns = [pattern, format === undefined ? undefined : TEXT_FORMATS[format]].filter((one) => one !== undefined).map(form);
  return every([(value) => typeof value === 'string', long, inCodes, ...patterns]);
}

function isBasic(text: string): boolean {
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xf800) === 0xd800) return false;
  return true;
}

/** Text in the form of a pattern. */
function form(pattern: string): Keeps {
  const quick = quickTest(pattern);
  const full = compilePattern(pattern, { file: '' });
  if (quick === undefined) return (value) => typeof value === 'string' && full.test(value);
  return (value) => typeof value === 'string' && (quick(value) ?? full.test(value));
}

const WRITTEN = new Map<string, Keeps>();

/** Text in one of the forms that records write types in; each is compiled once, when a column first has it. */
function written(name: keyof typeof RECORD_FORMS): Keeps {
  const known = WRITTEN.get(name) ?? form(RECORD_FORMS[name]);
  WRITTEN.set(name, known);
  return known;
}
