import { advise, quote } from './check-shape.ts';
import type { ColumnType, QualityRule, Severity } from './contract.ts';
import { compareDecimal } from './exact.ts';
import { METRICS, OPERATORS } from './odcs-shape.ts';
import { itemsAt, mapAt, mapsAt, nodeAt, numberAt, offsetOf, textAt, type Reading } from './reading.ts';
import { readValues } from './type-options.ts';
import { exactNumber, plainTree, type TreeMap } from './yaml-tree.ts';

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];

/** ODCS's own dimension of each metric, where the rule names none. */
const DIMENSION: Readonly<Record<string, string>> = {
  nullValues: 'completeness',
  missingValues: 'completeness',
  rowCount: 'completeness',
  invalidValues: 'conformity',
  duplicateValues: 'uniqueness',
};

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  nullValues: [],
  missingValues: ['missingValues'],
  invalidValues: ['validValues', 'pattern'],
  duplicateValues: ['properties'],
  rowCount: [],
};

/** The rules of a `quality` list. `column` is absent for the rules of the schema object; `columns` are those that exist. */
export function readQuality(owner: TreeMap, column: ColumnType | undefined, columns: ReadonlySet<string>, reading: Reading): QualityRule[] {
  const rules: QualityRule[] = [];
  const ids = new Set<string>();
  for (const [position, rule] of mapsAt(owner, 'quality').entries()) {
    const id = textAt(rule, 'id') ?? defaultId(rule, position);
    if (ids.has(id)) reading.invalid('quality.id', offsetOf(rule, 'id'), `the rule id ${quote(id)} stands twice`, 'Give each rule an id of its own.');
    ids.add(id);
    rules.push(readRule(rule, id, column, columns, reading));
  }
  return rules;
}

/** Positions shift when a rule is added, so a name or metric is taken first. */
function defaultId(rule: TreeMap, position: number): string {
  const word = textAt(rule, 'name') ?? textAt(rule, 'metric') ?? textAt(rule, 'rule') ?? textAt(rule, 'type') ?? 'rule';
  const slug = word.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '');
  return `${slug || 'rule'}_${position + 1}`;
}

function readRule(rule: TreeMap, id: string, column: ColumnType | undefined, columns: ReadonlySet<string>, reading: Reading): QualityRule {
  const metric = textAt(rule, 'metric') ?? textAt(rule, 'rule');
  const operator = OPERATORS.find((name) => rule.entries.has(name));
  const type = (textAt(rule, 'type') ?? (metric !== undefined ? 'library' : 'text')) as QualityRule['type'];
  const severity = textAt(rule, 'severity') ?? 'error';
  if (!(SEVERITIES as readonly string[]).includes(severity)) {
    reading.invalid('quality.severity', offsetOf(rule, 'severity'), `severity is ${quote(severity)}`, advise(severity, SEVERITIES));
  }
  const unit = textAt(rule, 'unit') ?? 'rows';
  if ((type === 'library' || type === 'sql') && !['rows', 'percent', '%'].includes(unit)) {
    reading.invalid('quality.unit', offsetOf(rule, 'unit'), `unit is ${quote(unit)}`, 'Use rows or percent.');
  }
  const operands = operator ? readOperands(rule, operator, reading) : [];
  if (type === 'library' && metric !== undefined) checkMetric(rule, metric, unit, column, columns, reading);
  const implementation = type === 'custom' ? textAt(rule, 'engine') : undefined;
  return {
    id,
    type,
    metric: type === 'library' ? metric : undefined,
    arguments:
      type === 'library'
        ? ((nodeAt(rule, 'arguments') ? plainTree(nodeAt(rule, 'arguments') as TreeMap) : {}) as Record<string, unknown>)
        : implementation !== undefined
          ? { engine: implementation }
          : {},
    query: textAt(rule, 'query'),
    operator,
    operands,
    unit: unit === 'rows' ? 'rows' : 'percent',
    dimension: textAt(rule, 'dimension') ?? DIMENSION[metric ?? ''] ?? 'conformity',
    severity: severity as Severity,
    description: textAt(rule, 'description'),
    place: reading.place(rule.at),
  };
}

function readOperands(rule: TreeMap, operator: (typeof OPERATORS)[number], reading: Reading): string[] {
  if (operator === 'mustBeBetween' || operator === 'mustNotBeBetween') {
    const pair = itemsAt(rule, operator).flatMap((item) => (item.kind === 'scalar' ? (exactNumber(item.text) ?? []) : []));
    const [low, high] = pair;
    if (low !== undefined && high !== undefined && compareDecimal(low, high) > 0) {
      reading.invalid(`quality.${operator}`, offsetOf(rule, operator), `${operator} goes from ${low} down to ${high}`, 'Write the smaller number first.');
    }
    return pair;
  }
  const value = numberAt(rule, operator);
  if (value === undefined) {
    reading.unsupported(
      `quality.${operator}`,
      offsetOf(rule, operator),
      `${operator} compares with something that is no number`,
      'Let the rule yield a number, and compare it with one.',
    );
    return [];
  }
  return [value];
}

function checkMetric(rule: TreeMap, metric: string, unit: string, column: ColumnType | undefined, columns: ReadonlySet<string>, reading: Reading): void {
  if (!(METRICS as readonly string[]).includes(metric)) {
    reading.invalid(
      'quality.metric',
      offsetOf(rule, textAt(rule, 'metric') === undefined ? 'rule' : 'metric'),
      `${quote(metric)} is no metric of ODCS`,
      advise(metric, METRICS),
    );
    return;
  }
  if (metric === 'rowCount' && unit !== 'rows') reading.invalid('quality.unit', offsetOf(rule, 'unit'), 'rowCount counts rows, not percent', 'Remove unit.');
  if (metric === 'rowCount' && column)
    reading.invalid(
      'quality.metric',
      offsetOf(rule, 'metric'),
      'rowCount is a metric of the schema object, not of a property',
      'Move the rule to the quality list of the schema object.',
    );
  if (!column && metric !== 'rowCount' && metric !== 'duplicateValues')
    reading.invalid(
      'quality.metric',
      offsetOf(rule, 'metric'),
      `${metric} is a metric of a property, not of the schema object`,
      'Move the rule to the property.',
    );

  const known = ARGUMENTS[metric] ?? [];
  const args = mapAt(rule, 'arguments');
  for (const [key, entry] of args?.entries ?? []) {
    if (!known.includes(key)) reading.invalid('quality.arguments', entry.at, `${metric} has no argument ${quote(key)}`, advise(key, known));
  }
  if (metric === 'invalidValues') {
    if (!args?.entries.has('validValues') && !args?.entries.has('pattern')) {
      reading.invalid(
        'quality.arguments',
        rule.at,
        'invalidValues needs to know which values are valid',
        'Add arguments: { validValues: […] } or { pattern: … }.',
      );
    }
    if (args?.entries.has('pattern') && (textAt(args, 'pattern') === undefined || column?.kind !== 'string')) {
      reading.invalid(
        'quality.arguments',
        offsetOf(args, 'pattern'),
        'a pattern judges text',
        'Give a regular expression, on a property of logicalType string.',
      );
    }
    if (args?.entries.has('validValues')) {
      const node = nodeAt(args, 'validValues');
      // null among valid values says what is true anyway: a missing value is not an invalid one.
      if (node?.kind !== 'list')
        reading.invalid('quality.arguments', offsetOf(args, 'validValues'), 'validValues must be a list', 'Write validValues: [a, b].');
      else if (column)
        readValues(
          node.items.filter((item) => item.kind !== 'scalar' || item.value !== null),
          column,
          'quality.arguments',
          reading,
        );
    }
  }
  if (metric === 'missingValues' && column) {
    const node = args && nodeAt(args, 'missingValues');
    if (node?.kind !== 'list')
      reading.invalid(
        'quality.arguments',
        rule.at,
        'missingValues needs the values that count as missing',
        'Add arguments: { missingValues: [null, "", "N/A"] }.',
      );
    else
      readValues(
        node.items.filter((item) => item.kind !== 'scalar' || item.value !== null),
        column,
        'quality.arguments',
        reading,
      );
  }
  if (metric === 'duplicateValues' && !column) {
    const listed = args ? itemsAt(args, 'properties') : [];
    if (listed.length === 0)
      reading.invalid('quality.arguments', rule.at, 'duplicateValues of a schema object needs its properties', 'Add arguments: { properties: [a, b] }.');
    for (const item of listed) {
      const name = item.kind === 'scalar' ? item.text : '';
      if (!columns.has(name)) reading.invalid('quality.arguments', item.at, `there is no property ${quote(name)}`, advise(name, [...columns]));
    }
  }
}
