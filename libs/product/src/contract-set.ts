import { SkeinError } from '@skein/kernel';
import type { Contract } from '@skein/contract';
import type { DataProduct } from './product.ts';
import type { TableRef } from './snapshot.ts';

/** Contracts by product. */
export interface ContractSet {
  readonly all: readonly Contract[];
  /** That of a major; by default of the highest. Throws SKEIN_CONTRACT_NOT_FOUND. */
  get(product: string, major?: number): Contract;
}

export function contractSet(contracts: readonly Contract[]): ContractSet {
  const newest = new Map<string, Contract>();
  for (const contract of contracts) {
    const known = newest.get(contract.product);
    if (!known || majorOf(contract) > majorOf(known)) newest.set(contract.product, contract);
  }
  return {
    all: contracts,
    get(product, major) {
      const contract = major === undefined ? newest.get(product) : contracts.findLast((one) => one.product === product && majorOf(one) === major);
      if (!contract)
        throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `there is no contract for ${product}${major === undefined ? '' : ` with major ${major}`}`, {
          context: { product, major, known: [...newest.keys()].sort() },
        });
      return contract;
    },
  };
}

/** Major part of the contract's semver. */
export function majorOf(contract: Contract): number {
  return Number.parseInt(contract.version.replace(/^v/, ''), 10) || 0;
}

/**
 * The dataset that holds the violations of a product. An older major that is published beside the newest is a product of its own, with the
 * id `<domain>.<name>_v<major>`, and keeps its violations apart.
 */
export function feedbackTableOf({ id, contract }: Pick<DataProduct, 'id' | 'contract'>): TableRef {
  return { domain: contract.domain, name: `${id.slice(id.indexOf('.') + 1)}_feedback`, major: 1 };
}

/** The table that holds what the contract describes. */
export function tableOf(contract: Contract): TableRef {
  return { domain: contract.domain, name: contract.name, major: majorOf(contract) };
}
