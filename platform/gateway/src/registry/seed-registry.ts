import type { Contract } from '@skein/contract';
import { SkeinError, type Clock } from '@skein/kernel';
import type { ContractRegistry } from '@skein/ports';
import { tableOf } from '@skein/product';
import type { Approval } from '@skein/verifier/compat';
import type { GatewayLog } from '../gateway-log.ts';
import { notForRegistry, registerContract, type RegisterOptions } from './register-contract.ts';

/** Who registered what came from the contracts folder. */
export const FOLDER = 'contracts folder';

export interface SeedOptions {
  readonly registry: ContractRegistry;
  readonly contracts: readonly Contract[];
  /** Texts of the contracts, in their order. */
  readonly documents: readonly string[];
  readonly approvals: readonly Approval[];
  readonly concerns: NonNullable<RegisterOptions['concerns']>;
  readonly clock: Clock;
  readonly log: GatewayLog;
}

/**
 * Brings what the contracts folder holds into the registry. A file that is registered, as the newest version or an older one,
 * is left at that; a new version is judged as a push is, by the approvals beside it; drafts and pre-releases stay out. A file that differs from the
 * registered version of its number stops the start: throws SKEIN_CONTRACT_CONFLICT or SKEIN_CONTRACT_INCOMPATIBLE with the file.
 */
export async function seedRegistry({ registry, contracts, documents, approvals, concerns, clock, log }: SeedOptions): Promise<void> {
  if (documents.length !== contracts.length)
    throw new SkeinError('SKEIN_CONFIG_INVALID', `${contracts.length} contracts come with ${documents.length} documents`);
  await Promise.all(
    contracts.map(async (contract, index) => {
      if (notForRegistry(contract)) return;
      try {
        await registerContract(contract, documents[index] as string, {
          ...{ registry, clock, by: FOLDER, anyMajor: true, approvals, concerns },
          mostWaiting: Number.POSITIVE_INFINITY,
        });
      } catch (error) {
        throw await refusal(error, contract, registry);
      }
      const newest = (await registry.versions(tableOf(contract))).at(-1);
      if (newest && newest.hash !== contract.hash)
        log.warn(`${contract.file} is version ${contract.version}; the registry has ${newest.version}, by ${newest.publishedBy}`);
    }),
  );
}

async function refusal(error: unknown, contract: Contract, registry: ContractRegistry): Promise<unknown> {
  if (!(error instanceof SkeinError) || (error.code !== 'SKEIN_CONTRACT_CONFLICT' && error.code !== 'SKEIN_CONTRACT_INCOMPATIBLE')) return error;
  const newest = (await registry.versions(tableOf(contract))).at(-1);
  const hint =
    error.code === 'SKEIN_CONTRACT_INCOMPATIBLE'
      ? error.hint
      : `Raise the version in the file above ${newest?.version}, or undo the change. What was registered is in the data directory: registry/${contract.domain}/${contract.name}.`;
  return new SkeinError(error.code, `the contracts folder and the registry differ: ${error.message}`, {
    place: { file: contract.file, line: 1 },
    hint,
    context: error.context,
    cause: error,
  });
}
