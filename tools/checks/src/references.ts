import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Workspace } from './workspace.ts';

/** A tsconfig.json whose `references` differ from what the packages declare, with the text that it should hold. */
export interface StaleConfig {
  readonly path: string;
  readonly text: string;
}

interface Config {
  readonly references?: readonly { readonly path: string }[];
}

/**
 * Project references follow from package.json: each project refers to the projects of its dependencies, and the root to
 * all. So the direction of a dependency is written once, and `tsc -b` refuses what was not declared.
 */
export function staleReferences(workspace: Workspace): { readonly stale: readonly StaleConfig[]; readonly looked: number } {
  const projects = new Map(workspace.packages.filter((one) => existsSync(join(workspace.root, one.directory, 'tsconfig.json'))).map((one) => [one.name, one]));
  const wanted = new Map<string, string[]>();
  wanted.set('tsconfig.json', [...projects.values()].map((one) => `./${one.directory}`).sort());
  for (const one of projects.values()) {
    const targets = one.dependencies.flatMap((dependency) => projects.get(dependency.name) ?? []);
    const paths = targets.filter((target) => target !== one).map((target) => posix.relative(one.directory, target.directory));
    wanted.set(`${one.directory}/tsconfig.json`, [...new Set(paths)].sort());
  }

  const stale: StaleConfig[] = [];
  for (const [path, references] of wanted) {
    const config = JSON.parse(readFileSync(join(workspace.root, path), 'utf8')) as Config;
    const found = (config.references ?? []).map((reference) => reference.path);
    if (found.length === references.length && found.every((one, at) => one === references[at])) continue;
    const text = JSON.stringify({ ...config, references: references.map((reference) => ({ path: reference })) }, null, 2);
    stale.push({ path, text: `${text}\n` });
  }
  return { stale, looked: wanted.size };
}
