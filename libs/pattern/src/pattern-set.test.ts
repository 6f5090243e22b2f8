import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readKnowledge, readNews, type News } from './news.ts';
import { patternId, signatureKey, type Pattern } from './pattern.ts';
import { PatternSet } from './pattern-set.ts';
import { readPattern } from './read-pattern.ts';

function pattern(index: number, cells = 10): Pattern {
  const signature = { rule: 'type', target: 'DATE', shapes: [`9.9.${'9'.repeat(index % 3)}`] };
  const solution = { kind: 'expression', transformation: `f${index}({value})`, preConditions: 'TRUE', postValidation: 'TRUE' } as const;
  const context = { domain: 'shop', product: `p${cells % 2}`, column: 'c' };
  return {
    id: patternId({ category: 'date', signature, solution }),
    category: 'date',
    signature,
    context,
    solution,
    test: { cells, passed: cells },
    evidence: {},
  };
}

const news: fc.Arbitrary<News> = fc.oneof(
  fc.record({
    kind: fc.constant('pattern' as const),
    pattern: fc.tuple(fc.nat(5), fc.integer({ min: 9, max: 11 })).map(([index, cells]) => pattern(index, cells)),
  }),
  fc.record({
    kind: fc.constant('evidence' as const),
    id: fc.nat(5).map((index) => pattern(index).id),
    agent: fc.constantFrom('a', 'b'),
    tally: fc.record({ successes: fc.nat(9), failures: fc.nat(9) }),
  }),
  fc.record({ kind: fc.constant('rejected' as const), id: fc.nat(1).map((index) => pattern(index).id), reason: fc.constantFrom('x', 'y') }),
);

function after(all: readonly News[]): string {
  const set = new PatternSet();
  for (const one of all) set.apply(one);
  return JSON.stringify(set.knowledge());
}

describe('pattern set', () => {
  it('comes to one state from news that is duplicated and reordered, and from parts that are merged', () => {
    fc.assert(
      fc.property(fc.array(news, { maxLength: 25 }), fc.nat(), fc.nat(24), (all, seed, cut) => {
        const expected = after(all);
        const shuffled = [...all, ...all.filter((_, index) => (index + seed) % 3 === 0)]
          .map((one, index) => ({ one, at: Math.imul(index + 1, seed | 1) >>> 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ one }) => one);
        expect(after(shuffled)).toBe(expected);
        const [one, other] = [new PatternSet(), new PatternSet()];
        all.forEach((each, index) => (index < cut ? one : other).apply(each));
        other.merge(one.knowledge());
        expect(JSON.stringify(other.knowledge())).toBe(expected);
        expect(readKnowledge(JSON.parse(expected))).toEqual({ knowledge: JSON.parse(expected), refused: 0 });
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('says which signature changed, and only when it did', () => {
    const set = new PatternSet();
    const one = pattern(1);
    const key = signatureKey(one.signature);
    expect(set.attest(one.id, 'a', { successes: 1, failures: 0 })).toBeUndefined();
    expect(set.add(one)).toBe(key);
    expect(set.lookup(key)).toEqual([{ ...one, evidence: { a: { successes: 1, failures: 0 } } }]);
    expect(set.add(one)).toBeUndefined();
    expect(set.attest(one.id, 'a', { successes: 1, failures: 0 })).toBeUndefined();
    expect(set.attest(one.id, 'a', { successes: 0, failures: 2 })).toBe(key);
    expect(set.lookup(key)[0]?.evidence).toEqual({ a: { successes: 1, failures: 2 } });
    expect(set.lookup('unknown')).toEqual([]);
  });

  it('keeps a rejected pattern out, whether the news came before it or after', () => {
    const one = pattern(1);
    const key = signatureKey(one.signature);
    const [before, later] = [new PatternSet(), new PatternSet()];
    before.reject(one.id, 'wrong year');
    expect(before.add(one)).toBeUndefined();
    later.add(one);
    expect(later.reject(one.id, 'wrong year')).toBe(key);
    later.add({ ...one, evidence: { z: { successes: 99, failures: 0 } } });
    for (const set of [before, later]) {
      expect(set.lookup(key)).toEqual([]);
      expect(set.rejection(one.id)).toBe('wrong year');
    }
  });
});

describe('reading patterns', () => {
  const good = pattern(1);

  it('takes what the synthesiser makes, and drops what it does not know', () => {
    expect(readPattern(JSON.parse(JSON.stringify({ ...good, extra: 1 })))).toEqual(good);
    const solution = { kind: 'dependency', determinants: ['zip'], column: 'city', minimumSupport: 2, minimumShare: 0.8 } as const;
    const vote = { ...good, solution, id: patternId({ ...good, solution }) };
    expect(readPattern(vote)).toEqual(vote);
  });

  const bad: readonly (readonly [string, unknown])[] = [
    ['nothing', null],
    ['a list', []],
    ['an id of its own', { ...good, id: 'f'.repeat(64) }],
    ['another solution under the id', { ...good, solution: { ...good.solution, transformation: "'x'" } }],
    ['no shapes', { ...good, signature: { ...good.signature, shapes: 'x' } }],
    ['a thousand shapes', { ...good, signature: { ...good.signature, shapes: Array.from({ length: 1_000 }, String) } }],
    ['an endless expression', { ...good, solution: { ...good.solution, preConditions: 'x'.repeat(20_000) } }],
    ['negative evidence', { ...good, evidence: { a: { successes: -1, failures: 0 } } }],
    ['infinite evidence', { ...good, evidence: { a: { successes: Number.POSITIVE_INFINITY, failures: 0 } } }],
    ['fractional evidence', { ...good, evidence: { a: { successes: 0.5, failures: 0 } } }],
    ['more passed than tested', { ...good, test: { cells: 1, passed: 2 } }],
    ['a control character in a name', { ...good, context: { ...good.context, product: 'a\u0000b' } }],
    ['a vote of a minority', { ...good, solution: { kind: 'dependency', determinants: ['a'], column: 'b', minimumSupport: 1, minimumShare: 0.5 } }],
  ];
  it.each(bad)('refuses %s', (_, input) => {
    expect(readPattern(input)).toBeTypeOf('string');
    expect(readKnowledge({ patterns: [input, good], evidence: {}, rejected: {}, rewards: {} })).toEqual({
      knowledge: { patterns: [good], evidence: {}, rejected: {}, rewards: {} },
      refused: 1,
    });
  });

  it('refuses news of no kind, and of nobody', () => {
    for (const input of [
      undefined,
      'x',
      {},
      { kind: 'evidence', id: good.id, agent: '', tally: { successes: 1, failures: 0 } },
      { kind: 'rejected', id: 'x', reason: '' },
    ]) {
      expect(readNews(input)).toBeTypeOf('string');
    }
    expect(readKnowledge('nonsense').refused).toBe(1);
    expect(Object.prototype).not.toHaveProperty('successes');
  });
});
