import { describe, expect, it } from 'vitest';
import { readContract } from './read-contract.ts';

const read = (...notice: readonly object[]) => {
  const columns = [
    { name: 'a', logicalType: 'string', semanticType: 'measure', customProperties: notice },
    { name: 'b', logicalType: 'string' },
  ];
  const document = { apiVersion: 'v3.2.0', kind: 'DataContract', id: 'x', version: '1.0.0', domain: 'd', schema: [{ name: 'p', properties: columns }] };
  return readContract(JSON.stringify(document), 'x.yaml').properties[0];
};
const custom = (property: string, value: unknown) => ({ property, value });

describe('the notice of a removal', () => {
  it('names the last day and the heir, or neither', () => {
    expect(read(custom('deprecated', true), custom('removeAfter', '2026-12-31'), custom('replacedBy', 'b'))?.deprecation).toEqual({
      removeAfter: '2026-12-31',
      replacedBy: 'b',
    });
    expect(read(custom('deprecated', true))?.deprecation).toEqual({ removeAfter: undefined, replacedBy: undefined });
    expect(read(custom('deprecated', false), custom('removeAfter', '2026-12-31'))?.deprecation).toBeUndefined();
    expect(read()).not.toHaveProperty('deprecation');
    expect(read()?.semanticType).toBe('measure');
  });
  it.each([
    ['a day that is none', [custom('deprecated', true), custom('removeAfter', '2026-02-30')], 'removeAfter'],
    ['a day in words', [custom('deprecated', true), custom('removeAfter', 'soon')], 'removeAfter'],
    ['an heir that is no column', [custom('deprecated', true), custom('replacedBy', 'c')], 'replacedBy'],
    ['a word for deprecated', [custom('deprecated', 'yes')], 'deprecated'],
    ['a day without deprecated', [custom('removeAfter', '2026-12-31')], 'deprecated'],
  ])('is refused with %s', (_, notice, rule) => {
    expect(() => read(...notice)).toThrow(expect.objectContaining({ code: 'SKEIN_CONTRACT_INVALID', context: expect.objectContaining({ rule }) }) as Error);
  });
});
