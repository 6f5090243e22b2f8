import { SkeinError } from '@skein/kernel';
import { compare, plus, rational, textOf } from './rational.ts';

/** What a query costs: ε and δ as decimal text or fractions. */
export interface PrivacyCost {
  readonly epsilon: string;
  readonly delta: string;
}

/** What has happened to one dataset's budget. Versions count from 1 without a gap. */
export type BudgetEvent =
  | { readonly type: 'budget_opened'; readonly dataset: string; readonly version: number; readonly limit: PrivacyCost }
  | { readonly type: 'budget_spent'; readonly dataset: string; readonly version: number; readonly queryId: string; readonly cost: PrivacyCost };

/** A dataset's budget after some events. Sequential composition: costs add up, exactly. */
export interface Budget {
  readonly dataset: string;
  readonly version: number;
  readonly limit: PrivacyCost;
  readonly spent: PrivacyCost;
  readonly queries: ReadonlyMap<string, PrivacyCost>;
}

/** @throws SKEIN_PRIVACY_INVALID */
export function openBudget(dataset: string, limit: PrivacyCost): BudgetEvent {
  return { type: 'budget_opened', dataset, version: 1, limit: checked(limit) };
}

/** What to do about a query: `spend` holds the event to append at `version`; `repeat` means that it is paid for, and its stored answer is to be given again. */
export type BudgetDecision = { readonly kind: 'spend'; readonly event: BudgetEvent } | { readonly kind: 'repeat' };

/**
 * Decides one query. Nothing changes here: the event is to be appended where `expectedVersion` still holds (compare and set), before any answer is shown;
 * who loses that race reads again and decides anew.
 * @throws SKEIN_BUDGET_EXHAUSTED; SKEIN_BUDGET_CONFLICT where the version has moved on, or the query id stands for another cost; SKEIN_PRIVACY_INVALID
 */
export function spend(budget: Budget, query: { readonly queryId: string; readonly cost: PrivacyCost; readonly expectedVersion: number }): BudgetDecision {
  const cost = checked(query.cost);
  if (query.queryId === '') throw new SkeinError('SKEIN_PRIVACY_INVALID', 'a query has an id');
  const paid = budget.queries.get(query.queryId);
  if (paid) {
    if (paid.epsilon !== cost.epsilon || paid.delta !== cost.delta)
      throw new SkeinError(
        'SKEIN_BUDGET_CONFLICT',
        `query ${JSON.stringify(query.queryId)} was paid with ε ${paid.epsilon}, δ ${paid.delta}, not ε ${cost.epsilon}, δ ${cost.delta}`,
      );
    return { kind: 'repeat' };
  }
  if (query.expectedVersion !== budget.version)
    throw new SkeinError('SKEIN_BUDGET_CONFLICT', `the budget of ${budget.dataset} is at version ${budget.version}, not ${query.expectedVersion}`);
  if (rational(cost.epsilon).numerator === 0n) throw new SkeinError('SKEIN_PRIVACY_INVALID', 'a query costs an epsilon above zero');
  for (const name of ['epsilon', 'delta'] as const) {
    const after = plus(rational(budget.spent[name]), rational(cost[name]));
    if (compare(after, rational(budget.limit[name])) > 0)
      throw new SkeinError(
        'SKEIN_BUDGET_EXHAUSTED',
        `${budget.dataset} has spent ${name} ${budget.spent[name]} of ${budget.limit[name]}, and the query costs ${cost[name]}`,
        {
          context: { dataset: budget.dataset, spent: budget.spent, limit: budget.limit, cost },
        },
      );
  }
  return { kind: 'spend', event: { type: 'budget_spent', dataset: budget.dataset, version: budget.version + 1, queryId: query.queryId, cost } };
}

/**
 * The budget after one more event; the first opens it.
 * @throws SKEIN_BUDGET_CONFLICT for an event of another dataset, out of its order, or that spends what is not there
 */
export function afterEvent(budget: Budget | undefined, event: BudgetEvent): Budget {
  const due = (budget?.version ?? 0) + 1;
  const fits = event.version === due && (budget ? event.type === 'budget_spent' && event.dataset === budget.dataset : event.type === 'budget_opened');
  if (!fits) throw new SkeinError('SKEIN_BUDGET_CONFLICT', `${event.type} of ${event.dataset} at version ${event.version} does not follow version ${due - 1}`);
  if (event.type === 'budget_opened')
    return { dataset: event.dataset, version: 1, limit: checked(event.limit), spent: { epsilon: '0', delta: '0' }, queries: new Map() };
  const before = budget as Budget;
  const decision = spend(before, { queryId: event.queryId, cost: event.cost, expectedVersion: before.version });
  if (decision.kind === 'repeat') throw new SkeinError('SKEIN_BUDGET_CONFLICT', `query ${JSON.stringify(event.queryId)} is paid twice`);
  const cost = checked(event.cost);
  const sum = (name: keyof PrivacyCost): string => textOf(plus(rational(before.spent[name]), rational(cost[name])));
  return {
    ...before,
    version: event.version,
    spent: { epsilon: sum('epsilon'), delta: sum('delta') },
    queries: new Map(before.queries).set(event.queryId, cost),
  };
}

/** The budget that a list of events leaves. @throws SKEIN_BUDGET_CONFLICT */
export function budgetOf(events: readonly BudgetEvent[]): Budget {
  const budget = events.reduce<Budget | undefined>(afterEvent, undefined);
  if (!budget) throw new SkeinError('SKEIN_BUDGET_CONFLICT', 'the budget was never opened');
  return budget;
}

/** One form for one value, so that 0.5 and 1/2 are the same cost. */
function checked(cost: PrivacyCost): PrivacyCost {
  return { epsilon: textOf(rational(cost.epsilon)), delta: textOf(rational(cost.delta)) };
}
