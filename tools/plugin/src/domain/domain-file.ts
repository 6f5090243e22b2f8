import type { Tree } from '@nx/devkit';
import { SkeinError } from '@skein/kernel';
import { formatted } from '../workspace/format.ts';
import { fileName, identifier } from '../workspace/names.ts';
import { changeDependencies } from '../workspace/packages.ts';

export interface Listed {
  readonly name: string;
  /** Whether it brings files and a bronze table of its own. */
  readonly files: boolean;
}

/** The file that lists a domain's sources, bronze tables and products. Throws SKEIN_USAGE where there is no such domain. */
export function domainFile(tree: Tree, domain: string): string {
  const file = `domains/${domain}/src/${fileName(domain)}.ts`;
  if (!tree.exists(file)) {
    const domains = tree.exists('domains') ? tree.children('domains').filter((one) => tree.exists(`domains/${one}/src/${fileName(one)}.ts`)) : [];
    throw new SkeinError('SKEIN_USAGE', `there is no domain ${JSON.stringify(domain)}`, {
      hint: `There are ${domains.join(', ')}; a new one: nx g @skein/plugin:domain NAME --owner TEAM.`,
    });
  }
  return file;
}

/** Lists a product last, after those that it may read. */
export function addToDomain(tree: Tree, file: string, domain: string, { name, files }: Listed): void {
  const own = identifier(name);
  let text = tree.read(file, 'utf8') ?? '';
  refuseTaken(text, files ? [own, `${own}Files`, `${own}Rows`] : [own], name, file);
  if (/\(\): Domain \{/.test(text)) {
    text = withContracts(text);
    changeTest(tree, domain, '().products', '(contracts).products');
  }
  if (files) {
    text = withItem(text, 'sources', `${own}Files`, file, lessNamed(text, name));
    text = withItem(text, 'bronze', `${own}Rows(contracts.get('${domain}.${name}'))`, file);
  }
  text = withItem(text, 'products', `${own}(contracts.get('${domain}.${name}'))`, file);
  const imported = files ? `${own}, ${own}Files, ${own}Rows` : own;
  text = text.replace(/((?:^import [^;]*;\n)+)/m, `$1import { ${imported} } from './${fileName(name)}.ts';\n`);
  tree.write(file, formatted(tree.root, file, text));
}

/** Takes a product out of the list. */
export function takeFromDomain(tree: Tree, file: string, domain: string, name: string): void {
  const own = identifier(name);
  let text = tree.read(file, 'utf8') ?? '';
  text = withoutItem(text, 'sources', `${own}Files`);
  text = withoutItem(text, 'bronze', `${own}Rows(contracts.get('${domain}.${name}'))`);
  text = withoutItem(text, 'products', `${own}(contracts.get('${domain}.${name}'))`);
  text = text.replace(new RegExp(`^import \\{[^}]*\\} from '\\./${fileName(name)}\\.ts';\\n`, 'm'), '');
  if (/\bproducts: \[\]/.test(text)) {
    text = withoutContracts(text);
    changeTest(tree, domain, '(contracts).products', '().products');
    changeDependencies(tree, `domains/${domain}`, { remove: ['@skein/contract'] });
  }
  tree.write(file, formatted(tree.root, file, text));
}

/** Names of code that the domain's file has already: `order_1` and `order1` are one. */
function refuseTaken(text: string, names: readonly string[], product: string, file: string): void {
  const taken = new Set(
    [...text.matchAll(/^import (?:type )?\{([^}]*)\}|^export function (\w+)/gm)].flatMap(([, list, own]) => (list ?? own ?? '').split(/[\s,]+/)),
  );
  const twice = names.find((one) => taken.has(one));
  if (twice !== undefined)
    throw new SkeinError('SKEIN_NAME_INVALID', `${product} would be called ${twice} in code, and ${file} has that name already`, {
      hint: 'Take a name that differs in more than underscores, and does not end in _files or _rows: nothing was changed.',
    });
}

/** The source of a product whose files are named like those of this one, but less closely: `sales_items.csv` is of sales_items before it is of sales. */
function lessNamed(text: string, name: string): string | undefined {
  const parts = name.split('_');
  const shorter = new Set(parts.slice(1).map((_, at) => `${identifier(parts.slice(0, at + 1).join('_'))}Files`));
  return itemsOf(text, 'sources').find((item) => shorter.has(item));
}

function itemsOf(text: string, list: string): string[] {
  const inside = new RegExp(`\\b${list}: \\[([^\\]]*)\\]`).exec(text)?.[1] ?? '';
  return inside.split(',').map((item) => item.trim());
}

/** A domain without products takes no contracts; with its first product it does, and its own test says so. */
function withContracts(text: string): string {
  return BARE.reduce((changed, [bare, given]) => changed.replace(bare, given), text);
}

function withoutContracts(text: string): string {
  return BARE.reduce((changed, [bare, given]) => changed.replace(given, bare), text);
}

const BARE = [
  ['(): Domain {', '(contracts: ContractSet): Domain {'],
  ["import type { Domain } from '@skein/product';", "import type { ContractSet, Domain } from '@skein/product';"],
  [' and the products it publishes. */', ' and the products it publishes, by the contracts given. */'],
] as const;

function changeTest(tree: Tree, domain: string, from: string, to: string): void {
  const file = `domains/${domain}/src/${fileName(domain)}.test.ts`;
  const text = tree.read(file, 'utf8');
  if (text !== null) tree.write(file, formatted(tree.root, file, text.replace(`${identifier(domain)}${from}`, `${identifier(domain)}${to}`)));
}

function withItem(text: string, list: string, item: string, file: string, before?: string): string {
  const found = new RegExp(`(\\b${list}: \\[)([^\\]]*)(\\])`).exec(text);
  if (!found)
    throw new SkeinError('SKEIN_USAGE', `${file} has no list \`${list}: […]\` that a product could be added to`, {
      hint: 'Write the list as a literal, as domains/ga4/src/ga4.ts does, or add the product by hand.',
    });
  const [whole, open = '', inside = '', close = ''] = found;
  const items = inside.trim().replace(/,$/, '');
  if (before !== undefined) return text.replace(whole, () => whole.replace(new RegExp(`\\b${before}\\b`), `${item}, ${before}`));
  return text.replace(whole, () => `${open}${items === '' ? '' : `${items}, `}${item}${close}`);
}

function withoutItem(text: string, list: string, item: string): string {
  return text.replace(new RegExp(`(\\b${list}: \\[)([^\\]]*)(\\])`), (_, open: string, inside: string, close: string) => {
    let at = inside.indexOf(item);
    // `items` stands within `lineitems` too.
    while (at > 0 && /\w/.test(inside[at - 1] ?? '')) at = inside.indexOf(item, at + 1);
    if (at < 0) return `${open}${inside}${close}`;
    const rest = `${inside.slice(0, at)}${inside.slice(at + item.length)}`.replace(/,\s*,/, ',').replace(/^\s*,/, '').replace(/,\s*$/, '');
    return `${open}${rest.trim()}${close}`;
  });
}
