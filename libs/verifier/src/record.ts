import { createRequire } from 'node:module';
import { toJsonSchema, vectorRange, type ColumnType, type Contract, type Property, type Severity } from '@skein/contract';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2019.js';
import { cleanLine } from './clean-line.ts';
import { cleanRecord } from './clean-record.ts';
import { compilePattern } from './pattern.ts';
import { recordRules, type RecordRule } from './record-rule.ts';
import { exactForm, farForm, isText, ownMember, withinType } from './record-value.ts';

/** One rule that a record broke; `check` is the id of the batch path's check, or `<column>.type`, `record.type`, `record.unknown_column`. */
export interface RecordViolation {
  readonly check: string;
  readonly column?: string;
  readonly value: unknown;
  readonly message: string;
  readonly severity: Severity;
}

/**
 * Judges single records (JSON, or objects with bigint) by the same rules as the batch path, except those that need more than
 * one row. The form of a record is that of `toJsonSchema`. Compiled at the first record; patterns run in linear time.
 */
export function recordValidator(contract: Contract): (record: unknown) => RecordViolation[] {
  let clean: ((record: unknown) => boolean) | undefined;
  const full = fullValidator(contract);
  return (record) => {
    clean ??= cleanRecord(contract);
    return clean(record) ? [] : full(record);
  };
}

/** Every rule, one after the other: what `recordValidator` says of records that are not seen to be clean at once. */
export function fullValidator(contract: Contract): (record: unknown) => RecordViolation[] {
  let compiled: Compiled | undefined;
  return (record) => {
    compiled ??= compile(contract);
    return validate(contract, compiled, record);
  };
}

/**
 * Judges lines of NDJSON: a line's verdict is that of its record; a line that is no JSON, or in which half a character stands (`\\ud800` alone), breaks
 * `record.malformed`. Of a member that stands twice, the last counts, as in `JSON.parse`.
 */
export function lineValidator(contract: Contract): (line: string) => RecordViolation[] {
  const { clean, learn } = cleanLine(contract);
  const judge = recordValidator(contract);
  return (line) => {
    if (clean(line)) return [];
    const malformed = (message: string): RecordViolation[] => [{ check: 'record.malformed', value: line.slice(0, 200), message, severity: 'error' }];
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch (error) {
      return malformed(error instanceof Error ? error.message : String(error));
    }
    if (SURROGATE.test(line) && !isText(record)) return malformed('half a character (a lone surrogate) is no text');
    learn(record);
    return judge(record);
  };
}

const SURROGATE = /\\u[dD][89a-fA-F]/;

interface Compiled {
  readonly schema: ValidateFunction;
  readonly columns: readonly { readonly property: Property; readonly rules: readonly RecordRule[]; readonly deep: boolean }[];
}

function compile(contract: Contract): Compiled {
  // Ajv takes 50 ms to load, which a process that judges no records does not spend.
  const { Ajv2019 } = createRequire(import.meta.url)('ajv/dist/2019.js') as typeof import('ajv/dist/2019.js');
  const regExp = Object.assign(
    (pattern: string) => {
      const found = compilePattern(pattern, { file: contract.file });
      // Ajv shares compiled patterns by their text: without one of its own, every pattern would be the first.
      return { test: (text: string) => found.test(text), toString: () => `re2 ${pattern}` };
    },
    { code: 'undefined' },
  );
  const ajv = new Ajv2019({
    allErrors: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    ownProperties: true,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    code: { regExp: regExp as unknown as NonNullable<NonNullable<ConstructorParameters<typeof Ajv2019>[0]>['code']>['regExp'] },
  });
  const { $schema, $id, ...schema } = toJsonSchema(contract);
  return {
    schema: ajv.compile(schema),
    columns: contract.properties.map((property) => ({
      property,
      rules: recordRules(property),
      deep: property.type.kind === 'struct' || property.type.kind === 'list' || property.type.kind === 'map',
    })),
  };
}

function validate(contract: Contract, { schema, columns }: Compiled, given: unknown): RecordViolation[] {
  const record = withoutBigint(given);
  const found = new Map<string, RecordViolation>();
  const report = (check: string, column: string | undefined, value: unknown, message: string, severity: Severity = 'error') => {
    if (!found.has(check)) found.set(check, { check, ...(column === undefined ? {} : { column }), value: value ?? null, message, severity });
  };
  if (!schema(record)) for (const error of schema.errors ?? []) explain(contract, error, report);
  if (record === null || typeof record !== 'object' || Array.isArray(record)) return [...found.values()];

  for (const { property, rules, deep } of columns) {
    const { name, type } = property;
    const value = ownMember(record, name) ?? null;
    const endless = found.has(`${name}.finite`) || found.has(`${name}.element.finite`);
    const checked = deep || typeof value === 'string';
    if (checked && value !== null && !endless && !found.has(`${name}.type`) && !(deep ? withinType(value, type) : isText(value)))
      report(`${name}.type`, name, value, 'holds a value outside its type');
    if (found.has(`${name}.type`)) {
      // What is not of its type has no length, pattern or bound to break.
      for (const [check, violation] of found) {
        if (violation.column === name && check !== `${name}.type`) found.delete(check);
      }
      continue;
    }
    if (endless) continue;
    const far = farForm(value, type) !== undefined;
    if (far) report(`${name}.range`, name, value, 'lies outside of the years 0001 to 9999');
    else if (value !== null && !deep && exactForm(value, type) === undefined) {
      report(`${name}.type`, name, value, 'lies outside its type');
      continue;
    }
    for (const rule of rules) {
      if (rule.breaks(value)) report(rule.check, name, value, rule.message, rule.severity);
    }
  }
  return [...found.values()];
}

type Report = (check: string, column: string | undefined, value: unknown, message: string) => void;

/** Turns an error of the record schema into the check that it stands for. */
function explain(contract: Contract, error: ErrorObject, report: Report): void {
  const [column, ...rest] = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const message = error.message ?? error.keyword;
  if (column === undefined) {
    if (error.keyword === 'required') {
      const missing = String(error.params['missingProperty']);
      return report(`${missing}.required`, missing, null, 'is required');
    }
    if (error.keyword === 'additionalProperties') {
      const extra = String(error.params['additionalProperty']);
      return report('record.unknown_column', extra, ownMember(error.data, extra), `the contract has no column ${JSON.stringify(extra)}`);
    }
    return report('record.type', undefined, null, 'a record must be a JSON object');
  }
  const property = contract.properties.find((candidate) => candidate.name === column);
  if (!property) return;
  const { type, path } = descend(property.type, rest);
  const prefix = [column, ...path].join('.');
  if (error.keyword === 'required' && type.kind === 'struct')
    return report(`${prefix}.${String(error.params['missingProperty'])}.required`, column, null, 'a required part is missing');
  if (error.data === null) return report(`${prefix}.required`, column, null, 'is required');
  if (rest.length === 0) {
    const rule = ruleOf(error, property.type);
    if (rule !== undefined) return report(`${column}.${rule}`, column, error.data, message);
  }
  if (property.options.vector && rest.length === 1 && typeof error.data === 'number') {
    const narrow = vectorRange(property.options.vector) && error.data === Math.trunc(error.data) && Math.abs(error.data) <= 2_147_483_647;
    if (narrow) return report(`${prefix}.range`, column, error.data, message);
    if (!Number.isFinite(error.data) && type.kind === 'float') return report(`${prefix}.finite`, column, error.data, 'must be finite');
  }
  report(`${column}.type`, column, error.data, `must be ${describe(type)}`);
}

const KEYWORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  string: { minLength: 'min_length', maxLength: 'max_length', enum: 'valid_values' },
  list: { minItems: 'min_items', maxItems: 'max_items' },
  map: { minProperties: 'min_items', maxProperties: 'max_items' },
};

function ruleOf(error: ErrorObject, type: ColumnType): string | undefined {
  if (type.kind === 'string' && error.keyword === 'pattern') return error.schemaPath.includes('/allOf/') ? 'format' : 'pattern';
  if (type.kind === 'float' && typeof error.data === 'number') return 'finite';
  if (farForm(error.data, type) !== undefined) return 'range';
  return KEYWORDS[type.kind]?.[error.keyword];
}

/** The type at a path of the record, and the path as the checks spell it: without positions and keys. */
function descend(from: ColumnType, parts: readonly string[]): { type: ColumnType; path: string[] } {
  let type = from;
  const path: string[] = [];
  for (const part of parts) {
    if (type.kind === 'list') {
      type = type.element;
      path.push('element');
    } else if (type.kind === 'map') {
      type = type.value;
      path.push('value');
    } else if (type.kind === 'struct') {
      const field = type.fields.find((candidate) => candidate.name === part);
      if (!field) break;
      type = field.type;
      path.push(part);
    }
  }
  return { type, path };
}

function describe(type: ColumnType): string {
  switch (type.kind) {
    case 'int':
      return type.bits === 32 ? 'a whole number of 32 bits' : 'a whole number of 64 bits, as text beyond 2^53';
    case 'decimal':
      return `a decimal as text, with at most ${type.precision - type.scale} digits before and ${type.scale} after the point`;
    case 'timestamp':
      return type.zoned ? 'an instant with its zone, such as 2026-01-31T12:00:00Z' : 'a timestamp without a zone, such as 2026-01-31T12:00:00';
    case 'float':
      return 'a number';
    case 'date':
      return 'a date, such as 2026-01-31';
    case 'time':
      return 'a time of day, such as 23:59:59';
    case 'binary':
      return 'base64 text';
    case 'list':
      return 'a list';
    case 'map':
    case 'struct':
      return 'an object';
    default:
      return `a ${type.kind}`;
  }
}

/** Integers may come as bigint, which JSON Schema does not know: they are judged as digit strings. */
function withoutBigint(value: unknown): unknown {
  if (!holdsBigint(value, 0)) return value;
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return value.map(withoutBigint);
  const plain: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value as object))
    Object.defineProperty(plain, key, { value: withoutBigint(member), enumerable: true, configurable: true, writable: true });
  return plain;
}

/** No type nests deeper; what does is refused by the schema, and is not walked to its end here. */
const DEEPEST = 64;

function holdsBigint(value: unknown, depth: number): boolean {
  if (typeof value === 'bigint') return true;
  return depth <= DEEPEST && value !== null && typeof value === 'object' && Object.values(value).some((member) => holdsBigint(member, depth + 1));
}
