import { SkeinError } from '@skein/kernel';
import { conflict } from './charging.ts';
import type { MarketCommand } from './command.ts';
import type { MarketFact } from './event.ts';
import { privacyUnits } from './privacy-plan.ts';
import type { MarketState } from './state.ts';

/**
 * Takes what an answer costs from its dataset's budget, before the answer is made. The same query again is paid for already. Budgets add up over all
 * listings and buyers of a dataset (sequential composition), and nothing brings them back.
 */
export function spend(state: MarketState, command: Extract<MarketCommand, { do: 'spend' }>, time: number): MarketFact[] {
  const { dataset, by, query, asked, cost, budget } = command;
  const known = state.answers.get(query);
  if (known && known.until > time) {
    if (known.dataset === dataset && known.asked === asked) return [];
    throw conflict('that idempotency key was used for another question', { dataset });
  }
  const spent = state.privacy.get(dataset) ?? { epsilon: 0n, delta: 0n };
  for (const kind of ['epsilon', 'delta'] as const)
    if (spent[kind] + privacyUnits(kind, cost[kind]) > privacyUnits(kind, budget[kind]))
      throw new SkeinError('SKEIN_BUDGET_EXHAUSTED', `the ${kind} that is left of the privacy budget does not cover the answer`, { context: { dataset } });
  return [{ type: 'privacy.spent', dataset, by, epsilon: cost.epsilon, delta: cost.delta, budget: budget.epsilon, query, asked }];
}

/** Keeps the one answer that was paid for: of two that were made, the first stands, and is what everybody is told. */
export function keepAnswer(state: MarketState, { query, answer }: Extract<MarketCommand, { do: 'answer' }>): MarketFact[] {
  const known = state.answers.get(query);
  if (!known) throw new SkeinError('SKEIN_INTERNAL', `nothing was spent for the answer ${query}`);
  return known.answer ? [] : [{ type: 'privacy.answered', dataset: known.dataset, query, answer }];
}
