import { isDate, type ColumnType, type Property } from '@skein/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, propose, signatureOf, type ColumnFacts, type Example, type Outcome } from './index.ts';

const property = (type: ColumnType, options: Property['options'] = {}): Property => ({
  name: 'amount_due',
  id: 'amount_due',
  type,
  logicalType: type.kind,
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
});
const DATE = property({ kind: 'date' });
const DECIMAL = property({ kind: 'decimal', precision: 18, scale: 4 });

function ask(
  column: Property,
  accepts: (value: string) => boolean,
  values: readonly (string | null)[],
  more: Partial<ColumnFacts> = {},
  examples: readonly Example[] = [],
): Outcome {
  const counted = values.map((value) => ({ value, count: 1 }));
  const gap = {
    context: { domain: 'd', product: 'd.p', column: column.name },
    signature: signatureOf('type', column, counted),
    cells: values.length,
    values: counted,
  };
  return propose(gap, { property: column, accepts: (value) => value === null || accepts(value), accepted: [], ...more }, examples);
}
const isDecimal = (value: string): boolean => /^-?\d+(\.\d+)?$/.test(value);
const dates = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) => `${String((index % 28) + 1).padStart(2, '0')}/${String((index % 12) + 1).padStart(2, '0')}/${1950 + (index % 70)}`,
  );

describe('propose', () => {
  it('says none of a column that is all gap and of nothing that it knows', () => {
    expect(ask(DATE, isDate, ['frob', 'blah', 'x1x'])).toMatchObject({ kind: 'none' });
    expect(ask(DATE, isDate, [null])).toMatchObject({ kind: 'none' });
    expect(ask(DATE, isDate, [])).toMatchObject({ kind: 'none' });
  });

  it('names both readings of an ambiguous column, and the values', () => {
    const outcome = ask(DATE, isDate, ['03/04/2025', '05/06/2025']);
    if (outcome.kind !== 'conflict') throw new Error(outcome.kind);
    expect(outcome.between.map(({ program }) => evaluate(program, { value: '03/04/2025' }).value)).toEqual(['2025-04-03', '2025-03-04']);
    expect(outcome.values).toEqual(['03/04/2025', '05/06/2025']);
  });

  it('lets a label decide what the column leaves open', () => {
    const outcome = ask(DATE, isDate, ['03/04/2025', '05/06/2025'], {}, [{ input: '03/04/2025', output: '2025-04-03' }]);
    if (outcome.kind !== 'solutions') throw new Error(outcome.kind);
    expect(outcome.ranked.map(({ program }) => evaluate(program, { value: '05/06/2025' }).value)).toContain('2025-06-05');
    expect(outcome.open).toEqual([]);
  });

  it('does not let one slip among a thousand decide for the other order', () => {
    const ambiguous = Array.from(
      { length: 400 },
      (_, index) => `${String((index % 12) + 1).padStart(2, '0')}/${String(((index * 5) % 12) + 1).padStart(2, '0')}/${1900 + (index % 150)}`,
    ).filter((value) => value.slice(0, 2) !== value.slice(3, 5));
    const outcome = ask(DATE, isDate, [...new Set(ambiguous), '13/04/2025']);
    const open = outcome.kind === 'solutions' ? outcome.open : outcome.kind === 'conflict' ? [outcome] : [];
    expect(open.length).toBeGreaterThan(0);
    // With as many of them as a real column would have, they decide.
    expect(ask(DATE, isDate, dates(1_000))).toMatchObject({ kind: 'solutions', open: [] });
  });

  it('lets a contradicted label rule a reading out', () => {
    const outcome = ask(DECIMAL, isDecimal, ['1,234', '5,678'], {}, [{ input: '1,234', output: '1234' }]);
    if (outcome.kind !== 'solutions') throw new Error(outcome.kind);
    expect(evaluate(outcome.ranked[0]?.program ?? never(), { value: '5,678' })).toEqual({ touched: true, value: '5678' });
  });

  it('offers only what the contract accepts, whatever the values', () => {
    let offered = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.stringMatching(/^[-0-9.,/ $%()a-z]{0,12}$/)), { minLength: 1, maxLength: 12 }),
        (values) => {
          const outcome = ask(DECIMAL, isDecimal, values);
          if (outcome.kind !== 'solutions') return;
          for (const { program, test } of outcome.ranked) {
            offered += 1;
            expect(test.passed).toBeLessThanOrEqual(test.cells);
            for (const value of values) {
              const { touched, value: out } = evaluate(program, { value });
              if (touched && out !== null) expect(out).toMatch(/^-?\d+(\.\d+)?$/);
            }
          }
        },
      ),
      { numRuns: 300, seed: 4 },
    );
    expect(offered).toBeGreaterThan(50);
  });

  it('is quick for a thousand distinct values, and for huge and odd ones', () => {
    const text = property({ kind: 'string' }, { pattern: '^[A-Z]{2}[0-9]{6}$' });
    const isKey = (value: string): boolean => /^[A-Z]{2}[0-9]{6}$/.test(value);
    const many = (make: (index: number) => string): string[] => Array.from({ length: 1_000 }, (_, index) => make(index));
    const odd = [
      '\0',
      '\ud800',
      'x'.repeat(1_000_000),
      '9'.repeat(999),
      ' '.repeat(999),
      '1,'.repeat(450),
      '😀'.repeat(100),
      '('.repeat(900),
      '-'.repeat(900),
      '"'.repeat(900),
      'a1'.repeat(450),
    ];
    ask(DATE, isDate, ['1 mars 2020', '2020/1/1']);
    const asked: readonly (() => Outcome)[] = [
      () => ask(DATE, isDate, dates(1_000)),
      () =>
        ask(
          DECIMAL,
          isDecimal,
          many((index) => `$${index},${100 + (index % 900)}.50`),
        ),
      () =>
        ask(
          text,
          isKey,
          many((index) => `ab-${100_000 + index}`),
          { accepted: many((index) => `AB${200_000 + index}`).map((value) => ({ value, count: 1 })) },
        ),
      () =>
        ask(
          DATE,
          isDate,
          Array.from({ length: 10_000 }, (_, index) => `${'-/.x'[index % 4]}${'a'.repeat(index % 50)}${index}${'#'.repeat(index % 7)}`),
        ),
      () => ask(DATE, isDate, odd),
      () => ask(DECIMAL, isDecimal, odd),
      () => ask(text, isKey, odd),
    ];
    for (const one of asked) {
      const times = [0, 1, 2].map(() => {
        const started = process.cpuUsage();
        one();
        return process.cpuUsage(started).user / 1_000;
      });
      // 50 ms on a quiet machine; the test allows for a busy one.
      expect(Math.min(...times)).toBeLessThan(150);
    }
    expect(asked[2]?.()).toMatchObject({ kind: 'solutions' });
  });
});

function never(): never {
  throw new Error('nothing was proposed');
}
