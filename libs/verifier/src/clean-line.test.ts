import { readContract } from '@skein/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine } from './clean-line.ts';
import { cleanRecord } from './clean-record.ts';
import { compilePattern } from './pattern.ts';
import { quickTest } from './pattern-automaton.ts';
import { isText } from './record-value.ts';
import { fullValidator, lineValidator } from './record.ts';

const contractOf = (properties: readonly string[]) =>
  readContract(
    `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n${properties.map((one) => `      - ${one}\n`).join('')}`,
    'x.yaml',
  );

const FLAT = [
  '{ name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: { minimum: 1 } }',
  '{ name: small, logicalType: integer, physicalType: INTEGER, logicalTypeOptions: { maximum: 1000, multipleOf: 5 } }',
  '{ name: code, logicalType: string, required: true, logicalTypeOptions: { pattern: "^[A-Z]{2,3}$" } }',
  '{ name: loose, logicalType: string, logicalTypeOptions: { pattern: "a.b", minLength: 2, maxLength: 4 } }',
  '{ name: state, logicalType: string, enum: [{ value: open }, { value: paid }] }',
  '{ name: price, logicalType: number, physicalType: "DECIMAL(9,2)", logicalTypeOptions: { minimum: 0, exclusiveMaximum: 100 } }',
  '{ name: wide, logicalType: number, physicalType: "DECIMAL(38,2)", logicalTypeOptions: { minimum: 0 } }',
  '{ name: rate, logicalType: number, physicalType: DOUBLE, logicalTypeOptions: { maximum: 0.3 } }',
  '{ name: thin, logicalType: number, physicalType: REAL }',
  '{ name: day, logicalType: date, logicalTypeOptions: { minimum: "2020-02-29" } }',
  '{ name: at, logicalType: timestamp, physicalType: TIMESTAMPTZ }',
  '{ name: on, logicalType: boolean }',
  '{ name: mail, logicalType: string, logicalTypeOptions: { format: email } }',
  '{ name: filled, logicalType: string, quality: [{ id: f, metric: nullValues, mustBe: 0 }] }',
];
const CONTRACT = contractOf(FLAT);
const SOUND = {
  id: 1,
  small: 5,
  code: 'AB',
  loose: 'aéb',
  state: 'open',
  price: '99.99',
  wide: '12345678901234567890.25',
  rate: 0.3,
  thin: 1.5,
  day: '2024-02-29',
  at: '2024-01-01T00:00:00Z',
  on: true,
  mail: 'a@b.de',
  filled: 'x',
};

const ODD: readonly unknown[] = [
  null,
  0,
  -0,
  1,
  -1,
  5,
  7,
  1000,
  1005,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  2 ** 53 - 1,
  2 ** 53 + 2,
  1e21,
  0.1,
  0.30000000000000004,
  3.5e38,
  true,
  false,
  '',
  'A',
  'AB',
  'ABC',
  'ABCD',
  'AB\n',
  'open',
  'Open',
  'a\nb',
  'aéb',
  'a😀b',
  '😀',
  '\ud800',
  'a"b',
  'a\\b',
  '\u0000',
  '0',
  '-0.00',
  '100',
  '99.99',
  '99.999',
  '9007199254740993',
  '9223372036854775808',
  '123456789012345678',
  '-1',
  '01',
  '2024-02-29',
  '2023-02-29',
  '2020-02-28',
  '0001-01-01',
  '2024-01-01T00:00:00Z',
  '0001-01-01T00:00:00+14:00',
  '9999-12-31T23:59:59-14:00',
  '2024-01-01T00:00:00',
  'a@b.de',
  'a@b',
  [],
  {},
  [1],
  { a: 1 },
  'x'.repeat(5000),
];

const names = Object.keys(SOUND);
const records = fc
  .record({
    changes: fc.array(
      fc.tuple(
        fc.constantFrom(...names, 'other', '__proto__', 'constructor'),
        fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ODD) }, { weight: 1, arbitrary: fc.jsonValue() }),
      ),
      { maxLength: 3 },
    ),
    dropped: fc.array(fc.constantFrom(...names), { maxLength: 2 }),
    shuffled: fc.boolean(),
  })
  .map(({ changes, dropped, shuffled }) => {
    const entries = new Map<string, unknown>([...Object.entries(SOUND), ...changes]);
    for (const name of dropped) entries.delete(name);
    const list = [...entries];
    return shuffled ? list.reverse() : list;
  });
/** As a producer may write it: `JSON.stringify` would lose `-0` and `__proto__`. */
const lineOf = (entries: readonly (readonly [string, unknown])[], gap: string) =>
  `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${gap}${Object.is(value, -0) ? '-0' : JSON.stringify(value)}`).join(`,${gap}`)}}`;

describe('a record or line that is seen to be clean at once', () => {
  it('is clean by every rule, whatever it holds', () => {
    const [full, clean, line, quick] = [fullValidator(CONTRACT), cleanRecord(CONTRACT), lineValidator(CONTRACT), cleanLine(CONTRACT)];
    let [seen, broken] = [0, 0];
    fc.assert(
      fc.property(records, fc.constantFrom('', ' '), (entries, gap) => {
        const text = lineOf(entries, gap);
        const record = JSON.parse(text) as unknown;
        const violations = full(record);
        if (clean(record)) expect(violations).toEqual([]);
        if (quick.clean(text)) expect(violations).toEqual([]);
        if (isText(record)) expect(line(text)).toEqual(violations);
        else expect(line(text)).toMatchObject([{ check: 'record.malformed' }]);
        if (clean(record) && quick.clean(text)) seen++;
        if (violations.length > 0) broken++;
      }),
      { numRuns: 5_000, seed: 3 },
    );
    expect(seen).toBeGreaterThan(100);
    expect(broken).toBeGreaterThan(500);
  });
  it('is really seen: the sound record, also in another order once that is known', () => {
    const { clean, learn } = cleanLine(CONTRACT);
    expect(cleanRecord(CONTRACT)(SOUND)).toBe(true);
    expect(clean(JSON.stringify(SOUND))).toBe(true);
    const reversed = lineOf(Object.entries(SOUND).reverse(), ' ');
    expect(clean(reversed)).toBe(false);
    learn(JSON.parse(reversed));
    expect(clean(reversed)).toBe(true);
  });
  it.each([
    '',
    '{',
    '{}',
    '}',
    '{"id":1',
    '{"id":1,}',
    `${JSON.stringify(SOUND)} `,
    `${JSON.stringify(SOUND)},`,
    `${JSON.stringify(SOUND)}${JSON.stringify(SOUND)}`,
    JSON.stringify(SOUND).replace('"id":1', '"id":01'),
    JSON.stringify(SOUND).replace('"id":1', '"id":+1'),
    JSON.stringify(SOUND).replace('"id":1', '"id":1.'),
    JSON.stringify(SOUND).replace('"id":1', '"id":-'),
    JSON.stringify(SOUND).replace('true', 'truex'),
    JSON.stringify(SOUND).replace('"code":"AB"', '"code":"AB'),
    JSON.stringify(SOUND).replace('"AB"', '"A\tB"'),
    JSON.stringify(SOUND).replace('"x"}', '"x}'),
    JSON.stringify(SOUND).replace('{', '{,'),
    JSON.stringify(SOUND).replace('"id":1,', '"id":1,"id":2,'),
  ])('is not a line that JSON refuses, or that says a thing twice: %j', (text) => {
    expect(cleanLine(CONTRACT).clean(text)).toBe(false);
  });
  it('is no object with a prototype of its own, or with members that it inherits', () => {
    const clean = cleanRecord(contractOf(['{ name: a, logicalType: string }']));
    expect(clean({ a: 'x' })).toBe(true);
    expect(clean(Object.create({ a: 'x' }, { other: { value: 1, enumerable: true } }))).toBe(false);
    expect(cleanRecord(contractOf(['{ name: toString, logicalType: string }']))({})).toBe(false);
  });
  it('does not run code that stands in the name of a column', () => {
    const contract = contractOf([`{ name: 'x"]; globalThis.hacked = 1; r["', logicalType: string }`]);
    expect(cleanRecord(contract)({})).toBe(true);
    expect('hacked' in globalThis).toBe(false);
  });
});

describe('a quick pattern', () => {
  const PATTERNS = [
    '^C[0-9]{6}$',
    '^[^@ ]+@[^@ ]+$',
    '',
    'a',
    '^$',
    '^a|b$',
    '(^a)*b',
    'a$b',
    'x(y|z)*$',
    '^(?:a|ab)(?:c|bcd)$',
    'a^b',
    '(?:^|x)a',
    '.*\\d$',
    '^(a*)*b',
    '^[^a]{3}$',
    '^a?a?b',
    '^a.c$',
    '\\s',
    '^\\S+$',
    '^\\w+$',
    'a{2,}b',
    '^(?:0|-?[1-9][0-9]{0,18})$',
    '[\\x{61}-c]',
    '^(a+)+$',
  ];
  it('finds what the general engine finds', () => {
    let quick = 0;
    for (const pattern of PATTERNS) {
      const full = compilePattern(pattern, { file: 'x' });
      const test = quickTest(pattern);
      if (test === undefined) continue;
      quick++;
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...'abcxyzC019@ .-\n\r\té😀\u2028'), { maxLength: 9 }), (chars) => {
          const text = chars.join('');
          const found = test(text);
          if (found !== undefined) expect({ pattern, text, found }).toEqual({ pattern, text, found: full.test(text) });
        }),
        { numRuns: 500, seed: 5 },
      );
    }
    expect(quick).toBeGreaterThan(18);
  });
  it.each(['(?i)a', '\\bA', '\\pL', '[]a]', '[^]a]'])('is none where the reader and RE2 may differ: %s', (pattern) =>
    expect(quickTest(pattern)).toBeUndefined(),
  );
  it.each(['^(a+)+$', '^(a|a)*$', '(a*)*b', '^(a|ab)*c$', '^([a-z]+)*[0-9]$'])('takes linear time on a megabyte: %s', (pattern) => {
    const test = quickTest(pattern);
    const text = `${'a'.repeat(1 << 20)}!`;
    const start = process.cpuUsage();
    expect(test?.(text)).toBe(false);
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(100);
  });
});
