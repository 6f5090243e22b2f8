import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FsTree } from '@nx/devkit/internal';
import type { Tree } from '@nx/devkit';

/** A tree over a folder, and what Nx does with it when a generator has ended. */
export function treeOf(folder: string): { tree: Tree; flush(): void } {
  const tree = new FsTree(folder, false);
  return {
    tree,
    flush() {
      for (const { path: name, type, content } of tree.listChanges()) {
        const file = path.join(folder, name);
        if (type === 'DELETE') rmSync(file, { recursive: true, force: true });
        else {
          mkdirSync(path.dirname(file), { recursive: true });
          writeFileSync(file, content ?? '');
        }
      }
    },
  };
}
