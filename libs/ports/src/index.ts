export type { AuditDecision, AuditLog, AuditRecord } from './audit-log.ts';
export type { ContractDraft, ContractRegistry, RegisteredVersion } from './contract-registry.ts';
export type { Binder, Bound, BoundRelation } from './binder.ts';
export type { BronzeDraft, BronzeFile, BronzeLanding, BronzePlan, BronzeStage, BronzeStore, BronzeVersion } from './bronze-store.ts';
export type { Brought, Connector } from './connector.ts';
export type { BusEvent, DeadLetter, EventBus, SubscribeOptions, Subscription } from './event-bus.ts';
export type { LandingDraft, LandingStage, LandingStore, SourceFileState } from './landing-store.ts';
export {
  NEW_VALUES_FACTOR,
  type Attempt,
  type BoardCounts,
  type ClaimAnswer,
  type Lease,
  type ParkAnswer,
  type PatternBoard,
  type Vain,
  type VainAttempt,
} from './pattern-board.ts';
export { BoardCache, checkAgent, checkAttempt, checkTtl, newsFrom, newsText, vainNote } from './board-cache.ts';
export type { NoProposal, ProposalQuestion, Proposer, ProposerAnswer, ProposerRun } from './proposer.ts';
export { solveOnce, type SolveOnce } from './solve-once.ts';
export type { MarketStore } from './market-store.ts';
export type { EngineParameter, EngineSession, EngineValue, FileShape, QueryEngine } from './query-engine.ts';
export type { QuerySandbox, ResultFormat, SandboxCatalog, SandboxOutcome, SandboxRequest, SandboxResult, SandboxView, SerializedAst } from './sandbox.ts';
export type { AsOf, CollectReport, SnapshotDraft, SnapshotStore, Staging, WantedColumn } from './snapshot-store.ts';
export { isStorageFull, storageError } from './storage-error.ts';
export type { DroppedUses, QueryUse, RecordedUse, UsageLog, UsedProduct } from './usage-log.ts';
export { alternativeId, decideReview, gapKey, newReview } from './decide-review.ts';
export { MOST_CANDIDATES, type EscalationState, type EscalationSteps, type Escalations } from './escalations.ts';
export type {
  Alternative,
  BlastRadius,
  Decided,
  DecisionVerb,
  Review,
  ReviewDecision,
  ReviewDesk,
  ReviewKind,
  ReviewQuery,
  ReviewRequest,
  ReviewRow,
  ReviewStatus,
} from './review-desk.ts';
export type { StateStore } from './state-store.ts';
