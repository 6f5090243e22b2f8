import { readdirSync, readFileSync } from 'node:fs';
import { isDate, normalTime, normalTimestamp, type ColumnType, type Property } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import { evaluate, LIBRARY, propose, signatureOf, type ColumnFacts, type Example, type Outcome, type SourceFacts } from './index.ts';

/** A column, and what must become of its cells: a text, null where it becomes missing, false where it must stay as it is. */
interface Table {
  readonly title: string;
  readonly type: 'string' | 'int' | 'decimal' | 'date' | 'time' | 'timestamp' | 'boolean';
  readonly name?: string;
  readonly options?: Property['options'];
  readonly accepted?: readonly string[];
  readonly source?: SourceFacts;
  readonly examples?: readonly (readonly [string, string])[];
  readonly outcome?: Outcome['kind'];
  readonly cells: readonly (readonly [string, string | null | false])[];
}

const TYPES: Readonly<Record<Table['type'], ColumnType>> = {
  string: { kind: 'string' },
  int: { kind: 'int', bits: 64 },
  decimal: { kind: 'decimal', precision: 18, scale: 6 },
  date: { kind: 'date' },
  time: { kind: 'time' },
  timestamp: { kind: 'timestamp', zoned: false },
  boolean: { kind: 'boolean' },
};

function factsOf(table: Table): ColumnFacts {
  const options = table.options ?? {};
  const property: Property = {
    name: table.name ?? 'c',
    id: 'c',
    type: TYPES[table.type],
    logicalType: table.type,
    description: undefined,
    required: false,
    unique: false,
    keyPosition: undefined,
    classification: 'public',
    options,
    quality: [],
    references: [],
    joinKey: undefined,
    examples: [],
    place: { file: 'contract.odcs.yaml' },
  };
  const pattern = options.pattern === undefined ? undefined : new RegExp(options.pattern, 'u');
  const typed: Readonly<Record<Table['type'], (value: string) => boolean>> = {
    string: () => true,
    int: (value) => /^-?\d+$/.test(value),
    decimal: (value) => /^-?\d+(\.\d+)?$/.test(value),
    date: isDate,
    time: (value) => normalTime(value) !== undefined,
    timestamp: (value) => normalTimestamp(value, false) !== undefined,
    boolean: (value) => value === 'true' || value === 'false',
  };
  return {
    property,
    accepts: (value) => value === null || (typed[table.type](value) && (pattern?.test(value) ?? true) && (options.validValues?.includes(value) ?? true)),
    accepted: (table.accepted ?? []).map((value) => ({ value, count: 2 })),
    ...(table.source && { source: table.source }),
  };
}

function solve(table: Table): { outcome: Outcome; facts: ColumnFacts } {
  const facts = factsOf(table);
  const examples: Example[] = (table.examples ?? []).map(([input, output]) => ({ input, output }));
  const values = [...new Set([...table.cells.map(([value]) => value), ...examples.map(({ input }) => input ?? '')])].map((value) => ({ value, count: 1 }));
  const gap = { context: { domain: 'd', product: 'd.p', column: 'c' }, signature: signatureOf('type', facts.property, values), cells: values.length, values };
  return { outcome: propose(gap, facts, examples), facts };
}

/** As solutions are applied: the first that has something to say which the contract accepts. */
function repaired(outcome: Outcome, facts: ColumnFacts, value: string): string | null | false {
  if (outcome.kind !== 'solutions') return false;
  for (const { program } of outcome.ranked) {
    const { touched, value: out } = evaluate(program, { value });
    if (touched && facts.accepts(out)) return out;
  }
  return false;
}

const folder = new URL('./golden/families/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
let looked = 0;

describe.each(files)('golden/%s', (file) => {
  const tables = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Table[];
  it.each(tables.map((table) => [table.title, table] as const))('%s', (_, table) => {
    const { outcome, facts } = solve(table);
    expect(table.cells.map(([value]) => [value, repaired(outcome, facts, value)])).toEqual(table.cells);
    expect(outcome.kind).toBe(table.outcome ?? 'solutions');
    looked += table.cells.length;
  });
});

it('looked at every table, and the order of families changes nothing', () => {
  expect(looked).toBeGreaterThan(120);
  const [first] = JSON.parse(readFileSync(new URL('number.json', folder), 'utf8')) as Table[];
  if (first === undefined) throw new Error('no table');
  const facts = factsOf(first);
  const values = first.cells.map(([value]) => ({ value, count: 1 }));
  const gap = { context: { domain: 'd', product: 'd.p', column: 'c' }, signature: signatureOf('type', facts.property, values), cells: values.length, values };
  const backwards = propose(gap, facts, [], Object.keys(LIBRARY).reverse());
  expect(first.cells.map(([value]) => [value, repaired(backwards, facts, value)])).toEqual(first.cells);
});
