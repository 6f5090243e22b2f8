import { blockchain } from '@skein/blockchain';
import { brokerage } from '@skein/brokerage';
import { ga4 } from '@skein/ga4';
import type { ContractSet, Domain } from '@skein/product';
import { sap } from '@skein/sap';

/** The domains of this mesh. A new one is added here, and nowhere else in the platform. */
export const DOMAINS: Readonly<Record<string, (contracts: ContractSet) => Domain>> = {
  ga4,
  sap,
  blockchain,
  brokerage,
};
