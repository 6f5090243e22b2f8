import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from '@skein/kernel';

/** What can be told of all files below folders without reading them; another text means that something was written, moved or taken away. */
export async function stampOf(folders: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])) {
      const file = path.join(entry.parentPath, entry.name);
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      if (found?.isFile()) lines.push(`${file} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`);
    }
  }
  return sha256(lines.sort().join('\n'));
}
