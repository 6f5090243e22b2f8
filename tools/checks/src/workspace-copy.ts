import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { readWorkspace } from './workspace.ts';

/** Of the root, and of packages: what a fresh clone would not hold, or what is linked instead. */
const LEFT_OUT = new Set(['node_modules', '.git', '.nx', '.skein', '.cache', 'coverage']);

/**
 * Copies the workspace at `root` as it stands, so that commands may write where they like. Installed packages are linked,
 * and the workspace's own packages link to the copy.
 */
export function copyWorkspace(root: string, folder: string): void {
  cpSync(root, folder, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => relative(root, source) === '' || (!LEFT_OUT.has(basename(source)) && !basename(source).startsWith('.skein')),
  });
  linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
  // Packages that npm keeps with one of ours, because another needs another version: without them all that was built counts as stale.
  for (const { directory } of readWorkspace(root).packages) {
    const own = join(root, directory, 'node_modules');
    if (existsSync(own)) symlinkSync(own, join(folder, directory, 'node_modules'));
  }
}

function linkPackages(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (lstatSync(source).isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else if (name.startsWith('@') || name === '.bin') linkPackages(source, target);
    else symlinkSync(source, target);
  }
}
