import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of a test's own. `using folder = temporaryDirectory()` removes it, with all that is in it, when the scope ends. */
export interface TemporaryDirectory extends Disposable {
  /** Absolute, without symbolic links: what a child process reports is comparable to it. */
  readonly path: string;
  /** An absolute path below it. */
  file(...parts: readonly string[]): string;
}

export function temporaryDirectory(prefix = 'skein-'): TemporaryDirectory {
  const path = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  return {
    path,
    file: (...parts) => join(path, ...parts),
    // A process that was just killed may still be writing: rm meets ENOTEMPTY, and tries again.
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  };
}
