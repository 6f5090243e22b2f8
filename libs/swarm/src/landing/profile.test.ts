import { describe, expect, it } from 'vitest';
import type { SourceProfile } from '@skein/product';
import { driftOf } from './drift.ts';
import { countForms } from './personal-forms.ts';
import { compareDecimals, profileRecords, stride } from './profile.ts';
import { leavesOf } from './record-leaves.ts';

const profile = (records: readonly object[]): SourceProfile =>
  profileRecords(
    records.length,
    records.map((record) => JSON.stringify(record)),
  );
const times = (count: number, record: (index: number) => object) => Array.from({ length: count }, (_, index) => record(index));
const column = (of: SourceProfile, name: string) => of.columns.find((one) => one.name === name);

describe('the profile of a source', () => {
  it('names fields of records, elements of lists, and entries of lists of keys and values', () => {
    const record = {
      geo: { country: 'DE', city: null },
      items: [{ id: 'a' }, { id: 'b' }],
      event_params: [
        { key: 'page', value: { string_value: '/x', int_value: null } },
        { key: 'n', value: { string_value: null, int_value: '7' } },
        { key: 'none', value: null },
        { key: 'a[b]', value: '1' },
      ],
    };
    expect(leavesOf(record)).toEqual([
      ['geo.country', 'DE'],
      ['geo.city', null],
      ['items[].id', 'a'],
      ['items[].id', 'b'],
      ['event_params[page]', '/x'],
      ['event_params[n]', '7'],
      ['event_params[none]', null],
      // A key that could not be told from the syntax of names is no name.
      ['event_params[].key', 'a[b]'],
      ['event_params[].value', '1'],
    ]);
  });

  it('counts rows, missing and distinct values, types, extremes and shapes', () => {
    const of = profile(
      times(100, (index) => ({ n: `${index - 50}`, code: index % 2 === 0 ? 'AB-12' : 'xy', maybe: index < 90 ? null : 'a', flag: index > 3 })),
    );
    expect(of).toMatchObject({ rows: 100, sampled: 100 });
    expect(column(of, 'n')).toMatchObject({ nulls: 0, distinct: 100, type: 'number', minimum: '-50', maximum: '49' });
    expect(column(of, 'code')).toMatchObject({
      distinct: 2,
      type: 'text',
      minimum: 'AB-12',
      maximum: 'xy',
      shapes: [
        { shape: 'A-9', share: 0.5 },
        { shape: 'a', share: 0.5 },
      ],
    });
    expect(column(of, 'maybe')).toMatchObject({ nulls: 90, distinct: 1 });
    expect(column(of, 'flag')).toMatchObject({ type: 'boolean' });
  });

  it('holds no value of a column with a personal form, or whose name tells of persons', () => {
    const of = profile(times(50, (index) => ({ contact: index === 0 ? 'ann@example.org' : `x${index}`, surname: `Name ${index}`, city: 'Ulm' })));
    expect(column(of, 'contact')).toMatchObject({ forms: { email: 1 }, texts: 50 });
    for (const name of ['contact', 'surname']) expect(column(of, name)).not.toHaveProperty('minimum');
    // The twin shows that extremes are kept otherwise.
    expect(column(of, 'city')).toMatchObject({ minimum: 'Ulm', maximum: 'Ulm' });
    expect(JSON.stringify(of)).not.toMatch(/ann@|Name 1/);
  });

  it('tells phone numbers from keys filled with zeros', () => {
    expect(countForms(['+49 171 5550199', '0049 171 5550199', '(030) 123456', '030/1234567', '+491715550199']).forms).toEqual({ phone: 5 });
    expect(countForms(['0090000123', '000000000100000127', '1234567890', '2025-01-01', '00100-2', '007']).forms).toEqual({});
  });

  it('orders decimals by their digits, beyond what a number holds', () => {
    const ordered = [
      '-9007199254740993',
      '-9007199254740992.5',
      '-1',
      '-0.5',
      '0',
      '0.10',
      '0.101',
      '9007199254740992',
      '9007199254740993',
      '10000000000000000000',
    ];
    for (const [index, a] of ordered.entries())
      for (const [other, b] of ordered.entries()) expect(Math.sign(compareDecimals(a, b)), `${a} ${b}`).toBe(Math.sign(index - other));
    expect(compareDecimals('-0', '0.000')).toBe(0);
    const of = profile([{ n: '9007199254740993' }, { n: '9007199254740992' }]);
    expect(column(of, 'n')).toMatchObject({ minimum: '9007199254740992', maximum: '9007199254740993' });
  });

  it('looks at every row of a small file, and at a bounded part of a large one', () => {
    expect([0, 1, 200].map(stride)).toEqual([1, 1, 1]);
    for (const rows of [201, 5_000, 99_999, 500_000, 50_000_000]) {
      expect(rows / stride(rows)).toBeLessThanOrEqual(500);
      expect(rows / stride(rows)).toBeGreaterThanOrEqual(100);
    }
  });

  it('is bounded, whatever names and depths a file has', () => {
    const wide = Object.fromEntries(times(2_000, (index) => ({ index })).map((_, index) => [`c${index}`, '1']));
    expect(profile([wide]).columns).toHaveLength(500);
    let deep: object = { leaf: 'x' };
    for (let level = 0; level < 50; level++) deep = { deep };
    expect(profile([deep, { ['n'.repeat(1_000)]: '1' }]).columns).toEqual([]);
  });
});

describe('drift', () => {
  const base = Array.from({ length: 200 }, (_, index) => ({ id: `A-${index}`, n: `${index}`, rare: index === 0 ? 'x' : null }));
  it('tells columns that came and went, and another type or other shapes', () => {
    const now = times(200, (index) => ({ id: `${index}/A`, n: index === 0 ? '1' : `about ${index}`, more: 'y' }));
    expect(driftOf(profile(base), profile(now))).toEqual([
      { column: 'id', kind: 'shape', what: '100 % of the values have other shapes than before' },
      { column: 'more', kind: 'new', what: 'not there before' },
      { column: 'n', kind: 'type', what: 'number before, text now' },
    ]);
    expect(driftOf(profile(base), profile(base.map(({ n, rare }) => ({ n, rare }))))).toEqual([{ column: 'id', kind: 'lost', what: 'no longer there' }]);
    expect(driftOf(profile(base), profile(base.map((row) => ({ ...row, id: null }))))).toEqual([{ column: 'id', kind: 'lost', what: 'no values any more' }]);
  });

  it('tells nothing where nothing changed, numbers only grew, or too few rows were seen', () => {
    expect(driftOf(profile(base), profile(base))).toEqual([]);
    expect(driftOf(profile(base), profile(times(300, (index) => ({ id: `A-${index + 5_000}`, n: `${index * 1_000}` }))))).toEqual([]);
    expect(driftOf(profile(base), profile([{ other: 'x' }]))).toEqual([]);
  });
});
