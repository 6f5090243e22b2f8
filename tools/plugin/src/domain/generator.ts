import type { Tree } from '@nx/devkit';
import { readWorkspace } from '@skein/checks';
import { SkeinError } from '@skein/kernel';
import { formatted } from '../workspace/format.ts';
import { guarded } from '../workspace/guard.ts';
import { checkNewName, fileName, identifier } from '../workspace/names.ts';
import { changeDependencies, enterPackage, linkPackage, readJson, writeJson } from '../workspace/packages.ts';
import { domainReadme, domainSource, domainTest } from './files.ts';

export interface DomainOptions {
  readonly name: string;
  readonly owner: string;
}

/** The domain whose entry point and manifest a new one's are made like. */
const MODEL = 'ga4';
/** Where the mesh lists its domains. */
export const REGISTRY = 'platform/mesh/src/domains.ts';
const PAGE = 'docs/architecture.md';

/** `nx g @skein/plugin:domain NAME --owner TEAM`: a domain that builds, runs and passes its test, and has no product yet. */
export function domainGenerator(tree: Tree, options: DomainOptions): Promise<() => void> {
  const { name } = options;
  return guarded(
    tree,
    () => {
      writeDomain(tree, options);
      return Promise.resolve();
    },
    () => linkPackage(tree.root, `domains/${name}`, `@skein/${name}`),
  );
}

function writeDomain(tree: Tree, { name, owner }: DomainOptions): void {
  checkNewName('domain', name);
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .,&'()/+-]{0,79}$/u.test(owner))
    throw new SkeinError('SKEIN_USAGE', `the owner ${JSON.stringify(owner)} is no name of a team`, {
      hint: 'Give --owner letters, digits and spaces, at most 80.',
    });
  const directory = `domains/${name}`;
  const taken = readWorkspace(tree.root).packages.find((one) => one.name === `@skein/${name}`);
  if (taken || tree.exists(directory) || tree.exists(`contracts/${name}`))
    throw new SkeinError(
      'SKEIN_NAME_INVALID',
      `there is ${taken ? `a package @skein/${name} in ${taken.directory}` : tree.exists(directory) ? `a folder ${directory}` : `a folder contracts/${name}`} already`,
      {
        hint: 'Take another name, or remove what is there first: nothing is overwritten.',
      },
    );
  const own = identifier(name);
  if (new RegExp(`^import \\{ ${own} \\}`, 'm').test(tree.read(REGISTRY, 'utf8') ?? ''))
    throw new SkeinError('SKEIN_NAME_INVALID', `${name} is called ${own} in code, and so is another domain in ${REGISTRY}`, {
      hint: 'Take a name that differs in more than underscores: nothing was changed.',
    });
  const main = modelText(tree, 'src/main.ts')
    .replaceAll(`'${MODEL}'`, `'${name}'`)
    .replaceAll(new RegExp(`\\b${MODEL}\\b`, 'g'), own)
    .replaceAll(`'${own}'`, `'${name}'`);
  const files: Readonly<Record<string, string>> = {
    'src/index.ts': `export { ${own} } from './${fileName(name)}.ts';\n`,
    [`src/${fileName(name)}.ts`]: domainSource(name),
    [`src/${fileName(name)}.test.ts`]: domainTest(name),
    'src/main.ts': main,
    'README.md': domainReadme(name, owner),
  };
  for (const [file, text] of Object.entries(files))
    tree.write(`${directory}/${file}`, file.endsWith('.ts') ? formatted(tree.root, `${directory}/${file}`, text) : text);
  const used = new Set(
    Object.entries(files).flatMap(([file, text]) =>
      file.endsWith('.test.ts') ? [] : [...text.matchAll(/from '(@skein\/[^']+)'/g)].map(([, one]) => one ?? ''),
    ),
  );
  const model = readJson<Record<string, unknown>>(tree, `domains/${MODEL}/package.json`);
  writeJson(tree, `${directory}/package.json`, {
    ...model,
    name: `@skein/${name}`,
    author: owner,
    dependencies: Object.fromEntries([...used].sort().map((one) => [one, '*'])),
    devDependencies: { '@skein/testing': '*' },
  });
  tree.write(`${directory}/tsconfig.json`, modelText(tree, 'tsconfig.json'));
  enterPackage(tree, directory);
  register(tree, name);
}

function modelText(tree: Tree, file: string): string {
  const text = tree.read(`domains/${MODEL}/${file}`, 'utf8');
  if (text === null) throw new SkeinError('SKEIN_INTERNAL', `domains/${MODEL}/${file} is gone, after which domains are made`);
  return text;
}

/** Lists the domain where the mesh does, and on the page of the house. */
function register(tree: Tree, name: string): void {
  const own = identifier(name);
  const registry = tree.read(REGISTRY, 'utf8') ?? '';
  const entry = own === name ? `  ${own},` : `  ${name}: ${own},`;
  const listed = registry.replace(/^};$/m, `${entry}\n};`);
  tree.write(REGISTRY, formatted(tree.root, REGISTRY, `import { ${own} } from '@skein/${name}';\n${listed}`));
  changeDependencies(tree, 'platform/mesh', { add: [`@skein/${name}`] });
  const page = tree.read(PAGE, 'utf8') ?? '';
  tree.write(PAGE, page.replace(/^(\| F7 \| (?:`domains\/[a-z0-9_]+` )+)/m, `$1\`domains/${name}\` `));
}
