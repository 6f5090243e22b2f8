export { localBronzeStore, type LocalBronzeStoreOptions } from './bronze-store.ts';
export { localContractRegistry, type LocalContractRegistryOptions } from './contract-registry.ts';
export { localLandingStore, type LocalLandingStoreOptions } from './landing-store.ts';
export { localSnapshotStore, type LocalSnapshotStoreOptions } from './snapshot-store.ts';
export { readContractFiles, type ContractFiles, type TextFile } from './contract-files.ts';
export { relocateTables, type Relocated, type RelocateOptions } from './relocate.ts';
