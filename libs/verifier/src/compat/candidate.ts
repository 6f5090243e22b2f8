import { TEXT_FORMATS, type ColumnType, type Property, type TypeOptions } from '@skein/contract';
import { decimalFrom, decimalText, plus, type Decimal } from './decimal.ts';
import { Judge } from './holds.ts';
import { objectOf } from './json-value.ts';
import { Nodes, Undecided, type Node } from './node.ts';
import { findTexts } from './text-search.ts';

const MOST = 120;

/**
 * Values for a column in the form of records, that lie where its rules, and those of its other version, change their answer:
 * at bounds and just beyond, of odd lengths, listed and not listed, matching and not. Which of them a contract accepts, its
 * record validator says.
 */
export function candidates(property: Property, other: Property | undefined): unknown[] {
  const sides = [property, ...(other ? [other] : [])];
  const lists = sides.flatMap((side) =>
    side.quality.flatMap((rule) => [rule.arguments['validValues'], rule.arguments['missingValues']].flatMap((list) => (Array.isArray(list) ? list : []))),
  );
  const made = [
    ...property.examples,
    ...sides.flatMap((side) => (side.options.validValues ?? []).slice(0, 200).map((code) => recordForm(code, side.type))),
    ...lists.map((value) => (value === null ? null : recordForm(String(value), property.type))),
    ...sides.flatMap((side) => ofType(side.type, side.options, other?.options ?? {}, 0)),
    ...(property.type.kind === 'string' ? textsBetween(property, other) : []),
    null,
  ];
  return made.slice(0, 2_000);
}

/** Values of a type, whatever the rules. */
function ofType(type: ColumnType, options: TypeOptions, others: TypeOptions, depth: number): unknown[] {
  if (depth > 8) return [null];
  const bounds = [options, others]
    .flatMap((one) => [one.minimum, one.maximum, one.exclusiveMinimum, one.exclusiveMaximum])
    .filter((bound) => bound !== undefined);
  switch (type.kind) {
    case 'string':
      return ['', 'a', 'A', '0', 'abc', 'x'.repeat(64)];
    case 'boolean':
      return [true, false];
    case 'int':
    case 'decimal':
    case 'float':
      return numbers(type, [...bounds, ...[options.multipleOf, others.multipleOf].filter((step) => step !== undefined)]).map((text) => recordForm(text, type));
    case 'date':
      return [...bounds.flatMap((bound) => [bound, ...daysAround(bound)]), '2024-01-31', '0001-01-01', '9999-12-31'];
    case 'time':
      return [...bounds, '12:00:00', '00:00:00', '23:59:59.999999'];
    case 'timestamp':
      return [
        ...bounds.flatMap((bound) => [bound, ...daysAround(bound.slice(0, 10)).map((day) => `${day}${bound.slice(10)}`)]),
        '2024-01-31 12:00:00',
        '0001-01-02 00:00:00',
        '9999-12-30 00:00:00',
      ].map((text) => recordForm(text, type));
    case 'binary':
      return ['', 'AA==', 'AAEC'];
    case 'list': {
      const items = ofType(type.element, {}, {}, depth + 1).slice(0, 30);
      const [first = null, second = first] = items;
      const sizes = [
        0,
        1,
        ...[options, others].flatMap((one) => [one.minItems, one.maxItems].flatMap((size) => (size === undefined ? [] : [size - 1, size, size + 1]))),
      ].filter((size) => size >= 0 && size <= MOST);
      return [
        [],
        ...items.map((item) => [item]),
        [first, first],
        [first, second],
        ...sizes.map((size) => Array.from({ length: size }, (_, at) => items[at % Math.max(1, items.length)] ?? null)),
      ];
    }
    case 'map': {
      const keys = ofType(type.key, {}, {}, depth + 1)
        .map((key) => String(key))
        .slice(0, 20);
      const values = ofType(type.value, {}, {}, depth + 1).slice(0, 20);
      const [key = 'a'] = keys;
      return [
        {},
        ...keys.map((one) => objectOf([[one, values[0] ?? null]])),
        ...values.map((value) => objectOf([[key, value]])),
        objectOf(keys.map((one) => [one, values[0] ?? null])),
      ];
    }
    case 'struct': {
      const parts = type.fields.map((field) => ({ field, values: ofType(field.type, {}, {}, depth + 1).slice(0, 20) }));
      const plain = parts.map(({ field, values }) => [field.name, values[0] ?? null] as const);
      const bare = type.fields
        .filter((field) => field.required)
        .map((field) => [field.name, parts.find((part) => part.field === field)?.values[0] ?? null] as const);
      return [
        objectOf(plain),
        objectOf(bare),
        ...parts.flatMap(({ field, values }) => [
          objectOf(plain.filter(([name]) => name !== field.name)),
          ...[...values, null].map((value) => objectOf(plain.map(([name, old]) => [name, name === field.name ? value : old]))),
        ]),
      ].slice(0, MOST);
    }
  }
}

/** Numbers as exact text: small ones, the edges of the types, and the neighbours of every bound. */
function numbers(type: ColumnType, near: readonly string[]): string[] {
  const step: Decimal =
    type.kind === 'decimal' ? { digits: 1n, scale: type.scale } : type.kind === 'float' ? { digits: 5n, scale: 1 } : { digits: 1n, scale: 0 };
  const around = near.flatMap((text) => {
    const at = decimalFrom(text);
    return at
      ? [
          at,
          plus(at, step),
          plus(at, { digits: -step.digits, scale: step.scale }),
          { digits: at.digits * 2n, scale: at.scale },
          { digits: -at.digits, scale: at.scale },
        ]
      : [];
  });
  const edges =
    type.kind === 'decimal'
      ? [`${'9'.repeat(type.precision - type.scale) || '0'}${type.scale === 0 ? '' : `.${'9'.repeat(type.scale)}`}`]
      : type.kind === 'float'
        ? ['0.1', '1e300']
        : ['2147483647', '9223372036854775807', '-2147483648', '2147483648'];
  return [...around.map(decimalText), '1', '0', '2', '3', '10', '-1', ...edges];
}

/** Exact text of a contract as a record writes it. */
function recordForm(text: string, type: ColumnType): unknown {
  switch (type.kind) {
    case 'int': {
      const number = Number(text);
      return Number.isSafeInteger(number) ? number : text;
    }
    case 'float':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'timestamp':
      return `${text.replace(' ', 'T')}${type.zoned && !text.endsWith('Z') ? 'Z' : ''}`;
    default:
      return text;
  }
}

function daysAround(day: string): string[] {
  const at = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(at)) return [];
  return [-1, 1].map((days) => new Date(at + days * 86_400_000).toISOString().slice(0, 10));
}

/** Texts that the column's own rules accept and one rule of the other version refuses, and texts that both accept. */
function textsBetween(property: Property, other: Property | undefined): string[] {
  const nodes = new Nodes();
  const judge = new Judge('re2');
  const own = textRules(property.options, nodes);
  const others = other ? textRules(other.options, nodes) : [];
  const found: string[] = [];
  const search = (kept: readonly Node[], broken: readonly Node[]) => {
    try {
      found.push(...findTexts(kept, broken, judge, 2));
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
    }
  };
  search([...own, ...others], []);
  search(own, []);
  for (const rule of others) search(own, [rule]);
  for (const rule of property.quality) {
    const { pattern } = rule.arguments;
    if (typeof pattern === 'string') {
      search([...own, nodes.pattern(pattern)], []);
      search(own, [nodes.pattern(pattern)]);
    }
  }
  for (const rule of other?.quality ?? []) if (typeof rule.arguments['pattern'] === 'string') search(own, [nodes.pattern(rule.arguments['pattern'])]);
  return found;
}

function textRules({ pattern, format, minLength, maxLength, validValues }: TypeOptions, nodes: Nodes): Node[] {
  return [
    ...(pattern === undefined ? [] : [nodes.pattern(pattern)]),
    ...(format === undefined ? [] : [nodes.pattern(TEXT_FORMATS[format] as string)]),
    ...(minLength === undefined ? [] : [nodes.size('string', 'low', minLength)]),
    ...(maxLength === undefined ? [] : [nodes.size('string', 'high', maxLength)]),
    ...(validValues === undefined
      ? []
      : [nodes.pattern(`^(?:${validValues.map((code) => code.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)).join('|')})$`)]),
  ];
}
