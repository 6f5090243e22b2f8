import { describe, expect, it } from 'vitest';
import { lintContract } from './lint.ts';

// Promise: what a contract can say wrongly is refused by a rule, at a place, with a way out; never by a crash or in silence.

const HEAD = 'apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n';
const column = (rest: string) => `${HEAD}      - { name: a, ${rest} }\n`;

const BAD: Readonly<Record<string, readonly [text: string, rule: string, line: number, column: number]>> = {
  'a duplicate key': [`${HEAD}      - { name: a, logicalType: string, name: b }\n`, 'yaml.unique', 9, 41],
  'a duplicate key, quoted': [`${HEAD}      - { name: a, logicalType: string, "name": b }\n`, 'yaml.unique', 9, 41],
  'a tab for an indent': [`${HEAD}\t- { name: a }\n`, 'yaml', 9, 1],
  'a tab in a block map': ['apiVersion: v3.2.0\nkind:\n\tDataContract: x\n', 'yaml', 3, 1],
  'more than 256 KB': [`${HEAD}      - { name: a, logicalType: string }\n${'#'.repeat(256 * 1024)}`, 'limit', 1, 1],
  'an alias of an anchor above it': [
    `${HEAD}      - { name: a, logicalType: object, properties: &p [{ name: b, logicalType: string }] }\n      - { name: c, logicalType: object, properties: *p }\n`,
    'alias',
    10,
    53,
  ],
  'a type that holds itself': [`${HEAD}      - &t { name: a, logicalType: array, items: *t }\n`, 'alias', 9, 50],
  'a type without an end': [
    `${HEAD}      - { name: a, logicalType: array, items: ${'{ logicalType: array, items: '.repeat(70)}{}${' }'.repeat(70)} }\n`,
    'limit',
    9,
    1720,
  ],
  'minimum above maximum': [column('logicalType: integer, logicalTypeOptions: { minimum: 2, maximum: 1 }'), 'minimum', 9, 73],
  'an open interval of nothing': [column('logicalType: integer, logicalTypeOptions: { exclusiveMinimum: 1, maximum: 1 }'), 'exclusiveMinimum', 9, 82],
  'minLength above maxLength': [column('logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 1 }'), 'minLength', 9, 74],
  'minItems above maxItems': [column('physicalType: "INT[]", logicalType: array, logicalTypeOptions: { minItems: 2, maxItems: 1 }'), 'minItems', 9, 95],
  'an empty enum': [column('logicalType: string, enum: []'), 'schema.properties.enum', 9, 47],
  'an enum with one code twice': [column('logicalType: integer, enum: [{ value: 1 }, { value: 1.0, label: one }]'), 'enum', 9, 72],
  'an enum of null': [column('logicalType: string, enum: [{ value: null }]'), 'enum', 9, 57],
  'a code of another type': [column('logicalType: integer, enum: [{ value: a }]'), 'enum', 9, 58],
  'a bound of another type': [column('logicalType: date, logicalTypeOptions: { minimum: "2026-02-30" }'), 'minimum', 9, 70],
  'mustBeBetween from high to low': [column('logicalType: string, quality: [{ metric: nullValues, mustBeBetween: [2, 1] }]'), 'quality.mustBeBetween', 9, 88],
  'two comparisons at once': [column('logicalType: string, quality: [{ metric: nullValues, mustBe: 1, mustNotBe: 1 }]'), 'schema.properties.quality', 9, 84],
  'an infinite bound': [column('logicalType: integer, logicalTypeOptions: { minimum: .inf }'), 'schema.properties.logicalTypeOptions.minimum', 9, 73],
  'a bound that is no number': [column('logicalType: integer, logicalTypeOptions: { maximum: .nan }'), 'schema.properties.logicalTypeOptions.maximum', 9, 73],
  'a number beyond all': [column('logicalType: integer, logicalTypeOptions: { maximum: 1e999 }'), 'schema.properties.logicalTypeOptions.maximum', 9, 73],
  'an infinite operand': [
    column('logicalType: string, quality: [{ metric: nullValues, mustBeLessThan: .inf }]'),
    'schema.properties.quality.mustBeLessThan',
    9,
    89,
  ],
  'infinity as text among numbers': [
    column('logicalType: integer, logicalTypeOptions: { minimum: "Infinity" }'),
    'schema.properties.logicalTypeOptions.minimum',
    9,
    73,
  ],
  'a column that Skein keeps for itself': [column('logicalType: string').replace('name: a', 'name: __proto__'), 'schema.properties.name', 9, 17],
  'a field named __proto__': [`${HEAD}      - { name: a, logicalType: string, __proto__: x }\n`, 'schema.properties.unknown', 9, 41],
  'a field named constructor': [column('logicalType: constructor'), 'schema.properties.logicalType', 9, 33],
  'an option named toString': [column('logicalType: string, logicalTypeOptions: { toString: x }'), 'schema.properties.logicalTypeOptions.unknown', 9, 63],
  'a server of type constructor': [`${column('logicalType: string')}servers: [{ server: s, type: constructor }]\n`, 'servers.type', 10, 30],
  'a $ref': [column('$ref: "#/schema/0"'), 'schema.properties.unknown', 9, 20],
};

describe('bad input', () => {
  it.each(Object.entries(BAD))('%s', (_, [text, rule, line, at]) => {
    const errors = lintContract(text, 'bad.odcs.yaml').findings.filter((one) => one.severity === 'error');
    expect(errors.map((one) => [one.rule, one.place.line, one.place.column])).toContainEqual([rule, line, at]);
    for (const { fix, frame, message, place } of errors)
      expect([place.file, fix !== '', message !== '', frame.includes('^')]).toEqual(['bad.odcs.yaml', true, true, true]);
    expect({}).not.toHaveProperty('polluted');
  });
  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'prototype'])('but a column may be named %s', (name) => {
    const { contract, findings } = lintContract(
      column('logicalType: string, quality: [{ metric: nullValues, mustBe: 0 }]').replace('name: a', `name: ${name}`),
      'f',
    );
    expect(findings.filter((one) => one.severity === 'error')).toEqual([]);
    expect(contract?.properties.map((property) => property.name)).toEqual([name]);
  });
});
