import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { generate } from '@skein/checks';
import { readContract, type Contract } from '@skein/contract';
import { draftContract, type Draft } from '@skein/contract/formats';
import { SkeinError } from '@skein/kernel';
import { addToDomain, domainFile } from '../domain/domain-file.ts';
import { formatted } from '../workspace/format.ts';
import { guarded } from '../workspace/guard.ts';
import { checkNewName, fileName } from '../workspace/names.ts';
import { changeDependencies, readJson } from '../workspace/packages.ts';
import { contractTexts } from '../workspace/contracts.ts';
import { draftFrom, type Drafted } from './draft.ts';
import { exampleText, brokenLine } from './examples.ts';
import { conformedSource, conformedTest, POLICY, querySource, queryTest } from './files.ts';
import { draftQuery } from './query.ts';

export interface ProductOptions {
  readonly domain: string;
  readonly name: string;
  readonly from?: string;
  readonly query?: string;
  readonly reads?: string;
  readonly key?: string;
}

/** `nx g @skein/plugin:product DOMAIN NAME --from FILE`: contract, policy, step, example rows and test, registered in its domain. */
export function productGenerator(tree: Tree, options: ProductOptions): Promise<() => void> {
  return guarded(tree, () => writeProduct(tree, options));
}

async function writeProduct(tree: Tree, options: ProductOptions): Promise<void> {
  const { domain, name, from, query } = options;
  checkNewName('product', name);
  const file = domainFile(tree, domain);
  const contracts = `contracts/${domain}/${name}`;
  const source = `domains/${domain}/src/${fileName(name)}.ts`;
  for (const taken of [contracts, source]) {
    if (tree.exists(taken))
      throw new SkeinError('SKEIN_NAME_INVALID', `there is ${taken} already`, {
        hint: `Take another name, run @skein/plugin:migration for its next major, or @skein/plugin:remove first: nothing is overwritten.`,
      });
  }
  if ((from === undefined) === (query === undefined))
    throw new SkeinError('SKEIN_USAGE', 'a product is made either from a file or by a query', {
      hint: 'Give --from FILE, or --query FILE with --reads PRODUCT,PRODUCT.',
    });
  const owner = readJson<{ author?: string } | null>(tree, `domains/${domain}/package.json`)?.author;
  if (from !== undefined) {
    const drafted = await draftFrom(path.resolve(from), { domain, name });
    const contract = await writeContract(tree, options, keyed(drafted.draft, options.key), owner);
    writeConformed(tree, options, drafted, contract);
    addToDomain(tree, file, domain, { name, files: true });
    tellReadme(tree, domain, name, `\`${name}.${drafted.shape === 'columns' ? 'csv' : 'ndjson'}\` and files named like it`);
    return;
  }
  const reads = (options.reads ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const { sql, draft } = await draftQuery(tree, domain, path.resolve(query ?? ''), reads);
  const contract = await writeContract(tree, options, keyed(draft, options.key), owner);
  const columns = contract.properties.map((property) => property.name);
  write(tree, source, querySource({ domain, name, sql, reads, columns }));
  const examples = tree.exists(`domains/${domain}/src/examples`) ? tree.children(`domains/${domain}/src/examples`) : [];
  write(tree, `domains/${domain}/src/${fileName(name)}.test.ts`, queryTest(domain, name, examples));
  addToDomain(tree, file, domain, { name, files: false });
  tellReadme(tree, domain, name, reads.map((one) => `\`${domain}.${one}\``).join(', '));
}

/** The draft with the key that was asked for, in place of the one that the data shows. */
function keyed(draft: Draft, key: string | undefined): Draft {
  if (key === undefined) return draft;
  const wanted = key.split(',').map((one) => one.trim());
  const unknown = wanted.filter((one) => !draft.columns.some((column) => column.name === one));
  if (unknown.length > 0)
    throw new SkeinError('SKEIN_USAGE', `--key names ${unknown.join(', ')}, which the product does not have`, {
      hint: `It has ${draft.columns.map((column) => column.name).join(', ')}.`,
    });
  return {
    ...draft,
    notes: draft.notes.filter((note) => !note.startsWith('No key')),
    columns: draft.columns.map(({ keyPosition, notes, ...column }) => {
      const at = wanted.indexOf(column.name);
      const rest = { ...column, notes: (notes ?? []).filter((note) => !note.startsWith('key:')) };
      return at < 0 ? rest : { ...rest, required: true, keyPosition: at + 1 };
    }),
  };
}

async function writeContract(tree: Tree, { domain, name }: ProductOptions, draft: Draft, owner: string | undefined): Promise<Contract> {
  const folder = `contracts/${domain}/${name}/v1`;
  const text = draftContract(
    { ...draft, name },
    { id: `${domain}-${name.replaceAll('_', '-')}`, domain, name, version: '1.0.0', ...(owner === undefined ? {} : { owner }) },
  );
  const contract = readContract(text, `${folder}/contract.odcs.yaml`);
  tree.write(contract.file, text);
  tree.write(`${folder}/policy.yaml`, POLICY(`${domain}.${name}`));
  await writeGenerated(tree);
  return contract;
}

/** What follows from the contracts, as `npm run codegen` writes it; its page of errors follows from something else. */
export async function writeGenerated(tree: Tree): Promise<void> {
  for (const { path: file, text } of await generate(contractTexts(tree)))
    if (file.startsWith('contracts/') && tree.read(file, 'utf8') !== text) tree.write(file, text);
}

function writeConformed(tree: Tree, { domain, name }: ProductOptions, drafted: Drafted, contract: Contract): void {
  const { shape, renamed } = drafted;
  const folder = `domains/${domain}/src`;
  write(tree, `${folder}/${fileName(name)}.ts`, conformedSource({ domain, name, shape, columns: renamed }));
  changeDependencies(tree, `domains/${domain}`, { add: ['@skein/contract', '@skein/product'], dev: ['@skein/testing'] });
  const example = `${name}.${shape === 'columns' ? 'csv' : 'ndjson'}`;
  const rows = drafted.examples;
  if (rows.length === 0) return;
  tree.write(`${folder}/examples/${example}`, exampleText(drafted, contract));
  const broken = brokenLine(drafted, contract);
  write(tree, `${folder}/${fileName(name)}.test.ts`, conformedTest({ domain, name, example, rows: rows.length, broken }));
}

function write(tree: Tree, file: string, text: string): void {
  tree.write(file, formatted(tree.root, file, text));
}

function tellReadme(tree: Tree, domain: string, name: string, madeOf: string): void {
  const file = `domains/${domain}/README.md`;
  const page = tree.read(file, 'utf8');
  if (page !== null) tree.write(file, page.replace(/^(\|---\|---\|\n(?:\|.*\n)*)/m, `$1| \`${domain}.${name}\` | ${madeOf} |\n`));
}
