import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { SkeinError } from '@skein/kernel';

/** Names of contract files. */
export const CONTRACT = /\.odcs\.ya?ml$/i;
/** Data contracts and the descriptors of data products. */
export const DESCRIPTOR = /\.od[cp]s\.ya?ml$/i;
/** Folders that hold other people's files or what a build made of them. */
const SKIPPED = new Set(['node_modules', '.git', 'dist']);
export function isSkipped(folder: string): boolean {
  return SKIPPED.has(folder);
}
/** More text than any contract may have; what is longer is refused by the reader with a place. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Files as named, and of folders every `*.odcs.yaml` below them (or every file of the names wanted), sorted. Throws SKEIN_CONTRACT_NOT_FOUND where nothing is there. */
export async function contractFiles(targets: readonly string[], cwd: string, wanted: RegExp = CONTRACT): Promise<string[]> {
  const files: string[] = [];
  for (const target of targets) {
    const absolute = path.resolve(cwd, target);
    const found = await stat(absolute).catch(() => undefined);
    if (!found)
      throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `there is nothing at ${JSON.stringify(target)}`, {
        hint: 'Name a contract file, or a folder that holds *.odcs.yaml.',
      });
    if (!found.isDirectory()) {
      files.push(absolute);
      continue;
    }
    const below = await contractsBelow(absolute, wanted);
    if (below.length === 0)
      throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `no *.odcs.yaml lies below ${JSON.stringify(target)}`, {
        hint: 'Contracts are files whose names end in .odcs.yaml; name other files one by one.',
      });
    files.push(...below);
  }
  return [...new Set(files)];
}

async function contractsBelow(folder: string, wanted: RegExp): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() && !isSkipped(entry.name)) files.push(...(await contractsBelow(full, wanted)));
    else if (entry.isFile() && wanted.test(entry.name)) files.push(full);
  }
  return files.sort();
}

/** The text of a file that a user named. Bytes that are no UTF-8 become U+FFFD, so that a reader may show their place. */
export async function readText(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES)
      throw new SkeinError('SKEIN_CONTRACT_LIMIT', `the file has ${size} bytes, which no contract has`, { place: { file, line: 1, column: 1 } });
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof SkeinError) throw error;
    throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    });
  }
}
