import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprint, sniffDialect } from './delimited.ts';
import { BLANK_LINE, copyPlain } from './plain-text.ts';

let directory: string;
let copies = 0;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'skein-plain-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function copied(content: string | Uint8Array): Promise<{ plain: boolean; text: string }> {
  const from = path.join(directory, 'x.csv');
  const to = path.join(directory, `${(copies += 1)}.txt`);
  await writeFile(from, content);
  const { plain, utf8 } = await fingerprint(from);
  await copyPlain(from, to, await sniffDialect(from, 'x.csv', utf8));
  return { plain, text: await readFile(to, 'utf8') };
}

describe('copyPlain', () => {
  it.each([
    ['\\r\\n', 'A;B\r\n1;2\r\n3;4\r\n'],
    ['\\r alone', 'A;B\r1;2\r3;4\r'],
    ['one after the other', 'A;B\r\n1;2\n3;4\r'],
    ['a byte order mark', '\ufeffA;B\r\n1;2\n3;4\n'],
    ['UTF-16, little end first', Buffer.from('\ufeffA;B\r\n1;2\r\n3;4\r\n', 'utf16le')],
    ['UTF-16, big end first', Buffer.from('\ufeffA;B\r\n1;2\r\n3;4\r\n', 'utf16le').swap16()],
  ])('ends every record by \\n: %s', async (_, content) => {
    expect(await copied(content)).toEqual({ plain: false, text: 'A;B\n1;2\n3;4\n' });
  });

  it('keeps the place of a blank line, and what stands in quotes', async () => {
    expect((await copied('A;B\n\n1;"x\r\n\r\ny;""z"\n\r\n"";"2"\n')).text).toBe(`A;B\n${BLANK_LINE};\n1;"x\n\ny;""z"\n${BLANK_LINE};\n"";"2"\n`);
  });

  it('takes a quote within a field for a character', async () => {
    expect((await copied('A;B\r\n12" pipe;2\r\n3;4 "5"\r\n')).text).toBe('A;B\n12" pipe;2\n3;4 "5"\n');
  });

  it('reads bytes that are no UTF-8 as Windows-1252', async () => {
    expect((await copied(Buffer.from([...Buffer.from('A;B\nGr'), 0xf6, 0xdf, ...Buffer.from('e;5 '), 0x80, 10]))).text).toBe('A;B\nGröße;5 €\n');
  });

  it('cuts neither a break nor a pair of quotes at the border of two chunks', async () => {
    for (const shift of [0, 1, 2]) {
      const head = `A;B\r\n${'x'.repeat((1 << 20) - 7 - shift)}`;
      expect((await copied(`${head};\r\n"a""b";€\r\n`)).text).toBe(`${head.replace('\r', '')};\n"a""b";€\n`);
    }
  });
});

describe('fingerprint', () => {
  it.each([
    ['A;B\n1;2\n3;4', true],
    ['A;B\n1;2\n\n3;4', false],
    ['\nA;B\n', false],
    ['A;B\r\n1;2\r\n', false],
    [`A;B\n${'x'.repeat((1 << 20) - 5)}\n\n1;2\n`, false],
    [Buffer.from('A;\xe4\n', 'latin1'), false],
  ])('knows plain text (%#)', async (content, plain) => {
    const file = path.join(directory, 'y.csv');
    await writeFile(file, content);
    expect((await fingerprint(file)).plain).toBe(plain);
  });
});
