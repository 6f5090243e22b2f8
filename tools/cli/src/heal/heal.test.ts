import { readFileSync, writeFileSync } from 'node:fs';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { literal } from '@skein/kernel';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { runApp } from '../run-app.fixture.ts';
import { membersOf } from './json-members.ts';
import { recordsOf } from './records.ts';

const folder = temporaryDirectory();
afterAll(() => folder[Symbol.dispose]());
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(folder.file(name), content);
  return folder.file(name);
};
const bytes = (name: string): string => readFileSync(folder.file(name)).toString('latin1');

const CONTRACT = put(
  'places.odcs.yaml',
  `apiVersion: v3.2.0
kind: DataContract
id: x
version: 1.0.0
domain: shop
schema:
  - name: places
    customProperties:
      - property: functionalDependencies
        value: [{ determinant: [zip], dependent: [city, region] }]
    properties:
      - { name: zip, logicalType: string, required: true }
      - { name: city, logicalType: string, required: true }
      - { name: region, logicalType: string }
      - { name: price, logicalType: number, physicalType: 'DECIMAL(9,2)' }
      - { name: secret, logicalType: string, classification: confidential, logicalTypeOptions: { pattern: '^[a-z]{2}-[0-9]{2}$' } }
`,
);
const heal = (...args: string[]) => runApp('heal', ...args, '--contract', CONTRACT);

/** Rows of one group, so that dependencies have something to say. */
const csv = (end: string, ...more: string[]): string =>
  [
    `zip;city;"price";region;x`,
    ...Array.from({ length: 9 }, (_, index) => `10115;${index % 2 ? '"Berlin"' : 'Berlin'};1.${index};Mitte;"a;${index}"`),
    ...more,
  ].join(end);

describe('delimited text', () => {
  it('changes the repaired cells alone: mark, quotes, line ends, blank lines, ragged rows and unknown columns stay', async () => {
    const text = `\ufeff${csv('\r\n', '10115;"Berlni";"1,234.50";Mitte;ü', '', '10115;Ber"lin;2', '10115;Berlin;N/A;Mitte;', '10115;Berlin;1;Mitte;nul\0')}`;
    const ran = await heal(put('a.csv', text), '--json');
    const report = JSON.parse(ran.stdout) as Record<string, unknown>;
    expect(report).toMatchObject({ found: 3, repaired: 3, left: 0, escalated: 0, malformed: 2, written: 3, unknownColumns: ['x'], missingColumns: ['secret'] });
    expect(ran.code).toBe(0);
    const expected = text.replace('"Berlni";"1,234.50"', '"Berlin";"1234.50"').replace('N/A', '');
    expect(readFileSync(folder.file('a.healed.csv'), 'utf8')).toBe(expected);
    const undone = await heal(folder.file('a.healed.csv'), '--undo', folder.file('a.healed.feedback.ndjson'));
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(undone.stdout).toContain('the bytes are those of the original file');
    expect(bytes('a.undone.csv')).toBe(bytes('a.csv'));
  });

  it('keeps Windows-1252, and writes in it what it can hold', async () => {
    const text = Buffer.from(csv('\n', '10115;Berlni;1;Mitte;ü', ''), 'latin1');
    expect((await heal(put('latin.csv', text))).code).toBe(0);
    expect(bytes('latin.healed.csv')).toBe(bytes('latin.csv').replace('Berlni', 'Berlin'));
  });

  it('undoes nothing that somebody has changed since', async () => {
    await heal(put('b.csv', csv('\n', '10115;Berlni;1;Mitte;', '10115;Brelin;1;Mitte;')));
    put('b.edited.csv', readFileSync(folder.file('b.healed.csv'), 'utf8').replace(/Berlin;1;Mitte;$/, 'Potsdam;1;Mitte;'));
    const undone = await heal(folder.file('b.edited.csv'), '--undo', folder.file('b.healed.feedback.ndjson'), '--out', folder.file('b.back.csv'), '--json');
    expect(JSON.parse(undone.stdout)).toMatchObject({ undone: 1, missed: 1, identical: false });
    expect([undone.code, bytes('b.back.csv').includes('Potsdam'), bytes('b.back.csv').includes('Berlni')]).toEqual([1, true, true]);
  });

  it('splits and joins any bytes without a change', async () => {
    const pieces = ['"', '""', ';', '\r\n', '\n', '\r', 'a', 'ü', '\0', '"x"', ' '];
    let looked = 0;
    for (let seed = 1; seed <= 400; seed++) {
      let state = seed * 2_654_435_761;
      const text = Array.from({ length: 1 + (seed % 40) }, () => pieces[(state = (state * 48_271 + 11) % 2_147_483_647) % pieces.length]).join('');
      const file = put('fuzz.csv', text);
      let joined = '';
      for await (const { fields, end } of recordsOf(file, 59))
        joined += fields.map((field) => field.bytes.toString('latin1')).join(';') + end.toString('latin1');
      expect(joined).toBe(Buffer.from(text).toString('latin1'));
      looked++;
    }
    expect(looked).toBe(400);
  });
});

describe('NDJSON', () => {
  it('keeps spaces, nested values, the order of keys and lines that are no records', async () => {
    const lines = [
      ...Array.from({ length: 9 }, (_, index) => `{"zip":"10115","city":"Berlin","region":"Mitte","price":1.${index}0,"n":{"a":[1, {"b":"}\\""}]}}`),
      '{"zip":"10115", "city" : "Berlni" ,"region":"Mitte","price":"1,234.50"}',
      'no json',
      '{"zip":"1","zip":"2"}',
      '',
      '{"price":12345.10,"region":"Mitte","zip":"10115"}',
    ];
    put('a.ndjson', `${lines.join('\r\n')}\n`);
    const ran = await heal(folder.file('a.ndjson'), '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ repaired: 3, malformed: 2, unknownColumns: ['n'] });
    const expected = lines.map((line) => line.replace('"Berlni"', '"Berlin"').replace('"1,234.50"', '1234.50').replace('"10115"}', '"10115","city":"Berlin"}'));
    expect(readFileSync(folder.file('a.healed.ndjson'), 'utf8')).toBe(`${expected.join('\r\n')}\n`);
    await heal(folder.file('a.healed.ndjson'), '--undo', folder.file('a.healed.feedback.ndjson'));
    expect(bytes('a.undone.ndjson')).toBe(bytes('a.ndjson'));
  });

  it('finds the members of an object whatever stands in them', () => {
    const line = ' {"a" : "x\\"}," , "b":[{"c":"]"}],"":null,"\\u0061b":-1.5e3 } ';
    expect([...(membersOf(line) ?? [])].map(([key, { text, start, stop }]) => [key, text, line.slice(start, stop) === text])).toEqual([
      ['a', '"x\\"},"', true],
      ['b', '[{"c":"]"}]', true],
      ['', 'null', true],
      ['ab', '-1.5e3', true],
    ]);
    expect([membersOf('{}')?.size, membersOf('[1]'), membersOf('{"a":1,"a":2}'), membersOf('{"a":1'), membersOf('null')]).toEqual([
      0,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it('heals Parquet with its types, nested columns and rows, and takes it back', async () => {
  const engine = duckdbEngine({ threads: 1 });
  const session = await engine.open();
  const read = (name: string) => session.rows(`SELECT * FROM read_parquet(${literal(folder.file(name))})`);
  try {
    await session.run(
      `COPY (SELECT '10115' AS zip, CASE WHEN i = 9 THEN 'Berlni' ELSE 'Berlin' END AS city, 'Mitte' AS region, CASE WHEN i = 8 THEN '1,234.50' ELSE '1.5' END AS price, {'a': i} AS n FROM range(10) t(i)) TO ${literal(folder.file('p.parquet'))} (FORMAT parquet)`,
    );
    expect((await heal(folder.file('p.parquet'))).code).toBe(0);
    const before = await read('p.parquet');
    const expected = before.map((row, index) => ({ ...row, ...(index === 9 ? { city: 'Berlin' } : {}), ...(index === 8 ? { price: '1234.50' } : {}) }));
    expect(await read('p.healed.parquet')).toEqual(expected);
    expect(await session.describe(`SELECT * FROM read_parquet(${literal(folder.file('p.healed.parquet'))})`)).toEqual(
      await session.describe(`SELECT * FROM read_parquet(${literal(folder.file('p.parquet'))})`),
    );
    await heal(folder.file('p.healed.parquet'), '--undo', folder.file('p.healed.feedback.ndjson'));
    expect(await read('p.undone.parquet')).toEqual(before);
  } finally {
    await engine.close();
  }
});

describe('labels and reports', () => {
  it('takes labels, and says what it was taught', async () => {
    const data = put(
      'l.csv',
      `zip,city,region,price,secret\n${Array.from({ length: 8 }, (_, index) => `${index},"City${'abcdefgh'[index]} XX",,1,\n`).join('')}`,
    );
    const labels = put('labels.csv', '_row,city\n1,Citya\n2,Cityb\n');
    const ran = await heal(data, '--labels', labels, '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ labels: 2, repaired: 8 });
    expect(readFileSync(folder.file('l.healed.csv'), 'utf8')).not.toContain('XX');
    const suggested = await heal(data, '--suggest-labels', '3');
    expect(suggested.stdout.split('\n').length).toBeLessThanOrEqual(4);
  });

  it('finds labelled rows by the primary key, in any order of columns, and reads over columns that the contract lacks', async () => {
    const keyed = put(
      'keyed.odcs.yaml',
      readFileSync(CONTRACT, 'utf8').replace('properties:\n', 'properties:\n      - { name: id, logicalType: integer, primaryKey: true }\n'),
    );
    const rows = Array.from({ length: 12 }, (_, index) => `k,${100 + index},1011${index % 3},Town ${'abc'[index % 3]},North`).join('\n');
    const data = put('keyed.csv', `x,id,zip,city,region\n${rows}\nk,112,10119,Twon d,North\n`);
    const labelled = (text: string) => runApp('heal', data, '--contract', keyed, '--labels', put('keyed.labels.csv', text));
    expect(await labelled('city,x,id\nTown d,whatever,112\n')).toMatchObject({ stderr: '' });
    expect(readFileSync(folder.file('keyed.healed.csv'), 'utf8')).toContain('k,112,10119,Town d,North');
    expect((await labelled('city,id\nTown d,999\n')).stderr).toContain('0 rows of the data have the id');
    expect((await labelled('city,id\nTown d,112\nTown d,112\n')).stderr).toContain('labelled twice');
  });

  it('changes no cell without a line of feedback that says why, and takes all of it back, whatever the labels say', async () => {
    const towns = ['Berlin', 'München', 'Hamburg', 'Köln', 'Erfurt'];
    let [changed, files] = [0, 0];
    for (let seed = 1; seed <= 4; seed++) {
      let state = seed * 7_919;
      const below = (limit: number): number => (state = (state * 48_271 + 11) % 2_147_483_647) % limit;
      const end = seed % 2 === 0 ? '\r\n' : '\n';
      const lines = Array.from({ length: 120 }, () => {
        const at = below(towns.length);
        const town = towns[at] ?? '';
        const wrong = below(8) === 0;
        const city = wrong ? [town.slice(1), '', '"a\nb"', 'N/A', '9007199254740993'][below(5)] : town;
        return `${10_000 + at * 577},${city},${below(9) === 0 ? '"1,234.50"' : `${below(900)}.5`},Mitte,ab-${10 + below(80)}`;
      });
      const text = `${seed === 3 ? '\ufeff' : ''}zip,city,price,region,secret${end}${lines.join(end)}${end}`;
      const data = put(`p${seed}.csv`, text);
      // Labels that are wrong, that contradict the contract, and that say nothing.
      const labels = put(`p${seed}.labels.csv`, `price,_row,city\nno number,3,Berlin\n,7,\n1.5,9,Nowhere\n`);
      expect((await heal(data, '--labels', labels)).stdout).toContain('2 labelled cells break the contract');
      const read = async (name: string): Promise<string[][]> => {
        const rows: string[][] = [];
        for await (const { fields } of recordsOf(folder.file(name), 44)) rows.push(fields.map((field) => field.bytes.toString('utf8')));
        return rows;
      };
      const [before, after] = [await read(`p${seed}.csv`), await read(`p${seed}.healed.csv`)];
      const told = readFileSync(folder.file(`p${seed}.healed.feedback.ndjson`), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { row: number; column: string; outcome: string; why: string; solution: string | null; raw_after: string });
      const repairs = new Map(told.filter(({ outcome }) => outcome === 'repaired').map((one) => [`${one.row} ${one.column}`, one]));
      const header = ['zip', 'city', 'price', 'region', 'secret'];
      let differ = 0;
      expect(after.length).toBe(before.length);
      for (const [row, fields] of before.entries())
        for (const [at, field] of fields.entries()) {
          if (after[row]?.[at] === field) continue;
          const repair = repairs.get(`${row} ${header[at]}`);
          expect(repair, `row ${row}, ${header[at]}`).toMatchObject({ raw_after: after[row]?.[at] });
          expect([repair?.why.length, repair?.solution?.length].every((length) => (length ?? 0) > 0)).toBe(true);
          differ++;
        }
      expect(differ).toBe(repairs.size);
      await heal(folder.file(`p${seed}.healed.csv`), '--undo', folder.file(`p${seed}.healed.feedback.ndjson`));
      expect(bytes(`p${seed}.undone.csv`)).toBe(bytes(`p${seed}.csv`));
      changed += differ;
      files++;
    }
    expect([files, changed > 40]).toEqual([4, true]);
  });

  it('shows no value of a confidential column, neither in SQL nor in words', async () => {
    const rows = Array.from({ length: 30 }, (_, index) => `1,c,r,1,ab-${10 + index}\n`).join('');
    const data = put('s.csv', `zip,city,region,price,secret\n${rows}1,c,r,1,ab_77\n`);
    const ran = await heal(data);
    expect(ran.stdout).toContain('secret  pattern: 1 repaired');
    expect(ran.stdout).not.toMatch(/ab.77/);
    expect((await heal(data, '--json')).stdout).not.toMatch(/ab.77/);
  });

  it.each([
    ['no _row', 'city\nx\n', 'have no column _row'],
    ['an unknown column', '_row,town\n1,x\n', 'has no column \\"town\\"'],
    ['a row that is none', '_row,city\n99,x\n', 'is no row of the data'],
    ['a row twice', '_row,city\n1,x\n1,y\n', 'labelled twice'],
    ['a short line', '_row,city\n1\n', 'has 1 fields'],
  ])('refuses labels with %s', async (_, labels, message) => {
    const ran = await heal(put('l2.csv', 'zip,city,region,price,secret\n1,a,b,1,\n'), '--labels', put('bad.csv', labels), '--json');
    expect([ran.code, ran.stdout]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('bad input', () => {
  it.each([
    ['an empty file', '', 'has no content'],
    ['a header that names a column twice', 'zip,ZIP\n1,2\n', 'names the column'],
    ['none of the columns', 'a,b\n1,2\n', "none of the contract's columns"],
    ['UTF-16', '\u00ff\u00fez\0i\0p\0', 'UTF-16'],
  ])('refuses %s', async (_, text, message) => {
    const ran = await heal(put('bad-input.csv', Buffer.from(text, 'latin1')));
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says of a file that is no Parquet that it is none, and of labels that are not there where to look', async () => {
    const data = put('noise.parquet', 'PAR0 and no more');
    expect(await heal(data)).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read as Parquet') });
    const ran = await heal(put('some.csv', 'zip,city\n10115,a\n'), '--labels', folder.file('absent.csv'));
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('--labels')]);
  });

  it('leaves lines of JSON with half of a surrogate pair as they are, and heals the others', async () => {
    const good = Array.from({ length: 9 }, () => '{"zip":"10115","city":"Berlin"}');
    const odd = ['{"zip":"10115","city":"\\ud800"}', '{"zip":"10115","\\udc00":1,"city":"Berlni"}', '{"zip":"10115","city":"\\ud83d\\ude00","note":"\\u0000"}'];
    const ran = await heal(put('half.ndjson', [...good, ...odd, '{"zip":"10115","city":"Berlni"}', ''].join('\n')));
    expect([ran.code, ran.stderr]).toEqual([1, '']);
    expect(ran.stdout).toContain('2 lines are no records');
    expect(bytes('half.healed.ndjson')).toBe([...good, ...odd, '{"zip":"10115","city":"Berlin"}', ''].join('\n'));
  });

  it('writes no file over itself, and takes no feedback that is none', async () => {
    const data = put('self.csv', 'zip,city\n1,a\n');
    expect((await heal(data, '--out', data)).code).toBe(2);
    expect((await heal(data, '--undo', put('no.ndjson', '{"a":1}\n'))).code).toBe(2);
    expect((await heal(folder.file('absent.csv'))).code).toBe(2);
  });

  it('takes a file of a header alone', async () => {
    expect((await heal(put('header.csv', 'zip,city\n'))).code).toBe(0);
    expect(bytes('header.healed.csv')).toBe('zip,city\n');
  });
});
