import type { Property } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import type { ColumnFacts } from './column-facts.ts';
import { nearValues } from './near-value.ts';

const facts = (
  options: Property['options'],
  kind: 'string' | 'boolean' | 'int',
  accepts: (value: string) => boolean,
  accepted: Record<string, number> = {},
): ColumnFacts => ({
  property: { name: 'c', type: kind === 'int' ? { kind, bits: 64 } : { kind }, options } as Property,
  accepts: (value) => value !== null && accepts(value),
  accepted: Object.entries(accepted).map(([value, count]) => ({ value, count })),
});
const matching = (pattern: string, accepted?: Record<string, number>) => facts({ pattern }, 'string', (value) => new RegExp(pattern).test(value), accepted);
const repaired = (values: string[], of: ColumnFacts) => nearValues(values, of).map(({ from, to }) => [from, to]);

describe('near values', () => {
  it('make the one edit that the contract accepts, neighbours exchanged included', () => {
    expect(repaired(['95x', 'AB123'], matching('^[0-9]{1,3}%$', { '97%': 9 }))).toEqual([['95x', '95%']]);
    expect(repaired(['AB_123', 'AB123'], matching('^[A-Z]{2}-[0-9]{3}$', { 'CD-987': 9 }))).toEqual([
      ['AB_123', 'AB-123'],
      ['AB123', 'AB-123'],
    ]);
    const currency = facts({ validValues: ['EUR', 'USD', 'GBP'] }, 'string', (value) => ['EUR', 'USD', 'GBP'].includes(value));
    expect(repaired(['UER', 'BGP', 'EU'], currency)).toEqual([
      ['UER', 'EUR'],
      ['BGP', 'GBP'],
    ]);
    expect(
      repaired(
        ['trxe', 'yes'],
        facts({}, 'boolean', (value) => value === 'true' || value === 'false'),
      ),
    ).toEqual([['trxe', 'true']]);
  });

  it('guess no digit, and choose between no two', () => {
    expect(repaired(['x5%', 'xx%', '3x patients'], matching('^([0-9]{1,3}%|[0-9]+ patients)$', { '95%': 50, '37 patients': 50 }))).toEqual([]);
    expect(repaired(['1234a', '123456', '12x45'], matching('^[0-9]{5}$', { '12345': 900 }))).toEqual([]);
    const states = facts({ validValues: ['AL', 'FL', 'IL'] }, 'string', (value) => ['AL', 'FL', 'IL'].includes(value));
    expect(repaired(['XL', 'X'], states)).toEqual([]);
  });

  it('exchange unknown words for those that the column knows', () => {
    const sample = matching('^[0-9]+ patients$', { '619 patients': 2, '37 patients': 4, '8 patients': 9 });
    expect(repaired(['12 paxienxs', '12 doctors'], sample)).toEqual([['12 paxienxs', '12 patients']]);
  });

  it('have nothing to say without a rule of the contract, and of numbers, the very short and the very long', () => {
    expect(
      repaired(
        ['Berlni'],
        facts({}, 'string', () => false, { Berlin: 1000 }),
      ),
    ).toEqual([]);
    expect(
      repaired(
        ['12x'],
        facts({}, 'int', (value) => /^[0-9]+$/.test(value)),
      ),
    ).toEqual([]);
    expect(repaired(['a', '', 'x'.repeat(10_000), '\ud800ab'], matching('^[a-z]{2}$', { ab: 9 }))).toEqual([]);
  });
});
