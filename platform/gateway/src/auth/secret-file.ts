import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkeinError } from '@skein/kernel';

/**
 * Text of a file that its owner alone may read. The first call makes it, durably, with what `make` gives; of racing processes one
 * wins and all read the winner's. Throws SKEIN_STORAGE_FAILED.
 */
export async function secretFile(file: string, make: () => Promise<string>): Promise<string> {
  return (await readSecret(file)) ?? (await makeSecret(file, await make()));
}

async function readSecret(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SkeinError('SKEIN_STORAGE_FAILED', `the key ${file} cannot be read`, { cause: error, place: { file } });
  }
}

async function makeSecret(file: string, text: string): Promise<string> {
  const folder = dirname(file);
  const temporary = join(folder, `.tmp-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // The mode given to open() is narrowed by the umask, which must not take the owner's own right to read.
    await chmod(temporary, 0o600);
    await link(temporary, file);
    const directory = await open(folder);
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new SkeinError('SKEIN_STORAGE_FAILED', `the key ${file} cannot be written`, { cause: error, place: { file } });
  } finally {
    await rm(temporary, { force: true });
  }
  return (await readSecret(file)) as string;
}

const KEY_BYTES = 32;

/**
 * The secret with which pseudonyms of this mesh are keyed, in `<dir>/pseudonym.key` (hex). Pseudonyms change when it does, so it
 * is made once and belongs into the backup.
 */
export async function pseudonymKey(dir: string): Promise<Uint8Array> {
  const file = join(dir, 'pseudonym.key');
  const text = await secretFile(file, async () => `${randomBytes(KEY_BYTES).toString('hex')}\n`);
  if (!/^[\da-f]{64,}\s*$/.test(text))
    throw new SkeinError('SKEIN_CONFIG_INVALID', `${file} is not a key of at least ${KEY_BYTES} bytes in hex`, {
      place: { file },
      hint: 'Restore the file from a copy: with another key all pseudonyms change.',
    });
  return Buffer.from(text.trim(), 'hex');
}
