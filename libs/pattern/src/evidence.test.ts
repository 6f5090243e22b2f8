import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeEvidence, totalEvidence, withinEvidence, withOutcomes } from './evidence.ts';
import type { Evidence } from './pattern.ts';

const agents = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const counters = fc.record({ successes: fc.nat(1_000), failures: fc.nat(1_000) });
const evidence: fc.Arbitrary<Evidence> = fc.array(fc.tuple(agents, counters), { maxLength: 6 }).map((entries) => Object.fromEntries(entries));

type Merge = (one: Evidence, other: Evidence) => Evidence;
const bySum: Merge = (one, other) => Object.entries(other).reduce((sum, [agent, tally]) => withOutcomes(sum, agent, tally), mergeEvidence(one, {}));
const newest: Merge = (one, other) => mergeEvidence({ ...one, ...other }, {});

/** What a merge must keep for duplicated and reordered messages to be harmless. */
function laws(merge: Merge): boolean {
  const same = (one: Evidence, other: Evidence): boolean => JSON.stringify(one) === JSON.stringify(other);
  return !fc.check(
    fc.property(evidence, evidence, evidence, (x, y, z) => {
      const normal = merge(x, {});
      return same(merge(x, x), normal) && same(merge(x, y), merge(y, x)) && same(merge(merge(x, y), z), merge(x, merge(y, z)));
    }),
    { numRuns: 500, seed: 1 },
  ).failed;
}

describe('evidence', () => {
  it('merges idempotently, commutatively and associatively', () => {
    expect(laws(mergeEvidence)).toBe(true);
  });

  it('would not, if it summed, or took what came last', () => {
    expect(laws(bySum)).toBe(false);
    expect(laws(newest)).toBe(false);
  });

  it('comes to one state from messages that are duplicated and reordered', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(agents, fc.boolean()), { maxLength: 40 }), fc.infiniteStream(fc.nat()), (outcomes, noise) => {
        const states: Evidence[] = [{}];
        const own = new Map<string, Evidence>();
        for (const [agent, success] of outcomes) {
          const counted = withOutcomes(own.get(agent) ?? {}, agent, { successes: success ? 1 : 0, failures: success ? 0 : 1 });
          own.set(agent, counted);
          states.push(counted);
        }
        const sent = [...states, ...states.filter(() => (noise.next().value ?? 0) % 2 === 0)].map((state) => ({ state, at: noise.next().value ?? 0 }));
        const merged = sent.sort((a, b) => a.at - b.at).reduce((all, { state }) => mergeEvidence(all, state), {} as Evidence);
        expect(totalEvidence(merged)).toEqual({
          successes: outcomes.filter(([, success]) => success).length,
          failures: outcomes.filter(([, success]) => !success).length,
        });
        expect(states.every((state) => withinEvidence(state, merged))).toBe(true);
      }),
      { numRuns: 300, seed: 2 },
    );
  });

  it('bounds what one agent contributes, and keeps its ratio', () => {
    const known: Evidence = { loud: { successes: 900, failures: 100 }, calm: { successes: 3, failures: 1 } };
    expect(totalEvidence(known)).toEqual({ successes: 903, failures: 101 });
    expect(totalEvidence(known, 10)).toEqual({ successes: 12, failures: 2 });
    expect(withinEvidence(known, { loud: { successes: 900, failures: 100 } })).toBe(false);
  });
});
