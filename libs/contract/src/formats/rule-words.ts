import { engineType } from '../column-type.ts';
import type { Contract, Property, QualityRule, ServiceLevel, Tolerance, TypeOptions } from '../contract.ts';

/** What a property demands of a value, one clause each, without its type. */
export function propertyRules(property: Property): string[] {
  return [
    ...(property.keyPosition === undefined ? [] : [`part ${property.keyPosition} of the primary key`]),
    ...(property.required ? ['never missing'] : []),
    ...(property.unique ? ['no value twice'] : []),
    ...optionRules(property.options),
    ...property.references.map((reference) => `stands in ${reference.product}.${reference.column}`),
    ...property.quality.map((rule) => qualityWords(rule)),
  ];
}

function optionRules(options: TypeOptions): string[] {
  const said: string[] = [];
  const say = (value: string | number | boolean | undefined, words: string) => void (value === undefined || value === false || said.push(words));
  say(options.minimum, `at least ${options.minimum}`);
  say(options.exclusiveMinimum, `above ${options.exclusiveMinimum}`);
  say(options.maximum, `at most ${options.maximum}`);
  say(options.exclusiveMaximum, `below ${options.exclusiveMaximum}`);
  say(options.multipleOf, `a multiple of ${options.multipleOf}`);
  say(options.minLength, `at least ${options.minLength} characters`);
  say(options.maxLength, `at most ${options.maxLength} characters`);
  say(options.format, `has the form of ${/^[aeiou]/.test(options.format ?? '') ? 'an' : 'a'} ${options.format}`);
  say(options.pattern, `matches ${options.pattern}`);
  say(options.minItems, `at least ${options.minItems} entries`);
  say(options.maxItems, `at most ${options.maxItems} entries`);
  say(options.uniqueItems, 'no entry twice');
  if (options.validValues) said.push(`one of ${listed(options.validValues)}`);
  return said;
}

const METRIC: Readonly<Record<string, string>> = {
  nullValues: 'missing values',
  missingValues: 'values that count as missing',
  invalidValues: 'invalid values',
  duplicateValues: 'repeated values',
  rowCount: 'rows',
};

/** A quality rule as a sentence: `the number of invalid values must be 0 (warning)`. */
export function qualityWords(rule: QualityRule): string {
  const mark = rule.severity === 'error' ? '' : ` (${rule.severity})`;
  if (rule.type === 'text') return `${rule.description ?? rule.id}, which people judge${mark}`;
  if (rule.type === 'custom') return `${rule.description ?? rule.id}, which ${String(rule.arguments['engine'] ?? 'another engine')} judges${mark}`;
  const what =
    rule.type === 'sql'
      ? (rule.description ?? `the result of the query ${rule.id}`)
      : `the ${rule.unit === 'percent' ? 'percentage' : 'number'} of ${METRIC[rule.metric ?? ''] ?? rule.metric}`;
  const compared = rule.operator === undefined ? '' : `must ${comparison(rule.operator, rule.operands)}`;
  if (rule.type === 'sql' && rule.description !== undefined) return `${rule.description.replace(/\.$/, '')} (the query ${rule.id} ${compared})${mark}`;
  return `${what} ${compared}${argumentWords(rule)}${mark}`;
}

function comparison(operator: string, [first = '', second = '']: readonly string[]): string {
  switch (operator) {
    case 'mustBe':
      return `be ${first}`;
    case 'mustNotBe':
      return `not be ${first}`;
    case 'mustBeGreaterThan':
      return `be above ${first}`;
    case 'mustBeGreaterOrEqualTo':
      return `be at least ${first}`;
    case 'mustBeLessThan':
      return `be below ${first}`;
    case 'mustBeLessOrEqualTo':
      return `be at most ${first}`;
    default:
      return `${operator === 'mustNotBeBetween' ? 'not ' : ''}lie between ${first} and ${second}`;
  }
}

function argumentWords({ arguments: given }: QualityRule): string {
  const texts = (name: string) =>
    Array.isArray(given[name]) ? (given[name] as unknown[]).map((value) => (value === null ? 'nothing at all' : String(value))) : [];
  const parts = [
    texts('validValues').length > 0 ? `valid: ${listed(texts('validValues'))}` : '',
    texts('missingValues').length > 0 ? `missing: ${listed(texts('missingValues'))}` : '',
    texts('properties').length > 0 ? `over ${listed(texts('properties'))}` : '',
    typeof given['pattern'] === 'string' ? `valid: what matches ${given['pattern']}` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 30).join(', ');
  return values.length > 30 ? `${shown} and ${values.length - 30} more` : shown;
}

export function toleranceWords({ unit, max }: Tolerance): string {
  if (max === 0) return 'No row may break a rule.';
  return unit === 'percent'
    ? `Up to ${max} % of the rows may break a rule; they go to the feedback dataset.`
    : `Up to ${max} rows may break a rule; they go to the feedback dataset.`;
}

/** `freshness: 60 minutes (events)`. */
export function serviceWords({ property, value, unit, element }: ServiceLevel): string {
  return `${property}: ${value}${unit === undefined ? '' : ` ${unit}`}${element === undefined ? '' : ` (${element})`}`;
}

/** The type as people ask for it: the engine's spelling, with the parts of structs. */
export function typeWords(property: Property): string {
  return property.type.kind === 'timestamp' ? (property.type.zoned ? 'TIMESTAMP (instant, UTC)' : 'TIMESTAMP (wall clock)') : engineType(property.type);
}

/** Columns of other contracts that refer to this one: `sap.inventory_position.material_number` and the like. */
export function referrers(contract: Contract, all: readonly Contract[]): string[] {
  return all.flatMap((other) =>
    other.properties.flatMap((property) =>
      property.references.filter((one) => one.product === contract.product).map((one) => `${other.product}.${property.name} → ${one.column}`),
    ),
  );
}
