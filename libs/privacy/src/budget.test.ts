import { describe, expect, it } from 'vitest';
import { afterEvent, budgetOf, openBudget, spend, type BudgetEvent } from './index.ts';

const opened = openBudget('ga4.sessions', { epsilon: '1', delta: '0.00001' });
const cost = (epsilon: string, delta = '0') => ({ epsilon, delta });
const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

/** A store that appends only where the version still holds. */
function ledger() {
  const events: BudgetEvent[] = [opened];
  return {
    events,
    append(event: BudgetEvent): boolean {
      if (event.version !== events.length + 1) return false;
      events.push(event);
      return true;
    },
  };
}

describe('the budget', () => {
  it('adds up exactly: ten tenths are one, and the eleventh is refused', () => {
    const { events, append } = ledger();
    for (let at = 0; at < 10; at += 1) {
      const budget = budgetOf(events);
      const decision = spend(budget, { queryId: `q${at}`, cost: cost('0.1', '0.000001'), expectedVersion: budget.version });
      if (decision.kind === 'spend') append(decision.event);
    }
    const budget = budgetOf(events);
    expect(budget).toMatchObject({ version: 11, spent: { epsilon: '1', delta: '1/100000' } });
    expect(codeOf(() => spend(budget, { queryId: 'q10', cost: cost('0.000000000000000000001'), expectedVersion: 11 }))).toBe('SKEIN_BUDGET_EXHAUSTED');
  });

  it('stops at delta as well', () => {
    expect(codeOf(() => spend(budgetOf([opened]), { queryId: 'q', cost: cost('0.1', '0.00002'), expectedVersion: 1 }))).toBe('SKEIN_BUDGET_EXHAUSTED');
  });

  it('charges a query once, in whatever form its cost is written, and even when nothing is left', () => {
    const paid = afterEvent(budgetOf([opened]), { type: 'budget_spent', dataset: 'ga4.sessions', version: 2, queryId: 'q', cost: cost('1') });
    expect(spend(paid, { queryId: 'q', cost: cost('3/3'), expectedVersion: 1 })).toEqual({ kind: 'repeat' });
    expect(codeOf(() => spend(paid, { queryId: 'q', cost: cost('0.5'), expectedVersion: 2 }))).toBe('SKEIN_BUDGET_CONFLICT');
    expect(codeOf(() => spend(paid, { queryId: 'other', cost: cost('0.1'), expectedVersion: 2 }))).toBe('SKEIN_BUDGET_EXHAUSTED');
  });

  it('lets one of two that race win, and never spends more than there is', () => {
    const { events, append } = ledger();
    const budget = budgetOf(events);
    const decisions = ['a', 'b'].map((queryId) => spend(budget, { queryId, cost: cost('0.6'), expectedVersion: 1 }));
    const won = decisions.map((decision) => decision.kind === 'spend' && append(decision.event));
    expect(won).toEqual([true, false]);
    expect(codeOf(() => spend(budgetOf(events), { queryId: 'b', cost: cost('0.6'), expectedVersion: 1 }))).toBe('SKEIN_BUDGET_CONFLICT');
    expect(codeOf(() => spend(budgetOf(events), { queryId: 'b', cost: cost('0.6'), expectedVersion: 2 }))).toBe('SKEIN_BUDGET_EXHAUSTED');
    expect(budgetOf(events).spent.epsilon).toBe('3/5');
  });

  it('takes no history that cannot have been', () => {
    const spent = (version: number, queryId: string, epsilon: string, dataset = 'ga4.sessions'): BudgetEvent => ({
      type: 'budget_spent',
      dataset,
      version,
      queryId,
      cost: cost(epsilon),
    });
    for (const [name, events] of Object.entries({
      empty: [],
      unopened: [spent(1, 'q', '0.1')],
      gap: [opened, spent(3, 'q', '0.1')],
      'opened twice': [opened, { ...opened, version: 2 }],
      'another dataset': [opened, spent(2, 'q', '0.1', 'ga4.events')],
      'paid twice': [opened, spent(2, 'q', '0.1'), spent(3, 'q', '0.1')],
    }))
      expect(
        codeOf(() => budgetOf(events as BudgetEvent[])),
        name,
      ).toBe('SKEIN_BUDGET_CONFLICT');
    expect(codeOf(() => budgetOf([opened, spent(2, 'q', '1.1')]))).toBe('SKEIN_BUDGET_EXHAUSTED');
    expect(codeOf(() => spend(budgetOf([opened]), { queryId: 'q', cost: cost('0'), expectedVersion: 1 }))).toBe('SKEIN_PRIVACY_INVALID');
    expect(codeOf(() => spend(budgetOf([opened]), { queryId: '', cost: cost('1'), expectedVersion: 1 }))).toBe('SKEIN_PRIVACY_INVALID');
  });
});
