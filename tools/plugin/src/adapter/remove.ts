import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { readWorkspace } from '@skein/checks';
import { SkeinError } from '@skein/kernel';
import { guarded } from '../workspace/guard.ts';
import { leavePackage, readJson, unlinkPackage } from '../workspace/packages.ts';
import { adapterPackage } from './generator.ts';

interface Dependent {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** `nx g @skein/plugin:remove --adapter NAME`: the package goes, where no other depends on it. */
export function removeAdapter(tree: Tree, name: string): Promise<() => void> {
  const { directory, packageName } = adapterPackage(name);
  return guarded(
    tree,
    () => {
      const { packages } = readWorkspace(tree.root);
      if (!packages.some((one) => one.directory === directory))
        throw new SkeinError('SKEIN_USAGE', `there is no adapter ${JSON.stringify(name)}`, {
          hint: `There are ${packages.flatMap((one) => (one.directory.startsWith('libs/adapters/') ? path.posix.basename(one.directory) : [])).join(', ')}.`,
        });
      const dependents = packages.filter(({ directory: of }) => {
        const { dependencies, devDependencies } = readJson<Dependent | null>(tree, `${of}/package.json`) ?? {};
        return packageName in { ...dependencies, ...devDependencies };
      });
      if (dependents.length > 0)
        throw new SkeinError('SKEIN_USAGE', `${packageName} is a dependency of ${dependents.map((one) => one.name).join(', ')}`, {
          hint: 'Take it out of those first.',
        });
      tree.delete(directory);
      leavePackage(tree, directory, packageName);
      const page = tree.read('docs/architecture.md', 'utf8') ?? '';
      tree.write('docs/architecture.md', page.replace(` \`${directory}\``, ''));
      return Promise.resolve();
    },
    () => {
      rmSync(path.join(tree.root, directory), { recursive: true, force: true });
      unlinkPackage(tree.root, packageName);
    },
  );
}
