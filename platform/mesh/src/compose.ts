import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { readContractFiles, type ContractFiles } from '@skein/adapter-storage';
import { readContract, type Contract } from '@skein/contract';
import { readPolicy, type Policy } from '@skein/federation';
import { localAdapters, type LocalOptions } from '@skein/local';
import { DataProductModule, SwarmRegistry } from '@skein/nest';
import { contractSet, type Domain } from '@skein/product';
import type { Swarm, SwarmAdapters, SystemContracts } from '@skein/swarm';
import type { Approval } from '@skein/verifier/compat';
import { DOMAINS } from './domains.ts';

/** `contracts/` of this repository. */
export const contractsDirectory = fileURLToPath(new URL('../../../contracts', import.meta.url));

export interface LoadedContracts {
  readonly files: readonly ContractFiles[];
  readonly contracts: readonly Contract[];
  readonly policies: readonly Policy[];
  readonly approvals: readonly Approval[];
  readonly system: SystemContracts;
  readonly domains: readonly Domain[];
}

/** Reads every contract; the first fault is thrown with its place. */
export async function loadContracts(directory: string): Promise<LoadedContracts> {
  const files = await readContractFiles(directory);
  const contracts = files.map(({ contract }) => readContract(contract.text, contract.file));
  const policies = files.flatMap(({ policy }, index) => {
    const contract = contracts[index];
    return policy && contract ? [readPolicy(policy.text, policy.file, contract)] : [];
  });
  const set = contractSet(contracts);
  return {
    files,
    contracts,
    policies,
    approvals: await approvalsIn(files),
    system: { feedback: set.get('skein.feedback'), lineage: set.get('skein.lineage') },
    domains: Object.values(DOMAINS).map((define) => define(set)),
  };
}

/** Most contracts have no approvals beside them, and then what reads them is not loaded. */
async function approvalsIn(files: readonly ContractFiles[]): Promise<Approval[]> {
  const found = files.flatMap(({ approvals }) => approvals ?? []);
  if (found.length === 0) return [];
  const { readApprovals } = await import('@skein/verifier/compat');
  return found.flatMap(({ text, file }) => readApprovals(text, file));
}

/** What a caller may say of the layers. */
export type LayerOptions = Pick<LocalOptions, 'partitionFrom'>;

/** Nest imports that make every domain part of an application. */
export function domainModules(loaded: LoadedContracts, adapters: SwarmAdapters) {
  return [DataProductModule.forRoot({ adapters, system: loaded.system }), ...loaded.domains.map((domain) => DataProductModule.forFeature(domain.name, domain))];
}

/** The swarms without a gateway: what `skein ingest` runs. */
export async function composeSwarms(
  options: LayerOptions & {
    readonly data: string;
    readonly contracts: string;
  },
): Promise<{ swarm(domain: string): Swarm; close(): Promise<void> }> {
  const loaded = await loadContracts(options.contracts);
  const adapters = await localAdapters(options.data, { name: 'mesh', partitionFrom: options.partitionFrom });
  const context = await NestFactory.createApplicationContext(
    { module: class SwarmsModule {}, imports: domainModules(loaded, adapters) },
    { logger: ['error', 'warn'] },
  );
  const registry = context.get(SwarmRegistry);
  return {
    swarm: (domain) => registry.get(domain),
    async close() {
      await context.close();
      await adapters.close();
    },
  };
}
