export { eventBusConformance, type EventBusUnderTest } from './event-bus.ts';
export { snapshotStoreConformance, type SnapshotStoreUnderTest } from './snapshot-store.ts';
