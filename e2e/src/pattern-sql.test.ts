import { duckdbEngine } from '@skein/adapter-duckdb';
import { bindExpression, evaluate, toSql, type Program, type Text } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** A program has one meaning: what `evaluate` says in JavaScript is what its SQL says in the engine. */
const engine = duckdbEngine();
let session: EngineSession;
beforeAll(async () => {
  session = await engine.open();
});
afterAll(async () => {
  await session.close();
});

/** Inputs of `plain` and `affine`: where the engine's cast takes more than a plain decimal, programs do not. */
const PLAIN: Text = { op: 'extract', of: { op: 'value' }, pattern: '^(-?[0-9]+(?:\\.[0-9]*)?)$', group: 1 };
const VALUE: Text = { op: 'value' };
const NODES: Readonly<Record<string, Text>> = {
  value: VALUE,
  replace: { op: 'replace', of: VALUE, from: 'a', to: '$&' },
  sub: { op: 'sub', of: VALUE, pattern: '[0-9]+', to: '\\0$1' },
  extract: { op: 'extract', of: VALUE, pattern: '^([^0-9]*)([0-9]+)', group: 2 },
  translate: { op: 'translate', of: VALUE, from: '٠１é😀\u00a0', to: '01eX ' },
  lower: { op: 'lower', of: VALUE },
  upper: { op: 'upper', of: VALUE },
  pad: { op: 'pad', of: VALUE, length: 6, with: '0' },
  part: { op: 'part', of: VALUE, by: '-', at: 2 },
  lastPart: { op: 'part', of: VALUE, by: '-', at: -1 },
  slice: { op: 'slice', of: VALUE, from: 1, length: 3 },
  tail: { op: 'slice', of: VALUE, from: 2 },
  lookup: {
    op: 'lookup',
    of: VALUE,
    table: [
      ['é', 'e'],
      ["it's", '{value} -- /* {column:x}'],
      ['', 'empty'],
    ],
  },
  inches: { op: 'affine', of: PLAIN, times: '2.54', plus: '0', scale: 2 },
  fahrenheit: { op: 'affine', of: PLAIN, times: '0.555555556', plus: '-17.777777778', scale: 1 },
  plain: { op: 'plain', of: { op: 'extract', of: VALUE, pattern: '^(-?[0-9]+(?:\\.[0-9]*)?)$', group: 1 }, scale: 3 },
  total: {
    op: 'total',
    terms: [
      [{ op: 'extract', of: VALUE, pattern: '^([0-9]{1,6}(?:[.][0-9]{1,3})?)', group: 1 }, '3600'],
      [{ op: 'extract', of: VALUE, pattern: '[-aE ]([0-9]{1,6})', group: 1 }, '60'],
    ],
    over: 48,
  },
  parsed: {
    op: 'if',
    when: { op: 'matches', of: VALUE, pattern: '^(?:[1-9][0-9]{3}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}[.][0-9]{1,2}[.][1-9][0-9]{3}|[1-9][0-9]{7})$' },
    yes: { op: 'parsed', of: VALUE, formats: ['%Y-%m-%d', '%d.%m.%Y', '%Y%m%d'] },
  },
  between: { op: 'if', when: { op: 'between', of: VALUE, from: '1', to: '20' }, yes: VALUE },
  writtenOut: { op: 'writtenOut', of: VALUE },
  day: { op: 'day', of: VALUE },
  excel: { op: 'daysAfter', of: VALUE, base: '1899-12-30' },
  seconds: { op: 'epoch', of: VALUE, unit: 's' },
  milliseconds: { op: 'epoch', of: VALUE, unit: 'ms' },
  week: { op: 'isoWeekDay', of: VALUE },
  demojibake: { op: 'demojibake', of: VALUE },
  twice: { op: 'demojibake', of: { op: 'demojibake', of: VALUE } },
  if: { op: 'if', when: { op: 'not', of: { op: 'matches', of: VALUE, pattern: '^a' } }, yes: { op: 'concat', parts: [VALUE, { op: 'const', text: '!' }] } },
  first: {
    op: 'first',
    of: [
      { op: 'day', of: VALUE },
      { op: 'extract', of: VALUE, pattern: '(b+)', group: 1 },
      { op: 'const', text: '' },
    ],
  },
};

const PLAIN_VALUES = [
  ...['', ' ', 'a', 'abc', 'a-b-c', '-', '--', 'ß', 'ẞİıſΣÀǆŉÿ', 'é', "it's", '😀b', '٠１é😀', 'x\u0000y', 'a\nb', '\\', '{value}'],
  ...[
    '0',
    '-0',
    '00',
    '007',
    '-0.50',
    '1.',
    '0.0',
    '1.50',
    '12',
    '-12.345',
    '0.005',
    '-0.005',
    '1.005',
    '2.5',
    '99999999999',
    '123456789012.123456',
    '9999999999999',
  ],
  ...['1E3', '1.5e+03', '-1.25E-3', '1E25', '9E23', '1.23456789E-9', '1e-10', '1e-11', '12e1', '0e0', '1e99'],
  ...[
    '2024-02-29',
    '2024-2-9',
    '31.12.2024',
    '1.2.2023',
    '20240230',
    '20240105',
    '0000-1-1',
    '29.2.0001',
    '2023-02-29',
    '0000-01-01',
    '0001-01-01',
    '9999-12-31',
    '2024-2-3',
    '45321',
    '0',
    '60',
    '999999',
    '1700000000',
    '1700000000123',
    '99999999999',
    '99999999999999',
  ],
  ...['2024-05-1', '2020-53-7', '2021-53-1', '2024-00-1', '2026-01-4', '2024-05-0', '0001-01-1', '9999-52-7'],
  ...['Ã©', 'MÃ¼ller', 'â‚¬', 'ÃƒÂ©', 'é', 'Ã', 'â€œxâ€\u009d', 'Å\u0081Ã³dÅº', 'Â\u00a0', 'ð\u009f\u0098€', 'ðŸ˜€', 'ÿ', 'í\u00a0\u0080', 'À\u0080', '日本'],
];

/** Texts made from a seed, over an alphabet in which the nodes find something to do. */
function invented(count: number, seed: number): string[] {
  const alphabet = [...'0123456789.-+eE/ abAÃ©Â¼€ß\u00a0\u200b😀日ž™'];
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: count }, () => Array.from({ length: next(9) }, () => alphabet[next(alphabet.length)]).join(''));
}

async function inEngine(program: Program, values: readonly (string | null)[]): Promise<(string | null)[]> {
  const { touches, repaired } = bindExpression(toSql(program), 'v', (name) => `"${name}"`);
  const list = values.map((value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''").replaceAll('\0', "' || chr(0) || '")}'`)).join(', ');
  const rows = await session.rows<{ out: string | null }>(
    `SELECT CASE WHEN ${touches} THEN 'T' ELSE 'F' END || coalesce(${repaired}, chr(1)) AS out FROM (SELECT unnest(CAST([${list}] AS VARCHAR[])) AS v)`,
  );
  return rows.map((row) => row.out);
}

function inScript(program: Program, values: readonly (string | null)[]): string[] {
  return values.map((value) => {
    const { touched, value: out } = evaluate(program, { value });
    return touched ? `T${out ?? '\u0001'}` : 'F';
  });
}

it.each(Object.entries(NODES))('%s means the same in JavaScript and in the engine', async (_, result) => {
  const values = [...new Set([...PLAIN_VALUES, ...invented(2_000, 7)]), null];
  const program: Program = { result, when: { op: 'present', of: VALUE }, holds: { op: 'all', of: [] } };
  const [engineSays, scriptSays] = [await inEngine(program, values), inScript(program, values)];
  expect(engineSays).toHaveLength(values.length);
  const differing = values.flatMap((value, index) => {
    const a = engineSays[index] ?? '';
    const b = scriptSays[index] ?? '';
    return (a.startsWith('F') ? 'F' : a) === b ? [] : [{ value, engine: a, script: b }];
  });
  expect(differing).toEqual([]);
});

it('maps case alike over every letter, but for those newer than the tables of the engine', async () => {
  const values = Array.from({ length: 0xd800 }, (_, code) => String.fromCodePoint(code)).filter((one) => one !== '\0');
  const differing: string[] = [];
  for (const op of ['lower', 'upper'] as const) {
    const program: Program = { result: { op, of: VALUE }, when: { op: 'all', of: [] }, holds: { op: 'all', of: [] } };
    const [engineSays, scriptSays] = [await inEngine(program, values), inScript(program, values)];
    for (const [index, value] of values.entries()) if (engineSays[index] !== scriptSays[index]) differing.push(`${op} U+${value.charCodeAt(0).toString(16)}`);
  }
  expect(values.length).toBeGreaterThan(50_000);
  expect(differing.filter((one) => !/U\+(19b|264|1c89|a7c[bcdef]|a7d[2-5abc])/.test(one))).toEqual([]);
});
