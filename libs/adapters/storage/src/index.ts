export { localLandingStore, type LocalLandingStoreOptions } from './landing-store.ts';
export { localSnapshotStore, type LocalSnapshotStoreOptions } from './snapshot-store.ts';
