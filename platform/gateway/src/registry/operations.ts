import type { Contract } from '@skein/contract';
import { checkOperations, majorOf, type Catalog, type OperationReport } from '@skein/federation';
import type { Binder, SnapshotStore, UsageLog } from '@skein/ports';
import type { ContractFinding } from '@skein/verifier/compat';
import { downstreamOf } from './downstream.ts';

export interface OperationParts {
  readonly catalog: Catalog;
  readonly contracts: readonly Contract[];
  readonly store: SnapshotStore;
  readonly usage: UsageLog;
  readonly binder: Binder;
}

/** Uses told of one finding, what breaks first, and of all findings together; all are counted. */
const MOST_USES = 200;
const MOST_IN_ALL = 20_000;

/** What findings of a change do to the recorded queries of its product, and who must approve. */
export async function operationReport(
  { catalog, contracts, store, usage, binder }: OperationParts,
  last: Contract,
  next: Contract,
  findings: readonly ContractFinding[],
): Promise<OperationReport> {
  const downstream = new Set(await downstreamOf(last.product, catalog, store));
  return checkOperations(last, next, findings, await usage.usesOf(last.product), binder, {
    others: contracts.filter((contract) => contract.product !== last.product || majorOf(contract) !== majorOf(last)),
    mostUses: Math.min(MOST_USES, Math.ceil(MOST_IN_ALL / Math.max(1, findings.length))),
    downstreamOwners: catalog.products.flatMap(({ contract }) => (downstream.has(contract.product) ? (contract.owner ?? []) : [])),
  });
}
