import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, sniffDialect } from './delimited.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'skein-delimited-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function sniff(content: string | Uint8Array) {
  const file = path.join(directory, 'x.csv');
  await writeFile(file, content);
  return sniffDialect(file, 'x.csv', (await fingerprint(file)).utf8);
}

describe('sniffDialect', () => {
  it('reads both SAP dialects from their headers', async () => {
    expect(await sniff('\ufeffA;B;C\r\n1;2,5;x\r\n')).toEqual({ delimiter: ';', encoding: 'utf-8', columns: ['A', 'B', 'C'] });
    expect(await sniff('"A","B, b",C,,\n1,2.5,x,,\n')).toEqual({ delimiter: ',', encoding: 'utf-8', columns: ['A', 'B, b', 'C', '', ''] });
  });

  it('decides by the header, not by what values hold', async () => {
    expect((await sniff('A;B\n1,2,3,4;5\n')).delimiter).toBe(';');
  });

  it('keeps quoted line breaks and doubled quotes of a header together', async () => {
    expect((await sniff('"A\nB","C""D"\n1,2\n')).columns).toEqual(['A\nB', 'C"D']);
  });

  it('knows encodings: UTF-16 by its mark, Latin-1 where bytes are no UTF-8', async () => {
    expect((await sniff(Buffer.from('\ufeffA;B\n1;2\n', 'utf16le'))).encoding).toBe('utf-16le');
    expect(await sniff(Buffer.from('Größe;B\n1;2\n', 'latin1'))).toMatchObject({ encoding: 'windows-1252', columns: ['Größe', 'B'] });
  });

  it.each([
    ['binary data', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 10]), 'SKEIN_SOURCE_UNREADABLE'],
    ['a blank header', '\n1;2\n', 'SKEIN_SOURCE_UNREADABLE'],
    ['one column twice', 'A;B;a\n1;2;3\n', 'SKEIN_SOURCE_COLUMNS'],
  ])('refuses %s', async (_, content, code) => {
    await expect(sniff(content)).rejects.toMatchObject({ code });
  });
});

describe('fingerprint', () => {
  it('finds the one bad byte, and no fault in a sequence that a chunk border cuts', async () => {
    const file = path.join(directory, 'big.txt');
    const border = Buffer.concat([Buffer.alloc((1 << 20) - 1, 0x61), Buffer.from('€uro')]);
    await writeFile(file, border);
    expect((await fingerprint(file)).utf8).toBe(true);
    border[border.length - 6] = 0xff;
    await writeFile(file, border);
    expect((await fingerprint(file)).utf8).toBe(false);
    await writeFile(file, Buffer.from([0x61, 0xe2, 0x82]));
    expect((await fingerprint(file)).utf8).toBe(false);
  });
});
