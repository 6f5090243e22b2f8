import { describe, expect, it } from 'vitest';
import type { MarketCommand } from './command.ts';
import { decideMarket, numbered } from './decide.ts';
import { privacyUnits, readPrivacyPlan } from './privacy-plan.ts';
import { emptyMarket, fold, REPEAT_MS } from './state.ts';

const START = Date.UTC(2026, 0, 1);
function market() {
  const state = emptyMarket();
  const run = (command: MarketCommand, now = START) => {
    const events = numbered(state, decideMarket(state, command, now), now);
    for (const event of events) fold(state, event);
    return events;
  };
  return { state, run };
}
const spend = (query: string, more: Partial<Extract<MarketCommand, { do: 'spend' }>> = {}): MarketCommand => ({
  do: 'spend',
  dataset: 'crm.people',
  by: 'buyer',
  cost: { epsilon: '0.1', delta: '0.000001' },
  budget: { epsilon: '0.3', delta: '0.00001' },
  query,
  asked: 'what',
  ...more,
});
const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};
const ANSWER = { groups: [{ by: ['x'], value: '7' }], scale: '10', threshold: '140' };

describe('the privacy budget of a dataset', () => {
  it('covers what it covers exactly, for all buyers together, and then nothing', () => {
    const { run } = market();
    // 0.1 + 0.1 + 0.1 is 0.3, which no float says
    for (const query of ['1', '2', '3']) expect(run(spend(query, { by: `buyer-${query}` }))).toHaveLength(1);
    expect(thrown(() => run(spend('4')))).toBe('SKEIN_BUDGET_EXHAUSTED');
    expect(thrown(() => run(spend('5', { cost: { epsilon: '0.000000001', delta: '0.000001' } })))).toBe('SKEIN_BUDGET_EXHAUSTED');
    expect(run(spend('6', { dataset: 'crm.others' }))).toHaveLength(1);
  });

  it('is spent of delta as well', () => {
    const { run } = market();
    const budget = { epsilon: '9', delta: '0.000002' };
    for (const query of ['1', '2']) run(spend(query, { budget }));
    expect(thrown(() => run(spend('3', { budget })))).toBe('SKEIN_BUDGET_EXHAUSTED');
  });

  it('is spent once for one key, keeps one answer, and takes no other question under it', () => {
    const { run, state } = market();
    run(spend('1'));
    expect(run(spend('1'))).toEqual([]);
    expect(thrown(() => run(spend('1', { asked: 'something else' })))).toBe('SKEIN_MARKET_CONFLICT');
    expect(thrown(() => run(spend('1', { dataset: 'crm.others' })))).toBe('SKEIN_MARKET_CONFLICT');
    expect(run({ do: 'answer', query: '1', answer: ANSWER })).toHaveLength(1);
    expect(run({ do: 'answer', query: '1', answer: { ...ANSWER, scale: '11' } })).toEqual([]);
    expect(state.answers.get('1')?.answer).toEqual(ANSWER);
    expect(thrown(() => run({ do: 'answer', query: 'never paid', answer: ANSWER }))).toBe('SKEIN_INTERNAL');
    // a day later it is another question, and costs again; time does not bring the budget back
    expect(run(spend('1'), START + REPEAT_MS)).toHaveLength(1);
    expect(state.privacy.get('crm.people')?.epsilon).toBe(200_000_000_000_000_000n);
  });

  it('is written as decimal text', () => {
    expect(privacyUnits('epsilon', '1.000000001')).toBe(1_000_000_001_000_000_000n);
    expect(privacyUnits('delta', '0.000000000000000001')).toBe(1n);
    for (const wrong of ['-1', '1e-3', '.5', '1.0000000001', '', 1, null, 'NaN'])
      expect(thrown(() => privacyUnits('epsilon', wrong))).toBe('SKEIN_REQUEST_INVALID');
    for (const wrong of ['1', '0.0000000000000000001', '2']) expect(thrown(() => privacyUnits('delta', wrong))).toBe('SKEIN_REQUEST_INVALID');
  });

  it('comes with a plan that says whose rows they are, and what is told', () => {
    const plan = {
      person: 'id',
      by: ['region'],
      sums: { amount: { low: '0', high: '10.50' } },
      partitionsPerPerson: 1,
      rowsPerPartition: 1,
      cost: { epsilon: '0.1', delta: '0.000001' },
      budget: { epsilon: '1', delta: '0.00001' },
    };
    const known = (name: string) => ({ id: 'other', region: 'other', amount: 'summable' })[name] as 'summable' | 'other' | undefined;
    expect(readPrivacyPlan(plan, known)).toEqual(plan);
    for (const fits of [
      ['-0.5', '-0.4'],
      ['-10', '0.1'],
      ['7', '7.0'],
    ])
      expect(readPrivacyPlan({ ...plan, sums: { amount: { low: fits[0], high: fits[1] } } }, known).sums['amount']).toEqual({ low: fits[0], high: fits[1] });
    for (const wrong of [
      { person: 'nobody' },
      { by: [] },
      { by: ['id'] },
      { by: ['region; DROP TABLE event'] },
      { sums: { region: { low: '0', high: '1' } } },
      { sums: { amount: { low: 0, high: 1 } } },
      { sums: { amount: { low: '0', high: 'Infinity' } } },
      { sums: { amount: { low: '-0.4', high: '-0.5' } } },
      { sums: { amount: { low: '9007199254740993.1', high: '9007199254740993' } } },
      { partitionsPerPerson: 0 },
      { rowsPerPartition: Number.NaN },
      { cost: { epsilon: '0', delta: '0.1' } },
      { cost: { epsilon: '0.1', delta: '0' } },
      { budget: { epsilon: '0.1' } },
      { more: true },
    ])
      expect([wrong, thrown(() => readPrivacyPlan({ ...plan, ...wrong }, known))]).toEqual([wrong, 'SKEIN_REQUEST_INVALID']);
  });
});
