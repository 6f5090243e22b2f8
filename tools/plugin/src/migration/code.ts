import type { Tree } from '@nx/devkit';
import { SkeinError } from '@skein/kernel';
import { formatted } from '../workspace/format.ts';
import { fileName, identifier } from '../workspace/names.ts';

/** Names of the code of a major that stays beside its successor. */
export function olderNames(domain: string, name: string, major: number) {
  return {
    own: `${identifier(name)}V${major}`,
    module: `${fileName(name)}-v${major}`,
    id: `${domain}.${name}_v${major}`,
    folder: `domains/${domain}/src`,
  };
}

/**
 * The code of the major that stays: a copy of the product's module under names of its own, so that what is changed for the next major
 * leaves it alone. Its source is shared, its bronze table is not.
 */
export function copyCode(tree: Tree, domain: string, name: string, major: number): void {
  const own = identifier(name);
  const older = olderNames(domain, name, major);
  const file = `${older.folder}/${fileName(name)}.ts`;
  const text = tree.read(file, 'utf8');
  if (text === null || !new RegExp(`^export function ${own}\\(`, 'm').test(text) || !text.includes(`'${domain}.${name}'`))
    throw new SkeinError('SKEIN_USAGE', `${file} has no \`export function ${own}(\` that makes '${domain}.${name}'`, {
      hint: 'Move the product into a module of its own, as generated products are, then run this again: nothing was changed.',
    });
  let copy = text
    .replaceAll(new RegExp(`\\b${own}Rows\\b`, 'g'), `${older.own}Rows`)
    .replace(`function ${own}(`, `function ${older.own}(`)
    .replaceAll(`'${name}_rows'`, `'${name}_v${major}_rows'`)
    .replaceAll(`'${domain}.${name}'`, `'${older.id}'`)
    .replaceAll(`${domain}.${name}: `, `${older.id}: `);
  const shared = new RegExp(`^export const ${own}Files = [^;]*;\\n+`, 'm');
  if (shared.test(copy))
    copy = copy
      .replace(shared, '')
      .replace(/\bnamedFiles, /, '')
      .replace(/((?:^import [^;]*;\n)+)/m, `$1import { ${own}Files } from './${fileName(name)}.ts';\n`);
  write(tree, `${older.folder}/${older.module}.ts`, copy);
  const test = tree.read(`${older.folder}/${fileName(name)}.test.ts`, 'utf8');
  // A test of another make may say more than that the product is made: it stays with the newest.
  if (test?.includes(`product === '${domain}.${name}'`) === true && test.includes('workbench('))
    write(
      tree,
      `${older.folder}/${older.module}.test.ts`,
      test.replaceAll(`'${domain}.${name}'`, `'${older.id}'`).replaceAll(`makes ${domain}.${name} `, `makes ${older.id} `),
    );
}

/** Lists the older major beside the newest, with the contract of its number. */
export function registerOlder(tree: Tree, file: string, domain: string, name: string, major: number): void {
  const own = identifier(name);
  const older = olderNames(domain, name, major);
  const text = tree.read(file, 'utf8') ?? '';
  const call = (suffix: string) => new RegExp(`\\b${own}${suffix}\\(\\s*contracts\\.get\\('${domain}\\.${name}'\\)([^()]*)\\)`);
  const product = call('').exec(text);
  if (!product)
    throw new SkeinError('SKEIN_USAGE', `${file} does not list ${own}(contracts.get('${domain}.${name}'))`, {
      hint: 'List the product as generated ones are, then run this again: nothing was changed.',
    });
  const beside = (changed: string, suffix: string) =>
    changed.replace(call(suffix), (whole, rest: string) => `${whole}, ${older.own}${suffix}(contracts.get('${domain}.${name}', ${major})${rest})`);
  const rows = call('Rows').test(text);
  const listed = rows ? beside(beside(text, ''), 'Rows') : beside(text, '');
  const imported = rows ? `${older.own}, ${older.own}Rows` : older.own;
  write(tree, file, listed.replace(/((?:^import [^;]*;\n)+)/m, `$1import { ${imported} } from './${older.module}.ts';\n`));
}

/** Takes an older major out of the list, and its code away. */
export function removeOlder(tree: Tree, file: string, domain: string, name: string, major: number): void {
  const older = olderNames(domain, name, major);
  for (const gone of [`${older.folder}/${older.module}.ts`, `${older.folder}/${older.module}.test.ts`]) if (tree.exists(gone)) tree.delete(gone);
  const text = tree.read(file, 'utf8') ?? '';
  const item = new RegExp(`\\s*\\b${older.own}(?:Rows)?\\(\\s*contracts\\.get\\('${domain}\\.${name}', ${major}\\)[^()]*\\),?`, 'g');
  const without = text.replaceAll(item, '').replace(new RegExp(`^import \\{[^}]*\\} from '\\./${older.module}\\.ts';\\n`, 'm'), '');
  if (without !== text) write(tree, file, without);
}

function write(tree: Tree, file: string, text: string): void {
  tree.write(file, formatted(tree.root, file, text));
}
