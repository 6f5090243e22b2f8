import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CreateNodes, CreateNodesResult } from '@nx/devkit';
import { answeredProducts, referencedProducts } from './references.ts';
import { contractTargets, indexTargets, nodeWord, packageTargets, publishTarget } from './targets.ts';

/**
 * The Nx plugin of the house: what a package can be told to do follows from what lies in its folder, and what a domain can, from its
 * contracts. It imports nothing that must be built first, so that Nx works on a fresh clone.
 */
export const name = '@skein/plugin';

const MANIFEST = /^(?:contracts|e2e|(?:libs|domains|platform|tools)\/[^/]+|libs\/adapters\/[^/]+)\/package\.json$/;
const CONTRACT = /^contracts\/([a-z][a-z0-9_]*)\/([a-z][a-z0-9_]*)\/v\d+\/contract\.odcs\.yaml$/;
/** The mesh's own contracts: no package publishes them, every domain does. */
const SYSTEM = 'skein';

export const createNodes: CreateNodes = [
  '{contracts/*/*/v*/contract.odcs.yaml,{contracts,e2e,{libs,domains,platform,tools}/*,libs/adapters/*}/package.json}',
  (files, _, { workspaceRoot }) => {
    const node = nodeWord(workspaceRoot, process.execPath);
    const contracts = contractsOf(files, workspaceRoot);
    const results: (readonly [string, CreateNodesResult])[] = [];
    for (const file of files.filter((one) => MANIFEST.test(one))) {
      const directory = path.posix.dirname(file);
      results.push([file, { projects: { [directory]: { root: directory, targets: targetsOf(workspaceRoot, directory, contracts, node) } } }]);
    }
    const system = contracts.get(SYSTEM)?.[0];
    if (system !== undefined) {
      const root = `contracts/${SYSTEM}`;
      results.push([system.file, { projects: { [root]: { root, name: SYSTEM, targets: contractTargets(SYSTEM, node) } } }]);
    }
    return results;
  },
];

interface ContractText {
  readonly file: string;
  readonly references: readonly string[];
}

/** Contracts by domain. */
function contractsOf(files: readonly string[], root: string): ReadonlyMap<string, readonly ContractText[]> {
  const found = new Map<string, ContractText[]>();
  for (const file of [...files].sort()) {
    const [, domain = '', product = ''] = CONTRACT.exec(file) ?? [];
    if (domain === '') continue;
    const references = referencedProducts(readFileSync(path.join(root, file), 'utf8'), { domain, name: product });
    found.set(domain, [...(found.get(domain) ?? []), { file, references }]);
  }
  return found;
}

function targetsOf(root: string, directory: string, contracts: ReadonlyMap<string, readonly ContractText[]>, node: string) {
  const manifest = JSON.parse(readFileSync(path.join(root, directory, 'package.json'), 'utf8')) as { nx?: { tags?: readonly string[] } };
  const floor = manifest.nx?.tags?.find((tag) => tag.startsWith('floor:'))?.slice('floor:'.length);
  const own = packageTargets({
    directory,
    hasProject: existsSync(path.join(root, directory, 'tsconfig.json')),
    hasMain: existsSync(path.join(root, directory, 'src/main.ts')),
    floor,
  });
  if (floor === 'contracts') return { ...own, ...indexTargets(node) };
  if (floor !== 'domain') return own;
  const domain = path.posix.basename(directory);
  const texts = contracts.get(domain) ?? [];
  const sources = globSync(`${directory}/src/**/*.ts`, { cwd: root }).filter((file) => !/\.(?:test|fixture)\.ts$/.test(file));
  const answers = sources.flatMap((file) => answeredProducts(readFileSync(path.join(root, file), 'utf8')));
  const reads = [...new Set([...texts.flatMap((one) => one.references), ...answers])].sort();
  return { ...own, ...publishTarget(domain, reads), ...(texts.length > 0 ? contractTargets(domain, node) : {}) };
}
