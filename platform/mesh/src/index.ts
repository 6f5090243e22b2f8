export { composeSwarms, contractsDirectory, loadContracts, type LoadedContracts } from './compose.ts';
export { DOMAINS } from './domains.ts';
export { outcomeJson, type Outcome, type StockOutRow } from './outcome.ts';
export { progressOn, showEvent, silent, type Progress } from './progress.ts';
export type { DomainOutcome } from './run-swarms.ts';
export { showRun } from './show.ts';
