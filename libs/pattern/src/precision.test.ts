import { isDate, normalTime, type ColumnType, type Property } from '@skein/contract';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { evaluate, propose, signatureOf, type ColumnFacts } from './index.ts';

/**
 * Columns invented from seeds, clean under a contract, with planted corruption: kinds that the library knows, and kinds that nobody can
 * undo. What comes back accepted by the contract, but is not the truth, is wrong. A wrong repair is worse than none.
 */
interface Kind {
  readonly name: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly options?: Property['options'];
  readonly accepts: (value: string) => boolean;
  readonly truth: fc.Arbitrary<string>;
  /** Each corrupts a value in one way, drawn for a column; the number decides where it is a matter of place. */
  readonly harms: Readonly<Record<string, (truth: string, at: number) => string>>;
}

const digits = (from: number, to: number): fc.Arbitrary<string> => fc.integer({ min: from, max: to }).map(String);
const padded = (value: string | number, length = 2): string => String(value).padStart(length, '0');
const CODES = 'open closed shipped returned cancelled pending refused archived delivered invoiced'.split(' ');
const CITIES = 'Berlin Bern Hamburg Homburg Paris Parma London Londrina Vienna Varna Lisbon Lison'.split(' ');
const isDecimal = (value: string): boolean => /^-?\d+(\.\d+)?$/.test(value);
const drop = (value: string, at: number): string => value.slice(0, at % value.length) + value.slice((at % value.length) + 1);
const swap = (value: string, at: number): string => {
  const place = at % Math.max(1, value.length - 1);
  return value.slice(0, place) + (value[place + 1] ?? '') + (value[place] ?? '') + value.slice(place + 2);
};
const put = (value: string, at: number): string => value.slice(0, at % (value.length + 1)) + 'x' + value.slice(at % (value.length + 1));
const grouped = (value: string, mark: string): string => value.replace(/\B(?=(\d{3})+(?!\d))/g, mark);

const KINDS: readonly Kind[] = [
  {
    name: 'date',
    column: 'day',
    type: { kind: 'date' },
    accepts: isDate,
    truth: fc.date({ min: new Date('1995-01-01'), max: new Date('2030-12-31'), noInvalidDate: true }).map((day) => day.toISOString().slice(0, 10)),
    harms: {
      'day first': (iso) => iso.split('-').reverse().join('/'),
      'month first': (iso) => `${iso.slice(5, 7)}/${iso.slice(8)}/${iso.slice(0, 4)}`,
      'short year': (iso) => `${iso.slice(8)}.${iso.slice(5, 7)}.${iso.slice(2, 4)}`,
      'short year, month first': (iso) => `${Number(iso.slice(5, 7))}/${Number(iso.slice(8))}/${iso.slice(2, 4)}`,
      'eight digits, day first': (iso) => iso.split('-').reverse().join(''),
      'digit lost': drop,
      'sign put in': put,
      'year, day, month': (iso) => `${iso.slice(0, 4)}-${iso.slice(8)}-${iso.slice(5, 7)}`,
      'year before the month only': (iso) => iso.slice(0, 7),
    },
  },
  {
    name: 'number',
    column: 'amount',
    type: { kind: 'decimal', precision: 18, scale: 4 },
    accepts: isDecimal,
    truth: fc.tuple(fc.integer({ min: 1, max: 99_999 }), fc.constantFrom(0, 0, 25, 99)).map(([whole, cents]) => `${whole}.${padded(cents)}`),
    harms: {
      comma: (value) => value.replace('.', ','),
      'groups and comma': (value) => `${grouped(value.slice(0, -3), '.')},${value.slice(-2)}`,
      groups: (value) => `${grouped(value.slice(0, -3), ',')}${value.slice(-3)}`,
      'groups without cents': (value) => (/\d{4}\.00$/.test(value) ? grouped(value.slice(0, -3), ',') : value),
      dollars: (value) => `$${value}`,
      'letter O': (value) => value.replaceAll('0', 'O'),
      'two points': (value, at) => drop(value, at).replace('.', '..'),
      'digit became a letter': put,
      thousands: (value) => `${(Number(value) / 1000).toFixed(1)}k`,
      interval: (value, at) => `${value} - ${at}`,
      less: (value) => `<${value}`,
    },
  },
  {
    name: 'unit',
    column: 'weight_kg',
    type: { kind: 'decimal', precision: 18, scale: 6 },
    accepts: isDecimal,
    truth: digits(2, 400),
    harms: {
      kg: (value) => `${value} kg`,
      grams: (value) => `${value}000 g`,
      pieces: (value, at) => `${at % 9} x ${value} kg`,
      millilitres: (value) => `${value} ml`,
      'stone and pounds': (value) => `${value} st 3 lb`,
      about: (value) => `~${value} kg`,
      'tons, short': (value) => `${Number(value) / 1000} t`,
    },
  },
  {
    name: 'duration',
    column: 'length_min',
    type: { kind: 'int', bits: 64 },
    accepts: (value) => /^-?\d+$/.test(value),
    truth: digits(61, 600),
    harms: {
      words: (value) => `${Math.floor(Number(value) / 60)}h ${Number(value) % 60}m`,
      clock: (value) => `${Math.floor(Number(value) / 60)}:${padded(Number(value) % 60)}`,
      long: (value) => `${Math.floor(Number(value) / 60)} hours ${Number(value) % 60} minutes`,
      iso: (value) => `PT${Math.floor(Number(value) / 60)}H${Number(value) % 60}M`,
      episodes: (value, at) => `${at % 5} × ${value} min`,
    },
  },
  {
    name: 'time',
    column: 'starts',
    type: { kind: 'time' },
    accepts: (value) => normalTime(value) !== undefined,
    truth: fc.integer({ min: 0, max: 1439 }).map((minute) => `${padded(Math.floor(minute / 60))}:${padded(minute % 60)}:00`),
    harms: {
      halves: (value) => `${Number(value.slice(0, 2)) % 12 || 12}:${value.slice(3, 5)} ${value < '12' ? 'AM' : 'PM'}`,
      'four digits': (value) => value.slice(0, 5).replace(':', ''),
      'half left out': (value) => `${Number(value.slice(0, 2)) % 12 || 12}.${value.slice(3, 5)} o'clock`,
      interval: (value) => `${value.slice(0, 5)}-${value.slice(0, 2)}:59`,
    },
  },
  {
    name: 'key',
    column: 'zip',
    type: { kind: 'string' },
    options: { pattern: '^[0-9]{5}$' },
    accepts: (value) => /^[0-9]{5}$/.test(value),
    truth: fc.integer({ min: 501, max: 99_950 }).map((zip) => padded(zip, 5)),
    harms: {
      'lost zeros': (value) => String(Number(value)),
      float: (value) => `${Number(value)}.0`,
      'with more': (value, at) => `${value}-${padded(at, 4)}`,
      spaced: (value) => ` ${value.slice(0, 2)} ${value.slice(2)}`,
      'letter put in': put,
      'digit hidden': (value, at) => `${value.slice(0, at % 5)}*${value.slice((at % 5) + 1)}`,
    },
  },
  {
    name: 'mask',
    column: 'part',
    type: { kind: 'string' },
    options: { pattern: '^[A-Z]{2}-[0-9]{4}$' },
    accepts: (value) => /^[A-Z]{2}-[0-9]{4}$/.test(value),
    truth: fc.tuple(fc.constantFrom('AB', 'CD', 'XO', 'QZ'), digits(1000, 9999)).map(([a, b]) => `${a}-${b}`),
    harms: {
      'small, unmarked': (value) => value.replace('-', '').toLowerCase(),
      embedded: (value) => `part ${value} (new)`,
      lost: drop,
      twice: (value) => `${value} / ${value.slice(0, 3)}${value.slice(3).split('').reverse().join('')}`,
      'letter O for zero': (value) => value.replaceAll('0', 'O'),
      swapped: swap,
    },
  },
  ...(['code', 'city'] as const).map((name): Kind => {
    const codes = name === 'code' ? CODES : CITIES;
    return {
      name,
      column: name,
      type: { kind: 'string' },
      options: { validValues: codes },
      accepts: (value) => codes.includes(value),
      truth: fc.constantFrom(...codes),
      harms: {
        slip: drop,
        swapped: swap,
        letter: put,
        capitals: (value) => value.toUpperCase(),
        cut: (value) => value.slice(0, 3),
        'two slips': (value, at) => put(drop(value, at), at * 7),
        joined: (value, at) => `${value} / ${codes[at % codes.length]}`,
      },
    };
  }),
];

function factsOf(kind: Kind, accepted: readonly string[]): ColumnFacts {
  const property: Property = {
    ...{ name: kind.column, id: kind.column, type: kind.type, logicalType: kind.type.kind, description: undefined, required: true, unique: false },
    ...{ keyPosition: undefined, classification: 'public', options: kind.options ?? {}, quality: [], references: [], joinKey: undefined, examples: [] },
    place: { file: 'contract.odcs.yaml' },
  };
  return { property, accepts: (value) => value !== null && kind.accepts(value), accepted: accepted.map((value) => ({ value, count: 1 })) };
}

const tallies = new Map<string, { right: number; wrong: number; open: number; by: Map<string, string> }>();
afterAll(() => {
  for (const [name, { right, wrong, open, by }] of tallies) {
    const repaired = right + wrong;
    process.stdout.write(
      `precision ${name}: ${(right / repaired).toFixed(4)} of ${repaired} repaired, ${open} left${by.size === 0 ? '' : `; wrong: ${[...by.values()].slice(0, 8).join(', ')}`}\n`,
    );
  }
});

describe('precision on invented columns', () => {
  it.each(KINDS.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
    const tally = { right: 0, wrong: 0, open: 0, by: new Map<string, string>() };
    tallies.set(name, tally);
    const harms = Object.keys(kind.harms);
    fc.assert(
      fc.property(
        fc.array(kind.truth, { minLength: 8, maxLength: 40 }),
        fc.array(fc.tuple(kind.truth, fc.nat(9_999)), { minLength: 3, maxLength: 30 }),
        fc.subarray(harms, { minLength: 1, maxLength: 3 }),
        (clean, cells, chosen) => {
          const facts = factsOf(kind, [...new Set(clean)]);
          const damaged = cells.map(([truth, at], index) => ({ truth, harm: chosen[index % chosen.length] ?? '', at }));
          const broken = damaged
            .map(({ truth, harm, at }) => ({ truth, harm, dirty: kind.harms[harm]?.(truth, at) ?? '' }))
            .filter(({ dirty }) => !facts.accepts(dirty));
          if (broken.length === 0) return;
          const values = [...new Set(broken.map(({ dirty }) => dirty))].map((value) => ({ value, count: 1 }));
          const gap = {
            context: { domain: 'd', product: 'd.p', column: kind.column },
            signature: signatureOf('type', facts.property, values),
            cells: broken.length,
            values,
          };
          const outcome = propose(gap, facts);
          for (const { truth, harm, dirty } of broken) {
            let said: string | null | undefined;
            for (const { program } of outcome.kind === 'solutions' ? outcome.ranked : []) {
              const { touched, value } = evaluate(program, { value: dirty });
              if (said === undefined && touched && facts.accepts(value)) said = value;
            }
            const right =
              said === truth || (isDecimal(truth) && said !== undefined && said !== null && kind.type.kind !== 'string' && Number(said) === Number(truth));
            if (said === undefined) tally.open += 1;
            else if (right) tally.right += 1;
            else {
              tally.wrong += 1;
              tally.by.set(harm, `${harm} (${dirty} → ${said}, was ${truth})`);
            }
          }
        },
      ),
      { numRuns: 250, seed: 2_026 },
    );
    expect(tally.right).toBeGreaterThan(100);
    expect(tally.right / (tally.right + tally.wrong)).toBeGreaterThanOrEqual(0.95);
  });
});
