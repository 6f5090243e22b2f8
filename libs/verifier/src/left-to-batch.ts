import type { Contract } from '@skein/contract';
import { checkPlan } from './check-plan.ts';

/** A check that one record cannot answer. */
export interface LeftCheck {
  readonly check: string;
  readonly rule: string;
  readonly column: string | undefined;
  readonly reason: string;
}

const REASONS = {
  set: 'it compares rows with each other or with another product',
  metric: 'it measures all rows together',
  publication: 'it is measured over publications',
} as const;

/** What `recordValidator` leaves to the batch path: every check of the plan that it does not judge, and why. Rules that no path judges are among them. */
export function leftToBatch(contract: Contract): LeftCheck[] {
  const { checks, unjudged } = checkPlan(contract);
  return [
    ...checks.flatMap(({ id, rule, column, level }) => (level === 'row' ? [] : [{ check: id, rule, column, reason: REASONS[level] }])),
    ...unjudged.map(({ id, rule, column, reason }) => ({ check: id, rule, column, reason })),
  ];
}
