import { engineType, readContract, type ColumnType, type Contract } from '@skein/contract';
import { ident, literal } from '@skein/kernel';

/**
 * One contract, two judges: a record checked in JavaScript and a row checked in the engine must break the same rules. Each
 * case is a value and the rules that it breaks, on both paths alike.
 */
/** A value and the rules that it breaks; `sql` where JSON has no such value. */
export type ParityCase = readonly [value: unknown, ...broken: string[]] | { readonly value: unknown; readonly sql: string; readonly broken: readonly string[] };

/** By property, in YAML. */
export const PARITY_CASES: Readonly<Record<string, readonly ParityCase[]>> = {
  // presence
  '{ logicalType: string, required: true }': [['x'], [''], [null, 'required'], [undefined, 'required']],
  '{ logicalType: string, primaryKey: true }': [['k'], [null, 'required']],
  '{ logicalType: string }': [[null], [undefined], ['']],
  // length in code points
  '{ logicalType: string, logicalTypeOptions: { minLength: 2, maxLength: 3 } }': [
    ['ab'],
    ['abc'],
    ['a', 'min_length'],
    ['abcd', 'max_length'],
    ['', 'min_length'],
    ['😀', 'min_length'],
    ['😀😀😀'],
    ['😀😀😀😀', 'max_length'],
    ['é'.normalize('NFD')],
    ['é', 'min_length'],
    [null],
  ],
  '{ logicalType: string, physicalType: VARCHAR(3) }': [['abc'], ['abcd', 'max_length']],
  // patterns: unanchored, RE2, dot without newline, ASCII classes
  '{ logicalType: string, logicalTypeOptions: { pattern: "b" } }': [['abc'], ['b'], ['ac', 'pattern'], ['', 'pattern'], [null]],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^a.c$" } }': [['abc'], ['a😀c'], ['a\nc', 'pattern'], ['abc\n', 'pattern'], ['a\rc'], ['a\u2028c']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^\\\\w+$" } }': [['abc_1'], ['é', 'pattern'], ['٣', 'pattern']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^\\\\d{3}$" } }': [['123'], ['12٣', 'pattern'], ['1234', 'pattern']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^\\\\p{L}+$" } }': [['Straße'], ['дом'], ['a1', 'pattern']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^(?i:abc)$" } }': [['ABC'], ['aBc'], ['abd', 'pattern']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^(a+)+$" } }': [['aaaa'], [`${'a'.repeat(5000)}!`, 'pattern']],
  '{ logicalType: string, logicalTypeOptions: { pattern: "^[\'{}]+$" } }': [["'"], ['{relation}', 'pattern'], ['{}']],
  // formats
  '{ logicalType: string, logicalTypeOptions: { format: email } }': [
    ['a@b.de'],
    ['a.b+c@x-y.example'],
    ['a@b', 'format'],
    ['@b.de', 'format'],
    ['a b@c.de', 'format'],
    ['a@b..de', 'format'],
    ['a@-b.de', 'format'],
    ['a@b.de\n', 'format'],
    ['', 'format'],
    [null],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: uuid } }': [
    ['123e4567-e89b-12d3-a456-426614174000'],
    ['123E4567-E89B-12D3-A456-426614174000'],
    ['123e4567e89b12d3a456426614174000', 'format'],
    ['123e4567-e89b-12d3-a456-42661417400g', 'format'],
  ],
  '{ physicalType: UUID }': [['123e4567-e89b-12d3-a456-426614174000'], ['nope', 'format']],
  '{ logicalType: string, logicalTypeOptions: { format: uri } }': [
    ['https://a.de/b?c#d'],
    ['mailto:x@y.z'],
    ['urn:a:b'],
    ['/relative', 'format'],
    ['http://a b', 'format'],
    ['a:%zz', 'format'],
    ['1a:b', 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: hostname } }': [
    ['a.b-c.de'],
    ['-a.de', 'format'],
    ['a-.de', 'format'],
    ['a..de', 'format'],
    [`${'a'.repeat(63)}.de`],
    [`${'a'.repeat(64)}.de`, 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: ipv4 } }': [
    ['192.168.0.1'],
    ['255.255.255.255'],
    ['256.1.1.1', 'format'],
    ['1.2.3', 'format'],
    ['01.2.3.4', 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: ipv6 } }': [
    ['::1'],
    ['::'],
    ['2001:db8::ff00:42:8329'],
    ['1:2:3:4:5:6:7:8'],
    ['::ffff:1.2.3.4'],
    ['1:2:3:4:5:6:7', 'format'],
    ['1::2::3', 'format'],
    ['12345::', 'format'],
    ['fe80::1%eth0', 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: date } }': [
    ['2024-02-29'],
    ['2023-02-29', 'format'],
    ['1900-02-29', 'format'],
    ['2000-02-29'],
    ['2024-04-31', 'format'],
    ['0000-01-01', 'format'],
    ['24-01-01', 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: date-time } }': [
    ['2024-01-01T00:00:00Z'],
    ['2024-01-01T00:00:00.123456789+05:30'],
    ['2024-01-01T24:00:00Z', 'format'],
    ['2024-01-01T00:00:00', 'format'],
  ],
  '{ logicalType: string, logicalTypeOptions: { format: time } }': [['23:59:59'], ['23:59:60', 'format'], ['12:00', 'format']],
  '{ logicalType: string, logicalTypeOptions: { format: byte } }': [['YWJj'], ['YQ=='], [''], ['YQ=', 'format'], ['Y!==', 'format']],
  '{ logicalType: string, logicalTypeOptions: { format: email, pattern: "^x", maxLength: 6 } }': [
    ['x@y.de'],
    ['a@y.de', 'pattern'],
    ['xyz', 'format'],
    ['abcdefgh', 'format', 'max_length', 'pattern'],
  ],
  // codes
  '{ logicalType: string, enum: [{ value: A }, { value: "b\'c" }, { value: "{relation}" }] }': [
    ['A'],
    ["b'c"],
    ['{relation}'],
    ['a', 'valid_values'],
    ['', 'valid_values'],
    [null],
  ],
  '{ logicalType: integer, enum: [{ value: 1 }, { value: 9007199254740993 }] }': [
    [1],
    ['9007199254740993'],
    ['9007199254740992', 'valid_values'],
    [9007199254740993n],
    [2, 'valid_values'],
  ],
  '{ logicalType: number, physicalType: "DECIMAL(5,2)", enum: [{ value: 1.5 }, { value: 0.001 }] }': [
    ['1.50'],
    ['1.5'],
    ['0.00', 'valid_values'],
    ['1.51', 'valid_values'],
  ],
  '{ logicalType: boolean, enum: [{ value: true }] }': [[true], [false, 'valid_values']],
  '{ logicalType: date, enum: [{ value: "2024-01-01" }] }': [['2024-01-01'], ['2024-01-02', 'valid_values']],
  '{ logicalType: number, physicalType: FLOAT, enum: [{ value: 0.1 }] }': [[0.1], [0.2, 'valid_values']],
  // integers, exactly
  '{ logicalType: integer, logicalTypeOptions: { minimum: 1, maximum: 10 } }': [[1], [10], ['5'], [0, 'minimum'], [11, 'maximum'], ['-1', 'minimum'], [null]],
  '{ logicalType: integer, logicalTypeOptions: { exclusiveMinimum: 1, exclusiveMaximum: 3 } }': [[2], [1, 'exclusive_minimum'], [3, 'exclusive_maximum']],
  '{ logicalType: integer, logicalTypeOptions: { maximum: 9007199254740992 } }': [
    ['9007199254740992'],
    ['9007199254740993', 'maximum'],
    [9007199254740993n, 'maximum'],
  ],
  '{ logicalType: integer, logicalTypeOptions: { minimum: 0.5, exclusiveMaximum: 2.5 } }': [[0, 'minimum'], [1], [2], [3, 'exclusive_maximum']],
  '{ logicalType: integer, logicalTypeOptions: { exclusiveMinimum: -0.5, maximum: 1.5 } }': [[-1, 'exclusive_minimum'], [0], [1], [2, 'maximum']],
  '{ logicalType: integer, logicalTypeOptions: { maximum: 99999999999999999999 } }': [['9223372036854775807'], ['-9223372036854775808']],
  '{ logicalType: integer, logicalTypeOptions: { minimum: 99999999999999999999 } }': [['9223372036854775807', 'minimum'], [null]],
  '{ physicalType: TINYINT }': [[127], [-128], [128, 'maximum'], [-129, 'minimum']],
  '{ logicalType: integer, logicalTypeOptions: { format: u32 } }': [['4294967295'], ['4294967296', 'maximum'], [-1, 'minimum']],
  '{ logicalType: integer, logicalTypeOptions: { format: u64 } }': [['18446744073709551615'], ['18446744073709551616', 'maximum'], ['-1', 'minimum']],
  '{ logicalType: integer, physicalType: BIGINT, logicalTypeOptions: { format: i32 } }': [['2147483647'], ['2147483648', 'maximum']],
  '{ logicalType: integer, physicalType: INTEGER, logicalTypeOptions: { multipleOf: 5 } }': [[0], [-10], [7, 'multiple_of'], [-7, 'multiple_of']],
  '{ logicalType: integer, logicalTypeOptions: { multipleOf: 2.5 } }': [[5], [0], [2, 'multiple_of'], [4, 'multiple_of'], [10]],
  '{ logicalType: integer, logicalTypeOptions: { multipleOf: 9007199254740993 } }': [['9007199254740993'], ['9007199254740992', 'multiple_of'], [0]],
  '{ physicalType: INTEGER, logicalType: integer, logicalTypeOptions: { multipleOf: 99999999999 } }': [[0], [1, 'multiple_of']],
  // decimals, exactly
  '{ physicalType: "DECIMAL(13,3)", logicalType: number, logicalTypeOptions: { minimum: 0.1, maximum: 999.999 } }': [
    ['0.1'],
    ['0.100'],
    ['0.099', 'minimum'],
    ['999.999'],
    ['1000', 'maximum'],
    ['-0.1', 'minimum'],
    [null],
  ],
  '{ physicalType: "DECIMAL(13,3)", logicalType: number, logicalTypeOptions: { minimum: 0.0005, maximum: 0.0015 } }': [
    ['0', 'minimum'],
    ['0.001'],
    ['0.002', 'maximum'],
  ],
  '{ physicalType: "DECIMAL(13,3)", logicalType: number, logicalTypeOptions: { exclusiveMinimum: -0.0005, exclusiveMaximum: 0.0005 } }': [
    ['0'],
    ['-0.000'],
    ['0.001', 'exclusive_maximum'],
    ['-0.001', 'exclusive_minimum'],
  ],
  '{ physicalType: "DECIMAL(38,18)", logicalType: number, logicalTypeOptions: { minimum: 12345678901234567890.123456789012345678 } }': [
    ['12345678901234567890.123456789012345678'],
    ['12345678901234567890.123456789012345677', 'minimum'],
  ],
  '{ physicalType: "DECIMAL(4,2)", logicalType: number, logicalTypeOptions: { maximum: 1000000 } }': [['99.99'], ['-99.99']],
  '{ physicalType: "DECIMAL(13,3)", logicalType: number, logicalTypeOptions: { multipleOf: 0.05 } }': [
    ['0.15'],
    ['0.1'],
    ['0.125', 'multiple_of'],
    ['-0.05'],
    ['0'],
  ],
  '{ physicalType: "DECIMAL(13,1)", logicalType: number, logicalTypeOptions: { multipleOf: 0.25 } }': [
    ['0.5'],
    ['1.0'],
    ['0.3', 'multiple_of'],
    ['0.2', 'multiple_of'],
  ],
  '{ physicalType: "DECIMAL(38,0)", logicalType: integer, logicalTypeOptions: { multipleOf: 3 } }': [
    ['99999999999999999999999999999999999999'],
    ['99999999999999999999999999999999999998', 'multiple_of'],
  ],
  // floats
  '{ physicalType: DOUBLE, logicalType: number, logicalTypeOptions: { minimum: 0.1, exclusiveMaximum: 1e300 } }': [
    [0.1],
    [0.09999999999999999, 'minimum'],
    [1e300, 'exclusive_maximum'],
    [1e299],
    [-0, 'minimum'],
  ],
  '{ physicalType: DOUBLE, logicalType: number, logicalTypeOptions: { minimum: 0 } }': [
    [-0],
    [0],
    [-5e-324, 'minimum'],
    { value: Number.NaN, sql: `'nan'::DOUBLE`, broken: ['finite'] },
  ],
  '{ physicalType: FLOAT, logicalType: number, logicalTypeOptions: { maximum: 0.1 } }': [
    [0.1],
    [0.10000000149],
    [0.11, 'maximum'],
    { value: Number.POSITIVE_INFINITY, sql: `'inf'::FLOAT`, broken: ['finite', 'maximum'] },
  ],
  // dates and times
  '{ logicalType: date, logicalTypeOptions: { minimum: "2020-01-01", exclusiveMaximum: "2021-01-01" } }': [
    ['2020-01-01'],
    ['2019-12-31', 'minimum'],
    ['2020-12-31'],
    ['2021-01-01', 'exclusive_maximum'],
  ],
  '{ logicalType: date }': [
    ['9999-12-31'],
    ['0001-01-01'],
    { value: 'infinity', sql: `'infinity'::DATE`, broken: ['range'] },
    { value: '10000-01-01', sql: `'10000-01-01'::DATE`, broken: ['range'] },
    { value: '0000-12-31', sql: `'0000-12-31'::DATE`, broken: ['range'] },
  ],
  '{ logicalType: time, logicalTypeOptions: { minimum: "08:00", maximum: "17:30:00.5" } }': [
    ['08:00:00'],
    ['07:59:59.999999', 'minimum'],
    ['17:30:00.500000'],
    ['17:30:00.500001', 'maximum'],
    ['08:00'],
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { minimum: "2020-01-01 00:00:00", maximum: "2020-12-31 23:59:59.999999" } }': [
    ['2020-01-01T00:00:00'],
    ['2019-12-31T23:59:59.999999', 'minimum'],
    ['2020-12-31 23:59:59.999999'],
    ['2021-01-01T00:00', 'maximum'],
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2020-03-29T01:00:00Z", exclusiveMaximum: "2020-10-25T03:00:00+02:00" } }': [
    ['2020-03-29T03:00:00+02:00'],
    ['2020-03-29T01:59:59.999999+01:00', 'minimum'],
    ['2020-10-25T01:00:00Z', 'exclusive_maximum'],
    ['2020-10-25T02:59:59+02:00'],
    ['2020-06-01T00:00:00-08:00'],
    ['2020-06-01 00:00:00+0530'],
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { timezone: true } }': [
    ['0001-01-01T00:00:00Z'],
    { value: '0001-01-01T00:00:00+05:00', sql: `'0000-12-31 19:00:00+00'::TIMESTAMPTZ`, broken: ['range'] },
    { value: 'infinity', sql: `'infinity'::TIMESTAMPTZ`, broken: ['range'] },
  ],
  // lists, maps, structs
  '{ logicalType: array, items: { logicalType: integer }, logicalTypeOptions: { minItems: 1, maxItems: 2, uniqueItems: true } }': [
    [[1]],
    [[1, 2]],
    [[], 'min_items'],
    [[1, 2, 3], 'max_items'],
    [[1, 1], 'unique_items'],
    [[1, '1'], 'unique_items'],
    [[null]],
    [[null, null], 'unique_items'],
    [[null, 1]],
    [null],
  ],
  // what lies beyond four-digit years is beyond each bound and no code as well
  '{ logicalType: date, logicalTypeOptions: { minimum: "2020-02-29", exclusiveMaximum: "2027-01-01" } }': [
    ['2026-12-31'],
    { value: '10000-02-29', sql: `'10000-02-29'::DATE`, broken: ['range', 'exclusive_maximum'] },
    { value: '0000-02-29', sql: `'0000-02-29'::DATE`, broken: ['range', 'minimum'] },
    { value: '-infinity', sql: `'-infinity'::DATE`, broken: ['range', 'minimum'] },
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { timezone: true, exclusiveMaximum: "2026-12-31T00:00:00+02:00" } }': [
    ['2026-12-30T21:59:59Z'],
    { value: '9999-12-31T23:59:59-01:00', sql: `'10000-01-01 00:59:59+00'::TIMESTAMPTZ`, broken: ['range', 'exclusive_maximum'] },
  ],
  // vectors: exactly so many numbers, none missing, each within its element type
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 3 } }': [
    [[1, 2, 3]],
    [[0.5, -0, 1e30]],
    [[1, 2], 'min_items'],
    [[], 'min_items'],
    [[1, 2, 3, 4], 'max_items'],
    [[1, null, 3], 'element.required'],
    [[null, 1], 'element.required', 'min_items'],
    { value: [1, Number.NaN, 3], sql: "[1, 'NaN'::FLOAT, 3]::FLOAT[]", broken: ['element.finite'] },
    { value: [Infinity, 1, 3], sql: "['inf'::FLOAT, 1, 3]::FLOAT[]", broken: ['element.finite'] },
    [null],
  ],
  '{ logicalType: vector, physicalType: "DOUBLE[2]", required: true, logicalTypeOptions: { dimensions: 2, normalized: true } }': [
    [[1e300, 0]],
    [[0, null], 'element.required'],
    [null, 'required'],
  ],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 2, elementType: int8 } }': [
    [[-128, 127]],
    [[0, 128], 'element.range'],
    [[-129, 0], 'element.range'],
    [[2147483647, null], 'element.range', 'element.required'],
  ],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 2, elementType: uint8 } }': [[[0, 255]], [[-1, 256], 'element.range']],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 2, elementType: binary } }': [[[0, 1]], [[1, 2], 'element.range']],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 1, elementType: bfloat16 } }': [[[0.5]], [[], 'min_items']],
  '{ logicalType: array, physicalType: "DECIMAL(5,2)[]", logicalTypeOptions: { uniqueItems: true } }': [[['1.0', '2.0']], [['1.0', '1.00'], 'unique_items']],
  '{ logicalType: array, items: { logicalType: object, properties: [{ name: a, logicalType: string, required: true }, { name: b, logicalType: integer }] }, logicalTypeOptions: { uniqueItems: true } }':
    [
      [[{ a: 'x', b: 1 }]],
      [
        [
          { a: 'x', b: 1 },
          { b: 1, a: 'x' },
        ],
        'unique_items',
      ],
      [[{ a: null, b: 1 }], 'element.a.required'],
      [[{ b: 1 }], 'element.a.required'],
      [[{ a: 'x' }, null]],
      [[{ a: 'x' }, { a: 'x', b: null }], 'unique_items'],
      [null],
      [[]],
    ],
  '{ logicalType: object, properties: [{ name: a, logicalType: object, properties: [{ name: b, logicalType: string, required: true }] }] }': [
    [{ a: { b: 'x' } }],
    [{ a: null }],
    [{}],
    [{ a: { b: null } }, 'a.b.required'],
    [{ a: {} }, 'a.b.required'],
    [null],
  ],
  '{ logicalType: object, properties: [{ name: a, logicalType: string, required: true }], required: true }': [
    [{ a: 'x' }],
    [null, 'required'],
    [{ a: null }, 'a.required'],
  ],
  '{ logicalType: map, physicalType: "MAP(VARCHAR, VARCHAR)", logicalTypeOptions: { minProperties: 1, maxProperties: 2 } }': [
    [{ a: 'x' }],
    [{}, 'min_items'],
    [{ a: 'x', b: null, c: 'z' }, 'max_items'],
    [{ a: null }],
    [null],
  ],
  '{ logicalType: map, map: { key: { logicalType: integer }, value: { logicalType: object, properties: [{ name: u, logicalType: string, required: true }] } } }':
    [[{ 1: { u: 'x' } }], [{ 1: { u: null } }, 'value.u.required'], [{ 1: null }]],
  // one letter in two spellings, signs of several code points, and none that can be seen
  '{ logicalType: string, logicalTypeOptions: { minLength: 1, maxLength: 1 } }': [
    ['\u00e9'],
    ['e\u0301', 'max_length'],
    ['\u{1F468}\u200d\u{1F469}\u200d\u{1F467}', 'max_length'],
    ['\u{1F1E9}\u{1F1EA}', 'max_length'],
    ['\u200b'],
    ['\ufeff'],
    ['\u{10FFFF}'],
    ['\uffff'],
    [' '],
    ['\t'],
    ['\u0001'],
    ['"'],
    ['\\'],
    ['', 'min_length'],
  ],
  '{ logicalType: string, enum: [{ value: "\u00e9" }, { value: "" }, { value: "null" }, { value: "1" }] }': [
    ['\u00e9'],
    ['e\u0301', 'valid_values'],
    [''],
    ['null'],
    ['1'],
    ['NULL', 'valid_values'],
    [' ', 'valid_values'],
  ],
  '{ physicalType: "DECIMAL(38,0)", logicalType: integer, logicalTypeOptions: { exclusiveMaximum: 99999999999999999999999999999999999999, minimum: -9007199254740993 } }':
    [
      ['99999999999999999999999999999999999998'],
      ['99999999999999999999999999999999999999', 'exclusive_maximum'],
      ['-9007199254740993'],
      ['-9007199254740994', 'minimum'],
      ['0'],
    ],
  '{ physicalType: "DECIMAL(37,37)", logicalType: number, logicalTypeOptions: { maximum: 0.0000000000000000000000000000000000001 } }': [
    ['0.0000000000000000000000000000000000001'],
    ['0.0000000000000000000000000000000000002', 'maximum'],
    ['-0.9999999999999999999999999999999999999'],
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { minimum: "2026-03-29T02:30:00" } }': [
    ['2026-03-29T02:30:00'],
    ['2026-03-29T02:29:59.999999', 'minimum'],
    ['2026-03-29T03:00'],
    ['9999-12-31T23:59:59.999999'],
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { timezone: true, minimum: "2026-10-25T00:30:00Z", maximum: "2026-10-25T01:30:00Z" } }': [
    ['2026-10-25T02:30:00+02:00'],
    ['2026-10-25T01:30:00+01:00'],
    ['2026-10-25T02:30:00+01:00'],
    ['2026-10-25T02:29:59.999999+02:00', 'minimum'],
    ['2026-10-25T02:30:00.000001+01:00', 'maximum'],
    ['2026-10-24T14:30:00-10:00'],
    ['2026-10-25T06:15:00+05:45'],
  ],
  '{ logicalType: time, logicalTypeOptions: { exclusiveMinimum: "00:00:00", exclusiveMaximum: "23:59:59.999999" } }': [
    ['00:00:00', 'exclusive_minimum'],
    ['00:00:00.000001'],
    ['23:59:59.999998'],
    ['23:59:59.999999', 'exclusive_maximum'],
  ],
  '{ logicalType: array, physicalType: "DECIMAL(38,10)[]", logicalTypeOptions: { uniqueItems: true } }': [
    [['1234567890123456789012345678.0000000001', '1234567890123456789012345678.0000000002']],
    [['1234567890123456789012345678.0000000001', '1234567890123456789012345678.0000000001'], 'unique_items'],
    [['0', '-0.0'], 'unique_items'],
  ],
  '{ logicalType: array, physicalType: "TIMESTAMPTZ[]", logicalTypeOptions: { uniqueItems: true } }': [
    [['2026-10-25T02:30:00+02:00', '2026-10-25T02:30:00+01:00']],
    [['2026-10-25T02:30:00+02:00', '2026-10-25T00:30:00Z'], 'unique_items'],
  ],
  '{ logicalType: array, physicalType: "VARCHAR[]", logicalTypeOptions: { uniqueItems: true } }': [
    [['\u00e9', 'e\u0301']],
    [['', ''], 'unique_items'],
    [['a', 'A', ' a']],
    [['null', null]],
  ],
  '{ logicalType: map, physicalType: "MAP(BIGINT, DECIMAL(20,2))", logicalTypeOptions: { minProperties: 1 } }': [
    [{ '9007199254740993': '1.50', '-5': null }],
    [{}, 'min_items'],
  ],
  '{ physicalType: "STRUCT(a BIGINT, b STRUCT(c DECIMAL(38,10), d DATE[]))", required: true }': [
    [{ a: '9007199254740993', b: { c: '0.0000000001', d: ['2024-02-29', null] } }],
    [{ a: null, b: null }],
    [{}],
    [null, 'required'],
  ],
  // quality rules that name the rows to blame
  '{ logicalType: string, quality: [{ metric: nullValues, id: n, mustBe: 0, severity: warning }] }': [['x'], [null, 'quality.n']],
  '{ logicalType: string, quality: [{ metric: missingValues, id: m, mustBe: 0, arguments: { missingValues: [null, "", "N/A"] } }] }': [
    ['x'],
    ['', 'quality.m'],
    ['N/A', 'quality.m'],
    [null, 'quality.m'],
  ],
  '{ logicalType: string, quality: [{ metric: missingValues, id: m, mustBe: 0, arguments: { missingValues: ["", "N/A"] } }] }': [[null], ['', 'quality.m']],
  '{ logicalType: string, quality: [{ metric: invalidValues, id: v, mustBeLessOrEqualTo: 0, arguments: { validValues: [a, b], pattern: "^.$" } }] }': [
    ['a'],
    ['c', 'quality.v'],
    ['ab', 'quality.v'],
    [null],
  ],
  '{ logicalType: integer, quality: [{ metric: invalidValues, id: v, mustBeLessThan: 1, arguments: { validValues: [1, 9007199254740993] } }] }': [
    ['9007199254740993'],
    ['9007199254740992', 'quality.v'],
    [1],
  ],
  '{ physicalType: "DECIMAL(5,2)", quality: [{ metric: missingValues, id: m, mustBe: 0, unit: percent, arguments: { missingValues: [-1, 99.999] } }] }': [
    ['-1.00', 'quality.m'],
    ['-1', 'quality.m'],
    ['99.99'],
    ['100.00'],
  ],
};

/** Values that are not of their type: the record path says so; the engine has no such value to judge. */
export const MISTYPED_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  '{ logicalType: string }': [1, true, {}, []],
  '{ logicalType: boolean }': ['true', 0, 1],
  '{ logicalType: integer }': ['1.5', 1.5, '01', '+1', '1e3', '', ' 1', '9223372036854775808', 9007199254740994, 2 ** 63, true],
  '{ physicalType: INTEGER }': [2147483648, '1', 1.5],
  '{ physicalType: "DECIMAL(1,0)" }': ['0.0000', '1.0'],
  '{ physicalType: "DECIMAL(5,2)" }': ['1.500', 1.5, '1.234', '1000', '1.', '.5', '1e2', 'NaN', '01.00', '1,5'],
  '{ physicalType: DOUBLE }': ['1.5', '', true],
  '{ physicalType: FLOAT }': [1e300],
  '{ logicalType: date }': ['10000-02-30', '+10000-01-01', '02024-01-01', '2024-02-30', '2024-1-1', '20240101', 20240101, '2024-01-01T00:00:00Z', ''],
  '{ logicalType: timestamp }': [
    '10000-01-01T00:00:00Z',
    '300000-01-01T00:00:00',
    '2024-01-01T00:00:00Z',
    '2024-01-01',
    '2024-01-01T25:00:00',
    '2024-01-01T00:00:00.1234567',
  ],
  '{ logicalType: timestamp, logicalTypeOptions: { timezone: true } }': ['2024-01-01T00:00:00', '2024-01-01T00:00:00+25:00'],
  '{ logicalType: time }': ['24:00:00', '8:00', '08:00:00Z'],
  '{ physicalType: BLOB }': ['Y', 'not base64!'],
  '{ physicalType: "INTEGER[]" }': ['1', { 0: 1 }, [1.5], [[1]]],
  '{ physicalType: "BIGINT[]" }': [['9223372036854775808']],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 1 } }': ['1', 1, { 0: 1 }, ['1'], [[1]], [true], [1e300], [1e300, null]],
  '{ logicalType: vector, logicalTypeOptions: { dimensions: 1, elementType: uint8 } }': [[1.5], [2147483648], ['1']],
  '{ physicalType: "STRUCT(a BIGINT)" }': [[], { b: 1 }, { a: 'x' }, 'x'],
  '{ physicalType: "MAP(BIGINT, VARCHAR)" }': [{ x: 'a' }, { 1: 1 }, []],
  '{ physicalType: "MAP(INTEGER, VARCHAR)" }': [{ 2147483648: 'a' }, { '-2147483649': 'a' }],
  '{ physicalType: "MAP(DATE, TIMESTAMP[])" }': [{ '10000-01-01': [] }, { '2024-01-01': ['10000-01-01T00:00:00'] }, { '2024-01-01': ['0000-01-01T00:00:00'] }],
  '{ logicalType: string, required: true, quality: [{ id: n, metric: nullValues, mustBe: 0 }, { id: m, metric: missingValues, arguments: { missingValues: [null, ""] }, mustBe: 0 }] }':
    [1, [], {}],
};

/** A contract of the one column `c`. */
export function parityContract(property: string): Contract {
  return readContract(
    `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n      - ${property.replace(/^\{/, '{ name: c,')}\n`,
    'parity.yaml',
  );
}

/** A JSON value as an SQL expression of the column's type. */
export function paritySql(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return `CAST(NULL AS ${engineType(type)})`;
  switch (type.kind) {
    case 'list':
      return `CAST([${(value as unknown[]).map((item) => paritySql(item, type.element)).join(', ')}] AS ${engineType(type)})`;
    case 'struct':
      return `CAST({${type.fields.map((field) => `${ident(field.name)}: ${paritySql((value as Record<string, unknown>)[field.name], field.type)}`).join(', ')}} AS ${engineType(type)})`;
    case 'map': {
      const entries = Object.entries(value);
      return `CAST(map([${entries.map(([key]) => paritySql(key, type.key)).join(', ')}], [${entries.map(([, item]) => paritySql(item, type.value)).join(', ')}]) AS ${engineType(type)})`;
    }
    case 'float':
      return Object.is(value, -0) ? `-0.0::${engineType(type)}` : `CAST(${literal(String(value))} AS ${engineType(type)})`;
    default:
      return `CAST(${literal(String(value))} AS ${engineType(type)})`;
  }
}

export function parityOf(one: ParityCase): { value: unknown; sql: string | undefined; broken: string[] } {
  if ('sql' in one) return { value: one.value, sql: one.sql, broken: one.broken.map((rule) => `c.${rule}`).sort() };
  const [value, ...broken] = one;
  return { value, sql: undefined, broken: broken.map((rule) => `c.${rule}`).sort() };
}
