import { describe, expect, it } from 'vitest';
import { COMPATIBILITY_MODES } from './compatibility-mode.ts';
import { readContract } from './read-contract.ts';

const read = (value?: unknown) => {
  const customProperties = value === undefined ? [] : [{ property: 'compatibilityMode', value }];
  const schema = [{ name: 'p', properties: [{ name: 'a', logicalType: 'string' }] }];
  return readContract(
    JSON.stringify({ apiVersion: 'v3.2.0', kind: 'DataContract', id: 'x', version: '1.0.0', domain: 'd', customProperties, schema }),
    'x.yaml',
  );
};

describe('the compatibility mode of a contract', () => {
  it.each(COMPATIBILITY_MODES)('is %s where it says so', (mode) => expect(read(mode).compatibilityMode).toBe(mode));
  it('is left to others where the contract is silent', () => expect(read()).not.toHaveProperty('compatibilityMode'));
  it.each(['full', 'BACKWARDS', '', 1, true, ['FULL'], { a: 1 }])('is not %j', (value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code: 'SKEIN_CONTRACT_INVALID', context: expect.objectContaining({ rule: 'compatibilityMode' }) }) as Error,
    );
  });
});
