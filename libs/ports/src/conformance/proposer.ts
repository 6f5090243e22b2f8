import { afterEach, describe, expect, it } from 'vitest';
import type { ProposalQuestion, Proposer } from '../proposer.ts';

/** How whoever stands behind the proposer behaves. */
export type ModelBehaviour = 'solves' | 'prose' | 'half' | 'silent' | 'fails' | 'endless' | 'leaves';

export interface ProposerUnderTest {
  readonly proposer: Proposer;
  /** Questions that reached the other side. */
  asked(): number;
  dispose(): Promise<void>;
}

export interface ProposerBudget {
  readonly calls: number;
  readonly tokens: number;
}

export const SAMPLE_QUESTION: ProposalQuestion = {
  rule: 'pattern',
  column: 'ward',
  type: 'VARCHAR',
  required: true,
  options: { pattern: '^[A-Z]{2}$' },
  shapes: [{ shape: 'a:_A', share: 1 }],
  examples: [],
};

/** What every Proposer keeps. `make` gives one whose other side behaves as told, and which waits for half a second at most. */
export function proposerConformance(name: string, make: (behaviour: ModelBehaviour, budget: ProposerBudget) => Promise<ProposerUnderTest>): void {
  describe(`proposer: ${name}`, () => {
    const open: ProposerUnderTest[] = [];
    afterEach(async () => {
      await Promise.all(open.splice(0).map((one) => one.dispose()));
    });
    async function made(behaviour: ModelBehaviour, budget: ProposerBudget = { calls: 10, tokens: 100_000 }): Promise<ProposerUnderTest> {
      const one = await make(behaviour, budget);
      open.push(one);
      return one;
    }

    it('gives the expressions that were proposed', async () => {
      const { proposer } = await made('solves');
      const run = proposer.begin();
      const answer = await run.ask(SAMPLE_QUESTION);
      expect(answer).toMatchObject({ kind: 'solutions' });
      if (answer.kind !== 'solutions') return;
      expect(answer.solutions.length).toBeGreaterThan(0);
      for (const solution of answer.solutions)
        expect(solution).toMatchObject({ kind: 'expression', transformation: expect.stringContaining('{value}') as string });
      expect(run.spent.calls).toBe(1);
      expect(run.spent.tokens).toBeGreaterThan(0);
    });

    it.each([
      ['prose', 'refused'],
      ['half', 'refused'],
      ['endless', 'refused'],
      ['silent', 'silent'],
      ['fails', 'failed'],
      ['leaves', 'failed'],
    ] as const)('answers when the other side is one that %s: %s', async (behaviour, kind) => {
      const { proposer } = await made(behaviour);
      const answer = await proposer.begin().ask(SAMPLE_QUESTION);
      expect(answer).toMatchObject({ kind, why: expect.any(String) as string });
    });

    it('never exceeds its budget, however many ask at once, and has a new one for each run', async () => {
      for (const [behaviour, budget] of [
        ['solves', { calls: 3, tokens: 1_000_000 }],
        ['fails', { calls: 2, tokens: 1_000_000 }],
        ['solves', { calls: 100, tokens: 7_000 }],
      ] as const) {
        const { proposer, asked } = await made(behaviour, budget);
        const run = proposer.begin();
        const answers = await Promise.all(Array.from({ length: 40 }, () => run.ask(SAMPLE_QUESTION)));
        expect(answers.filter(({ kind }) => kind === 'spent').length).toBeGreaterThan(0);
        expect(run.spent.calls).toBeLessThanOrEqual(budget.calls);
        expect(run.spent.tokens).toBeLessThanOrEqual(budget.tokens);
        expect(asked()).toBe(run.spent.calls);
        expect(asked()).toBeGreaterThan(0);
        const before = asked();
        await proposer.begin().ask(SAMPLE_QUESTION);
        expect(asked()).toBe(before + 1);
      }
    });

    it('stops asking one that fails again and again', async () => {
      const { proposer, asked } = await made('fails', { calls: 100, tokens: 1_000_000 });
      const run = proposer.begin();
      for (let index = 0; index < 20; index += 1) expect(await run.ask(SAMPLE_QUESTION)).toMatchObject({ kind: 'failed' });
      expect(asked()).toBeLessThan(10);
    });
  });
}
