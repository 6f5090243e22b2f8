import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { SkeinError } from '@skein/kernel';
import { identifier } from '../workspace/names.ts';

/** The package whose code new adapters are made of: every port that can be kept in memory is implemented there, and passes its suite. */
export const MODEL = 'libs/adapters/memory';

/** A file of the model, by its name below `src`. */
export interface ModelFile {
  readonly name: string;
  readonly text: string;
}

/** Ports that the model implements, and the test that holds each to its suite. */
export function modelPorts(tree: Tree): ReadonlyMap<string, string> {
  const ports = new Map<string, string>();
  for (const name of tree.children(`${MODEL}/src`)) {
    if (!name.endsWith('.test.ts')) continue;
    const suite = /\b([a-z][A-Za-z]*)Conformance\(/.exec(tree.read(`${MODEL}/src/${name}`, 'utf8') ?? '')?.[1];
    if (suite !== undefined)
      ports.set(
        suite.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
        name,
      );
  }
  return ports;
}

/** The test of a port with all that it needs, at any depth. Throws SKEIN_USAGE for a port that the model lacks. */
export function modelFiles(tree: Tree, port: string): readonly ModelFile[] {
  const ports = modelPorts(tree);
  const test = ports.get(port);
  if (test === undefined)
    throw new SkeinError('SKEIN_USAGE', `no adapter is made of ${JSON.stringify(port)}`, {
      hint: `Give --port one of ${[...ports.keys()].sort().join(', ')}.`,
    });
  const found = new Map<string, string>();
  const open = [test];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const text = found.has(name) ? null : tree.read(`${MODEL}/src/${name}`, 'utf8');
    if (text === null) continue;
    found.set(name, text);
    // Modules, and files that are started as threads.
    for (const [, of = ''] of text.matchAll(/'(?:\.\/)?([\w.-]+\.ts)'/g)) open.push(path.posix.normalize(of));
  }
  return [...found].map(([name, text]) => ({ name, text })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A name or a text of the model, as the new adapter has it. */
export function renamed(text: string, name: string): string {
  const own = identifier(name);
  const capital = `${own.slice(0, 1).toUpperCase()}${own.slice(1)}`;
  return text
    .replaceAll(/Memory(?=[A-Z])/g, capital)
    .replaceAll(/\bmemory(?=[A-Z])/g, own)
    .replaceAll(/\bmemory-(?=[a-z-]+\.)/g, `${name.replaceAll('_', '-')}-`)
    .replaceAll(/(Conformance\(\s*')memory/g, `$1${name}`)
    .replaceAll(/(describe\(')memory/g, `$1${name}`);
}

/** The lines of the model's `index.ts` that export what the files hold. */
export function exportsOf(tree: Tree, files: readonly ModelFile[]): string {
  const lines = (tree.read(`${MODEL}/src/index.ts`, 'utf8') ?? '').match(/^export [^;]*;$/gm) ?? [];
  return lines
    .filter((line) => files.some(({ name }) => line.includes(`'./${name}'`)))
    .map((line) => `${line}\n`)
    .join('');
}

/** Packages that the files import: those of code that runs, and those of tests alone. */
export function importsOf(files: readonly ModelFile[]): { readonly own: string[]; readonly tests: string[] } {
  const packages = (of: readonly ModelFile[]) =>
    [...new Set(of.flatMap(({ text }) => [...text.matchAll(/from '(@skein\/[a-z0-9-]+)/g)].map(([, one = '']) => one)))].sort();
  const isTest = ({ name }: ModelFile) => /\.(?:test|fixture)\.ts$/.test(name);
  const own = packages(files.filter((file) => !isTest(file)));
  return { own, tests: packages(files.filter(isTest)).filter((one) => !own.includes(one)) };
}
