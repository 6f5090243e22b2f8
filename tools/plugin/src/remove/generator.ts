import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { readContract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { domainFile, takeFromDomain } from '../domain/domain-file.ts';
import { REGISTRY } from '../domain/generator.ts';
import { writeGenerated } from '../product/generator.ts';
import { contractTexts } from '../workspace/contracts.ts';
import { formatted } from '../workspace/format.ts';
import { guarded } from '../workspace/guard.ts';
import { fileName, identifier } from '../workspace/names.ts';
import { changeDependencies, leavePackage, unlinkPackage } from '../workspace/packages.ts';

export interface RemoveOptions {
  readonly domain: string;
  readonly name?: string;
  readonly released?: boolean;
}

/** `nx g @skein/plugin:remove DOMAIN [PRODUCT]`: nothing of it is left in the tree; refused where something else reads it. */
export function removeGenerator(tree: Tree, options: RemoveOptions): Promise<() => void> {
  return guarded(
    tree,
    async () => {
      const file = domainFile(tree, options.domain);
      refuseUsed(tree, options);
      if (options.name === undefined) removeDomain(tree, options.domain);
      else removeProduct(tree, file, options.domain, options.name);
      await writeGenerated(tree);
    },
    () => {
      if (options.name !== undefined) return;
      rmSync(path.join(tree.root, 'domains', options.domain), { recursive: true, force: true });
      unlinkPackage(tree.root, `@skein/${options.domain}`);
    },
  );
}

function refuseUsed(tree: Tree, { domain, name, released = false }: RemoveOptions): void {
  const contracts = contractTexts(tree).map(({ path: file, text }) => readContract(text, file));
  const going = contracts.filter((one) => one.domain === domain && (name === undefined || one.name === name));
  if (name !== undefined && going.length === 0)
    throw new SkeinError('SKEIN_USAGE', `there is no product ${domain}.${name}`, {
      hint: `${domain} has ${
        contracts
          .filter((one) => one.domain === domain)
          .map((one) => one.name)
          .join(', ') || 'none'
      }.`,
    });
  const products = new Set(going.map(({ product }) => product));
  const readers = contracts.filter(
    (one) => !products.has(one.product) && one.properties.some((property) => property.references.some((reference) => products.has(reference.product))),
  );
  const steps =
    name === undefined
      ? []
      : sourcesOf(tree, `domains/${domain}/src`).filter(
          (file) => !file.endsWith(`/${fileName(name)}.ts`) && !file.endsWith('.test.ts') && readsProduct(tree.read(file, 'utf8') ?? '', name),
        );
  if (readers.length > 0 || steps.length > 0)
    throw new SkeinError(
      'SKEIN_USAGE',
      `${name === undefined ? domain : `${domain}.${name}`} is read by ${[...readers.map(({ product }) => product), ...steps].join(', ')}`,
      {
        hint: 'Remove those first, or make them read something else.',
      },
    );
  const kept = going.filter((one) => tree.exists(one.file.replace(/[^/]+$/, 'released')));
  if (kept.length > 0 && !released)
    throw new SkeinError('SKEIN_USAGE', `versions of ${kept.map(({ product }) => product).join(', ')} were released: consumers may rely on them`, {
      hint: 'Set their status to retired and give them time, or say --released when nobody does.',
    });
}

function sourcesOf(tree: Tree, folder: string): string[] {
  return tree.children(folder).flatMap((child) => {
    const file = `${folder}/${child}`;
    return tree.isFile(file) ? (file.endsWith('.ts') ? [file] : []) : sourcesOf(tree, file);
  });
}

function readsProduct(text: string, name: string): boolean {
  return [...text.matchAll(/\bfrom: \[([^\]]*)\]/g)].some(([, list = '']) => list.includes(`'${name}'`));
}

function removeProduct(tree: Tree, file: string, domain: string, name: string): void {
  const folder = `domains/${domain}/src`;
  for (const gone of [
    `contracts/${domain}/${name}`,
    `${folder}/${fileName(name)}.ts`,
    `${folder}/${fileName(name)}.test.ts`,
    `${folder}/examples/${name}.csv`,
    `${folder}/examples/${name}.ndjson`,
  ])
    if (tree.exists(gone)) tree.delete(gone);
  takeFromDomain(tree, file, domain, name);
  const readme = `domains/${domain}/README.md`;
  const page = tree.read(readme, 'utf8');
  if (page !== null) tree.write(readme, page.replace(new RegExp(`^\\| \`${domain}\\.${name}\` \\|.*\\n`, 'm'), ''));
}

function removeDomain(tree: Tree, domain: string): void {
  const own = identifier(domain);
  tree.delete(`domains/${domain}`);
  if (tree.exists(`contracts/${domain}`)) tree.delete(`contracts/${domain}`);
  const registry = tree.read(REGISTRY, 'utf8') ?? '';
  const without = registry.replace(`import { ${own} } from '@skein/${domain}';\n`, '').replace(own === domain ? `  ${own},\n` : `  ${domain}: ${own},\n`, '');
  tree.write(REGISTRY, formatted(tree.root, REGISTRY, without));
  leavePackage(tree, `domains/${domain}`, `@skein/${domain}`);
  changeDependencies(tree, 'platform/mesh', { remove: [`@skein/${domain}`] });
  const page = tree.read('docs/architecture.md', 'utf8') ?? '';
  tree.write('docs/architecture.md', page.replace(` \`domains/${domain}\``, ''));
}
