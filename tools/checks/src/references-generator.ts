import type { Tree } from '@nx/devkit';
import { checkDeclarations } from './floors.ts';
import { staleReferences } from './references.ts';
import { readWorkspace } from './workspace.ts';

/**
 * The Nx sync generator: writes the project references, and refuses packages that break the floors. It reads no source: a
 * dependency is declared before it is used.
 */
export async function referencesGenerator(tree: Tree): Promise<{ readonly outOfSyncMessage?: string }> {
  const workspace = readWorkspace(tree.root);
  const faults = checkDeclarations(workspace);
  if (faults.length > 0) {
    throw new Error(`the floors of docs/architecture.md are broken:\n${faults.map((fault) => `  ${fault.place}: ${fault.message}`).join('\n')}`);
  }
  const { stale } = staleReferences(workspace);
  for (const config of stale) tree.write(config.path, config.text);
  if (stale.length === 0) return {};
  return { outOfSyncMessage: `project references differ from package.json: ${stale.map((config) => config.path).join(', ')}` };
}
