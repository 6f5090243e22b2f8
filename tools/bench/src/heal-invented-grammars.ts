import { Random } from './heal-random.ts';

/** One way in which values go wrong; undefined where it has nothing to do with the value. */
export interface Grammar {
  readonly name: string;
  readonly corrupt: (value: string, random: Random, other: string | null) => string | null | undefined;
}

const at = (value: string, random: Random): number => random.below(value.length);
const isNumber = (value: string): boolean => /^[0-9]+(\.[0-9]+)?$/.test(value);
const isDay = (value: string): boolean => /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);
const isWords = (value: string): boolean => /\p{L}{3}/u.test(value);
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const parts = (value: string): [string, string, string] => value.split('-') as [string, string, string];

/** Slips of one cell, any of which a person or a machine makes. */
export const SLIPS: readonly Grammar[] = [
  {
    name: 'one letter for another',
    corrupt: (value, random) => {
      if (!isWords(value)) return undefined;
      const place = at(value, random);
      return value.slice(0, place) + random.one([...'abcdefghijklmnopqrstuvwxyz']) + value.slice(place + 1);
    },
  },
  {
    name: 'a character left out',
    corrupt: (value, random) => {
      const place = at(value, random);
      return value.length < 4 ? undefined : value.slice(0, place) + value.slice(place + 1);
    },
  },
  {
    name: 'two letters changed about',
    corrupt: (value, random) => {
      const place = random.below(Math.max(1, value.length - 1));
      return isWords(value) ? value.slice(0, place) + (value[place + 1] ?? '') + (value[place] ?? '') + value.slice(place + 2) : undefined;
    },
  },
  { name: 'a character twice', corrupt: (value, random) => ((place) => value.slice(0, place + 1) + value.slice(place))(at(value, random)) },
  {
    name: 'letters lost to one sign',
    corrupt: (value, random) => {
      const sign = value[at(value, random)] ?? '';
      return sign === ' ' || sign === '' ? undefined : value.replaceAll(sign, 'x');
    },
  },
  { name: 'no value', corrupt: () => null },
  { name: 'the value of another row', corrupt: (_, __, other) => other },
];

/** Forms in which a source writes a whole column, or much of it. */
export const FORMS: readonly Grammar[] = [
  { name: 'days with points', corrupt: (value) => (isDay(value) ? parts(value).toReversed().join('.') : undefined) },
  { name: 'days with slashes, year first', corrupt: (value) => (isDay(value) ? value.replaceAll('-', '/') : undefined) },
  {
    name: 'days with the month in words',
    corrupt: (value) => (isDay(value) ? `${Number(parts(value)[2])} ${MONTHS[Number(parts(value)[1]) - 1]} ${parts(value)[0]}` : undefined),
  },
  { name: 'days without signs', corrupt: (value) => (isDay(value) ? value.replaceAll('-', '') : undefined) },
  { name: 'days with a midnight', corrupt: (value) => (isDay(value) ? `${value} 00:00:00` : undefined) },
  { name: 'numbers with a unit', corrupt: (value) => (isNumber(value) && value.includes('.') ? `${value} kg` : undefined) },
  { name: 'numbers with a currency', corrupt: (value) => (isNumber(value) && value.includes('.') ? `€${value}` : undefined) },
  { name: 'decimal commas', corrupt: (value) => (isNumber(value) && value.includes('.') ? value.replace('.', ',') : undefined) },
  { name: 'quotes around', corrupt: (value) => `'${value}'` },
  { name: 'blanks around', corrupt: (value) => ` ${value} ` },
  { name: 'other case', corrupt: (value) => (/^[a-z]+$/.test(value) ? value.toUpperCase() : undefined) },
  { name: 'a zero point behind whole numbers', corrupt: (value) => (/^[0-9]+$/.test(value) ? `${value}.0` : undefined) },
];

/** What a source writes where it has no value. */
const NOTHING = ['N/A', '-', 'unknown', 'null', '?'];

/** Corrupts a table: each seed chooses its own forms, columns and rates. Nothing is said of where. */
export function corrupted(rows: readonly (readonly (string | null)[])[], keys: ReadonlySet<number>, seed: number): (string | null)[][] {
  const random = new Random(seed);
  const dirty = rows.map((row) => [...row]);
  const width = rows[0]?.length ?? 0;
  for (let column = 0; column < width; column++) {
    if (keys.has(column)) continue;
    const rate = 0.005 + random.below(30) / 1000;
    const slips = [random.one(SLIPS), random.one(SLIPS)];
    for (const row of dirty) {
      const value = row[column] ?? null;
      if (value === null || value === '' || random.below(100_000) >= rate * 100_000) continue;
      const wrong = random.one(slips).corrupt(value, random, random.one(rows)[column] ?? null);
      if (wrong !== undefined && wrong !== '') row[column] = wrong;
    }
    const nothing = random.below(2) === 0 ? random.one(NOTHING) : null;
    for (const row of dirty) row[column] ??= nothing;
    if (random.below(3) > 0) continue;
    // Two sources write the column in their own way.
    const form = random.one(FORMS);
    const share = 5 + random.below(60);
    for (const row of dirty) {
      const value = row[column] ?? null;
      if (value === null || random.below(100) >= share) continue;
      const wrong = form.corrupt(value, random, null);
      if (wrong !== undefined) row[column] = wrong;
    }
  }
  return dirty;
}
