import { describe, expect, it } from 'vitest';
import { arrowSchema } from './arrow-schema.ts';
import { engineType } from './column-type.ts';
import { exportContract } from './formats/index.ts';
import { toJsonSchema } from './json-schema.ts';
import { lintContract } from './lint.ts';
import { readContract } from './read-contract.ts';

const text = (column: string) =>
  `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n      - { name: v, logicalType: vector, ${column} }\n`;
const read = (column: string) => readContract(text(column), 'f.yaml').properties[0];
const faults = (column: string) =>
  lintContract(text(column), 'f.yaml')
    .findings.filter((one) => one.severity === 'error')
    .map(({ rule, message, place }) => `${rule} ${place.line}: ${message}`);

describe('a vector', () => {
  it.each([
    ['logicalTypeOptions: { dimensions: 3 }', 'FLOAT[]', 'float32'],
    ['logicalTypeOptions: { dimensions: 3, elementType: float64 }', 'DOUBLE[]', 'float64'],
    ['logicalTypeOptions: { dimensions: 3, elementType: float16 }', 'FLOAT[]', 'float16'],
    ['logicalTypeOptions: { dimensions: 3, elementType: bfloat16 }', 'FLOAT[]', 'bfloat16'],
    ['logicalTypeOptions: { dimensions: 3, elementType: int8 }', 'INTEGER[]', 'int8'],
    ['logicalTypeOptions: { dimensions: 3, elementType: uint8 }', 'INTEGER[]', 'uint8'],
    ['logicalTypeOptions: { dimensions: 3, elementType: binary }', 'INTEGER[]', 'binary'],
    ['physicalType: "DOUBLE[3]", logicalTypeOptions: { dimensions: 3 }', 'DOUBLE[]', 'float64'],
    ['physicalType: "FLOAT[]", logicalTypeOptions: { dimensions: 3 }', 'FLOAT[]', 'float32'],
    ['physicalType: VECTOR(3), logicalTypeOptions: { dimensions: 3 }', 'FLOAT[]', 'float32'],
    ['physicalType: halfvec(3), logicalTypeOptions: { dimensions: 3, elementType: float16 }', 'FLOAT[]', 'float16'],
  ])('of %s is %s', (column, type, elementType) => {
    const property = read(column);
    expect(property && engineType(property.type)).toBe(type);
    expect(property?.logicalType).toBe('vector');
    expect(property?.options).toMatchObject({ minItems: 3, maxItems: 3, vector: { dimensions: 3, elementType } });
  });
  it.each([
    ['required: true', 'dimensions 9: a vector does not say how long it is'],
    ['logicalTypeOptions: { dimensions: 65537 }', 'dimensions 9: dimensions is 65537, at most 65536 are read'],
    ['logicalTypeOptions: { dimensions: 0 }', 'schema.properties.logicalTypeOptions.dimensions 9: dimensions is 0, it must be at least 1'],
    [
      'physicalType: "FLOAT[4]", logicalTypeOptions: { dimensions: 3 }',
      'physicalType 9: physicalType "FLOAT[4]" cannot be read: it is 4 long, and dimensions is "3"',
    ],
    [
      'physicalType: VECTOR(4), logicalTypeOptions: { dimensions: 3 }',
      'physicalType 9: physicalType "VECTOR(4)" cannot be read: it is 4 long, and dimensions is "3"',
    ],
    [
      'physicalType: "FLOAT[]", logicalTypeOptions: { dimensions: 3, elementType: int8 }',
      'physicalType 9: physicalType "FLOAT[]" is FLOAT[], but elementType makes INTEGER[]',
    ],
    ['physicalType: FLOAT, logicalTypeOptions: { dimensions: 3 }', 'physicalType 9: physicalType "FLOAT" is FLOAT, but elementType makes FLOAT[]'],
    ['primaryKey: true, logicalTypeOptions: { dimensions: 3 }', 'primaryKey 9: "v" is nested, so it cannot be a key'],
    [
      'logicalTypeOptions: { dimensions: 3, minItems: 1 }',
      'schema.properties.logicalTypeOptions.unknown 9: a logicalTypeOptions of logicalType vector has no field "minItems"',
    ],
  ])('of %s is refused', (column, fault) => {
    expect(faults(column)).toEqual([fault]);
  });
  it('compiles as a list of so many numbers, none of them missing', () => {
    const contract = readContract(text('required: true, logicalTypeOptions: { dimensions: 3, elementType: uint8 }'), 'f.yaml');
    expect(toJsonSchema(contract)['properties']).toEqual({
      v: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 }, minItems: 3, maxItems: 3 },
    });
    expect(arrowSchema(contract).fields[0]).toMatchObject({ type: { name: 'list' }, children: [{ type: { name: 'int', bitWidth: 32 } }] });
    for (const format of ['json-schema', 'typescript', 'ddl-duckdb', 'ddl-postgres', 'avro', 'dbt', 'arrow'] as const)
      expect(exportContract(contract, format).text).not.toBe('');
    expect(exportContract(contract, 'ddl-duckdb').text).toContain('"v" INTEGER[] NOT NULL');
  });
  it('is advised to name its model, and told what no check judges', () => {
    const rules = lintContract(text('logicalTypeOptions: { dimensions: 3, normalized: true }'), 'f').findings.map((one) => one.rule);
    expect(rules).toContain('advice.vector.model');
    expect(rules).toContain('advice.unjudged');
  });
});
