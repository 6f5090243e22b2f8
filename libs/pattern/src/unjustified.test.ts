import type { ColumnType, Property } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import { unjustified, type ColumnFacts } from './index.ts';

function column(type: ColumnType, accepts: (value: string) => boolean): ColumnFacts {
  const property = { name: 'c', id: 'c', type, classification: 'public', options: {}, quality: [], references: [] } as unknown as Property;
  return { property, accepts: (value) => value === null || accepts(value), accepted: [] };
}

const isDay = (value: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? [];
  return year !== undefined && Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 28;
};
const DATE = column({ kind: 'date' }, isDay);
const DECIMAL = column({ kind: 'decimal', precision: 9, scale: 2 }, (value) => /^-?\d+(\.\d{1,2})?$/.test(value) && Number(value) < 1_000);
const WIDE = column({ kind: 'decimal', precision: 18, scale: 3 }, (value) => /^-?\d+(\.\d{1,3})?$/.test(value));
const INT = column({ kind: 'int', bits: 64 }, (value) => /^-?\d+$/.test(value));
const CODE = column({ kind: 'string' }, (value) => /^[A-Z]{2}\d{3}$/.test(value));
const TIME = column({ kind: 'time' }, (value) => /^\d{2}:\d{2}:\d{2}$/.test(value));

describe('what the values bear out', () => {
  it.each([
    ['a date of which one value decides the order', DATE, { '3|4|2025': '2025-04-03', '13|4|2025': '2025-04-13' }, true],
    ['the same, every value of which may be read both ways', DATE, { '3|4|2025': '2025-04-03', '5|4|2025': '2025-04-05' }, false],
    ['a date with an invented year', DATE, { '13|4': '2025-04-13' }, false],
    ['a month that is said in letters', DATE, { '13 iv 2025': '2025-04-13' }, false],
    ['one date for all', DATE, { '13|4|2025': '2025-04-13', '2025|13|4|': '2025-04-13', '13|5|2025': '2025-04-13' }, false],
    ['a decimal mark that the bounds decide', DECIMAL, { '1 234,50 ': '1234.50', '12|34': '12.34' }, false],
    ['a decimal with its point where the mark was', DECIMAL, { '12;34': '12.34' }, false],
    ['decimals whose other reading is out of bounds', DECIMAL, { '123,45': '123.45', '999,99': '999.99' }, true],
    ['decimals whose other reading would do', WIDE, { '123,45': '123.45', '999,99': '999.99' }, false],
    ['a number a hundred times too large', WIDE, { '1.5': '150' }, false],
    ['a number without its sign', INT, { '-15x': '15' }, false],
    ['an integer in words about it', INT, { 'no. 15 of': '15' }, true],
    ['two numbers in one', INT, { '15 to 20': '1520' }, false],
    ['a piece that is the only one that fits', CODE, { 'ward<ab-101>': 'AB101', 'ward<cd-202>': 'CD202' }, true],
    ['one of two pieces that fit', CODE, { 'AB101 or CD202': 'AB101' }, false],
    ['a constant', CODE, { 'ward<ab-101>': 'AB101', 'ward<ab-102>': 'AB101' }, false],
    ['letters of nowhere', CODE, { 'ward<ab-101>': 'ZZ101' }, false],
    ['a missing value', CODE, { 'ward<ab-101>': null }, false],
    ['a time in order', TIME, { '9h05': '09:05:00' }, true],
    ['a time out of order', TIME, { '9h05': '05:09:00' }, false],
    ['nothing', CODE, {}, true],
  ] as const)('%s', (_, facts, outcomes, justified) => {
    const why = unjustified(new Map(Object.entries(outcomes as Record<string, string | null>)), facts);
    expect(why === undefined, why).toBe(justified);
  });
});
