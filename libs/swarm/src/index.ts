export { DEMO_ORIGIN, liveLandings, newestOfEachFile } from './bronze.ts';
export { succeeded, type ProductReport, type RunReport, type SourceReport, type SwarmEvent } from './report.ts';
export { PUBLISHED, type PublishedEvent } from './publisher.ts';
export { createSwarm, type Retention, type RunOptions, type Swarm, type SwarmAdapters, type SystemContracts } from './swarm.ts';
export { sqlRuleFigures, type SqlRuleInput } from './sql-rules.ts';
export { snapshotScan } from './scan.ts';
export { heal } from './heal/heal.ts';
export type { AppliedSolution, CellOutcome, HealedCell, Healing, HealOptions, LabelledRow, TextTable } from './heal/healing.ts';
