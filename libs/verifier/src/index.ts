export { checkPlan } from './check-plan.ts';
export { judge, timedGate } from './judge.ts';
export { periodAfter, readPeriod, type Period } from './period.ts';
export { isTimed, serviceChecks } from './service-level.ts';
export { leftToBatch, type LeftCheck } from './left-to-batch.ts';
export { compilePattern, type CompiledPattern } from './pattern.ts';
export { rowRules, type RowRule } from './row-rule.ts';
export { jsonForm, jsonMembers, keepDigits } from './json-form.ts';
export { numberForm, textForm, type Form } from './text-form.ts';
export { textAccepts } from './text-value.ts';
export { lineValidator, recordValidator, type RecordViolation } from './record.ts';
export {
  annotateSql,
  canRun,
  fastestPasses,
  figuresSql,
  measure,
  offendersSql,
  PASSES,
  violationValueSql,
  type FigureStatement,
  type Measurement,
  type Passes,
} from './statement.ts';
export type { Check, CheckPlan, Figures, Gate, Unjudged, Verdict } from './verdict.ts';
export { withheld } from './withheld.ts';
