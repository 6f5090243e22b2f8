export { sqliteUsageLog, type SqliteUsageLogOptions } from './usage-log.ts';
export { attachLibrary, sqlitePatternLibrary, LIBRARY_AGENT, type SimilarPattern, type SqlitePatternLibrary, type SqlitePatternLibraryOptions } from './pattern-library.ts';
