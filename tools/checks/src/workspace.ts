import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** One entry of a package's `dependencies` or `devDependencies`. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/** A package of the workspace, as its package.json declares it. Paths are relative to the root, with `/`. */
export interface Package {
  readonly name: string;
  readonly directory: string;
  /** From the nx tag `floor:…`; undefined when the tag is missing. */
  readonly floor: string | undefined;
  readonly dependencies: readonly Dependency[];
  /** The keys of `exports`: `.`, and what else the package offers by name. */
  readonly entries: readonly string[];
  /** TypeScript files below `src`, without `golden/`. */
  readonly sources: readonly string[];
}

export interface Workspace {
  readonly root: string;
  readonly packages: readonly Package[];
  /** Tools that every package's tests and configuration may use: the root's own dependencies. */
  readonly rootDependencies: readonly string[];
}

interface Manifest {
  readonly name?: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly nx?: { readonly tags?: readonly string[] };
}

const FLOOR = 'floor:';

/** Reads the root package.json, and every package that its `workspaces` globs name. */
export function readWorkspace(root: string): Workspace {
  const manifest = readManifest(join(root, 'package.json'));
  const directories = (manifest.workspaces ?? []).flatMap((pattern) => globSync(pattern, { cwd: root }));
  const packages = [...new Set(directories.map(slashed))]
    .filter((directory) => existsSync(join(root, directory, 'package.json')))
    .sort()
    .map((directory) => readPackage(root, directory));
  return { root, packages, rootDependencies: Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }) };
}

/** The peer dependencies of an installed package: whoever declares that package has to bring them. */
export function peersOf(root: string, directory: string, name: string): readonly string[] {
  for (const base of [join(root, directory), root]) {
    const path = join(base, 'node_modules', name, 'package.json');
    if (existsSync(path)) return Object.keys(readManifest(path).peerDependencies ?? {});
  }
  return [];
}

function readPackage(root: string, directory: string): Package {
  const manifest = readManifest(join(root, directory, 'package.json'));
  const list = (entries: Readonly<Record<string, string>> | undefined, dev: boolean): Dependency[] =>
    Object.entries(entries ?? {}).map(([name, version]) => ({ name, version, dev }));
  return {
    name: manifest.name ?? directory,
    directory,
    floor: manifest.nx?.tags?.find((tag) => tag.startsWith(FLOOR))?.slice(FLOOR.length),
    dependencies: [...list(manifest.dependencies, false), ...list(manifest.devDependencies, true)],
    entries: Object.keys(manifest.exports ?? { '.': '' }),
    sources: sourcesOf(root, join(root, directory, 'src')),
  };
}

function sourcesOf(root: string, directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => slashed(relative(root, join(entry.parentPath, entry.name))))
    .filter((path) => !/\/(golden|node_modules|dist)\//.test(path))
    .sort();
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
