export { sqliteUsageLog, type SqliteUsageLogOptions } from './usage-log.ts';
