import { describe, expect, it } from 'vitest';
import { evolve, NO_COLUMNS, type EvolvedColumns, type KnownColumns } from './evolution.ts';
import type { NestedField, WantedField, WantedType } from './schema.ts';

const wanted = (key: string, type: WantedType = 'string', required = false, name = key): WantedField => ({ key, name, type, required });

/** What a table knows after one version: no dropped columns. */
function after(columns: EvolvedColumns): KnownColumns {
  return {
    ids: columns.ids,
    fields: new Map(columns.fields.map((field): [number, NestedField] => [field.id, field])),
    current: new Set(columns.fields.map((field) => field.id)),
    lastColumnId: columns.lastColumnId,
  };
}

describe('evolve', () => {
  it('numbers a new table from 1, nested parts with the rest', () => {
    const { fields, lastColumnId } = evolve(NO_COLUMNS, [
      wanted('a'),
      wanted('s', {
        type: 'struct',
        fields: [
          { name: 'x', required: false, type: { type: 'list', element: 'int' } },
          { name: 'y', required: false, type: 'int' },
        ],
      }),
      wanted('m', { type: 'map', key: 'string', value: 'long' }),
    ]);
    expect(fields).toEqual([
      { id: 1, name: 'a', required: false, type: 'string' },
      {
        id: 2,
        name: 's',
        required: false,
        type: {
          type: 'struct',
          fields: [
            { id: 3, name: 'x', required: false, type: { type: 'list', 'element-id': 5, element: 'int', 'element-required': false } },
            { id: 4, name: 'y', required: false, type: 'int' },
          ],
        },
      },
      { id: 6, name: 'm', required: false, type: { type: 'map', 'key-id': 7, key: 'string', 'value-id': 8, value: 'long', 'value-required': false } },
    ]);
    expect(lastColumnId).toBe(8);
  });

  it('gives a new part of a struct a new id and keeps the others', () => {
    const before = after(
      evolve(NO_COLUMNS, [wanted('items', { type: 'list', element: { type: 'struct', fields: [{ name: 'sku', required: true, type: 'string' }] } })]),
    );
    const { fields, lastColumnId } = evolve(before, [
      wanted('items', {
        type: 'list',
        element: {
          type: 'struct',
          fields: [
            { name: 'net', required: true, type: 'double' },
            { name: 'sku', required: true, type: 'string' },
          ],
        },
      }),
    ]);
    expect(fields[0]).toEqual({
      id: 1,
      name: 'items',
      required: false,
      type: {
        type: 'list',
        'element-id': 2,
        'element-required': false,
        element: {
          type: 'struct',
          fields: [
            { id: 4, name: 'net', required: false, type: 'double' },
            { id: 3, name: 'sku', required: true, type: 'string' },
          ],
        },
      },
    });
    expect(lastColumnId).toBe(4);
  });

  it.each<[string, WantedType, WantedType]>([
    ['int to long', 'int', 'long'],
    ['float to double', 'float', 'double'],
    ['a wider decimal', 'decimal(9, 2)', 'decimal(18, 2)'],
  ])('allows %s, and not back', (_name, from, to) => {
    const before = after(evolve(NO_COLUMNS, [wanted('a', from)]));
    const next = evolve(before, [wanted('a', to)]);
    expect(next.fields).toEqual([{ id: 1, name: 'a', required: false, type: to }]);
    expect(() => evolve(after(next), [wanted('a', from)])).toThrow(expect.objectContaining({ code: 'SKEIN_SCHEMA_INCOMPATIBLE' }));
  });

  it('refuses every other change, deep inside too, and names the place', () => {
    const cases: [WantedType, WantedType][] = [
      ['decimal(9, 2)', 'decimal(9, 3)'],
      ['int', 'decimal(9, 0)'],
      ['date', 'timestamp'],
      ['timestamp', 'timestamptz'],
      ['string', 'binary'],
      ['long', 'double'],
      ['string', { type: 'list', element: 'string' }],
    ];
    for (const [from, to] of cases)
      expect(() => evolve(after(evolve(NO_COLUMNS, [wanted('a', from)])), [wanted('a', to)]), JSON.stringify(to)).toThrow(
        expect.objectContaining({ code: 'SKEIN_SCHEMA_INCOMPATIBLE' }),
      );
    const nested = (type: WantedType): WantedField =>
      wanted('a', { type: 'list', element: { type: 'struct', fields: [{ name: 'b', required: false, type }] } });
    expect(() => evolve(after(evolve(NO_COLUMNS, [nested('string')])), [nested('int')])).toThrow(
      'column a.element.b is stored as string and cannot become int',
    );
  });

  it('lets a column become optional, never required again, and adds none that is required', () => {
    const first = evolve(NO_COLUMNS, [wanted('a', 'string', true), wanted('b', 'string', true)]);
    expect(first.fields.map((field) => field.required)).toEqual([true, true]);
    const second = evolve(after(first), [wanted('a', 'string', true), wanted('b', 'string', false), wanted('c', 'string', true)]);
    expect(second.fields.map((field) => field.required)).toEqual([true, false, false]);
    expect(
      evolve(after(second), [wanted('a', 'string', true), wanted('b', 'string', true), wanted('c', 'string', true)]).fields.map((field) => field.required),
    ).toEqual([true, false, false]);
  });

  it('survives keys that are names of the prototype', () => {
    const first = evolve(NO_COLUMNS, [wanted('__proto__'), wanted('constructor'), wanted('toString')]);
    expect(first.fields.map((field) => field.id)).toEqual([1, 2, 3]);
    expect(evolve(after(first), [wanted('hasOwnProperty'), wanted('__proto__')]).fields.map((field) => field.id)).toEqual([4, 1]);
    expect(Object.keys(first.ids)).toEqual(['__proto__', 'constructor', 'toString']);
  });
});
