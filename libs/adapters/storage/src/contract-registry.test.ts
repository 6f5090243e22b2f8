import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContractDraft } from '@skein/ports';
import { contractRegistryConformance } from '@skein/ports/conformance';
import { describe, expect, it } from 'vitest';
import { localContractRegistry } from './contract-registry.ts';

/** A folder that is gone with its scope. */
async function temporaryFolder() {
  const root = await mkdtemp(path.join(tmpdir(), 'skein-registry-'));
  return { file: (...parts: string[]) => path.join(root, ...parts), [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

contractRegistryConformance('local disk', async () => {
  const folder = await temporaryFolder();
  return {
    registry: localContractRegistry({ root: folder.file('registry') }),
    other: () => localContractRegistry({ root: folder.file('registry') }),
    dispose: () => folder[Symbol.asyncDispose](),
  };
});

const LINE = { domain: 'sap', name: 'material', major: 1 };
const FOLDER = 'registry/sap/material/v1';
const draft = (minor: number, text = `version: 1.${minor}.0\n`): ContractDraft => ({
  version: `1.${minor}.0`,
  hash: String(minor).padStart(64, '0'),
  status: 'active',
  mode: 'FULL',
  text,
  publishedAt: 0,
  publishedBy: 'test',
});
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('what lies on the disk', () => {
  it.each<[string, (file: (name: string) => string) => Promise<void>]>([
    [
      'a changed byte of the text',
      async (file) => writeFile(file('0002.json'), (await readFile(file('0002.json'), 'utf8')).replace('version: 1.1', 'version: 1.9')),
    ],
    [
      'a changed hash',
      async (file) => writeFile(file('0002.json'), (await readFile(file('0002.json'), 'utf8')).replace(`${'0'.repeat(8)}1"`, `${'0'.repeat(8)}7"`)),
    ],
    ['half a file', async (file) => writeFile(file('0002.json'), (await readFile(file('0002.json'), 'utf8')).slice(0, 80))],
    ['an empty file', async (file) => writeFile(file('0003.json'), '')],
    ['a file that stands for another', async (file) => rename(file('0003.json'), file('0002.json'))],
    ['a missing first version', async (file) => rm(file('0001.json'))],
    ['a missing middle version', async (file) => rm(file('0002.json'))],
    ['JSON that is no record', async (file) => writeFile(file('0001.json'), '{"__proto__":{"sum":"x"}}')],
  ])('is told apart from what was written: %s', async (_name, harm) => {
    await using folder = await temporaryFolder();
    const write = localContractRegistry({ root: folder.file('registry') });
    for (let at = 0; at < 3; at += 1) await write.append(LINE, draft(at), at);
    expect(await localContractRegistry({ root: folder.file('registry') }).versions(LINE)).toHaveLength(3);
    await harm((name) => folder.file(FOLDER, name));
    const reader = localContractRegistry({ root: folder.file('registry') });
    await expect(reader.versions(LINE)).rejects.toEqual(code('SKEIN_REGISTRY_CORRUPT'));
    await expect(reader.append(LINE, draft(3), 3)).rejects.toEqual(code('SKEIN_REGISTRY_CORRUPT'));
  });

  it('may have foreign files beside it, and loses old leavings only', async () => {
    await using folder = await temporaryFolder();
    await mkdir(folder.file(FOLDER), { recursive: true });
    for (const name of ['.tmp-old', '.tmp-young', '.DS_Store', '12.json', '00001.json', '0000.json.bak']) await writeFile(folder.file(FOLDER, name), 'x');
    await utimes(folder.file(FOLDER, '.tmp-old'), 1, 1);
    const registry = localContractRegistry({ root: folder.file('registry') });
    expect(await registry.majors('sap', 'material')).toEqual([]);
    await registry.append(LINE, draft(0), 0);
    expect(await registry.versions(LINE)).toHaveLength(1);
    expect((await readdir(folder.file(FOLDER))).sort()).toEqual(['.DS_Store', '.tmp-young', '0000.json.bak', '00001.json', '0001.json', '12.json']);
  });

  it('is read on past 9,999 versions', async () => {
    await using folder = await temporaryFolder();
    const registry = localContractRegistry({ root: folder.file('registry') });
    await registry.append(LINE, draft(0), 0);
    const first = path.join(folder.file(FOLDER), '0001.json');
    // only the names are looked at before the first record is read
    for (let number = 2; number <= 10_001; number += 1)
      if (number < 3 || number > 9_998) await writeFile(path.join(path.dirname(first), `${String(number).padStart(4, '0')}.json`), '');
    await expect(localContractRegistry({ root: folder.file('registry') }).versions(LINE)).rejects.toMatchObject({
      message: expect.stringContaining('0003.json'),
    });
  });
});
