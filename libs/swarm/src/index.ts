export { DEMO_ORIGIN, liveLandings, newestOfEachFile } from './bronze.ts';
export { succeeded, type ProductReport, type RunReport, type SourceReport, type SwarmEvent } from './report.ts';
export { createSwarm, PUBLISHED, type PublishedEvent, type Retention, type RunOptions, type Swarm, type SwarmAdapters, type SystemContracts } from './swarm.ts';
export { snapshotScan } from './scan.ts';
