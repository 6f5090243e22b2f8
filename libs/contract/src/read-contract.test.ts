import { SkeinError } from '@skein/kernel';
import { describe, expect, it } from 'vitest';
import { engineType } from './column-type.ts';
import { primaryKey } from './contract.ts';
import { readContract } from './read-contract.ts';

const FILE = 'contracts/sap/material/v1/contract.odcs.yaml';

/** A sound contract around the properties and the object's own fields under test. */
function contract(properties: string, object = '', root = ''): string {
  return `apiVersion: v3.2.0
kind: DataContract
id: sap-material
version: 1.2.3
domain: sap
${root}schema:
  - name: material
${object}    properties:
${properties
  .trim()
  .split('\n')
  .map((line) => `      ${line}`)
  .join('\n')}
`;
}

function refusal(text: string, file = FILE): SkeinError & { faults: { code: string; rule: string; message: string; fix: string; place: { line: number } }[] } {
  try {
    readContract(text, file);
  } catch (error) {
    expect(error).toBeInstanceOf(SkeinError);
    const refused = error as SkeinError;
    return Object.assign(refused, { faults: refused.context['faults'] as never });
  }
  throw new Error('the contract was accepted');
}

describe('a sound contract', () => {
  const read = readContract(
    contract(
      `
- { id: c-client, name: mandt, logicalType: string, primaryKey: true, primaryKeyPosition: 2 }
- { name: matnr, physicalType: VARCHAR(18), primaryKey: true, primaryKeyPosition: 1, customProperties: [{ property: joinKey, value: material_number }] }
- { name: price, logicalType: number, physicalType: "DECIMAL(13,3)", classification: confidential, logicalTypeOptions: { minimum: 0.10, exclusiveMaximum: 1e3 } }
- { name: big, logicalType: integer, logicalTypeOptions: { maximum: 9007199254740993 } }
- { name: seen, logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2020-01-01T02:00:00+02:00" } }
- { name: kind, logicalType: string, enum: [{ value: FERT, label: Finished }, { value: ROH }] }
- { name: plant, logicalType: string, relationships: [{ to: sap.plant.werks }, { to: plant.code }] }`,
      `    customProperties: [{ property: quarantineTolerance, value: 0.5% }]
    quality:
      - { metric: rowCount, mustBeBetween: [1, 10], severity: warning }
      - { id: own, type: sql, query: "SELECT count(*) FROM {object}", mustBeGreaterThan: 0 }
`,
      'team: { name: sap-team }\nslaProperties: [{ property: freshness, value: 60, unit: minutes, element: material }]\n',
    ),
    FILE,
  );

  it('has its address, version and owner', () => {
    expect(read).toMatchObject({ product: 'sap.material', domain: 'sap', name: 'material', version: '1.2.3', owner: 'sap-team', file: FILE, status: 'draft' });
    expect(read.serviceLevels[0]).toMatchObject({ property: 'freshness', value: '60', unit: 'minutes', element: 'material' });
    expect(read.tolerance).toEqual({ unit: 'percent', max: 0.5 });
  });

  it('keeps ids, falls back to names, and orders the key by position', () => {
    expect(read.properties.map((property) => property.id)).toEqual(['c-client', 'matnr', 'price', 'big', 'seen', 'kind', 'plant']);
    expect(primaryKey(read).map((property) => property.name)).toEqual(['matnr', 'mandt']);
    expect(read.properties[0]?.required).toBe(true);
  });

  it('keeps bounds as exact text in one form', () => {
    const options = Object.fromEntries(read.properties.map((property) => [property.name, property.options]));
    expect(options).toMatchObject({
      matnr: { maxLength: 18 },
      price: { minimum: '0.1', exclusiveMaximum: '1000' },
      big: { maximum: '9007199254740993' },
      seen: { minimum: '2020-01-01 00:00:00.000000' },
      kind: { validValues: ['FERT', 'ROH'] },
    });
  });

  it('resolves references to product and column, and reads rules with defaults', () => {
    expect(read.properties[6]?.references.map(({ product, column }) => `${product}.${column}`)).toEqual(['sap.plant.werks', 'sap.plant.code']);
    expect(read.properties[1]?.joinKey).toBe('material_number');
    expect(read.quality).toMatchObject([
      {
        id: 'rowCount_1',
        type: 'library',
        metric: 'rowCount',
        operator: 'mustBeBetween',
        operands: ['1', '10'],
        severity: 'warning',
        dimension: 'completeness',
        unit: 'rows',
      },
      { id: 'own', type: 'sql', query: 'SELECT count(*) FROM {object}', severity: 'error' },
    ]);
  });

  it('knows where everything stands', () => {
    expect(read.properties[2]?.place).toEqual({ file: FILE, line: 17, column: 9 });
  });
});

describe('types', () => {
  it.each([
    ['{ logicalType: string }', 'VARCHAR', 'string'],
    ['{ logicalType: integer }', 'BIGINT', 'integer'],
    ['{ logicalType: integer, logicalTypeOptions: { format: i16 } }', 'INTEGER', 'integer'],
    ['{ logicalType: integer, logicalTypeOptions: { format: u64 } }', 'DECIMAL(20,0)', 'integer'],
    ['{ logicalType: integer, physicalType: int4 }', 'INTEGER', 'integer'],
    ['{ logicalType: number, logicalTypeOptions: { format: f32 } }', 'FLOAT', 'number'],
    ['{ logicalType: number, physicalType: double precision }', 'DOUBLE', 'number'],
    ['{ logicalType: number, physicalType: "NUMERIC(5)" }', 'DECIMAL(5,0)', 'number'],
    ['{ logicalType: number, physicalType: BIGINT }', 'BIGINT', 'number'],
    ['{ logicalType: timestamp }', 'TIMESTAMP', 'timestamp'],
    ['{ logicalType: timestamp, logicalTypeOptions: { timezone: true } }', 'TIMESTAMP WITH TIME ZONE', 'timestamp'],
    ['{ physicalType: timestamp with time zone }', 'TIMESTAMP WITH TIME ZONE', 'timestamp'],
    ['{ physicalType: "DATE" }', 'DATE', 'date'],
    ['{ physicalType: BYTEA }', 'BLOB', 'string'],
    ['{ physicalType: "VARCHAR[][]" }', 'VARCHAR[][]', 'array'],
    ['{ physicalType: "MAP(VARCHAR, DECIMAL(5,2))", logicalType: object }', 'MAP(VARCHAR, DECIMAL(5,2))', 'object'],
    ['{ physicalType: \'STRUCT("a b" BIGINT, c VARCHAR[])\' }', 'STRUCT("a b" BIGINT, "c" VARCHAR[])', 'object'],
    ['{ logicalType: array, items: { logicalType: object, properties: [{ name: x, logicalType: integer }] } }', 'STRUCT("x" BIGINT)[]', 'array'],
    ['{ logicalType: array, physicalType: "BIGINT[]", items: { logicalType: integer } }', 'BIGINT[]', 'array'],
    ['{ logicalType: object, physicalType: object, properties: [{ name: x, logicalType: date }] }', 'STRUCT("x" DATE)', 'object'],
    ['{ logicalType: map, map: { key: { logicalType: string }, value: { logicalType: integer } } }', 'MAP(VARCHAR, BIGINT)', 'map'],
  ])('%s', (property, engine, logical) => {
    const [read] = readContract(contract(`- ${property.replace('{', '{ name: c,')}`), FILE).properties;
    expect(read && engineType(read.type)).toBe(engine);
    expect(read?.logicalType).toBe(logical);
  });
});

describe('refusals name the place, the rule and the fix', () => {
  const property = (fields: string) => contract(`- { name: ok, logicalType: string }\n- { name: c, ${fields} }`);
  it.each([
    ['an unknown field', property('logicalType: string, descripton: x'), 'no field "descripton"', 'Did you mean "description"?', 10],
    [
      'an unknown option',
      property('logicalType: string, logicalTypeOptions: { minimum: 1 }'),
      'no field "minimum"',
      'Allowed: format, maxLength, minLength, pattern.',
      10,
    ],
    ['an unknown logical type', property('logicalType: text'), '"text", which the standard does not know', 'Allowed', 10],
    ['a number where text belongs', property('logicalType: string, description: 5'), 'description must be text', 'Put it in quotes: "5".', 10],
    ['no type', property('description: x'), 'has no type', 'Add logicalType', 10],
    ['a number that is neither exact nor not', property('logicalType: number'), 'could be exact or rounded', 'DECIMAL', 10],
    ['a decimal without width', property('physicalType: DECIMAL'), 'another width in every engine', 'SQL type', 10],
    ['a type no one knows', property('physicalType: Flag'), 'FLAG is not a known type', 'SQL type', 10],
    ['a physical type that is cut off', property('physicalType: "STRUCT(a BIGINT"'), 'missing at its end', 'SQL type', 10],
    ['types that contradict', property('logicalType: date, physicalType: TIMESTAMP'), 'cannot hold logicalType date', 'is of logicalType timestamp', 10],
    [
      'a zone that contradicts',
      property('logicalType: timestamp, physicalType: TIMESTAMP, logicalTypeOptions: { timezone: true }'),
      'timezone is true',
      'TIMESTAMPTZ',
      10,
    ],
    [
      'nested types that contradict',
      property('logicalType: array, physicalType: "VARCHAR[]", items: { logicalType: integer }'),
      'nested properties make BIGINT[]',
      'agree',
      10,
    ],
    [
      'a format wider than its column',
      property('logicalType: integer, physicalType: INTEGER, logicalTypeOptions: { format: i64 }'),
      'does not fit',
      'Widen',
      10,
    ],
    [
      'a minimum above the maximum',
      property('logicalType: integer, logicalTypeOptions: { minimum: 9007199254740993, maximum: 9007199254740992 }'),
      'leave no value',
      'Change one',
      10,
    ],
    [
      'bounds that exclude each other',
      property('physicalType: "DECIMAL(5,2)", logicalType: number, logicalTypeOptions: { minimum: 1.0, exclusiveMaximum: 1 }'),
      'leave no value',
      'Change one',
      10,
    ],
    [
      'dates in the wrong order',
      property('logicalType: date, logicalTypeOptions: { minimum: "2021-01-01", maximum: "2020-01-01" }'),
      'leave no value',
      'Change one',
      10,
    ],
    [
      'a date that does not exist',
      property('logicalType: date, logicalTypeOptions: { minimum: "2023-02-29" }'),
      'is no value of this type',
      'Write a date',
      10,
    ],
    [
      'an instant without a zone',
      property('logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2023-02-01T00:00:00" }'),
      'is no value of this type',
      'with its zone',
      10,
    ],
    [
      'lengths in the wrong order',
      property('logicalType: string, logicalTypeOptions: { minLength: 5, maxLength: 4 }'),
      'minLength 5 is above maxLength 4',
      'Change',
      10,
    ],
    [
      'a length beyond the column',
      property('logicalType: string, physicalType: VARCHAR(3), logicalTypeOptions: { maxLength: 4 }'),
      'is above the 3',
      'agree',
      10,
    ],
    ['a negative length', property('logicalType: string, logicalTypeOptions: { minLength: -1 }'), 'at least 0', '0', 10],
    ['a step of zero', property('logicalType: integer, logicalTypeOptions: { multipleOf: 0 }'), 'must be above 0', 'above 0', 10],
    ['a format that cannot be judged', property('logicalType: string, logicalTypeOptions: { format: iban }'), '"iban" cannot be judged', 'email', 10],
    ['a step of doubles', property('physicalType: DOUBLE, logicalType: number, logicalTypeOptions: { multipleOf: 0.1 }'), 'no exact meaning', 'DECIMAL', 10],
    ['a code that stands twice', property('logicalType: integer, enum: [{ value: 1 }, { value: 1.0 }]'), 'stands twice', 'once', 10],
    ['a code of another type', property('logicalType: date, enum: [{ value: soon }]'), 'no value of this type', 'Write a date', 10],
    [
      'a check that would go unjudged',
      property('logicalType: array, items: { logicalType: string, logicalTypeOptions: { pattern: x } }'),
      'of a nested property is not judged',
      'column of its own',
      10,
    ],
    ['a class no policy knows', property('logicalType: string, classification: secret'), 'classification is "secret"', 'Allowed: confidential', 10],
    ['a reserved column name', contract('- { name: _row_id, logicalType: string }'), 'is no column name', 'belong to Skein', 9],
    [
      'a field that validators pass over',
      property('logicalType: object, properties: [{ name: __proto__, logicalType: string }]'),
      'is no field name',
      'name of its own',
      10,
    ],
    ['names that differ in case alone', contract('- { name: abc, logicalType: string }\n- { name: ABC, logicalType: string }'), 'stands already', 'Rename', 10],
    [
      'an id given twice',
      contract('- { name: a, id: x, logicalType: string }\n- { name: b, id: x, logicalType: string }'),
      'belongs to another property',
      'id',
      10,
    ],
    [
      'a key position given twice',
      contract(
        '- { name: a, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }\n- { name: b, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }',
      ),
      'is taken',
      'Number',
      10,
    ],
    ['a nested key', property('physicalType: "BIGINT[]", unique: true'), 'cannot be a key', 'single values', 10],
    [
      'a reference to nothing',
      property('logicalType: string, relationships: [{ to: a.b.c.d }]'),
      'names no column of a product',
      '<domain>.<product>.<column>',
      10,
    ],
    ['a rule without comparison', property('logicalType: string, quality: [{ metric: nullValues }]'), 'needs a comparison', 'exactly one of', 10],
    [
      'a rule with two comparisons',
      property('logicalType: string, quality: [{ metric: nullValues, mustBe: 0, mustBeLessThan: 1 }]'),
      'compares once',
      'exactly one of',
      10,
    ],
    ['a metric ODCS lacks', property('logicalType: string, quality: [{ metric: nulls, mustBe: 0 }]'), '"nulls"', 'Allowed', 10],
    [
      'a severity Skein lacks',
      property('logicalType: string, quality: [{ metric: nullValues, mustBe: 0, severity: critical }]'),
      'severity is "critical"',
      'error',
      10,
    ],
    [
      'invalid values of no known validity',
      property('logicalType: string, quality: [{ metric: invalidValues, mustBe: 0 }]'),
      'needs to know which values are valid',
      'validValues',
      10,
    ],
    ['rowCount of a column', property('logicalType: string, quality: [{ metric: rowCount, mustBe: 0 }]'), 'schema object', 'Move', 10],
    [
      'a tolerance that is none',
      contract('- { name: a, logicalType: string }', '    customProperties: [{ property: quarantineTolerance, value: some }]\n'),
      'is no share',
      '1%',
      8,
    ],
    [
      'a tolerance beyond all rows',
      contract('- { name: a, logicalType: string }', '    customProperties: [{ property: quarantineTolerance, value: 101% }]\n'),
      'is no share',
      '1%',
      8,
    ],
    ['the wrong folder', contract('- { name: a, logicalType: string }').replace('domain: sap', 'domain: erp'), 'the folder says "sap"', 'Move the file', 5],
    ['the wrong major version', contract('- { name: a, logicalType: string }').replace('1.2.3', '2.0.0'), 'stands in the folder v1', 'folder of its own', 4],
    ['no semantic version', contract('- { name: a, logicalType: string }').replace('1.2.3', '1.2'), 'version must be text', 'quotes', 4],
    [
      'a name that is no path part',
      contract('- { name: a, logicalType: string }').replace('domain: sap', 'domain: ../sap'),
      'is no name for a domain',
      'lower-case',
      5,
    ],
    [
      'a version of ODCS to come',
      contract('- { name: a, logicalType: string }').replace('v3.2.0', 'v4.0.0'),
      '"v4.0.0", which the standard does not know',
      'v3.2.0',
      1,
    ],
    [
      'two output ports',
      `${contract('- { name: a, logicalType: string }')}  - name: other\n    properties: [{ name: a, logicalType: string }]\n`,
      'this one has 2',
      'each output port',
      10,
    ],
    ['no columns', contract('').replace(/ {4}properties:\n[\s]*/, ''), 'has no properties', 'at least one', 7],
  ])('%s', (_, text, message, fix, line) => {
    const error = refusal(text);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(fix);
    expect(error.place).toMatchObject({ file: FILE, line });
    expect(error.place?.column).toBeGreaterThan(0);
    expect(error.frame).toContain(text.split('\n')[line - 1]?.slice(-30) ?? '');
    expect(error.frame).toMatch(/\n\s+\|\s*\^$/);
    expect(error.fault).toBe('contract');
  });

  it('tells all faults at once, in the order of the file', () => {
    const error = refusal(contract('- { name: a, logicalType: strng }\n- { name: b, logicalType: string, requird: true }\n- { logicalType: string }'));
    expect(error.faults.map((fault) => fault.place.line)).toEqual([9, 10, 11]);
    expect(error.faults.map((fault) => fault.fix)).toEqual(['Did you mean "string"?', 'Did you mean "required"?', 'Add name.']);
    expect(error.code).toBe('SKEIN_CONTRACT_INVALID');
  });

  it('puts the caret under the fault', () => {
    const error = refusal(contract('- { name: a, logicalType: strng }'));
    const [shown = '', caret = ''] = error.frame?.split('\n') ?? [];
    expect(shown.slice(caret.indexOf('^'))).toMatch(/^strng/);
  });
});

describe('the hash', () => {
  const text = contract('- { name: a, logicalType: string, logicalTypeOptions: { minLength: 1, maxLength: 2 } }');
  const hash = readContract(text, FILE).hash;
  it('stays with comments, order of keys, quotes and white space', () => {
    const other = `# a comment\n${text.replace('id: sap-material\n', '').replace('minLength: 1, maxLength: 2', 'maxLength:   2, minLength: 1')}id: "sap-material"\n`;
    expect(readContract(other, 'elsewhere.yaml').hash).toBe(hash);
  });
  it('changes with every value, and tells 1 from "1"', () => {
    const hashes = [
      text.replace('maxLength: 2', 'maxLength: 3'),
      text.replace('1.2.3', '1.2.4'),
      text.replace('name: a,', 'name: b,'),
      contract('- { name: a, logicalType: string, examples: [1] }'),
      contract('- { name: a, logicalType: string, examples: ["1"] }'),
      contract('- { name: a, logicalType: string, examples: [true] }'),
    ].map((one) => readContract(one, FILE).hash);
    expect(new Set([...hashes, hash]).size).toBe(hashes.length + 1);
  });
});

it('reads the rules of ODCS 3.0, which called the metric a rule', () => {
  const [property] = readContract(
    contract('- { name: a, logicalType: string, quality: [{ type: library, rule: nullValues, mustBe: 0 }] }').replace('v3.2.0', 'v3.0.2'),
    FILE,
  ).properties;
  expect(property?.quality[0]).toMatchObject({ type: 'library', metric: 'nullValues', operator: 'mustBe', operands: ['0'] });
});
