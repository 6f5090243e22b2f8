import { readdirSync, readFileSync } from 'node:fs';
import { isDate, normalTime, normalTimestamp, type ColumnType, type Property } from '@skein/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnOf, type Column } from './family/family.ts';
import { LOWEST_TIER, gather } from './gather.ts';
import { familyOf, LIBRARY, propose, signatureOf, type ColumnFacts, type FamilyTrial, type Gap } from './index.ts';
import { candidateOf, standing, type Candidate } from './weigh.ts';

interface Table {
  readonly title: string;
  readonly type: string;
  readonly options?: Property['options'];
  readonly accepted?: readonly string[];
  readonly source?: ColumnFacts['source'];
  readonly examples?: readonly unknown[];
  readonly cells: readonly (readonly [string, string | null | false])[];
}

const TYPES: Readonly<Record<string, ColumnType>> = {
  string: { kind: 'string' },
  int: { kind: 'int', bits: 64 },
  decimal: { kind: 'decimal', precision: 18, scale: 6 },
  date: { kind: 'date' },
  time: { kind: 'time' },
  timestamp: { kind: 'timestamp', zoned: false },
  boolean: { kind: 'boolean' },
};
const TYPED: Readonly<Record<string, (value: string) => boolean>> = {
  string: () => true,
  int: (value) => /^-?\d+$/.test(value),
  decimal: (value) => /^-?\d+(\.\d+)?$/.test(value),
  date: isDate,
  time: (value) => normalTime(value) !== undefined,
  timestamp: (value) => normalTimestamp(value, false) !== undefined,
  boolean: (value) => value === 'true' || value === 'false',
};

const folder = new URL('./golden/families/', import.meta.url);
const gaps = readdirSync(folder).flatMap((name) =>
  (JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Table[]).filter(({ examples }) => examples === undefined).map(gapOf),
);

function gapOf(table: Table): { title: string; gap: Gap; facts: ColumnFacts; column: Column } {
  const options = table.options ?? {};
  const pattern = options.pattern === undefined ? undefined : new RegExp(options.pattern, 'u');
  const property = {
    ...{ name: 'c', id: 'c', type: TYPES[table.type], logicalType: table.type, required: false, unique: false, classification: 'public' },
    ...{ options, quality: [], references: [], examples: [], place: { file: 'c' } },
  } as unknown as Property;
  const facts: ColumnFacts = {
    property,
    accepts: (value) =>
      value === null || ((TYPED[table.type]?.(value) ?? false) && (pattern?.test(value) ?? true) && (options.validValues?.includes(value) ?? true)),
    accepted: (table.accepted ?? []).map((value) => ({ value, count: 2 })),
    ...(table.source && { source: table.source }),
  };
  const values = [...new Set(table.cells.map(([value]) => value))].filter((value) => !facts.accepts(value)).map((value) => ({ value, count: 1 }));
  const gap = { context: { domain: 'd', product: 'd.p', column: 'c' }, signature: signatureOf('type', property, values), cells: values.length, values };
  return { title: table.title, gap, facts, column: columnOf(facts, values, false) };
}

/** All readings of all families, tried. */
function eager(column: Column): Candidate[] {
  return Object.values(LIBRARY).flatMap((family) => family(column).flatMap((reading) => candidateOf(column, reading, []) ?? []));
}

/** By value, what its lowest tier says. */
function decisions(column: Column, candidates: readonly Candidate[]): unknown[] {
  const alive = standing(column, candidates, () => true);
  return column.values.map((_, index) => {
    const speaking = alive.filter(({ says }) => says.has(index));
    const lowest = Math.min(...speaking.map(({ tier }) => tier));
    const meanings = speaking.filter(({ reading }) => reading.meaning !== undefined).map(({ reading, says }) => [reading.meaning, says.get(index)]);
    return [lowest, speaking.filter(({ tier }) => tier === lowest).map(({ reading, says }) => [reading.what, says.get(index)]), meanings];
  });
}

const trialsOf = (gap: Gap, facts: ColumnFacts, families: readonly string[]): { outcome: unknown; trials: readonly FamilyTrial[] } => {
  let trials: readonly FamilyTrial[] = [];
  const outcome = propose(gap, facts, [], families, (told) => (trials = told));
  return { outcome, trials };
};

describe('the order in which families are tried', () => {
  it('changes nothing of what is found, conflicts included: readings that are left out could not have mattered', () => {
    const kinds = new Map<string, number>();
    let left = 0;
    for (const { title, gap, facts, column } of gaps) {
      const all = eager(column);
      const reference = propose(gap, facts);
      kinds.set(reference.kind, (kinds.get(reference.kind) ?? 0) + 1);
      fc.assert(
        fc.property(fc.shuffledSubarray(Object.keys(LIBRARY), { minLength: Object.keys(LIBRARY).length }), (order) => {
          const { outcome } = trialsOf(gap, facts, order);
          expect(outcome, title).toEqual(reference);
          const { candidates, trials } = gather(column, [], order);
          left += trials.reduce((sum, { offered, tried }) => sum + offered - tried, 0);
          expect(decisions(column, candidates), title).toEqual(decisions(column, all));
        }),
        { numRuns: 6, seed: 7 },
      );
    }
    expect(Object.fromEntries(kinds)).toMatchObject({ solutions: expect.any(Number) as number, conflict: expect.any(Number) as number });
    expect(gaps.length).toBeGreaterThan(50);
    expect(left).toBeGreaterThan(0);
  });

  it('finds otherwise where it stops at the first family that decides: the twin that must fail', () => {
    let otherwise = 0;
    for (const { gap, facts } of gaps) {
      const reference = propose(gap, facts);
      const first = Object.keys(LIBRARY).find((family) => propose(gap, facts, [], [family]).kind === 'solutions');
      if (first === undefined) continue;
      try {
        expect(propose(gap, facts, [], [first])).toEqual(reference);
      } catch {
        otherwise += 1;
      }
    }
    expect(otherwise).toBeGreaterThan(0);
  });

  it('tries fewer readings when the family that decides comes first', () => {
    let [first, last, gained] = [0, 0, 0];
    for (const { gap, facts } of gaps) {
      const reference = propose(gap, facts);
      if (reference.kind !== 'solutions') continue;
      const deciding = [...new Set(reference.ranked.map(({ category }) => familyOf(category) ?? ''))];
      const rest = Object.keys(LIBRARY).filter((family) => !deciding.includes(family));
      const tried = (order: readonly string[]): number => trialsOf(gap, facts, order).trials.reduce((sum, one) => sum + one.tried, 0);
      const [early, late] = [tried([...deciding, ...rest]), tried([...rest, ...deciding])];
      expect(early).toBeLessThanOrEqual(late);
      first += early;
      last += late;
      if (early < late) gained += 1;
    }
    expect(gained).toBeGreaterThan(0);
    expect(first).toBeLessThan(last);
  });

  it('knows the lowest tier of each family, and where each category comes from', () => {
    let looked = 0;
    for (const { column } of gaps) {
      for (const [name, family] of Object.entries(LIBRARY)) {
        for (const { tier, meaning, category } of family(column)) {
          looked += 1;
          expect(tier, name).toBeGreaterThanOrEqual(LOWEST_TIER[name] ?? 0);
          if (LOWEST_TIER[name] !== undefined) expect(meaning, name).toBeUndefined();
          expect(familyOf(category), category).toBe(name);
        }
      }
    }
    expect(looked).toBeGreaterThan(200);
    expect([familyOf('review'), familyOf('model'), familyOf('toString')]).toEqual([undefined, undefined, undefined]);
  });
});
