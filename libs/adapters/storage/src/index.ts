export { localSnapshotStore, type LocalSnapshotStoreOptions } from './snapshot-store.ts';
