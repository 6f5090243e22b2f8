import { writeFileSync } from 'node:fs';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { draftContract } from '@skein/contract/formats';
import { literal } from '@skein/kernel';
import { temporaryDirectory } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnNames } from './column-names.ts';
import { dataDraft } from './data-draft.ts';

let folder: ReturnType<typeof temporaryDirectory>;
beforeAll(() => {
  folder = temporaryDirectory('skein-draft-');
});
afterAll(() => folder[Symbol.dispose]());

const put = (name: string, text: string | Uint8Array): string => {
  writeFileSync(folder.file(name), text);
  return folder.file(name);
};
const product = { domain: 'crm', name: 'accounts' };
const rows = (count: number, row: (at: number) => string): string => Array.from({ length: count }, (_, at) => row(at)).join('\n');

async function draftOf(file: string, format: 'csv' | 'ndjson' | 'parquet') {
  const draft = await dataDraft(file, format, product);
  const text = draftContract(draft, { id: 'crm-accounts', ...product });
  return { draft, text, contract: readContract(text, 'draft.odcs.yaml'), column: (name: string) => draft.columns.find((one) => one.name === name) };
}

describe('a contract drafted from data', () => {
  it('says types, keys, formats, ranges, codes and personal data of delimited text, each with its evidence', async () => {
    const header = 'Account ID;name;mail;zip;segment;limit;opened;active;score;seen;matnr;born;huge';
    const { contract, column, draft } = await draftOf(
      put(
        'accounts.csv',
        `\uFEFF${header}\r\n${rows(200, (at) =>
          [
            `ACC-${String(at).padStart(5, '0')}`,
            `Nämé ${at}`,
            `p${at}@example.com`,
            10_115 + (at % 60),
            ['gold', 'silver', 'bronze'][at % 3],
            `${at}.50`,
            `2024-0${(at % 9) + 1}-11`,
            at % 2 === 0,
            at % 50 === 0 ? 'N/A' : at % 7,
            `2026-01-01T00:00:${String(at % 60).padStart(2, '0')}Z`,
            String(at).padStart(18, '0'),
            `${(at % 28) + 1}.2.1990`,
            `900719925474099${at % 10}`,
          ].join(';'),
        )}\r\n`,
      ),
      'csv',
    );
    expect(contract.properties.map(({ type, keyPosition, required, classification }) => [type.kind, keyPosition, required, classification])).toEqual([
      ['string', 1, true, 'internal'],
      ['string', undefined, true, 'internal'],
      ['string', undefined, true, 'restricted'],
      ['string', undefined, true, 'internal'],
      ['string', undefined, true, 'internal'],
      ['decimal', undefined, true, 'internal'],
      ['date', undefined, true, 'internal'],
      ['boolean', undefined, true, 'internal'],
      ['int', undefined, false, 'internal'],
      ['timestamp', undefined, true, 'internal'],
      ['string', undefined, true, 'internal'],
      ['string', undefined, true, 'internal'],
      ['int', undefined, true, 'internal'],
    ]);
    expect(column('Account ID')?.options?.pattern).toBe('^[A-Z]{3}-[0-9]{5}$');
    expect(column('mail')).toMatchObject({ options: { format: 'email' }, examples: undefined });
    expect(column('segment')?.codes).toEqual(['bronze', 'gold', 'silver']);
    expect(column('limit')?.options?.minimum).toBe('0');
    expect(column('born')?.notes?.join()).toContain('which of its parts is the month');
    expect(column('score')?.notes?.join()).toContain('196 of 200 values are whole numbers');
    expect(draft.columns.filter(({ notes = [] }) => notes.length === 0)).toEqual([]);
  });

  it('keeps the types of JSON: a string of digits is text, and no digit of a number is lost', async () => {
    const { column, contract } = await draftOf(
      put(
        'e.ndjson',
        rows(60, (at) =>
          JSON.stringify({ zz: `${at}`, user: { name: 'x', at }, tags: ['a'], none: null, day: '2024-02-03', ok: 'true' }).replace(
            '{',
            `{"id": ${9_007_199_254_740_993n + BigInt(at)}, `,
          ),
        ),
      ),
      'ndjson',
    );
    expect(contract.properties.map(({ name, type }) => [name, type.kind])).toEqual([
      ['id', 'int'],
      ['zz', 'string'],
      ['user', 'struct'],
      ['tags', 'list'],
      ['none', 'string'],
      ['day', 'date'],
      ['ok', 'string'],
    ]);
    expect(column('id')).toMatchObject({ keyPosition: 1 });
    expect(column('id')?.notes?.join()).toContain('9007199254740993 to 9007199254741052');
  });

  it('finds persons by names in German, within nested values and in Parquet; no example, code or remark repeats one', async () => {
    const flat = await draftOf(
      put(
        'p.csv',
        `vorname,Geburtsdatum,ip address,Straße,yes\n${rows(60, (at) => `${['Änne', 'Bodo'][at % 2]},19${60 + (at % 30)}-03-1${at % 9},10.0.7.${at},Weg ${at},${['no', 'yes'][at % 2]}`)}\n`,
      ),
      'csv',
    );
    expect(flat.contract.properties.map(({ classification }) => classification)).toEqual(['restricted', 'restricted', 'restricted', 'restricted', 'internal']);
    expect(flat.text).not.toMatch(/Änne|Bodo|10\.0\.7/);
    expect(JSON.stringify(flat.draft.examples)).not.toMatch(/Änne|Bodo|"19[0-9]{2}-|10\.0\.7|Weg/);
    expect(flat.draft.examples[0]?.slice(1, 3)).toEqual(['2000-01-01', '192.0.2.1']);
    // A reader of YAML 1.1 would take it for false.
    expect(flat.text).toContain('value: "no"');
    const nested = await draftOf(
      put(
        'p.ndjson',
        rows(40, (at) => JSON.stringify({ id: at, who: { email: `u${at}@secret.example`, note: `"ä" \\ ${at}\n` }, said: [`ask a${at}@secret.example`] })),
      ),
      'ndjson',
    );
    expect(nested.contract.properties.map(({ classification }) => classification)).toEqual(['internal', 'restricted', 'restricted']);
    expect(nested.text).not.toContain('secret');
    const [, who, said] = nested.draft.examples[3] ?? [];
    expect(JSON.parse(who ?? '')).toMatchObject({ email: 'person4@example.com' });
    expect(JSON.parse(said ?? '')).toEqual(['person4@example.com']);
  });

  it('makes up a personal key that is another one in each row', async () => {
    const { draft, column } = await draftOf(put('k.csv', `phone,points\n${rows(60, (at) => `030${1_000_000 + at},${at % 3}`)}\n`), 'csv');
    expect(column('phone')).toMatchObject({ keyPosition: 1, classification: 'restricted' });
    expect(new Set(draft.examples.map(([phone]) => phone)).size).toBe(10);
  });

  it('says that numbers with a comma stay text', async () => {
    const { column } = await draftOf(put('comma.csv', `nr;preis\n${rows(30, (at) => `${at};1.${100 + at},50`)}\n`), 'csv');
    expect(column('preis')?.type.kind).toBe('string');
    expect(column('preis')?.notes?.join()).toContain('comma before their decimals');
  });

  it('says of JSON members how many values a column of texts will refuse', async () => {
    const { column } = await draftOf(
      put(
        'm.ndjson',
        rows(30, (at) => JSON.stringify({ id: at, meta: {}, mixed: at % 3 === 0 ? at : `t${at}`, text: `t${at}` })),
      ),
      'ndjson',
    );
    expect(column('meta')?.notes?.join()).toContain('30 of 30 values are no texts');
    expect(column('mixed')?.notes?.join()).toContain('10 of 30 values are no texts');
    expect(column('text')?.notes?.join()).not.toContain('no texts');
  });

  it('refuses records with a member that has no name', async () => {
    await expect(dataDraft(put('e.ndjson', '{"": 1, "a": 2}\n'), 'ndjson', product)).rejects.toMatchObject({ code: 'SKEIN_SOURCE_UNREADABLE' });
  });

  it('finds a key of two columns, and never one of measures', async () => {
    const { draft } = await draftOf(put('lines.csv', `order,line,price\n${rows(100, (at) => `${Math.floor(at / 4)},${at % 4},${at}.5`)}\n`), 'csv');
    expect(draft.columns.map(({ keyPosition }) => keyPosition)).toEqual([1, 2, undefined]);
    const none = await draftOf(put('none.csv', `price,qty\n${rows(40, (at) => `${at}.5,${at}`)}\n`), 'csv');
    expect(none.draft.columns.map(({ keyPosition }) => keyPosition)).toEqual([undefined, undefined]);
    expect(none.draft.notes.join()).toContain('No key was found');
  });

  it('takes Parquet by the types of the file', async () => {
    const engine = duckdbEngine({ threads: 1 });
    const session = await engine.open();
    const file = folder.file('t.parquet');
    await session.run(
      `COPY (SELECT i AS id, (i / 4)::DECIMAL(9,3) AS price, ['a'] AS tags, 'x@y.de' AS mail FROM range(50) t(i)) TO ${literal(file)} (FORMAT parquet)`,
    );
    await engine.close();
    const { contract, draft } = await draftOf(file, 'parquet');
    expect(contract.properties.map(({ type, classification }) => [type.kind, classification])).toEqual([
      ['int', 'internal'],
      ['decimal', 'internal'],
      ['list', 'internal'],
      ['string', 'restricted'],
    ]);
    // Lists are JSON in an example: their text in the engine's own form would fit no contract.
    expect(draft.examples.length).toBeGreaterThan(0);
  });

  it.each([
    ['a duplicate header', 'd.csv', 'a,b,A\n1,2,3\n', 'SKEIN_SOURCE_COLUMNS'],
    ['a binary file', 'b.csv', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 1, 10]), 'SKEIN_SOURCE_UNREADABLE'],
    ['no header', 'n.csv', '\n\n', 'SKEIN_SOURCE_UNREADABLE'],
  ])('refuses %s with a code', async (_, name, content, code) => {
    await expect(dataDraft(put(name, content), 'csv', product)).rejects.toMatchObject({ code });
  });

  it('takes empty headers, zero rows, Windows-1252, and says what it saw', async () => {
    const empty = await draftOf(put('z.csv', 'a,,b\n'), 'csv');
    expect(empty.draft.columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(empty.draft.notes.join()).toContain('There was no row');
    const latin = await draftOf(put('l.csv', Buffer.from(`größe\n${rows(30, (at) => `straße ${at}`)}\n`, 'latin1')), 'csv');
    expect(latin.draft.columns[0]).toMatchObject({ name: 'größe' });
  });

  it('refuses three thousand columns at once', async () => {
    const wide = put('w.csv', `${Array.from({ length: 3_000 }, (_, at) => `c${at}`).join(',')}\n${Array.from({ length: 3_000 }, (_, at) => at).join(',')}\n`);
    await expect(dataDraft(wide, 'csv', product)).rejects.toMatchObject({ code: 'SKEIN_CONTRACT_LIMIT' });
  });
});

describe('names of columns', () => {
  it('are small, plain, and never twice', () => {
    expect(columnNames(['Account ID', 'accountId', 'Größe', '日本 語', '2nd', '', 'select', '_x_', 'É'.repeat(200), 'ａｂ', '\ud800'])).toEqual([
      'account_id',
      'account_id_2',
      'grosse',
      '日本_語',
      'c_2nd',
      'column_6',
      'select_value',
      'x',
      'e'.repeat(60),
      'ab',
      'column_11',
    ]);
  });
});
