export { checkPlan } from './check-plan.ts';
export { judge, timedGate } from './judge.ts';
export { periodAfter, readPeriod, type Period } from './period.ts';
export { isTimed, serviceChecks } from './service-level.ts';
export { leftToBatch, type LeftCheck } from './left-to-batch.ts';
export { compilePattern, type CompiledPattern } from './pattern.ts';
export { lineValidator, recordValidator, type RecordViolation } from './record.ts';
export { annotateSql, canRun, figuresSql, measure, offendersSql, violationValueSql, type FigureStatement, type Measurement } from './statement.ts';
export type { Check, CheckPlan, Figures, Gate, Unjudged, Verdict } from './verdict.ts';
