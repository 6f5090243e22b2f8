import { describe, expect, it } from 'vitest';
import { anonymise, recheck, release, rowsOfTable, type AnonymiseAsk, type Table } from './index.ts';

const code = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

/** Visits of some persons, of whom the first have very many; the same for each seed. */
function visits(rows: number, persons: number, seed: number): Table {
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const who = Array.from({ length: rows }, () => Math.min(below(persons), below(persons), below(persons)));
  return {
    person: who.map((one) => `p${one}`),
    // persons who come often come at about the same age and place: rows alone make a crowd of one
    age: Int32Array.from(who, (one) => 20 + (one % 50) + below(3)),
    place: who.map((one) => `place ${(one + below(2)) % 7}`),
    illness: who.map((one) => ['flu', 'gout', 'ulcer', 'none', 'none'][(one + below(3)) % 5] as string),
  };
}

/** The tallies of each class, by nothing but sets: whose rows, and who has which value. */
function classesOf(made: Table, persons: readonly unknown[]): { readonly people: Set<unknown>; readonly having: Map<string, Set<unknown>> }[] {
  const classes = new Map<string, { people: Set<unknown>; having: Map<string, Set<unknown>> }>();
  for (const [at, row] of rowsOfTable(made).entries()) {
    const key = JSON.stringify([row['age'], row['place']]);
    const one = classes.get(key) ?? { people: new Set(), having: new Map<string, Set<unknown>>() };
    one.people.add(persons[at]);
    const value = String(row['illness']);
    one.having.set(value, (one.having.get(value) ?? new Set()).add(persons[at]));
    classes.set(key, one);
  }
  return [...classes.values()];
}

describe('a person with several rows', () => {
  const QUASI = ['age', 'place'];

  it('is one of k, however many rows they have', () => {
    const alone: Table = {
      person: [...Array<string>(10).fill('ada'), ...Array.from({ length: 10 }, (_, at) => `p${at}`)],
      age: [...Array<number>(10).fill(30), ...Array<number>(10).fill(60)],
    };
    const { person: _person, ...unnamed } = alone;
    // counted by rows ada is a crowd
    expect(release(unnamed, { quasi: ['age'], k: 10 }).report.classes).toBe(2);
    const made = release(alone, { quasi: ['age'], k: 10, person: 'person' });
    expect(made).toMatchObject({ report: { classes: 1, persons: 11 }, verdict: { passed: true, smallestClass: 11 } });
    expect(Object.keys(made.release)).toEqual(['age']);
    expect(JSON.stringify(made)).not.toContain('ada');
    expect(code(() => release(alone, { quasi: ['age'], k: 12, person: 'person' }))).toBe('SKEIN_PRIVACY_UNSAFE');
  });

  it.each([
    { k: 5 },
    { k: 20, l: { kind: 'distinct' as const, l: 2 } },
    { k: 5, l: { kind: 'entropy' as const, l: 1.3 } },
    { k: 5, l: { kind: 'recursive' as const, l: 2, c: 4 } },
    { k: 10, t: { t: 0.3, distance: 'equal' as const } },
    { k: 5, t: { t: 0.3, distance: 'ordered' as const, order: ['none', 'flu', 'gout', 'ulcer'] } },
  ])('is counted once in what is made and in what is counted anew: %j', (asked) => {
    let unsafeByRows = 0;
    for (const seed of [1, 2, 3]) {
      const table = visits(4_000, 300, seed);
      const ask: AnonymiseAsk = { quasi: QUASI, sensitive: ['illness'], person: 'person', ...asked };
      const { release: made, report, verdict } = release(table, ask);
      expect(verdict).toMatchObject({ passed: true, rows: 4_000, classes: report.classes });
      expect(report.classes).toBeGreaterThan(1);
      const persons = table['person'] as readonly string[];
      const classes = classesOf(made, persons);
      expect(Math.min(...classes.map(({ people }) => people.size))).toBe(verdict.smallestClass);
      expect(verdict.smallestClass).toBeGreaterThanOrEqual(asked.k);
      // nobody is told a value that all of their class share
      if (asked.l) for (const { people, having } of classes) for (const who of having.values()) expect(who.size).toBeLessThan(people.size);
      // the same by rows: the counter of persons finds what is wrong with it
      const { person: _person, ...byRows } = ask;
      const { release: rowsOnly } = anonymise({ age: table['age'] ?? [], place: table['place'] ?? [], illness: table['illness'] ?? [] }, byRows);
      if (!recheck({ ...rowsOnly, person: persons }, ask).passed) unsafeByRows += 1;
    }
    expect(unsafeByRows).toBe(3);
  });

  it('makes no diversity alone, and moves no distribution', () => {
    const made = (illness: readonly string[], person: readonly string[]): Table => ({ age: illness.map(() => '*'), illness, person });
    const check = (table: Table, l: number) => recheck(table, { quasi: ['age'], sensitive: ['illness'], k: 2, l: { kind: 'distinct', l }, person: 'person' });
    // everyone has a; one person has all else
    expect(check(made(['a', 'a', 'a', 'b', 'c'], ['p', 'q', 'r', 'r', 'r']), 2).failures).toMatchObject([
      { rule: 'l', found: 1, asked: 2, rows: 5, persons: 3 },
    ]);
    // each has a value of their own besides the one that all share
    expect(check(made(['a', 'b', 'a', 'c', 'a', 'd'], ['p', 'p', 'q', 'q', 'r', 'r']), 2).passed).toBe(false);
    expect(check(made(['a', 'a', 'b', 'c'], ['p', 'q', 'r', 'r']), 2).passed).toBe(true);
    expect(check(made(['a', 'a', 'b', 'c'], ['p', 'q', 'r', 's']), 3).passed).toBe(true);
    // one of four comes fifty times more: the class of p and q is as far from the whole as that of r and s
    const often = Array<string>(50).fill('a');
    const table = {
      age: ['1', '1', '2', '2', ...often.map(() => '1')],
      illness: ['a', 'b', 'a', 'b', ...often],
      person: ['p', 'q', 'r', 's', ...often.map(() => 'p')],
    };
    const ask: AnonymiseAsk = { quasi: ['age'], sensitive: ['illness'], k: 2, t: { t: 0.1, distance: 'equal' } };
    expect(recheck(table, { ...ask, person: 'person' })).toMatchObject({ passed: true, farthest: 0 });
    expect(recheck(table, ask).passed).toBe(false);
  });

  it('is hidden: rows of nobody are left out, and the column is nowhere else', () => {
    const table: Table = { person: ['a', null, 'b', 'c', null], age: [1, 2, 3, 4, 5], pay: ['1', '2', '3', '4', '5'] };
    const { release: made, report } = release(table, { quasi: ['age'], k: 3, person: 'person' });
    expect(report).toMatchObject({ rows: 5, released: 3, suppressed: 2, persons: 3 });
    expect(made).toEqual({ age: { codes: Int32Array.of(0, 0, 0), labels: ['[1, 4]'] }, pay: ['1', '3', '4'] });
    for (const wrong of [{ quasi: ['person'] }, { sensitive: ['person'] }, { keep: ['person'] }, { person: 'nobody' }])
      expect([wrong, code(() => release(table, { quasi: ['age'], k: 2, person: 'person', ...wrong }))]).toEqual([wrong, 'SKEIN_PRIVACY_INVALID']);
    expect(code(() => recheck({ age: ['1', '1'], person: ['a', null] }, { quasi: ['age'], k: 1, person: 'person' }))).toBe('SKEIN_PRIVACY_INVALID');
    // whole numbers beyond 2^53 are persons apart
    const ids = [9007199254740992n, 9007199254740993n, 9007199254740993n];
    expect(release({ id: ids, age: [1, 1, 1] }, { quasi: ['age'], k: 2, person: 'id' }).report.persons).toBe(2);
    expect(code(() => release({ id: ids, age: [1, 1, 1] }, { quasi: ['age'], k: 3, person: 'id' }))).toBe('SKEIN_PRIVACY_UNSAFE');
  });
});
