import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Tree } from '@nx/devkit';
import { readContract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import { removeAdapter } from '../adapter/remove.ts';
import { domainFile, takeFromDomain } from '../domain/domain-file.ts';
import { removeOlder } from '../migration/code.ts';
import { isNotice } from '../migration/page.ts';
import { REGISTRY } from '../domain/generator.ts';
import { writeGenerated } from '../product/generator.ts';
import { removeSource } from '../source/generator.ts';
import { contractTexts } from '../workspace/contracts.ts';
import { formatted } from '../workspace/format.ts';
import { guarded, told } from '../workspace/guard.ts';
import { fileName, identifier } from '../workspace/names.ts';
import { changeDependencies, leavePackage, unlinkPackage } from '../workspace/packages.ts';
import { withoutSection } from '../workspace/readme.ts';
import { domainSources, readsProduct } from '../workspace/sources.ts';

export interface RemoveOptions {
  readonly domain?: string;
  readonly name?: string;
  /** An adapter, in place of a domain. */
  readonly adapter?: string;
  /** A source of the domain. */
  readonly source?: string;
  /** Only this major, which a newer one has followed. */
  readonly major?: number;
  readonly released?: boolean;
}

/** `nx g @skein/plugin:remove DOMAIN [PRODUCT]`: nothing of it is left in the tree; refused where something else reads it. */
export function removeGenerator(tree: Tree, options: RemoveOptions): Promise<() => void> {
  if (options.adapter !== undefined) return removeAdapter(tree, options.adapter);
  const { domain } = options;
  if (domain === undefined)
    throw told(new SkeinError('SKEIN_USAGE', 'nothing is named that could be removed', { hint: 'Name a domain, a domain and a product, or --adapter NAME.' }));
  if (options.source !== undefined) return removeSource(tree, domain, options.source);
  return removeOfDomain(tree, { ...options, domain });
}

type OfDomain = RemoveOptions & { readonly domain: string };

function removeOfDomain(tree: Tree, options: OfDomain): Promise<() => void> {
  return guarded(
    tree,
    async () => {
      const file = domainFile(tree, options.domain);
      refuseUsed(tree, options);
      if (options.name === undefined) removeDomain(tree, options.domain);
      else if (options.major === undefined) removeProduct(tree, file, options.domain, options.name);
      else removeMajor(tree, file, options.domain, options.name, options.major);
      await writeGenerated(tree);
    },
    () => {
      if (options.name !== undefined) return;
      rmSync(path.join(tree.root, 'domains', options.domain), { recursive: true, force: true });
      unlinkPackage(tree.root, `@skein/${options.domain}`);
    },
  );
}

function refuseUsed(tree: Tree, { domain, name, major, released = false }: OfDomain): void {
  const contracts = contractTexts(tree).map(({ path: file, text }) => readContract(text, file));
  const going = contracts.filter(
    (one) => one.domain === domain && (name === undefined || one.name === name) && (major === undefined || Number.parseInt(one.version, 10) === major),
  );
  const newest = name === undefined ? undefined : majorsOf(tree, domain, name).at(-1);
  if (major !== undefined && (name === undefined || going.length === 0 || major === newest))
    throw new SkeinError('SKEIN_USAGE', `${domain}${name === undefined ? '' : `.${name}`} has no older major ${major}`, {
      hint: newest === undefined ? 'Name a product.' : `The newest is ${newest}; without --major all of the product goes.`,
    });
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
  // References are to the plain name, which the newest keeps.
  const readers = contracts.filter(
    (one) =>
      major === undefined &&
      !products.has(one.product) &&
      one.properties.some((property) => property.references.some((reference) => products.has(reference.product))),
  );
  const steps =
    name === undefined
      ? []
      : domainSources(tree, domain).filter(
          (file) =>
            !file.endsWith(`/${fileName(name)}.ts`) &&
            !file.endsWith('.test.ts') &&
            readsProduct(tree.read(file, 'utf8') ?? '', major === undefined ? name : `${name}_v${major}`),
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

/** An older major goes, the newest stays. */
function removeMajor(tree: Tree, file: string, domain: string, name: string, major: number): void {
  tree.delete(`contracts/${domain}/${name}/v${major}`);
  removeOlder(tree, file, domain, name, major);
  withoutSection(tree, domain, (heading) => isNotice(heading, `${domain}.${name}`, major));
}

function removeProduct(tree: Tree, file: string, domain: string, name: string): void {
  for (const major of majorsOf(tree, domain, name).slice(0, -1)) removeOlder(tree, file, domain, name, major);
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
  withoutSection(tree, domain, (heading) => isNotice(heading, `${domain}.${name}`));
}

function majorsOf(tree: Tree, domain: string, name: string): number[] {
  return tree
    .children(`contracts/${domain}/${name}`)
    .flatMap((child) => /^v([0-9]+)$/.exec(child)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
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
