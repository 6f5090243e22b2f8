import { SkeinError } from '@skein/kernel';
import type { Contract } from '@skein/contract';
import type { TableRef } from './snapshot.ts';

/** Contracts by product; of several majors, the highest. */
export interface ContractSet {
  readonly all: readonly Contract[];
  /** Throws SKEIN_CONTRACT_NOT_FOUND. */
  get(product: string): Contract;
}

export function contractSet(contracts: readonly Contract[]): ContractSet {
  const newest = new Map<string, Contract>();
  for (const contract of contracts) {
    const known = newest.get(contract.product);
    if (!known || majorOf(contract) > majorOf(known)) newest.set(contract.product, contract);
  }
  return {
    all: contracts,
    get(product) {
      const contract = newest.get(product);
      if (!contract)
        throw new SkeinError('SKEIN_CONTRACT_NOT_FOUND', `there is no contract for ${product}`, { context: { product, known: [...newest.keys()].sort() } });
      return contract;
    },
  };
}

/** Major part of the contract's semver. */
export function majorOf(contract: Contract): number {
  return Number.parseInt(contract.version.replace(/^v/, ''), 10) || 0;
}

/** The table that holds what the contract describes. */
export function tableOf(contract: Contract): TableRef {
  return { domain: contract.domain, name: contract.name, major: majorOf(contract) };
}
