import { describe, expect, it } from 'vitest';
import { bind, decimal, exactJson, type SqlInput } from './bind.ts';

const sql = (strings: TemplateStringsArray, ...values: readonly SqlInput[]) => bind(strings, values);

describe('bind', () => {
  it('puts no value into the text', () => {
    const evil = `'; DROP TABLE x; --`;
    expect(sql`select ${evil}, ${1}, ${2n ** 62n}, ${true}, ${null} from t`).toEqual({
      sql: 'select $1, $2, $3, $4, $5 from t',
      params: [evil, 1, 2n ** 62n, true, null],
    });
    expect(sql`select 1`).toEqual({ sql: 'select 1', params: [] });
  });

  it('writes dates, decimals and lists so that the engine knows their types', () => {
    expect(sql`a > ${new Date(0)}`).toEqual({ sql: 'a > CAST($1 AS TIMESTAMPTZ)', params: ['1970-01-01T00:00:00.000Z'] });
    expect(sql`a = ${decimal('-0012.50')}`).toEqual({ sql: 'a = CAST($1 AS DECIMAL(6, 2))', params: ['-0012.50'] });
    expect(sql`a in ${['x', 2, decimal('7')]} or b = ${3}`).toEqual({ sql: 'a in ($1, $2, CAST($3 AS DECIMAL(1, 0))) or b = $4', params: ['x', 2, '7', 3] });
    expect(sql`a not in ${[]}`).toEqual({ sql: 'a not in (SELECT NULL WHERE FALSE)', params: [] });
  });

  it.each([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['2^53', 2 ** 53],
    ['an invalid Date', new Date(Number.NaN)],
    ['an object', { a: 1 }],
    ['a function', () => 1],
    ['a nested list', [[1]]],
    ['a forged decimal', { decimal: '1); DROP TABLE x' }],
  ])('refuses %s, naming which value', (_name, value) => {
    expect(() => sql`select ${1}, ${value as SqlInput}`).toThrowError(expect.objectContaining({ code: 'SKEIN_CLIENT_VALUE' }));
  });

  it.each(['', '1e5', '1.', '.5', 'NaN', '1'.repeat(39), '1,5'])('refuses the decimal %j', (text) => {
    expect(() => decimal(text)).toThrowError(/decimal/);
  });
});

describe('exactJson', () => {
  it('keeps every digit of a bigint, and is JSON', () => {
    expect(exactJson({ params: [2n ** 63n, 'é"', null, 0.1, true], none: undefined })).toBe('{"params":[9223372036854775808,"é\\"",null,0.1,true]}');
  });
});
