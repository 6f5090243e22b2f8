export { lockFolder } from './folder-lock.ts';
export { sqliteUsageLog, type SqliteUsageLogOptions } from './usage-log.ts';
export {
  attachLibrary,
  sqlitePatternLibrary,
  LIBRARY_AGENT,
  type SimilarPattern,
  type SqlitePatternLibrary,
  type SqlitePatternLibraryOptions,
} from './pattern-library.ts';
export { sqliteMarketStore, type SqliteMarketStoreOptions } from './market-store.ts';
export { sqliteReviewDesk, type SqliteReviewDeskOptions } from './review-desk.ts';
export { sqliteStateStore, type SqliteStateStoreOptions } from './state-store.ts';
