import { describe, expect, it } from 'vitest';
import { inspectContract, readContract } from './read-contract.ts';
import { lintContract } from './lint.ts';

const contract = (dependencies: string) => `apiVersion: v3.2.0
kind: DataContract
id: x
version: 1.0.0
status: active
domain: shop
schema:
  - name: places
    customProperties:
      - property: functionalDependencies
        value: ${dependencies}
    properties:
      - { name: zip, logicalType: string }
      - { name: city, logicalType: string }
      - { name: state, logicalType: string }
      - { name: tags, logicalType: array, items: { logicalType: string } }
`;

describe('functional dependencies of a contract', () => {
  it('are read in order, with their places', () => {
    const { dependencies } = readContract(
      contract('[{ determinant: [zip], dependent: [city, state] }, { determinant: [city, state], dependent: [zip] }]'),
      'x.yaml',
    );
    expect(dependencies.map(({ determinant, dependent }) => ({ determinant, dependent }))).toEqual([
      { determinant: ['zip'], dependent: ['city', 'state'] },
      { determinant: ['city', 'state'], dependent: ['zip'] },
    ]);
    expect(dependencies[0]?.place).toMatchObject({ line: 11 });
  });

  it('are none where the contract is silent', () => {
    expect(readContract(contract('[]'), 'x.yaml').dependencies).toEqual([]);
  });

  it.each([
    ['an unknown column', '[{ determinant: [zipp], dependent: [city] }]', 'there is no property "zipp"'],
    ['a column on both sides', '[{ determinant: [zip], dependent: [zip] }]', '"zip" cannot determine itself'],
    ['a column named twice', '[{ determinant: [zip, zip], dependent: [city] }]', '"zip" stands twice'],
    ['an empty side', '[{ determinant: [], dependent: [city] }]', 'names no determinant columns'],
    ['a missing side', '[{ determinant: [zip] }]', 'names no dependent columns'],
    ['a nested column', '[{ determinant: [tags], dependent: [city] }]', '"tags" is nested'],
    ['an unknown field', '[{ determinant: [zip], dependent: [city], depends: 1 }]', 'no field "depends"'],
    ['text', 'zip -> city', 'functionalDependencies is no list'],
    ['a list of text', '[zip]', 'is a map of determinant and dependent'],
  ])('refuse %s, with its place', (_, dependencies, message) => {
    const { meaning } = inspectContract(contract(dependencies), 'x.yaml');
    expect(meaning.map((fault) => fault.message).join('\n')).toContain(message);
    expect(meaning[0]?.place.line).toBe(11);
    expect(lintContract(contract(dependencies), 'x.yaml').findings.some((finding) => finding.severity === 'error')).toBe(true);
  });
});
