import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IcebergType } from './schema.ts';
import { encodeBound } from './single-value.ts';

const hex = (type: IcebergType, text: string, side: 'lower' | 'upper' = 'lower'): string | undefined => {
  const bytes = encodeBound(type, text, side);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
};

describe('encodeBound', () => {
  // values and bytes of the spec's appendix D and of java's Conversions tests
  it.each<[IcebergType, string, string]>([
    ['boolean', 'false', '00'],
    ['boolean', '1', '01'],
    ['int', '84202', 'ea480100'],
    ['int', '-2147483648', '00000080'],
    ['long', '200', 'c800000000000000'],
    ['long', '-9223372036854775808', '0000000000000080'],
    ['long', '9007199254740993', '0100000000002000'],
    ['float', '-4.5', '000090c0'],
    ['double', '6.0', '0000000000001840'],
    ['double', '-inf', '000000000000f0ff'],
    ['date', '1970-04-11', '64000000'],
    ['date', '1969-12-31', 'ffffffff'],
    ['date', '0001-01-01', 'c606f5ff'],
    ['time', '00:00:10', '8096980000000000'],
    ['timestamp', '1970-01-01 00:00:00.4', '801a060000000000'],
    ['timestamp', '1969-12-31 23:59:59.999999', 'ffffffffffffffff'],
    ['timestamptz', '1970-01-01 02:00:00.000001+02', '0100000000000000'],
    ['timestamptz', '1969-12-31 18:30:00-05:30', '0000000000000000'],
    ['string', 'ABC', '414243'],
    ['decimal(9, 2)', '3.45', '0159'],
    ['decimal(9, 2)', '-0.01', 'ff'],
    ['decimal(9, 2)', '1.28', '0080'],
    ['decimal(9, 2)', '-1.28', '80'],
    ['decimal(10, 3)', '1234567.89', '499602d2'],
    ['decimal(38, 0)', '0', '00'],
  ])('%s %s is %s', (type, text, expected) => {
    expect(hex(type, text)).toBe(expected);
  });

  it('gives no bound rather than a wrong one', () => {
    const texts: [IcebergType, string][] = [
      ['int', '2147483648'],
      ['int', '1.5'],
      ['long', ''],
      ['long', '9223372036854775808'],
      ['double', 'nan'],
      ['double', 'x'],
      ['double', ''],
      ['date', '0044-03-15 (BC)'],
      ['date', 'infinity'],
      ['date', '2024-13-99x'],
      ['timestamp', 'infinity'],
      ['timestamp', '2024-01-01 00:00:00+00'],
      ['timestamptz', '2024-01-01 00:00:00'],
      ['timestamptz', '2024-01-01 00:00:00 Europe/Berlin'],
      ['time', '25'],
      ['boolean', 'yes'],
      ['binary', '00'],
      ['decimal(9, 2)', '1.234'],
      ['decimal(9, 2)', '1e5'],
      [{ type: 'struct', fields: [] }, 'x'],
    ];
    for (const [type, text] of texts) expect(hex(type, text), `${JSON.stringify(type)} ${text}`).toBeUndefined();
  });

  it('takes zeros apart, because -0 sorts before +0', () => {
    expect(hex('double', '0.0', 'lower')).toBe('0000000000000080');
    expect(hex('double', '-0.0', 'upper')).toBe('0000000000000000');
    expect(hex('float', '0', 'lower')).toBe('00000080');
  });

  it('cuts text at 16 characters: the lower bound off, the upper bound raised', () => {
    const long = 'abcdefghijklmnopqrst';
    expect(encodeBound('string', long, 'lower')).toEqual(new TextEncoder().encode('abcdefghijklmnop'));
    expect(encodeBound('string', long, 'upper')).toEqual(new TextEncoder().encode('abcdefghijklmnoq'));
    expect(encodeBound('string', long.slice(0, 16), 'upper')).toEqual(new TextEncoder().encode('abcdefghijklmnop'));
    expect(encodeBound('string', '😀'.repeat(17), 'upper')).toEqual(new TextEncoder().encode(`${'😀'.repeat(15)}😁`));
    expect(encodeBound('string', `${'a'.repeat(15)}\u{d7ff}x`, 'upper')).toEqual(new TextEncoder().encode(`${'a'.repeat(15)}\u{e000}`));
    expect(encodeBound('string', `${'a'.repeat(15)}\u{10ffff}x`, 'upper')).toEqual(new TextEncoder().encode(`${'a'.repeat(14)}b`));
    expect(encodeBound('string', '\u{10ffff}'.repeat(17), 'upper')).toBeUndefined();
  });

  it('bounds every text, by bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'z', '\u{10ffff}', '\u{d7ff}', '\u{e000}', 'é', '\0'), minLength: 0, maxLength: 20 });
    fc.assert(
      fc.property(text, (value) => {
        const [lower, upper] = [encodeBound('string', value, 'lower'), encodeBound('string', value, 'upper')];
        expect(Buffer.compare(lower ?? Buffer.alloc(0), Buffer.from(value))).toBeLessThanOrEqual(0);
        if (upper !== undefined) expect(Buffer.compare(upper, Buffer.from(value))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps the order of decimals of equal length, as readers decode them', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), (value) => {
        const bytes = Buffer.from(encodeBound('decimal(38, 0)', String(value), 'lower') ?? []);
        expect(BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))).toBe(value);
      }),
    );
  });
});
