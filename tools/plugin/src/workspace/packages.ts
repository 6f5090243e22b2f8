import { existsSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { readWorkspace } from '@skein/checks';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function readJson<T>(tree: Tree, file: string): T {
  return JSON.parse(tree.read(file, 'utf8') ?? 'null') as T;
}

export function writeJson(tree: Tree, file: string, value: unknown): void {
  tree.write(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Writes the package's place into package-lock.json and the project references, as npm and `nx sync` would. */
export function enterPackage(tree: Tree, directory: string): void {
  const manifest = readJson<Manifest>(tree, `${directory}/package.json`);
  const { name, version, license, dependencies, devDependencies } = manifest;
  changeLock(tree, (packages) => {
    packages[directory] = { name, version, license, dependencies, devDependencies };
    packages[`node_modules/${name}`] = { resolved: directory, link: true };
  });
  changeReferences(tree, 'tsconfig.json', (paths) => [...paths, `./${directory}`]);
  refer(tree, directory);
}

/** Takes the package out of package-lock.json and the root's references; its own files are deleted by whoever wrote them. */
export function leavePackage(tree: Tree, directory: string, name: string): void {
  changeLock(tree, (packages) => {
    delete packages[directory];
    delete packages[`node_modules/${name}`];
  });
  changeReferences(tree, 'tsconfig.json', (paths) => paths.filter((one) => one !== `./${directory}`));
}

/** Adds or removes dependencies of a package on others of the workspace, in its manifest, the lock and its references. */
export function changeDependencies(
  tree: Tree,
  directory: string,
  change: { readonly add?: readonly string[]; readonly remove?: readonly string[]; readonly dev?: readonly string[] },
): void {
  const file = `${directory}/package.json`;
  const manifest = readJson<Manifest>(tree, file);
  const changed = (list: Readonly<Record<string, string>> = {}, add: readonly string[] = []) =>
    Object.fromEntries(
      Object.entries({ ...list, ...Object.fromEntries(add.map((name) => [name, list[name] ?? '*'])) })
        .filter(([name]) => !change.remove?.includes(name))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const next = {
    ...manifest,
    dependencies: changed(manifest.dependencies, change.add),
    ...(manifest.devDependencies || change.dev ? { devDependencies: changed(manifest.devDependencies, change.dev) } : {}),
  };
  writeJson(tree, file, next);
  changeLock(tree, (packages) => {
    packages[directory] = {
      ...(packages[directory] as object),
      dependencies: next.dependencies,
      ...('devDependencies' in next ? { devDependencies: next.devDependencies } : {}),
    };
  });
  refer(tree, directory);
}

/** Project references follow from the manifest: those of the workspace's packages that it names. */
function refer(tree: Tree, directory: string): void {
  const { dependencies = {}, devDependencies = {} } = readJson<Manifest>(tree, `${directory}/package.json`);
  const known = new Map<string, string>(readWorkspace(tree.root).packages.map((one) => [one.name, one.directory] as const));
  for (const child of tree.children('domains')) {
    const manifest = readJson<Manifest | null>(tree, `domains/${child}/package.json`);
    if (manifest) known.set(manifest.name, `domains/${child}`);
  }
  const targets = [...Object.keys(dependencies), ...Object.keys(devDependencies)].flatMap((name) => known.get(name) ?? []);
  const hasProject = (target: string) => tree.exists(`${target}/tsconfig.json`) && target !== directory;
  changeReferences(tree, `${directory}/tsconfig.json`, () => targets.filter(hasProject).map((target) => path.posix.relative(directory, target)));
}

function changeReferences(tree: Tree, file: string, change: (paths: readonly string[]) => readonly string[]): void {
  const config = readJson<{ references?: { path: string }[] }>(tree, file);
  const paths = change((config.references ?? []).map((reference) => reference.path));
  writeJson(tree, file, { ...config, references: [...new Set(paths)].sort().map((one) => ({ path: one })) });
}

function changeLock(tree: Tree, change: (packages: Record<string, unknown>) => void): void {
  if (!tree.exists('package-lock.json')) return;
  const lock = readJson<{ packages: Record<string, unknown> }>(tree, 'package-lock.json');
  change(lock.packages);
  // npm sorts by the rules of the English language
  const order = new Intl.Collator('en').compare;
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => order(a, b)));
  writeJson(tree, 'package-lock.json', lock);
}

/** What `npm ci` would link: `node_modules/<name>` → the package's folder. */
export function linkPackage(root: string, directory: string, name: string): void {
  const link = path.join(root, 'node_modules', name);
  if (existsSync(link)) return;
  rmSync(link, { force: true });
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(path.relative(path.dirname(link), path.join(root, directory)), link);
}

export function unlinkPackage(root: string, name: string): void {
  const link = path.join(root, 'node_modules', name);
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(link);
}

/** Takes away links of the workspace's packages that lead nowhere. */
export function unlinkLost(root: string): void {
  const scope = path.join(root, 'node_modules/@skein');
  if (!existsSync(scope)) return;
  for (const name of readdirSync(scope)) if (!existsSync(path.join(scope, name))) unlinkPackage(root, `@skein/${name}`);
}
