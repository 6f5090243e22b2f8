import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { anonymise, assertSafe, readHierarchy, recheck, release, rowsOfTable, tableOfRows, type AnonymiseAsk, type Table } from './index.ts';

const GEO = readHierarchy('Oslo;Norway;Europe;*\nBergen;Norway;Europe;*\nLyon;France;Europe;*\nOsaka;Japan;Asia;*\nKyoto;Japan;Asia;*\n', 'geo.csv');

/** Rows by a small generator of numbers: the same for each seed. */
function people(rows: number, seed: number): Table {
  let state = seed;
  const below = (n: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const cities = ['Oslo', 'Bergen', 'Lyon', 'Osaka', 'Kyoto'];
  return {
    age: Int32Array.from({ length: rows }, () => 18 + below(60)),
    income: Float64Array.from({ length: rows }, () => below(1_000_000) / 7),
    city: Array.from({ length: rows }, () => cities[Math.min(below(5), below(5))] as string),
    illness: Array.from({ length: rows }, () => ['flu', 'gout', 'ulcer', 'none', 'none', 'none'][below(6)] as string),
  };
}

const QUASI = ['age', 'income', 'city'];
const code = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe('anonymise', () => {
  it.each([
    { k: 1 },
    { k: 5 },
    { k: 5, categories: 'nodes' as const },
    { k: 50, l: { kind: 'distinct' as const, l: 3 } },
    { k: 5, l: { kind: 'entropy' as const, l: 2.5 } },
    { k: 5, l: { kind: 'recursive' as const, l: 2, c: 1.5 } },
    { k: 5, t: { t: 0.2, distance: 'equal' as const } },
    { k: 5, t: { t: 0.15, distance: 'ordered' as const, order: ['none', 'flu', 'gout', 'ulcer'] } },
    { k: 5, l: { kind: 'distinct' as const, l: 2 }, t: { t: 0.2, distance: 'equal' as const }, categories: 'nodes' as const },
  ])('makes what the independent counter passes: %j', (asked) => {
    for (const seed of [1, 2, 3]) {
      const table = people(3_000, seed);
      const ask: AnonymiseAsk = { quasi: QUASI, sensitive: ['illness'], hierarchies: { city: GEO }, ...asked };
      const { release: made, report, verdict } = release(table, ask);
      expect(verdict).toMatchObject({ passed: true, rows: 3_000, classes: report.classes });
      expect(verdict.smallestClass).toBe(report.classSizes.smallest);
      expect(verdict.smallestClass).toBeGreaterThanOrEqual(asked.k);
      // The classes are of use: there are many, unless much is asked.
      expect(report.classes).toBeGreaterThan(5);
      expect(report.ncp).toBeGreaterThan(asked.k === 1 ? -1 : 0);
      expect(report.ncp).toBeLessThan(0.7);
      // Every released cell is true of its row.
      const [before, after] = [rowsOfTable(table), rowsOfTable(made)];
      expect(after.length).toBe(before.length);
      for (const [at, row] of after.entries()) {
        for (const name of ['age', 'income']) {
          const [low = 0, high = low] = String(row[name]).replace(/[[\]]/g, '').split(', ').map(Number);
          expect(Number(before[at]?.[name])).toBeGreaterThanOrEqual(low);
          expect(Number(before[at]?.[name])).toBeLessThanOrEqual(high);
        }
        expect(covers(String(row['city']), String(before[at]?.['city']))).toBe(true);
        expect(row['illness']).toBe(before[at]?.['illness']);
      }
    }
  });

  it.each([
    { name: 'differences that are below the smallest half', values: [0, 5e-324, 1e-323] },
    { name: 'differences that are above the largest number', values: [-1.7e308, 0, 1.7e308] },
    { name: 'integers that no float tells apart', values: [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n] },
    { name: 'categories that read like "any"', values: ['*', '**', 'a'] },
  ])('measures what is lost of $name', ({ values }) => {
    const table = { at: Array.from({ length: 30 }, (_, row) => values[row % 3] as string) } as Table;
    for (const categories of ['runs', 'nodes'] as const) {
      const [exact, all] = [10, 30].map((k) => release(table, { quasi: ['at'], k, categories }));
      expect([exact?.report.ncp, exact?.report.classes, exact?.verdict.smallestClass]).toEqual([0, 3, 10]);
      expect(rowsOfTable(exact?.release as Table, 3).map(({ at }) => at)).toEqual(values.map(String));
      expect([all?.report.ncp, all?.report.classes, all?.verdict.smallestClass]).toEqual([1, 1, 30]);
      expect(values.map(String)).not.toContain(rowsOfTable(all?.release as Table, 1)[0]?.['at']);
    }
  });

  it('loses less the less is asked, and says where', () => {
    const losses = [2, 10, 100, 1_000, 3_000].map((k) => anonymise(people(3_000, 9), { quasi: QUASI, k, hierarchies: { city: GEO } }).report);
    expect(losses.map(({ ncp }) => ncp)).toEqual(losses.map(({ ncp }) => ncp).toSorted((a, b) => a - b));
    expect(losses.at(-1)).toMatchObject({
      classes: 1,
      ncp: 1,
      columns: [
        { name: 'age', ncp: 1 },
        { name: 'income', ncp: 1 },
        { name: 'city', ncp: 1 },
      ],
    });
  });

  it('reckons the penalty as it says: by hand', () => {
    const { release: made, report } = anonymise(
      { age: [20, 30, 40, 60], city: ['Oslo', 'Bergen', 'Osaka', 'Kyoto'] },
      { quasi: ['age', 'city'], k: 2, hierarchies: { city: GEO } },
    );
    expect(rowsOfTable(made)).toEqual([
      { age: '[20, 30]', city: 'Norway' },
      { age: '[20, 30]', city: 'Norway' },
      { age: '[40, 60]', city: 'Asia' },
      { age: '[40, 60]', city: 'Asia' },
    ]);
    // Ages span 10 and 20 of 40; cities 2 of 5 leaves each.
    expect(report.columns).toEqual([
      { name: 'age', ncp: 0.375 },
      { name: 'city', ncp: 0.4 },
    ]);
    expect(report.ncp).toBeCloseTo(0.3875, 12);
  });

  it('keeps whole columns of one value, one row and fifty quasi-identifiers', () => {
    const same = release({ a: [7, 7, 7], b: ['x', 'x', 'x'] }, { quasi: ['a', 'b'], k: 3 });
    expect([same.report.ncp, same.report.classes, rowsOfTable(same.release)[0]]).toEqual([0, 1, { a: '7', b: 'x' }]);
    expect(release({ a: [1] }, { quasi: ['a'], k: 1 }).report.classes).toBe(1);
    const wide = Object.fromEntries(
      Array.from({ length: 50 }, (_, column) => [`q${column}`, Int32Array.from({ length: 400 }, (_, row) => (row * (column + 3)) % 97)]),
    );
    expect(release(wide, { quasi: Object.keys(wide), k: 4 }).verdict).toMatchObject({ passed: true, rows: 400 });
  });

  it('never parts ties, even where that leaves one class', () => {
    const { report } = anonymise({ a: [1, 1, 1, 1, 1, 2] }, { quasi: ['a'], k: 2 });
    expect(report.classes).toBe(1);
    // The cut below the median value is taken where the one above is not allowed.
    expect(anonymise({ a: [1, 1, 2, 2, 2, 2, 2] }, { quasi: ['a'], k: 2 }).report.classes).toBe(2);
  });

  it('tells whole numbers beyond 2^53 and decimals far apart from one another', () => {
    const base = 9_007_199_254_740_993n;
    const made = release({ id: [base, base + 1n, base + 2n, base + 3n] }, { quasi: ['id'], k: 2 });
    expect(rowsOfTable(made.release).map((row) => row['id'])).toEqual(
      Array.from({ length: 4 }, (_, at) => `[${base + (at < 2 ? 0n : 2n)}, ${base + (at < 2 ? 1n : 3n)}]`),
    );
    expect(made.report.ncp).toBeCloseTo(1 / 3, 12);
    expect(release({ id: BigInt64Array.of(base, base, base + 1n, base + 1n) }, { quasi: ['id'], k: 2 }).report).toMatchObject({ classes: 2, ncp: 0 });
    expect(release({ x: [-1.7e308, -1.6e308, 1.6e308, 1.7e308] }, { quasi: ['x'], k: 2 }).report.ncp).toBeCloseTo(0.1 / 3.4, 6);
  });

  it('cuts a column of many values at its median, whatever their number', () => {
    const values = Float64Array.from({ length: 20_000 }, (_, row) => ((row * 7_919) % 20_000) + 0.5);
    const { report } = release({ x: values, y: values.map((value) => -value) }, { quasi: ['x', 'y'], k: 10 });
    expect(report.classSizes.largest).toBeLessThan(20);
  });

  it('leaves out rows that lack a quasi-identifier, and counts them', () => {
    const table = { age: [1, Number.NaN, 2, null, 3, 4], city: ['Oslo', 'Oslo', null, 'Lyon', 'Lyon', 'Oslo'], note: ['a', 'b', 'c', 'd', 'e', null] };
    const { release: made, report, verdict } = release(table, { quasi: ['age', 'city'], k: 3, hierarchies: { city: GEO } });
    expect(report).toMatchObject({ rows: 6, released: 3, suppressed: 3, ncp: (1 + 3 / 5) / 2 });
    expect(report.ncpWithSuppressed).toBeCloseTo((3 * 0.8 + 3) / 6, 12);
    expect(verdict.rows).toBe(3);
    expect(rowsOfTable(made).map((row) => row['note'])).toEqual(['a', 'e', null]);
  });

  it('measures t on the rows that are released, also where a whole value is left out', () => {
    const table = { age: [1, 2, 3, 4, null], pay: [10, 20, 10, 20, 9_999] };
    const ask: AnonymiseAsk = { quasi: ['age'], sensitive: ['pay'], k: 2, t: { t: 0, distance: 'ordered' } };
    expect(release(table, ask).verdict).toMatchObject({ passed: true, classes: 2, farthest: 0 });
  });

  it('takes rows as JSON has them', () => {
    const rows = [{ a: 1, b: 'x' }, { a: 2 }, { b: 'y', a: 3 }];
    expect(rowsOfTable(tableOfRows(rows))).toEqual([
      { a: 1, b: 'x' },
      { a: 2, b: null },
      { a: 3, b: 'y' },
    ]);
    expect(code(() => tableOfRows([{ a: { b: 1 } }]))).toBe('SKEIN_PRIVACY_INVALID');
  });

  it.each<[string, Table, AnonymiseAsk, string, RegExp]>([
    ['k above n', { a: [1, 2] }, { quasi: ['a'], k: 3 }, 'SKEIN_PRIVACY_UNSAFE', /2 rows cannot be 3-anonymous/],
    ['no row', { a: [] }, { quasi: ['a'], k: 1 }, 'SKEIN_PRIVACY_UNSAFE', /0 rows/],
    [
      'an l that the whole lacks',
      { a: [1, 2], s: ['x', 'x'] },
      { quasi: ['a'], sensitive: ['s'], k: 1, l: { kind: 'distinct', l: 2 } },
      'SKEIN_PRIVACY_UNSAFE',
      /not even all 2 rows/,
    ],
    [
      'an unseen category',
      { city: ['Oslo', 'Rome'] },
      { quasi: ['city'], k: 1, hierarchies: { city: GEO } },
      'SKEIN_HIERARCHY_INVALID',
      /row 2 holds "Rome" in "city"/,
    ],
    ['an infinite number', { a: [1, Number.POSITIVE_INFINITY] }, { quasi: ['a'], k: 1 }, 'SKEIN_PRIVACY_INVALID', /row 2 holds Infinity/],
    ['mixed kinds', { a: [1, 'x'] }, { quasi: ['a'], k: 1 }, 'SKEIN_PRIVACY_INVALID', /number and string/],
    ['columns of two lengths', { a: [1], b: [1, 2] }, { quasi: ['a'], k: 1 }, 'SKEIN_PRIVACY_INVALID', /"b" has 2 rows/],
    ['no such column', { a: [1] }, { quasi: ['__proto__'], k: 1 }, 'SKEIN_PRIVACY_INVALID', /no column "__proto__"/],
    ['a quasi-identifier kept as it is', { a: [1] }, { quasi: ['a'], keep: ['a'], k: 1 }, 'SKEIN_PRIVACY_INVALID', /cannot be kept/],
    ['half a k', { a: [1] }, { quasi: ['a'], k: 1.5 }, 'SKEIN_PRIVACY_INVALID', /not 1.5/],
    ['t without a sensitive column', { a: [1] }, { quasi: ['a'], k: 1, t: { t: 0.1, distance: 'equal' } }, 'SKEIN_PRIVACY_INVALID', /sensitive/],
    [
      'an order of texts that nobody gave',
      { a: [1], s: ['x'] },
      { quasi: ['a'], sensitive: ['s'], k: 1, t: { t: 0.1, distance: 'ordered' } },
      'SKEIN_PRIVACY_INVALID',
      /no order/,
    ],
  ])('refuses %s', (_, table, ask, expected, message) => {
    expect(code(() => release(table, ask))).toBe(expected);
    expect(() => release(table, ask)).toThrow(message);
  });

  it('refuses hierarchies that contradict themselves, with the line', () => {
    expect(() => readHierarchy('a;x;*\nb;*\n', 'h.csv')).toThrow(
      expect.objectContaining({ code: 'SKEIN_HIERARCHY_INVALID', place: { file: 'h.csv', line: 2 } }),
    );
    expect(() => readHierarchy('a;x;*\n\na;y;*\n', 'h.csv')).toThrow(expect.objectContaining({ place: { file: 'h.csv', line: 3 } }));
    expect(() => readHierarchy('a;*\nb;any\n')).toThrow(/root/);
    expect(() => readHierarchy('a;x;p;*\nb;x;q;*\n')).toThrow(/two different sets/);
    expect(() => readHierarchy('')).toThrow(/at least one leaf/);
    expect(readHierarchy('\ufeffOther;Other;*\r\nx;y;*\r\n').leafNode.length).toBe(2);
  });
});

describe('recheck', () => {
  const made = { age: ['[1, 2]', '[1, 2]', '[3, 4]', '[3, 4]'], pay: [10, 20, 10, 20] };

  it('fails one row more or less, by rule, with what was found', () => {
    expect(recheck(made, { quasi: ['age'], k: 2 })).toMatchObject({ passed: true, rows: 4, classes: 2, smallestClass: 2 });
    const broken = { ...made, age: ['[1, 2]', '[1, 2]', '[1, 2]', '[3, 4]'] };
    expect(recheck(broken, { quasi: ['age'], k: 2 }).failures).toEqual([{ rule: 'k', quasi: { age: '[3, 4]' }, rows: 1, found: 1, asked: 2 }]);
    expect(code(() => assertSafe(broken, { quasi: ['age'], k: 2 }))).toBe('SKEIN_PRIVACY_UNSAFE');
    expect(recheck({ age: [] }, { quasi: ['age'], k: 1 }).passed).toBe(false);
    expect(code(() => assertSafe({ age: [] }, { quasi: ['age'], k: 1 }))).toBe('SKEIN_PRIVACY_UNSAFE');
  });

  it('goes by what cells read, not by the codes behind them', () => {
    const twice = { age: { codes: Int32Array.of(0, 1, 1, 0), labels: ['a', 'a'] } };
    expect(recheck(twice, { quasi: ['age'], k: 4 })).toMatchObject({ passed: true, classes: 1 });
    // Columns do not run into each other, and nothing is a value of its own.
    expect(recheck({ a: ['x,', 'x'], b: ['y', ',y'] }, { quasi: ['a', 'b'], k: 1 }).classes).toBe(2);
    expect(recheck({ a: [null, 'missing', '', 'null'] }, { quasi: ['a'], k: 1 }).classes).toBe(4);
  });

  it('knows the published examples of l and t', () => {
    // Li et al., table 3: salaries of nine people in three classes; the paper's distance of {3, 4, 5} is 0.375, and that of its second grouping 0.167.
    const salaries = { class: ['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c', 'c'], pay: [3, 4, 5, 6, 11, 8, 7, 9, 10] };
    const first = recheck(salaries, { quasi: ['class'], sensitive: ['pay'], k: 3, t: { t: 0.3, distance: 'ordered' } });
    expect(first.failures[0]).toMatchObject({ rule: 't', column: 'pay', quasi: { class: 'a' } });
    expect(first.failures[0]?.found).toBeCloseTo(0.375, 12);
    const second = { class: ['x', 'x', 'x', 'y', 'y', 'y', 'z', 'z', 'z'], pay: [6, 8, 11, 3, 5, 9, 4, 7, 10] };
    expect(recheck(second, { quasi: ['class'], sensitive: ['pay'], k: 3, t: { t: 0.167, distance: 'ordered' } })).toMatchObject({ passed: true });
    expect(recheck(second, { quasi: ['class'], sensitive: ['pay'], k: 3, t: { t: 0.166, distance: 'ordered' } })).toMatchObject({ passed: false, failed: 2 });
    const illness = { class: Array.from({ length: 6 }, () => 'one'), ill: ['a', 'a', 'a', 'b', 'b', 'c'] };
    const least = (l: NonNullable<AnonymiseAsk['l']>) => recheck(illness, { quasi: ['class'], sensitive: ['ill'], k: 1, l });
    expect(least({ kind: 'distinct', l: 3 })).toMatchObject({ passed: true, leastDiverse: 3 });
    expect(least({ kind: 'distinct', l: 4 }).failures[0]).toMatchObject({ rule: 'l', found: 3, asked: 4 });
    expect(least({ kind: 'entropy', l: 2.7 }).passed).toBe(true);
    expect(least({ kind: 'entropy', l: 2.8 }).passed).toBe(false);
    // 3 < c·(2 + 1) for l = 2.
    expect(least({ kind: 'recursive', l: 2, c: 1.01 }).passed).toBe(true);
    expect(least({ kind: 'recursive', l: 2, c: 1 }).passed).toBe(false);
  });
});

/** Whether a released label stands for a city, worked out from the label's words. */
function covers(label: string, city: string): boolean {
  const under: Record<string, string[]> = {
    '*': ['Oslo', 'Bergen', 'Lyon', 'Osaka', 'Kyoto'],
    Europe: ['Oslo', 'Bergen', 'Lyon'],
    Norway: ['Oslo', 'Bergen'],
    France: ['Lyon'],
    Japan: ['Osaka', 'Kyoto'],
    Asia: ['Osaka', 'Kyoto'],
  };
  return label
    .replace(/^\{|\}$/g, '')
    .split(', ')
    .some((part) => part === city || (under[part] ?? []).includes(city));
}

const ADULT = path.resolve(import.meta.dirname, '../../../../shared/data/brokerage');
const there = existsSync(path.join(ADULT, 'adult.data'));
if (!there) console.warn(`skipped: ${ADULT} is not there`);

describe('Adult of ../shared/data', () => {
  it.skipIf(!there)('reaches k, l and t by eight quasi-identifiers at a small loss', () => {
    const rows = readFileSync(path.join(ADULT, 'adult.data'), 'utf8')
      .split('\n')
      .filter((line) => line.includes(',') && !line.includes('?'))
      .map((line) => line.split(',').map((field) => field.trim()));
    const column = (at: number): string[] => rows.map((row) => row[at] as string);
    const hierarchy = (name: string) => readHierarchy(readFileSync(path.join(ADULT, `arx-adult/adult_hierarchy_${name}.csv`), 'utf8'), name);
    const table: Table = {
      age: Int32Array.from(column(0), Number),
      workclass: column(1),
      education_num: Int32Array.from(column(4), Number),
      marital: column(5),
      occupation: column(6),
      race: column(8),
      sex: column(9),
      country: column(13),
      salary: column(14),
    };
    const hierarchies = {
      workclass: hierarchy('workclass'),
      marital: hierarchy('marital-status'),
      occupation: hierarchy('occupation'),
      race: hierarchy('race'),
      sex: hierarchy('sex'),
      country: hierarchy('native-country'),
    };
    const ask: AnonymiseAsk = { quasi: Object.keys(table).slice(0, 8), sensitive: ['salary'], k: 10, hierarchies };
    const plain = release(table, ask);
    expect(plain.verdict).toMatchObject({ passed: true, rows: 30_162 });
    expect(plain.report.ncp).toBeLessThan(0.113);
    // k alone leaves classes of one salary: the counter sees them, and splits that mind them have none.
    expect(recheck(plain.release, { ...ask, l: { kind: 'distinct', l: 2 } }).failed).toBeGreaterThan(100);
    const diverse = release(table, { ...ask, l: { kind: 'distinct', l: 2 }, t: { t: 0.3, distance: 'equal' } });
    expect(diverse.verdict.passed).toBe(true);
    expect(diverse.verdict.farthest).toBeLessThanOrEqual(0.3 + 1e-9);
    const nodes = release(table, { ...ask, categories: 'nodes', t: { t: 0.4, distance: 'hierarchical', hierarchy: hierarchy('salary-class') } });
    expect(nodes.verdict.passed).toBe(true);
    const labels = new Set(rowsOfTable(nodes.release).map((row) => String(row['country'])));
    expect([...labels].every((label) => hierarchies.country.nodes.some((node) => node.label === label))).toBe(true);
  });
});
