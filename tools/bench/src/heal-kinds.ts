import { SLIPS } from './heal-invented-grammars.ts';
import { amount, day, digits, distinct, head, word, type InventedTable } from './heal-invented-tables.ts';
import { Random } from './heal-random.ts';

/** An invented table of a kind that published tables have, with the errors of that kind. */
export interface KindTable extends InventedTable {
  readonly dirty: readonly (readonly (string | null)[])[];
}

type Row = (string | null)[];

/** Lets each cell of a column go wrong at a rate; `wrong` may decline by undefined. */
function spoil(rows: readonly Row[], column: number, rate: number, random: Random, wrong: (value: string, row: Row) => string | null | undefined): void {
  for (const row of rows) {
    const value = row[column];
    if (value === null || value === undefined || random.below(10_000) >= rate * 10_000) continue;
    const found = wrong(value, row);
    if (found !== undefined && found !== '') row[column] = found;
  }
}

/** A slip of the kinds that a typist makes: no values of other rows, nothing missing. */
function typed(value: string, random: Random): string | null | undefined {
  return random.one(SLIPS.slice(0, 4)).corrupt(value, random, null);
}

const clock = (minutes: number): string => {
  const [hour, minute] = [Math.floor(minutes / 60) % 24, ((minutes % 60) + 60) % 60];
  return `${hour % 12 || 12}:${String(minute).padStart(2, '0')} ${hour < 12 ? 'a.m.' : 'p.m.'}`;
};

/** Several sources state the times of each flight: each with a reliability of its own, some copying another, some in other forms. */
function flights(random: Random): KindTable {
  const sources = distinct(22, () => word(random, 2, 3).toLowerCase()).map((name, index) => ({
    name,
    // A third are good, a third middling, the others bad; every fourth copies the one before, errors and all.
    wrong: [0.02, 0.15, 0.4][index % 3] ?? 0,
    copies: index % 4 === 3,
    form: index % 7 === 2 ? 'dated' : index % 7 === 5 ? 'short' : 'plain',
    missing: random.below(25) / 100,
  }));
  const [rows, dirty]: [Row[], Row[]] = [[], []];
  for (let index = 0; index < 80; index++) {
    const flight = `${random.one(['AA', 'UA', 'CO', 'DL'])}-${random.below(9000) + 100}-${random.one(['ORD', 'SFO', 'MIA', 'JFK'])}-${random.one(['PHX', 'LAX', 'IAH', 'BOS'])}`;
    const start = 300 + random.below(1000);
    const [late, took] = [random.below(50) - 8, 60 + random.below(300)];
    const truth = [start, start + late, start + took, start + took + late - random.below(10)].map((minutes) => minutes % 1440);
    let before: (number | null)[] = truth;
    for (const source of sources) {
      if (random.below(10) === 0) continue;
      const said = source.copies
        ? before
        : truth.map((minutes, at) => {
            if (random.below(100) < source.missing * (at % 2 === 0 ? 30 : 100)) return null;
            return random.below(1000) < source.wrong * 1000 ? (minutes + random.one([-20, -9, -5, -3, 2, 4, 7, 12, 25, 720]) + 1440) % 1440 : minutes;
          });
      before = said;
      const key = [String(rows.length + 1), source.name, flight];
      rows.push([...key, ...truth.map(clock)]);
      const written = (minutes: number): string => {
        if (source.form === 'dated') return `12/02/2011 ${clock(minutes)}`;
        return source.form === 'short' ? clock(minutes).replace(/ ([ap])[.]m[.]$/, '$1m') : clock(minutes);
      };
      dirty.push([...key, ...said.map((minutes) => (minutes === null ? null : written(minutes)))]);
    }
  }
  const time = `logicalType: string, required: true, logicalTypeOptions: { pattern: '^(1[0-2]|[1-9]):[0-5][0-9] [ap]\\.m\\.$' }`;
  return {
    name: 'flights',
    columns: ['tuple_id', 'src', 'flight', 'sched_dep_time', 'act_dep_time', 'sched_arr_time', 'act_arr_time'],
    contract: `${head('flights', '[{ determinant: [flight], dependent: [sched_dep_time, act_dep_time, sched_arr_time, act_arr_time] }]')}      - { name: tuple_id, logicalType: integer, primaryKey: true }
      - { name: src, logicalType: string, required: true }
      - { name: flight, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z]{2}-[0-9]+-[A-Z]{3}-[A-Z]{3}$' } }
      - { name: sched_dep_time, ${time} }
      - { name: act_dep_time, ${time} }
      - { name: sched_arr_time, ${time} }
      - { name: act_arr_time, ${time} }
`,
    rows,
    dirty,
  };
}

/** References: journals with abbreviations and ISSN, page ranges, days in the American form, what a spreadsheet makes of `3-4`. */
function references(random: Random): KindTable {
  const languages = ['eng', 'eng', 'eng', 'eng', 'fre', 'ger', 'spa', 'chi'];
  const journals = distinct(130, () => `${random.one(['Journal of', 'Annals of', 'Archives of', 'The'])} ${word(random)} ${word(random)}`).map((title) => ({
    title,
    short: title
      .split(' ')
      .map((part) => (part.length > 5 ? `${part.slice(0, 4)}.` : part))
      .join(' '),
    issn: issn(random),
    language: random.one(languages),
  }));
  const rows = Array.from({ length: 1000 }, (_, index): Row => {
    const journal = random.one(journals);
    const page = 1 + random.below(1500);
    return [
      String(index + 1),
      Array.from({ length: 5 + random.below(5) }, () => word(random).toLowerCase()).join(' '),
      journal.language,
      journal.title,
      journal.short,
      journal.issn,
      String(1 + random.below(120)),
      String(1 + random.below(12)),
      day(random),
      `${page}-${page + 2 + random.below(14)}`,
      `{"${word(random)} ${word(random, 1, 1)}.","${word(random)} ${word(random, 1, 1)}."}`,
    ];
  });
  const dirty = rows.map((row) => [...row]);
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  spoil(dirty, 1, 0.02, random, (value) => typed(value, random));
  spoil(dirty, 2, 0.05, random, (value) => (random.below(2) === 0 ? null : typed(value, random)));
  for (const column of [3, 4]) spoil(dirty, column, 0.04, random, (value) => (random.below(3) === 0 ? null : typed(value, random)));
  spoil(dirty, 5, 0.06, random, (value) => {
    if (random.below(3) === 0) return null;
    return random.below(2) === 0 ? value.replace('-', '') : typed(value, random);
  });
  spoil(dirty, 7, 0.03, random, (value) => `${value}-${months[Number(value) - 1] ?? ''}`);
  const share = 20 + random.below(60);
  spoil(dirty, 8, share / 100, random, (value) => `${Number(value.slice(5, 7))}/${Number(value.slice(8))}/${value.slice(2, 4)}`);
  spoil(dirty, 9, 0.05, random, (value) => {
    if (random.below(2) === 0) return value.replace('-', random.one([' - ', '–', '--']));
    return random.below(2) === 0 ? null : typed(value, random);
  });
  return {
    name: 'references',
    columns: ['id', 'title', 'language', 'journal', 'abbreviation', 'issn', 'volume', 'issue', 'created', 'pages', 'authors'],
    contract: `${head('references', '[{ determinant: [journal], dependent: [abbreviation, issn, language] }, { determinant: [issn], dependent: [journal, abbreviation] }, { determinant: [abbreviation], dependent: [journal] }]')}      - { name: id, logicalType: integer, primaryKey: true }
      - { name: title, logicalType: string, required: true }
      - { name: language, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[a-z]{3}$' } }
      - { name: journal, logicalType: string, required: true }
      - { name: abbreviation, logicalType: string, required: true }
      - { name: issn, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{4}-[0-9]{3}[0-9X]$' } }
      - { name: volume, logicalType: integer, logicalTypeOptions: { minimum: 1 } }
      - { name: issue, logicalType: integer, logicalTypeOptions: { minimum: 1 } }
      - { name: created, logicalType: date, required: true }
      - { name: pages, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]+-[0-9]+$' } }
      - { name: authors, logicalType: string, required: true }
`,
    rows,
    dirty,
  };
}

/** With its check digit (ISO 3297). */
function issn(random: Random): string {
  const seven = digits(random, 7);
  const sum = [...seven].reduce((total, digit, at) => total + Number(digit) * (8 - at), 0);
  const check = (11 - (sum % 11)) % 11;
  return `${seven.slice(0, 4)}-${seven.slice(4)}${check === 10 ? 'X' : check}`;
}

/** Persons with state taxes: zips with lost zeros, rates that depend on state and salary, exemptions on state and marital status or children. */
function taxes(random: Random): KindTable {
  const states = distinct(24, () => `${random.one([...'ABCDEFGHIJKLM'])}${random.one([...'NOPQRSTUVWXYZ'])}`).map((code, index) => ({
    code,
    areas: [String(201 + index * 29), String(202 + index * 29)],
    flat: random.below(3) === 0,
    rate: 1 + random.below(8),
    single: String(random.below(2) * (500 + 50 * random.below(60))),
    married: String(1000 + 100 * random.below(70)),
    child: String(random.below(4) * 500),
  }));
  const towns = distinct(160, () => digits(random, 4)).map((four, index) => {
    const state = states[index % states.length] ?? states[0];
    if (state === undefined) throw new Error('no state');
    return { zip: index % 5 === 0 ? `0${four}` : `${1 + random.below(9)}${four}`, city: word(random).toUpperCase(), state };
  });
  const names = distinct(90, () => word(random, 2, 3)).map((name, index) => ({ name, gender: index % 2 === 0 ? 'F' : 'M' }));
  const rows = Array.from({ length: 2000 }, (_, index): Row => {
    const [{ zip, city, state }, { name, gender }] = [random.one(towns), random.one(names)];
    const [salary, married, child] = [5000 + 5000 * random.below(18), random.below(2) === 0, random.below(2) === 0];
    const rate = state.flat ? state.rate : state.rate + Math.floor(salary / 30_000) * 0.5;
    return [
      String(index + 1),
      name,
      word(random),
      gender,
      random.one(state.areas),
      `${digits(random, 3)}-${digits(random, 4)}`,
      city,
      state.code,
      zip,
      married ? 'M' : 'S',
      child ? 'Y' : 'N',
      String(salary),
      rate.toFixed(2),
      married ? '0' : state.single,
      married ? state.married : '0',
      child ? state.child : '0',
    ];
  });
  const dirty = rows.map((row) => [...row]);
  spoil(dirty, 1, 0.01, random, (value) => typed(value, random));
  spoil(dirty, 3, 0.01, random, (value) => (value === 'F' ? 'M' : 'F'));
  spoil(dirty, 6, 0.02, random, (value) => (random.below(2) === 0 ? `${value}-*` : value.slice(0, -1)));
  spoil(dirty, 7, 0.01, random, () => random.one(states).code);
  spoil(dirty, 8, 1, random, (value) => (value.startsWith('0') ? value.slice(1) : undefined));
  spoil(dirty, 8, 0.005, random, (value) => typed(value, random));
  spoil(dirty, 9, 0.01, random, (value) => (value === 'M' ? 'S' : 'M'));
  spoil(dirty, 10, 0.01, random, (value) => (value === 'Y' ? 'N' : 'Y'));
  spoil(dirty, 12, 0.01, random, (value) => (Number(value) + random.one([1, 2, -0.5, 0.25])).toFixed(2));
  spoil(dirty, 15, 0.01, random, (value) => (value === '0' ? '500' : '0'));
  return {
    name: 'taxes',
    columns: [
      'id',
      'f_name',
      'l_name',
      'gender',
      'area_code',
      'phone',
      'city',
      'state',
      'zip',
      'marital_status',
      'has_child',
      'salary',
      'rate',
      'single_exemp',
      'married_exemp',
      'child_exemp',
    ],
    contract: `${head('taxes', '[{ determinant: [zip], dependent: [city, state] }, { determinant: [area_code], dependent: [state] }, { determinant: [f_name], dependent: [gender] }, { determinant: [state, salary], dependent: [rate] }, { determinant: [state, marital_status], dependent: [single_exemp, married_exemp] }, { determinant: [state, has_child], dependent: [child_exemp] }]')}      - { name: id, logicalType: integer, primaryKey: true }
      - { name: f_name, logicalType: string, required: true }
      - { name: l_name, logicalType: string, required: true }
      - { name: gender, logicalType: string, required: true, enum: [{ value: F }, { value: M }] }
      - { name: area_code, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{3}$' } }
      - { name: phone, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{3}-[0-9]{4}$' } }
      - { name: city, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z .''-]+$' } }
      - { name: state, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[A-Z]{2}$' } }
      - { name: zip, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }
      - { name: marital_status, logicalType: string, required: true, enum: [{ value: S }, { value: M }] }
      - { name: has_child, logicalType: string, required: true, enum: [{ value: Y }, { value: N }] }
      - { name: salary, logicalType: integer, required: true, logicalTypeOptions: { minimum: 0 } }
      - { name: rate, logicalType: number, physicalType: 'DECIMAL(6,2)', required: true, logicalTypeOptions: { minimum: 0, maximum: 100 } }
      - { name: single_exemp, logicalType: integer, required: true }
      - { name: married_exemp, logicalType: integer, required: true }
      - { name: child_exemp, logicalType: integer, required: true }
`,
    rows,
    dirty,
  };
}

/** Films: durations, numbers with groups, days in words, ratings, years; little that repeats. */
function films(random: Random): KindTable {
  const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
  const directors = distinct(150, () => `${word(random, 2, 3)} ${word(random, 2, 3)}`).map((name) => ({
    name,
    country: random.one(['USA', 'France', 'India', 'UK', 'Japan']),
  }));
  const rows = Array.from({ length: 1500 }, (_, index): Row => {
    const [director, released] = [random.one(directors), day(random)];
    return [
      `tt${String(1_000_000 + index * 37)}`,
      `${word(random)} ${word(random).toLowerCase()} ${word(random).toLowerCase()}`,
      released.slice(0, 4),
      released,
      director.name,
      director.country,
      random.one(['English', 'English', 'French', 'Hindi', 'Japanese']),
      String(65 + random.below(130)),
      `${1 + random.below(9)}.${random.below(10)}`,
      String(1000 + random.below(900_000)),
      random.one(['drama', 'comedy', 'action', 'horror', 'romance']),
      amount(random, 90),
    ];
  });
  const dirty = rows.map((row) => [...row]);
  spoil(dirty, 1, 0.02, random, (value) => typed(value, random));
  spoil(dirty, 2, 0.02, random, () => null);
  spoil(
    dirty,
    3,
    0.3,
    random,
    (value) => `${Number(value.slice(8))} ${months[Number(value.slice(5, 7)) - 1]} ${value.slice(0, 4)} (${random.one(['USA', 'UK', 'France'])})`,
  );
  spoil(dirty, 4, 0.02, random, (value) => typed(value, random));
  spoil(dirty, 5, 0.02, random, (value) => typed(value, random));
  spoil(dirty, 6, 0.03, random, (value) => (random.below(2) === 0 ? value.toLowerCase() : typed(value, random)));
  spoil(dirty, 7, 0.4, random, (value) => (random.below(8) === 0 ? `${Math.floor(Number(value) / 60)} hr. ${Number(value) % 60} min.` : `${value} min`));
  spoil(dirty, 8, 0.1, random, (value) => `${value}/10`);
  spoil(dirty, 9, 0.3, random, (value) => value.replace(/(?<=[0-9])(?=(?:[0-9]{3})+$)/g, ','));
  spoil(dirty, 10, 0.04, random, (value) => (random.below(2) === 0 ? value.toUpperCase() : typed(value, random)));
  spoil(dirty, 11, 0.2, random, (value) => `$${value}M`);
  return {
    name: 'films',
    columns: ['id', 'name', 'year', 'released', 'director', 'country', 'language', 'minutes', 'rating', 'votes', 'genre', 'budget'],
    contract: `${head('films', '[{ determinant: [director], dependent: [country] }]')}      - { name: id, logicalType: string, primaryKey: true, logicalTypeOptions: { pattern: '^tt[0-9]{7}$' } }
      - { name: name, logicalType: string, required: true }
      - { name: year, logicalType: integer, required: true, logicalTypeOptions: { minimum: 1880, maximum: 2100 } }
      - { name: released, logicalType: date }
      - { name: director, logicalType: string, required: true }
      - { name: country, logicalType: string, required: true }
      - { name: language, logicalType: string, required: true, enum: [{ value: English }, { value: French }, { value: Hindi }, { value: Japanese }] }
      - { name: minutes, logicalType: integer, required: true, logicalTypeOptions: { minimum: 1, maximum: 600 } }
      - { name: rating, logicalType: number, physicalType: 'DECIMAL(3,1)', logicalTypeOptions: { minimum: 0, maximum: 10 } }
      - { name: votes, logicalType: integer, logicalTypeOptions: { minimum: 0 } }
      - { name: genre, logicalType: string, required: true, enum: [{ value: drama }, { value: comedy }, { value: action }, { value: horror }, { value: romance }] }
      - { name: budget, logicalType: number, physicalType: 'DECIMAL(9,2)', logicalTypeOptions: { minimum: 0 } }
`,
    rows,
    dirty,
  };
}

/** The tables of one seed. */
export function kindTables(seed: number): KindTable[] {
  return [flights, references, taxes, films].map((make, index) => make(new Random(seed * 53 + index)));
}
