import { afterEach, describe, expect, it } from 'vitest';
import { MOST_CANDIDATES, type EscalationSteps, type Escalations } from '../escalations.ts';

/** A cluster of numbers: candidates are the numbers below `candidates`, and `ask` says whether a person must decide. */
export interface SampleCluster {
  readonly id: string;
  readonly candidates: number;
  readonly ask: boolean;
}

export type SampleSteps = EscalationSteps<SampleCluster, number, string>;

export interface EscalationsUnderTest {
  /** Escalations over the same state each time, as after a restart. */
  open(steps: SampleSteps): Promise<Escalations<SampleCluster>>;
}

/** What all Escalations keep. Call it at the top level of a test file; `make` gives empty state. */
export function escalationsConformance(name: string, make: () => Promise<EscalationsUnderTest>): void {
  describe(`escalations: ${name}`, () => {
    const opened: Escalations<SampleCluster>[] = [];
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    async function setUp(fault?: (step: string) => void) {
      const under = await make();
      const done: string[] = [];
      let running = 0;
      let most = 0;
      const seen: string[][] = [];
      const step = async (word: string): Promise<void> => {
        fault?.(word);
        done.push(word);
      };
      const steps: SampleSteps = {
        async candidates({ candidates }) {
          await step('candidates');
          return Array.from({ length: candidates }, (_, at) => at);
        },
        async attempt(_cluster, candidate) {
          running += 1;
          most = Math.max(most, running);
          await new Promise((next) => setImmediate(next));
          running -= 1;
          return `tried ${candidate}`;
        },
        async judge({ ask }, trials) {
          await step('judge');
          seen.push([...trials]);
          return ask ? 'review' : 'settled';
        },
        settle: () => step('settle'),
      };
      const open = async (): Promise<Escalations<SampleCluster>> => {
        const escalations = await under.open(steps);
        opened.push(escalations);
        return escalations;
      };
      return { open, done, seen, most: () => most };
    }

    it('tries candidates side by side, and asks nobody where the trials decide', async () => {
      const { open, done, seen, most } = await setUp();
      const escalations = await open();
      expect(await escalations.start({ id: 'c1', candidates: 8, ask: false })).toBe('settled');
      expect(seen).toEqual([Array.from({ length: 8 }, (_, at) => `tried ${at}`)]);
      expect(most()).toBeGreaterThan(1);
      expect(await escalations.start({ id: 'none', candidates: 0, ask: false })).toBe('settled');
      expect(await escalations.start({ id: 'c1', candidates: 8, ask: false })).toBe('settled');
      expect(done).toEqual(['candidates', 'judge', 'candidates', 'judge']);
    });

    it(`tries at most ${MOST_CANDIDATES} candidates`, async () => {
      const { open, seen } = await setUp();
      await (await open()).start({ id: 'c1', candidates: MOST_CANDIDATES + 20, ask: false });
      expect(seen[0]).toHaveLength(MOST_CANDIDATES);
    });

    it('waits for the decision over a restart, and carries it out once', async () => {
      const { open, done } = await setUp();
      const first = await open();
      expect(await first.start({ id: 'c1', candidates: 2, ask: true })).toBe('waiting');
      expect(await first.start({ id: 'c1', candidates: 2, ask: true })).toBe('waiting');
      await first.close();
      const second = await open();
      expect(await second.state('c1')).toBe('waiting');
      expect(done).toEqual(['candidates', 'judge']);
      await Promise.all([second.resume('c1'), second.resume('c1'), second.resume('c1')]);
      await second.resume('c1');
      expect(await second.state('c1')).toBe('settled');
      expect(await (await open()).start({ id: 'c1', candidates: 2, ask: true })).toBe('settled');
      expect(done).toEqual(['candidates', 'judge', 'settle']);
    });

    it('goes on where a fault broke it off', async () => {
      const broken = new Set(['judge', 'settle']);
      const { open, done } = await setUp((word) => {
        if (broken.delete(word)) throw new Error(`${word} broke`);
      });
      const first = await open();
      await expect(first.start({ id: 'c1', candidates: 2, ask: true })).rejects.toThrow('judge broke');
      expect(await (await open()).start({ id: 'c1', candidates: 2, ask: true })).toBe('waiting');
      const third = await open();
      await expect(third.resume('c1')).rejects.toThrow('settle broke');
      await (await open()).resume('c1');
      expect(done).toEqual(['candidates', 'judge', 'settle']);
    });

    it('keeps escalations apart, whatever their ids', async () => {
      const { open } = await setUp();
      const escalations = await open();
      const ids = ['a', 'a/b', 'a%2Fb', '__proto', "x'; DROP TABLE state", '🧵'];
      for (const id of ids) expect(await escalations.start({ id, candidates: 1, ask: true })).toBe('waiting');
      await escalations.resume('a/b');
      expect(await Promise.all(ids.map((id) => escalations.state(id)))).toEqual(ids.map((id) => (id === 'a/b' ? 'settled' : 'waiting')));
      expect(await escalations.state('other')).toBeUndefined();
      await expect(escalations.resume('other')).rejects.toMatchObject({ code: 'SKEIN_REVIEW_UNKNOWN' });
    });
  });
}
