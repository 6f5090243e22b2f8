import { readdir, stat, writeFile } from 'node:fs/promises';
import { temporaryDirectory } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { pseudonymKey, secretFile } from './secret-file.ts';

describe('secret files', () => {
  it('are made once, whoever asks at the same time', async () => {
    using folder = temporaryDirectory();
    const file = folder.file('a', 'b', 'secret');
    let made = 0;
    const texts = await Promise.all(Array.from({ length: 20 }, () => secretFile(file, async () => `secret ${(made += 1)}`)));
    expect(new Set(texts).size).toBe(1);
    expect(made).toBeGreaterThan(1);
    expect(await readdir(folder.file('a', 'b'))).toEqual(['secret']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('fail with their place where they cannot be', async () => {
    using folder = temporaryDirectory();
    await writeFile(folder.file('a'), '');
    await expect(secretFile(folder.file('a', 'secret'), async () => 'x')).rejects.toMatchObject({
      code: 'SKEIN_STORAGE_FAILED',
      place: { file: folder.file('a', 'secret') },
    });
  });

  it('hold 32 random bytes for pseudonyms, and refuse to guess a damaged key', async () => {
    using one = temporaryDirectory();
    using two = temporaryDirectory();
    const key = await pseudonymKey(one.path);
    expect(key).toHaveLength(32);
    expect(await pseudonymKey(one.path)).toEqual(key);
    expect(await pseudonymKey(two.path)).not.toEqual(key);
    await writeFile(one.file('pseudonym.key'), 'not a key');
    await expect(pseudonymKey(one.path)).rejects.toMatchObject({ code: 'SKEIN_CONFIG_INVALID' });
  });
});
