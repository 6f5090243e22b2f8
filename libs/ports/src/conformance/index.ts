export { eventBusConformance, type EventBusUnderTest } from './event-bus.ts';
export { landingStoreConformance, type LandingStoreUnderTest } from './landing-store.ts';
export { snapshotStoreConformance, type SnapshotStoreUnderTest } from './snapshot-store.ts';
