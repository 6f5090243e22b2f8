import type { Tree } from '@nx/devkit';
import { readWorkspace } from '@skein/checks';
import { SkeinError } from '@skein/kernel';
import { formatted } from '../workspace/format.ts';
import { guarded } from '../workspace/guard.ts';
import { checkNewName, fileName } from '../workspace/names.ts';
import { enterPackage, linkPackage, readJson, writeJson } from '../workspace/packages.ts';
import { exportsOf, importsOf, MODEL, modelFiles, renamed } from './template.ts';

export interface AdapterOptions {
  readonly name: string;
  /** As its suite is called: `state-store`, `event-bus`. */
  readonly port: string;
}

const PAGE = 'docs/architecture.md';

/** Folder and package of an adapter. */
export function adapterPackage(name: string): { readonly directory: string; readonly packageName: string } {
  return { directory: `libs/adapters/${fileName(name)}`, packageName: `@skein/adapter-${fileName(name)}` };
}

/**
 * `nx g @skein/plugin:adapter NAME --port PORT`: a package that implements the port and passes its suite at once. It is the in-memory
 * adapter under names of its own: what it does with memory is then to be done with the technology, the suite says when it is right.
 */
export function adapterGenerator(tree: Tree, options: AdapterOptions): Promise<() => void> {
  const { directory, packageName } = adapterPackage(options.name);
  return guarded(
    tree,
    () => {
      writeAdapter(tree, options);
      return Promise.resolve();
    },
    () => linkPackage(tree.root, directory, packageName),
  );
}

function writeAdapter(tree: Tree, { name, port }: AdapterOptions): void {
  checkNewName('adapter', name);
  const { directory, packageName } = adapterPackage(name);
  const taken = readWorkspace(tree.root).packages.find((one) => one.name === packageName);
  if (taken || tree.exists(directory))
    throw new SkeinError('SKEIN_NAME_INVALID', `there is ${taken ? `a package ${packageName}` : `a folder ${directory}`} already`, {
      hint: 'Take another name, or remove what is there first: nothing is overwritten.',
    });
  const files = modelFiles(tree, port);
  const { own, tests } = importsOf(files);
  const write = (file: string, text: string) => tree.write(`${directory}/${file}`, formatted(tree.root, `${directory}/${file}`, text));
  for (const file of files) write(`src/${renamed(file.name, name)}`, renamed(file.text, name));
  write('src/index.ts', renamed(exportsOf(tree, files), name));
  const { devDependencies: _, ...model } = readJson<Record<string, unknown>>(tree, `${MODEL}/package.json`);
  writeJson(tree, `${directory}/package.json`, {
    ...model,
    name: packageName,
    dependencies: Object.fromEntries(own.map((one) => [one, '*'])),
    ...(tests.length === 0 ? {} : { devDependencies: Object.fromEntries(tests.map((one) => [one, '*'])) }),
  });
  tree.write(`${directory}/tsconfig.json`, tree.read(`${MODEL}/tsconfig.json`, 'utf8') ?? '');
  enterPackage(tree, directory);
  const page = tree.read(PAGE, 'utf8') ?? '';
  tree.write(PAGE, page.replace(/^(\| F4 \| (?:`libs\/adapters\/[a-z0-9-]+` )+)/m, `$1\`${directory}\` `));
}
