export { contractRegistryConformance, type ContractRegistryUnderTest } from './contract-registry.ts';
export { eventBusConformance, type EventBusUnderTest } from './event-bus.ts';
export { landingStoreConformance, type LandingStoreUnderTest } from './landing-store.ts';
export { boardShows, patternBoardConformance, samplePattern, type PatternBoardUnderTest } from './pattern-board.ts';
export { queryEngineConformance, type QueryEngineUnderTest } from './query-engine.ts';
export { sandboxConformance, type SandboxUnderTest } from './sandbox.ts';
export { snapshotStoreConformance, type SnapshotStoreUnderTest } from './snapshot-store.ts';
export { usageLogConformance, type UsageLogUnderTest } from './usage-log.ts';
