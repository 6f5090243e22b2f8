export type { Check, CheckPlan, Figures, Gate, Verdict } from './verdict.ts';
