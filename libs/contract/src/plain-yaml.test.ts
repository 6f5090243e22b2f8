import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readPlainYaml } from './plain-yaml.ts';
import { readFullYaml, readYaml } from './yaml-tree.ts';

const FOLDER = fileURLToPath(new URL('../../../contracts', import.meta.url));
const TEXTS = globSync('**/*.yaml', { cwd: FOLDER })
  .sort()
  .map((file) => readFileSync(`${FOLDER}/${file}`, 'utf8'));

/** What is read is what the full reader reads, positions included, and is no text in which that one finds a fault. */
function agrees(text: string): 'same' | 'beyond' | 'other' {
  const plain = readPlainYaml(text);
  if (plain === undefined) return 'beyond';
  try {
    const { root, faults } = readFullYaml(text, 'x.yaml');
    return faults.length === 0 && isDeepStrictEqual(plain, root) ? 'same' : 'other';
  } catch {
    return 'other';
  }
}

describe('plain YAML', () => {
  it('is read as the full reader reads it, in every file of this mesh', () => {
    const found = TEXTS.map(agrees);
    expect(found.filter((one) => one === 'other')).toEqual([]);
    // Were nothing read, all would agree.
    expect(found.filter((one) => one === 'same').length).toBeGreaterThan(found.length / 2);
  });

  it.each([
    'a: 1\n',
    'a: b',
    'a: -0',
    'a: 1.50',
    'a: 1.0.0',
    'a: null',
    'a: it has:none',
    "a: 'it''s'\nb: \"two: words # here\"",
    'a:\n  - b: 1\n    c:\n      - x\n      - y z\n  - d: true\ne: f',
    '# above\na:\n# between\n    # and here\n  b: 1\n  # below\n',
    'a: [b, 3, "c, d", \'e\', https://example.org/x, (direct)]',
    "a: { b: c, d: 'e }' }",
    'a: >-\n  one\n  two\nb: |\n  three\n    four\nc: 5',
    'a: 9007199254740991',
    'a: 2026-01-01 x',
    'constructor: 1\n__proto__: 2',
  ])('%j is read, and is the same', (text) => {
    expect(agrees(text)).toBe('same');
  });

  it.each([
    ['', 'nothing'],
    ['- a', 'a list'],
    ['a: 1\na: 2', 'a key that stands twice'],
    ['a: { b: 1, b: 2 }', 'a key that stands twice in brackets'],
    ['a: &x 1\nb: *x', 'an alias'],
    ['a: !!str 1', 'a tag'],
    ['a: 1 # one', 'a remark behind a value'],
    ['a: one\n  two', 'a text of two lines'],
    ["a: 'one\n  two'", 'a quoted text of two lines'],
    ['a: "\\n"', 'an escape'],
    ["a: 'b' c", 'something behind a quote'],
    ['a: b: c', 'a map on one line'],
    ['a:\n- b', 'a list in the column of its key'],
    ['a:', 'a key of nothing'],
    ['a: 1\n  b: 2', 'a deeper key behind a value'],
    ['a:\n    b: 1\n  c: 2', 'a key between two columns'],
    ['a:\n  - b\n  c: 1', 'a key in a list'],
    ['a:\n  - b: 1\n     c: 2', 'a key that is out of its column'],
    ['  a: 1\nb: 2', 'an indented beginning'],
    ['a: 1\n---\nb: 2', 'two documents'],
    ['--- \na: 1', 'a mark of a document'],
    ['a:\t1', 'a tab'],
    ['a: 1\r\nb: 2', 'a carriage return'],
    ['\ufeffa: 1', 'a byte order mark'],
    ['a: b\u2028c', 'a line separator'],
    ['a: 1 \nb: 2', 'a blank at the end of a line'],
    ['a: True', 'another spelling of true'],
    ['a: ~', 'another spelling of null'],
    ['a: 1e3', 'an exponent'],
    ['a: 0x1f', 'a hexadecimal number'],
    ['a: 0o17', 'an octal number'],
    ['a: 1.', 'a number that ends in a point'],
    ['a: .5', 'a number that begins with a point'],
    ['a: 9007199254740993', 'a whole number that no double holds'],
    ['a: [b: c]', 'a pair in a list'],
    ['a: [b, [c]]', 'a list in a list'],
    ['a: [b,\n  c]', 'a list on two lines'],
    ['a: []', 'an empty list'],
    ['a: >-\n  one\n\n  two\nb: 1', 'a blank line in a block text'],
    ['a: |\n  one\n\nb: 1', 'a blank line behind a block text'],
    ['a: |+\n  one\nb: 1', 'another kind of block text'],
    ['a: |\n  one', 'a block text at the end'],
    ['<<: { a: 1 }', 'a merge'],
    ['? a\n: b', 'a long key'],
  ])('%j is left to the full reader: %s', (text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  it('is left to the full reader where it is deep or long', () => {
    const deep = (levels: number) => `${Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n')}\n${' '.repeat(levels)}b: 1`;
    expect([deep(20), deep(30), `a: ${'x'.repeat(20_000)}`, `a: ${'x'.repeat(40_000)}`].map(agrees)).toEqual(['same', 'beyond', 'same', 'beyond']);
  });

  it('is read as the full reader reads it, after changes at random places', () => {
    const random = numbers(20_261_121);
    const counts = { same: 0, beyond: 0, other: [] as string[] };
    for (let round = 0; round < 3_000; round += 1) {
      let text = excerpt(random, TEXTS[random(TEXTS.length)] as string);
      for (let change = random(4); change > 0; change -= 1) text = changed(random, text);
      const found = agrees(text);
      if (found === 'other') counts.other.push(text);
      else counts[found] += 1;
    }
    expect(counts.other).toEqual([]);
    expect(counts.same).toBeGreaterThan(100);
    expect(counts.beyond).toBeGreaterThan(100);
  });

  it('is read without the library for YAML, which the first other text loads', () => {
    const script = `
      import { readYaml } from '${new URL('yaml-tree.ts', import.meta.url).href}';
      import { createRequire } from 'node:module';
      const loaded = () => Object.keys(createRequire('/').cache).some((file) => /[/\\\\]yaml[/\\\\]dist[/\\\\]/.test(file));
      const found = ['a: 1', 'a: ~'].map((text) => [readYaml(text, 'x.yaml').root.kind, loaded()]);
      process.stdout.write(JSON.stringify(found));
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@skein/source', '--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      ['map', false],
      ['map', true],
    ]);
  });

  it('shows the places of what is wrong in it, as any other text does', () => {
    const text = 'a: 1\nb:\n  - c: x\n    d: y\n';
    const { root, source } = readYaml(text, 'x.yaml');
    const full = readFullYaml(text, 'x.yaml');
    expect(root).toEqual(full.root);
    expect([0, 3, 5, 12, 15, 21, text.length, text.length + 9].map((at) => source.place(at))).toEqual(
      [
        [1, 1],
        [1, 4],
        [2, 1],
        [3, 5],
        [3, 8],
        [4, 5],
        [5, 1],
        [5, 1],
      ].map(([line, column]) => ({ file: 'x.yaml', line, column })),
    );
    expect(source.fault('SKEIN_CONTRACT_INVALID', 'rule', 21, 'no', 'yes').frame).toBe(
      full.source.fault('SKEIN_CONTRACT_INVALID', 'rule', 21, 'no', 'yes').frame,
    );
  });
});

/** Whole numbers from 0 to below `most`, the same in every run. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Some lines of a text, moved to the left as far as they go. */
function excerpt(random: (most: number) => number, text: string): string {
  const lines = text.split('\n');
  const from = random(lines.length);
  const taken = lines.slice(from, from + 1 + random(25));
  const indent = Math.min(...taken.filter((line) => line.trim() !== '').map((line) => line.search(/[^ ]/)));
  const moved = taken.map((line) => line.slice(Number.isFinite(indent) ? indent : 0)).join('\n');
  return random(2) === 0 ? moved.replace(/^- /, '  ') : `a:\n${moved.replaceAll(/^/gm, '  ')}`;
}

const PIECES = [
  ...[
    ' ',
    '  ',
    '\n',
    '\n\n',
    ':',
    ': ',
    '- ',
    '-',
    '#',
    ' #',
    "'",
    '"',
    "''",
    '""',
    '[',
    ']',
    '{',
    '}',
    ',',
    ', ',
    '&a ',
    '*a',
    '!',
    '|',
    '>',
    '>-',
    '|-',
    '? ',
  ],
  ...[
    '%',
    '@',
    '`',
    '~',
    'null',
    'Null',
    'true',
    'True',
    '0x1f',
    '0o7',
    '1e3',
    '1.',
    '.5',
    '+1',
    '-0',
    '-1',
    '1.50',
    '.inf',
    '-.inf',
    '.nan',
    '12345678901234567890',
  ],
  ...[
    '---\n',
    '...\n',
    '<<: ',
    '\t',
    '\r',
    '\\',
    'é',
    '\u0085',
    '\u2028',
    '\ufeff',
    '💡',
    'a: b',
    '- a',
    '\n  - x',
    '\n# c\n',
    '\n    # c\n',
    '1_000',
    '2026-01-01',
  ],
  ...['1:2', 'a:b', '[a, b]', '{ a: b }', '[ a ]', '[a,b]', '{a: b}', '[a: b]', "'':", '\nkey:', '\nkey: |\n', '\n  q: >-\n', '- - a'],
];

function changed(random: (most: number) => number, text: string): string {
  const at = random(text.length + 1);
  const lines = text.split('\n');
  const line = random(lines.length);
  const piece = PIECES[random(PIECES.length)] as string;
  const kind = random(6);
  if (kind === 0) return text.slice(0, at) + piece + text.slice(at);
  if (kind === 1) return text.slice(0, at) + text.slice(at + 1 + random(4));
  if (kind === 2) return lines.with(line, ' '.repeat(random(4)) + (lines[line] as string)).join('\n');
  if (kind === 3) return lines.with(line, (lines[line] as string).replace(/^ {1,2}/, '')).join('\n');
  if (kind === 4)
    return lines
      .with(
        line,
        (lines[line] as string).replace(/(: |- ).*$/, (_, sign: string) => sign + piece),
      )
      .join('\n');
  return lines.toSpliced(line, 0, piece).join('\n');
}
