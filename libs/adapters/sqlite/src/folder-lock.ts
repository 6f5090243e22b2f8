import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SkeinError } from '@skein/kernel';

/**
 * Keeps other connectors off a folder, in this process and in others, until it is disposed of or the process ends, also by `kill -9`: the lock is
 * SQLite's on a file, and goes with who holds it. Throws SKEIN_CONFIG_INVALID at once when another holds it.
 */
export function lockFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true });
  const database = new DatabaseSync(path.join(folder, '.lock'), { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new SkeinError('SKEIN_CONFIG_INVALID', `${folder} is being written by another connector`, {
      hint: 'One connector a folder: stop the other, or give this one another folder.',
      cause: error,
      context: { folder },
    });
  }
  return { [Symbol.dispose]: () => database.isOpen && database.close() };
}
