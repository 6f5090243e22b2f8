import { distance } from 'fastest-levenshtein';
import type { Example } from '../column-facts.ts';
import type { Column, Reading } from '../family/family.ts';
import { cased, framed, numberIn } from '../family/decimal.ts';
import { isNothing } from '../family/missing.ts';
import { isUnit } from '../family/unit.ts';
import { compileText } from '../program/evaluate.ts';
import { matches, VALUE, type Test, type Text } from '../program/program.ts';
import { same } from '../weigh.ts';
import { type Change, inText, synthesise } from './synthesis.ts';

/** A reading learned from examples, with the result of leaving out each example in turn. */
export interface LearnedReading extends Reading {
  readonly test?: { readonly cells: number; readonly passed: number };
}

const NUMBER = /^-?[0-9]+([.][0-9]+)?$/;

/**
 * Readings that the labelled cells teach: text programs over the shapes that were seen, number changes, and the very values that were
 * labelled. A label that leaves a value as it is speaks against every program that would change it.
 */
export function learn(column: Column, examples: readonly Example[]): LearnedReading[] {
  const changes = changesOf(examples);
  const readings: LearnedReading[] = [...cleared(column, examples)];
  if (changes.length === 0) return readings;
  const shapeOf = isNumeric(column) ? unitPattern : shapePattern;
  for (const group of groupsOf(changes, shapeOf)) readings.push(...programs(column, group, shapeOf));
  readings.push(...affine(column, changes), ...values(column, examples, changes));
  return readings;
}

/** Distinct changes with both sides present; an input that was labelled in two ways teaches nothing. */
function changesOf(examples: readonly Example[]): Change[] {
  const outputs = new Map<string, string | undefined>();
  for (const { input, output } of examples) {
    if (input === null || !input.isWellFormed()) continue;
    const said = output === null || output === '' || !output.isWellFormed() ? undefined : output;
    outputs.set(input, outputs.has(input) && outputs.get(input) !== said ? undefined : said);
  }
  return [...outputs].flatMap(([input, output]) => (output === undefined || output === input ? [] : [{ input, output }]));
}

/** All changes where one program may explain them, and those of each shape. */
function groupsOf(changes: readonly Change[], shapeOf: (input: string) => string): Change[][] {
  const byShape = new Map<string, Change[]>();
  for (const change of changes) {
    const shape = shapeOf(change.input);
    byShape.set(shape, [...(byShape.get(shape) ?? []), change]);
  }
  return byShape.size === 1 ? [[...changes]] : [[...changes], ...byShape.values()];
}

function programs(column: Column, changes: readonly Change[], shapeOf: (input: string) => string): LearnedReading[] {
  const found = synthesise(changes);
  const [best] = found;
  if (best === undefined) return [];
  const shapes = [...new Set(changes.map(({ input }) => shapeOf(input)))];
  // One example shows one way to many: the contract must be able to tell whether it was right, or the program must be plain.
  if (changes.length === 1 && best.cost > 4 && changes.some(({ input }) => column.facts.accepts(input))) return [];
  // Two changes leave one to learn from, which says little: the gap's own values are the test then.
  const test = changes.length >= 3 ? leaveOneOut(changes) : undefined;
  if (test !== undefined && test.passed < test.cells * 0.5) return [];
  const when: Test = matches(VALUE, `^(?:${shapes.join('|')})$`);
  const ties = changes.length === 1 ? found.filter(({ cost }) => cost <= best.cost + 0.5) : [best];
  return ties.map(({ result }) => ({
    category: 'example',
    what: `a text program from ${changes.length} labelled values`,
    when,
    result,
    tier: 1,
    ...(test && { test }),
  }));
}

function leaveOneOut(changes: readonly Change[]): { cells: number; passed: number } {
  let passed = 0;
  for (const left of changes) {
    const [learned] = synthesise(
      changes.filter((change) => change !== left),
      1,
    );
    if (learned !== undefined && compileText(learned.result)({ value: left.input }) === left.output) passed += 1;
  }
  return { cells: changes.length, passed };
}

/** A pattern for the values that look like the input: digits, letters and spaces in runs of any length, all else to the letter. */
export function shapePattern(input: string): string {
  return (input.match(/[0-9]+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\p{L}+|\s+|[^]/gu) ?? [])
    .map((run) => {
      if (/^[0-9]/.test(run)) return '[0-9]+';
      if (/^[A-Z]+$/.test(run)) return '[A-Z]+';
      if (/^[a-z]+$/.test(run)) return '[a-z]+';
      if (/^[A-Za-z]/.test(run)) return '[A-Z][a-z]+';
      if (/^\p{L}/u.test(run)) return '\\p{L}+';
      return /^ +$/.test(run) ? ' +' : inText(run);
    })
    .join('')
    .replaceAll(/((?:\[[A-Za-z-]+\])+\+ \+)\1+/g, '(?:$1)+');
}

function isNumeric({ facts }: Column): boolean {
  return ['int', 'decimal', 'float'].includes(facts.property.type.kind);
}

/** The shape of a number, in which a unit behind it stands to the letter: a label on `8.0 m/s` says nothing of `8.0 km/h`. */
function unitPattern(input: string): string {
  const [, number, tail] = /^([^]*[0-9][.,]?)([^0-9]+)$/.exec(input) ?? [];
  if (number === undefined || tail === undefined) return shapePattern(input);
  const blank = /^ */.exec(tail)?.[0] ?? '';
  const words = tail.slice(blank.length);
  const unit = [words, words.split(' ')[0] ?? ''].find(isUnit);
  if (unit === undefined || unit === '') return shapePattern(input);
  return `${shapePattern(number + blank)}${cased(inText(unit.toLowerCase()))}${shapePattern(words.slice(unit.length))}`;
}

/** `output = input × times + plus` over plain decimals: proved by two values that differ, or three where there is an offset. */
function affine(column: Column, changes: readonly Change[]): LearnedReading[] {
  const of: Text = numberIn(column, '.');
  const run = compileText(of);
  const points = changes.flatMap(({ input, output }) => {
    const x = Number(run({ value: input }));
    return /^-?[0-9]+(\.[0-9]+)?$/.test(output) && Number.isFinite(x) && x !== 0 ? [{ x, y: Number(output), digits: output.split('.')[1]?.length ?? 0 }] : [];
  });
  const distinct = new Set(points.map(({ x }) => x));
  if (points.length !== changes.length || distinct.size < 2) return [];
  const [a, b] = [points[0], points.find(({ x }) => x !== points[0]?.x)];
  if (a === undefined || b === undefined) return [];
  const labelled = Math.min(8, Math.max(...points.map(({ digits }) => digits)));
  const candidates: (readonly [number, number])[] = [[a.y / a.x, 0]];
  if (distinct.size >= 3) candidates.push([(a.y - b.y) / (a.x - b.x), a.y - ((a.y - b.y) / (a.x - b.x)) * a.x]);
  for (const [times, plus] of candidates) {
    const [by, and] = [decimal(times), decimal(plus)];
    if (by === undefined || and === undefined || Number(by) === 0 || (Number(by) === 1 && Number(and) === 0)) continue;
    // A short factor is exact, and so are its products; another was rounded as the labels were.
    const exact = (by.split('.')[1]?.length ?? 0) <= 3 && (and.split('.')[1]?.length ?? 0) <= 3;
    const result: Text = { op: 'affine', of, times: by, plus: and, scale: exact ? 8 : labelled };
    const says = compileText(result);
    if (changes.every(({ input, output }) => Number(says({ value: input })) === Number(output))) {
      return [
        {
          category: 'example',
          what: `× ${by} + ${and}, from ${changes.length} labelled values`,
          when: matches(column.text, framed(column, '.', '', '[^0-9]*')),
          result,
          tier: 1,
          test: { cells: changes.length, passed: changes.length },
        },
      ];
    }
  }
  return [];
}

function decimal(value: number): string | undefined {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e9) return undefined;
  const short = Number(value.toPrecision(6));
  return short.toFixed(9).replace(/\.?0+$/, '') || '0';
}

/**
 * The labelled values themselves, wherever else they stand. A value that the contract accepts may be right in another row: it counts only
 * where two labels agree, or where it is a slip of its correction: near to it, and no more frequent. A label may be wrong itself. Two must agree too
 * on what stands for any value: a word for nothing (`unknown`), and a number that a column of numbers refuses (`-999.9`).
 */
function values(column: Column, examples: readonly Example[], changes: readonly Change[]): LearnedReading[] {
  const rows = new Map<string, number>();
  for (const { value, count } of column.facts.accepted) rows.set(value, (rows.get(value) ?? 0) + count);
  const isRarer = (input: string, output: string): boolean => (rows.get(input) ?? 0) <= Math.max(1, rows.get(output) ?? 0);
  const table = changes
    .filter(({ input, output }) => {
      const any = isNothing(input) || (isNumeric(column) && NUMBER.test(input) && !same(input, output));
      if (!column.facts.accepts(input) && !any) return true;
      const agreeing = examples.filter((example) => example.input === input && example.output === output).length;
      return agreeing >= 2 || (!any && isRarer(input, output) && /\p{L}{4}/u.test(input) && distance(input, output) <= output.length * 0.34);
    })
    .map(({ input, output }) => [input, output] as const);
  if (table.length === 0) return [];
  const when: Test = { op: 'in', of: VALUE, values: table.map(([input]) => input) };
  return [
    {
      category: 'example',
      what: `${table.length} labelled values`,
      when,
      result: { op: 'lookup', of: VALUE, table },
      tier: 2,
      listed: true,
      test: { cells: table.length, passed: table.length },
    },
  ];
}

/** Values that a person made missing: marks of no value at once, words and numbers when two labels agree. */
function cleared(column: Column, examples: readonly Example[]): LearnedReading[] {
  const blank = (value: string | null): boolean => value === null || value === '';
  const counts = new Map<string, number>();
  for (const { input, output } of examples) if (input !== null && input !== '' && blank(output)) counts.set(input, (counts.get(input) ?? 0) + 1);
  for (const { input, output } of examples) if (input !== null && !blank(output)) counts.delete(input);
  const tokens = [...counts].filter(([token, count]) => count >= 2 || !column.facts.accepts(token) || /^[^0-9]{0,4}$/.test(token)).map(([token]) => token);
  if (tokens.length === 0 || !column.facts.accepts(null)) return [];
  return [
    {
      category: 'missing',
      what: `${tokens.map((token) => JSON.stringify(token)).join(', ')} as labelled`,
      when: { op: 'in', of: VALUE, values: tokens },
      result: { op: 'clear' },
      tier: 0,
      listed: true,
      test: { cells: tokens.length, passed: tokens.length },
    },
  ];
}
