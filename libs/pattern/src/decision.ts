import { sha256 } from '@skein/kernel';
import type { Pattern, PatternContext } from './pattern.ts';

/** The category of what a person decided. */
export const DECIDED = 'review';

const AGENT = /^review-[0-9a-f]{16}-[0-9a-f]{16}$/;

/** In whose name a decision counts for a column: the evidence of a pattern says so for which columns it was made. */
export function decisionAgent(review: string, context: PatternContext): string {
  return `review-${sha256(review).slice(0, 16)}-${place(context)}`;
}

/** Whether evidence stands in the name of a decision: the same whoever tells it, and however often. */
export function isDecision(agent: string): boolean {
  return AGENT.test(agent);
}

/** Whether a person decided for this very column: elsewhere the same signature may mean something else. */
export function isDecidedFor({ category, context, evidence }: Pattern, here: PatternContext): boolean {
  if (category !== DECIDED) return false;
  if (context.product === here.product && context.column === here.column) return true;
  const wanted = place(here);
  return Object.keys(evidence).some((agent) => isDecision(agent) && agent.endsWith(wanted));
}

function place({ product, column }: PatternContext): string {
  return sha256(JSON.stringify([product, column])).slice(0, 16);
}
