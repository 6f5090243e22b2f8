export type { AuditDecision, AuditLog, AuditRecord } from './audit-log.ts';
export type { Binder, Bound, BoundRelation } from './binder.ts';
export type { BusEvent, DeadLetter, EventBus, SubscribeOptions, Subscription } from './event-bus.ts';
export type { LandingDraft, LandingStage, LandingStore, SourceFileState } from './landing-store.ts';
export type { EngineParameter, EngineSession, EngineValue, QueryEngine } from './query-engine.ts';
export type { QuerySandbox, ResultFormat, SandboxCatalog, SandboxOutcome, SandboxRequest, SandboxResult, SandboxView, SerializedAst } from './sandbox.ts';
export type { AsOf, CollectReport, SnapshotDraft, SnapshotStore, Staging, WantedColumn } from './snapshot-store.ts';
export { isStorageFull, storageError } from './storage-error.ts';
export type { DroppedUses, QueryUse, RecordedUse, UsageLog, UsedProduct } from './usage-log.ts';
