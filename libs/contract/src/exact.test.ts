import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimal, isMultiple } from './exact.ts';
import { isDate, normalTime, normalTimestamp } from './moment.ts';
import { exactNumber } from './yaml-tree.ts';

describe('exactNumber', () => {
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.50', '-0.5'],
    ['+7', '7'],
    ['007', '7'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e3', '1000'],
    ['1.5e-3', '0.0015'],
    ['123.45E2', '12345'],
    ['0x1F', '31'],
    ['0o17', '15'],
    ['9007199254740993', '9007199254740993'],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827'],
    ['5e-324', `0.${'0'.repeat(323)}5`],
    ['.inf', undefined],
    ['nan', undefined],
    ['', undefined],
    ['.', undefined],
    ['e5', undefined],
    ['1e999', undefined],
    ['1e9999999', undefined],
    ['1_000', undefined],
    ['12:30', undefined],
  ])('%s → %s', (text, exact) => {
    expect(exactNumber(text)).toBe(exact);
  });
  it('says of every double what the double means', () => {
    const wrong: number[] = [];
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        if (Number(exactNumber(String(number))) !== (Object.is(number, -0) ? 0 : number)) wrong.push(number);
      }),
    );
    expect(wrong).toEqual([]);
  });
});

describe('decimals', () => {
  it('are compared exactly', () => {
    expect(compareDecimal('9007199254740993', '9007199254740992')).toBe(1);
    expect(compareDecimal('-0.10', '-0.1')).toBe(0);
    expect(compareDecimal('-2', '1.5')).toBe(-1);
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.nat(30), (a, b, scale) => {
        const text = (value: bigint) => {
          const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
          return `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - scale)}${scale ? `.${digits.slice(-scale)}` : ''}`;
        };
        return Math.sign(compareDecimal(text(a), text(b))) === (a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
  it('are multiples exactly', () => {
    expect(isMultiple('0.3', '0.1')).toBe(true);
    expect(isMultiple('-0.15', '0.05')).toBe(true);
    expect(isMultiple('0.125', '0.05')).toBe(false);
    expect(isMultiple('9007199254740993', '2')).toBe(false);
  });
});

describe('dates and times', () => {
  it('exist in the calendar', () => {
    expect(['2024-02-29', '2000-02-29', '0001-01-01', '9999-12-31'].map(isDate)).toEqual([true, true, true, true]);
    expect(['2023-02-29', '1900-02-29', '2024-04-31', '2024-13-01', '2024-00-10', '0000-01-01', '24-01-01', '2024-1-1'].some(isDate)).toBe(false);
  });
  it('have one full form', () => {
    expect(normalTime('08:00')).toBe('08:00:00.000000');
    expect(normalTime('23:59:59.5')).toBe('23:59:59.500000');
    expect([normalTime('24:00'), normalTime('12:60'), normalTime('12:00:60'), normalTime('1:00'), normalTime('12:00:00.1234567')]).toEqual(
      Array(5).fill(undefined),
    );
    expect(normalTimestamp('2024-01-01', false)).toBe('2024-01-01 00:00:00.000000');
    expect(normalTimestamp('2024-03-31T02:30:00', false)).toBe('2024-03-31 02:30:00.000000');
    expect(normalTimestamp('2024-01-01T00:00:00.000001+05:30', true)).toBe('2023-12-31 18:30:00.000001');
    expect(normalTimestamp('2024-01-01 00:00-08', true)).toBe('2024-01-01 08:00:00.000000');
    expect(normalTimestamp('2024-01-01T00:00:00Z', false)).toBeUndefined();
    expect(normalTimestamp('2024-01-01T00:00:00', true)).toBeUndefined();
    expect(normalTimestamp('9999-12-31T23:00:00-02:00', true)).toBeUndefined();
    expect(normalTimestamp('0050-01-01T00:00:00Z', true)).toBe('0050-01-01 00:00:00.000000');
  });
});
