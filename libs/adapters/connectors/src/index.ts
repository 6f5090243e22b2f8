export { folderSource, type FolderSourceOptions } from './folder-source.ts';
export { AnswerTooLarge, guardedFetch, type GuardOptions } from './guarded-fetch.ts';
export { httpSource, type HttpSourceOptions, type Paging } from './http-source.ts';
export { pace, retryAfterMs, systemTiming, type Pace, type PaceOptions, type Timing } from './pace.ts';
export { checkedAddress, isPublicAddress, type Lookup } from './public-address.ts';
export type { RecordsOptions } from './records.ts';
