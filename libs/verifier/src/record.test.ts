import { readContract, toJsonSchema } from '@skein/contract';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, it } from 'vitest';
import { lineValidator, recordValidator } from './record.ts';

const validatorOf = (properties: string) =>
  recordValidator(
    readContract(`apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n${properties}`, 'x.yaml'),
  );
const checks = (validate: (record: unknown) => { check: string }[], record: unknown) => validate(record).map((violation) => violation.check);

describe('a record', () => {
  const validate = validatorOf(`
      - { name: id, logicalType: integer, primaryKey: true }
      - { name: mail, logicalType: string, classification: confidential, logicalTypeOptions: { format: email } }
      - { name: code, logicalType: string, logicalTypeOptions: { pattern: "^[A-Z]+$" } }
      - { name: other, logicalType: string, logicalTypeOptions: { pattern: "^[0-9]+$" } }
      - { name: price, physicalType: "DECIMAL(9,2)", logicalTypeOptions: { minimum: 0 }, logicalType: number }
`);
  it('that keeps its contract breaks nothing', () => {
    expect(validate({ id: 1, mail: 'a@b.de', code: 'A', other: '1', price: '1.50' })).toEqual([]);
    expect(validate({ id: '9007199254740993' })).toEqual([]);
    expect(validate({ id: 9007199254740993n })).toEqual([]);
  });
  it('is told everything it breaks, with column and value', () => {
    expect(validate({ id: null, mail: 'x', price: '-1', extra: 1 })).toMatchObject([
      { check: 'record.unknown_column', column: 'extra', value: 1 },
      { check: 'id.required', column: 'id', value: null },
      { check: 'mail.format', column: 'mail', value: 'x' },
      { check: 'price.minimum', column: 'price', value: '-1', message: 'must be at least 0' },
    ]);
  });
  it('is judged by the pattern of each column, not by the first that was compiled', () => {
    expect(checks(validate, { id: 1, code: 'A', other: 'A' })).toEqual(['other.pattern']);
    expect(checks(validate, { id: 1, code: '1', other: '1' })).toEqual(['code.pattern']);
  });
  it.each([null, undefined, 1, 'x', [], [{ id: 1 }], true])('that is %o is no record', (value) => {
    expect(checks(validate, value)).toEqual(['record.type']);
  });
  it('does not take what every object inherits for its columns', () => {
    const strange = validatorOf('      - { name: toString, logicalType: string, required: true }\n      - { name: constructor, logicalType: string }\n');
    expect(checks(strange, {})).toEqual(['toString.required']);
    expect(strange({ toString: 'x', constructor: 'y' })).toEqual([]);
    expect(checks(validate, JSON.parse('{"id": 1, "__proto__": {"mail": 1}}'))).toEqual(['record.unknown_column']);
  });
  it('may nest as deep as it likes without harm', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 50_000; level++) deep = [deep];
    expect(checks(validate, { id: deep })).toEqual(['id.type']);
  });
  it('that holds half a character is not of its type, for the engine holds no such text', () => {
    const texts = validatorOf(`
      - { name: s, logicalType: string, logicalTypeOptions: { maxLength: 3, format: email } }
      - { name: o, logicalType: object, properties: [{ name: y, logicalType: string }] }
      - { name: a, logicalType: array, items: { logicalType: string } }
      - { name: t, logicalType: string }
`);
    expect(checks(texts, { s: '\ud800', o: { y: 'x\udc00' }, a: ['\ud83d', '💡'], t: '\udca1\ud83d' })).toEqual(['s.type', 'o.type', 'a.type', 't.type']);
    expect(checks(texts, { o: { y: '💡' }, a: ['💡', ''], t: '💡\u0000' })).toEqual([]);
  });
  it('stays as it was', () => {
    const record = Object.freeze({ id: 5n, mail: null });
    validate(record);
    expect(record).toEqual({ id: 5n, mail: null });
  });
});

it('a line in which half a character stands is malformed, as it is to the engine', () => {
  const contract = readContract(
    'apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n      - { name: s, logicalType: string }\n',
    'x.yaml',
  );
  const judge = lineValidator(contract);
  const half = String.raw`{"s":"\ud800"} {"s":"\udc00\ud800"} {"s":"x","\uD83D":1} {"s":["\udfff"]}`.split(' ');
  expect(half.map((line) => checks(judge as (record: unknown) => { check: string }[], line))).toEqual(half.map(() => ['record.malformed']));
  const whole = String.raw`{"s":"\ud83d\ude00"} {"s":"\\ud800"} {"s":"💡"}`.split(' ');
  expect(whole.flatMap((line) => judge(line))).toEqual([]);
});

it('the schema of records serves any validator of JSON Schema 2019-09, in its strict mode', () => {
  const contract = readContract(
    `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n${[
      'email',
      'uuid',
      'uri',
      'hostname',
      'ipv4',
      'ipv6',
      'date',
      'date-time',
      'time',
      'byte',
    ]
      .map((format) => `      - { name: "${format}", logicalType: string, logicalTypeOptions: { format: ${format} } }`)
      .join('\n')}
      - { name: n, logicalType: integer, required: true }
      - { name: d, physicalType: "DECIMAL(9,2)" }
      - { name: m, physicalType: "MAP(BIGINT, STRUCT(a DATE, b TIMESTAMPTZ[]))" }
`,
    'x.yaml',
  );
  const validate = new Ajv2019({ logger: false }).compile(toJsonSchema(contract));
  const sound = {
    n: '9007199254740993',
    d: '1.50',
    m: { 1: { a: '2024-02-29', b: ['2024-01-01T00:00:00Z', null] } },
    email: 'a@b.de',
    ipv6: '::1',
    uri: 'https://a.b/[x]',
  };
  expect(validate(sound)).toBe(true);
  expect(recordValidator(contract)(sound)).toEqual([]);
  for (const wrong of [{}, { n: 1.5 }, { n: 1, d: 1.5 }, { n: 1, email: 'x' }, { n: 1, m: { x: null } }, { n: 1, z: 1 }]) expect(validate(wrong)).toBe(false);
});

describe('cost', () => {
  it('of a pattern that backtracks elsewhere is linear here: a megabyte within 50 ms', () => {
    const validate = validatorOf('      - { name: a, logicalType: string, logicalTypeOptions: { pattern: "^(a+)+$" } }\n');
    validate({ a: 'a'.repeat(1_000) });
    const record = { a: `${'a'.repeat(1 << 20)}!` };
    // The least of three: the first one also pays for what is compiled and collected meanwhile.
    const spent = [1, 2, 3].map(() => {
      const start = process.cpuUsage();
      expect(checks(validate, record)).toEqual(['a.pattern']);
      return process.cpuUsage(start).user / 1_000;
    });
    expect(Math.min(...spent)).toBeLessThan(50);
  });
  it('of uniqueness is linear: 20,000 objects within three seconds', () => {
    const validate = validatorOf(
      '      - { name: a, logicalType: array, logicalTypeOptions: { uniqueItems: true }, items: { logicalType: object, properties: [{ name: x, logicalType: integer }] } }\n',
    );
    const items = Array.from({ length: 20_000 }, (_, x) => ({ x }));
    const start = process.cpuUsage();
    expect(validate({ a: items })).toEqual([]);
    expect(checks(validate, { a: [...items, { x: 0 }] })).toEqual(['a.unique_items']);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(3_000);
  });
});
