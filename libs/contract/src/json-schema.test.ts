import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { arrowSchema } from './arrow-schema.ts';
import { toJsonSchema } from './json-schema.ts';
import { readContract } from './read-contract.ts';

const golden = (name: string) => new URL(`./golden/${name}`, import.meta.url);
const contract = readContract(readFileSync(golden('all-types.odcs.yaml'), 'utf8'), 'all-types.odcs.yaml');

describe('a contract with every type', () => {
  it.each([
    ['record.schema.json', () => toJsonSchema(contract)],
    ['arrow.json', () => arrowSchema(contract)],
  ] as const)('becomes golden/all-types.%s', (name, make) => {
    expect(`${JSON.stringify(make(), null, 1)}\n`).toBe(readFileSync(golden(`all-types.${name}`), 'utf8'));
  });
  it('has a closed schema in which only required columns must stand', () => {
    const schema = toJsonSchema(contract);
    expect(schema['additionalProperties']).toBe(false);
    expect(schema['required']).toEqual(['id', 'decimal_key']);
    expect(Object.keys(schema['properties'] as object)).toEqual(contract.properties.map((property) => property.name));
  });
});
