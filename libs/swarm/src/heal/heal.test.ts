import { duckdbEngine } from '@skein/adapter-duckdb';
import { readContract } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import { textAccepts } from '@skein/verifier';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brokenCells } from './cell-rule.ts';
import { heal } from './heal.ts';
import type { HealOptions } from './healing.ts';
import { suggestLabels } from './suggest-labels.ts';

const engine = duckdbEngine({ threads: 2 });
let session: EngineSession;
beforeAll(async () => {
  session = await engine.open();
});
afterAll(() => engine.close());

const contractOf = (properties: string, dependencies = '[]') =>
  readContract(
    `apiVersion: v3.2.0
kind: DataContract
id: x
version: 1.0.0
domain: shop
schema:
  - name: places
    customProperties: [{ property: functionalDependencies, value: ${dependencies} }]
    properties:
${properties}`,
    'places.odcs.yaml',
  );

async function load(columns: readonly string[], rows: readonly (readonly (string | null)[])[], name = 'places'): Promise<void> {
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ident(name)} AS SELECT row_number() OVER () AS _row, ${columns.map((column, index) => `r[${index + 1}] AS ${ident(column)}`).join(', ')} FROM (SELECT unnest(from_json($1, '[["VARCHAR"]]')) AS r)`,
    [JSON.stringify(rows)],
  );
}

type Cell = { row: bigint; column: string; rule: string; outcome: string; before: string | null; after: string | null; probability: number | null };
async function healed(columns: readonly string[], rows: readonly (readonly (string | null)[])[], options: HealOptions) {
  await load(columns, rows);
  const healing = await heal(session, { name: 'places', columns }, options);
  const cells = await session.rows<Cell>(`SELECT * FROM ${healing.cells}`);
  const table = (await session.rows<Record<string, string | null>>('SELECT * EXCLUDE (_row) FROM places ORDER BY _row')).map((row) =>
    columns.map((column) => row[column] ?? null),
  );
  return { healing, cells, table };
}

const PLACES = contractOf(
  `      - { name: zip, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }
      - { name: city, logicalType: string, required: true }
      - { name: region, logicalType: string, required: true }
      - { name: price, logicalType: number, physicalType: 'DECIMAL(9,2)' }
`,
  '[{ determinant: [zip], dependent: [city, region] }]',
);
const COLUMNS = ['zip', 'city', 'region', 'price'];
const group = (zip: string, city: string, region: string, count: number) => Array.from({ length: count }, () => [zip, city, region, '1.5']);
const many = [...group('10115', 'Berlin', 'Mitte', 9), ...group('80331', 'München', 'Altstadt', 9), ...group('20095', 'Hamburg', 'Zentrum', 9)];

describe('healing by dependencies', () => {
  it('repairs slips and missing values by their group, and leaves every other cell as it is', async () => {
    const { cells, table } = await healed(COLUMNS, [...many, ['10115', 'Berlni', 'Mitte', '1.5'], ['80331', null, 'Altstadt', '2.5']], { contract: PLACES });
    expect(cells.map(({ row, column, outcome, before, after }) => [row, column, outcome, before, after])).toEqual([
      [28n, 'city', 'repaired', 'Berlni', 'Berlin'],
      [29n, 'city', 'repaired', null, 'München'],
    ]);
    expect(table).toEqual([...many, ['10115', 'Berlin', 'Mitte', '1.5'], ['80331', 'München', 'Altstadt', '2.5']]);
  });

  it('blames the determinant, not its columns, when both of them belong to another group', async () => {
    const rows = [...many, ['10115', 'Hamburg', 'Zentrum', '1']];
    const { cells, table } = await healed(COLUMNS, rows, { contract: PLACES });
    expect(table).toEqual(rows);
    expect(cells.map(({ row, outcome }) => [row, outcome])).toEqual([
      [28n, 'escalated'],
      [28n, 'escalated'],
    ]);
  });

  it('puts a rare form right by the group, and leaves a column that is written in two forms', async () => {
    const rows = (shouted: number) => Array.from({ length: 600 }, (_, index) => ['10115', index < shouted ? 'BERLIN AM SEE' : 'Berlin am See', 'Mitte', '1']);
    const rare = await healed(COLUMNS, rows(20), { contract: PLACES });
    expect(new Set(rare.table.map(([, city]) => city))).toEqual(new Set(['Berlin am See']));
    const two = await healed(COLUMNS, rows(60), { contract: PLACES });
    expect(two.table).toEqual(rows(60));
  });

  it('puts slips of what nearly all rows hold right, and leaves names that differ in one place, and what a label holds to', async () => {
    const contract = contractOf(
      `      - { name: id, logicalType: integer, primaryKey: true }
      - { name: second, logicalType: string }
      - { name: gate, logicalType: string }
`,
    );
    const columns = ['id', 'second', 'gate'];
    const odd = ['emxty', 'xmpty', 'EMPTY', 'empt', 'empty 2'];
    const gates = ['Gate B', 'Gate C', 'Gate D', 'Gate E', 'Gate A'];
    const rows = Array.from({ length: 600 }, (_, index) => [String(index), odd[index] ?? 'empty', gates[index] ?? 'Gate A']);
    const { table, cells } = await healed(columns, rows, { contract });
    // The last has another digit: it is a name of its own.
    expect(table.map(([, second]) => second)).toEqual(rows.map((_, index) => (index === 4 ? 'empty 2' : 'empty')));
    expect(table.map(([, , gate]) => gate)).toEqual(rows.map(([, , gate]) => gate));
    expect(cells.map(({ row, rule, outcome }) => [row, rule, outcome])).toEqual([1n, 2n, 3n, 4n].map((row) => [row, 'near-value', 'repaired']));
    const labelled = await healed(columns, rows, { contract, labels: [{ row: 2n, values: { second: 'xmpty' } }] });
    expect(labelled.table).toEqual(rows);
    // Two slips are too few to be told from names.
    const few = rows.map(([id, second, gate], index) => [id ?? null, index > 1 && index < 4 ? 'empty' : (second ?? null), gate ?? null]);
    expect((await healed(columns, few, { contract })).table).toEqual(few);
  });

  it('escalates two solutions that are equally good', async () => {
    const rows = [...many, ['99084', 'Erfurt', 'Mitte', null], ['99084', 'Weimar', 'Mitte', null]];
    const { cells, table } = await healed(COLUMNS, rows, { contract: PLACES });
    expect(table).toEqual(rows);
    expect(cells.filter(({ column }) => column === 'city').map(({ outcome, before, after }) => [outcome, before, after])).toEqual([
      ['escalated', 'Erfurt', 'Weimar'],
      ['escalated', 'Weimar', 'Erfurt'],
    ]);
  });

  it('escalates a row in which two dependencies speak against each other', async () => {
    const contract = contractOf(
      `      - { name: journal, logicalType: string, required: true }
      - { name: issn, logicalType: string, required: true }
`,
      '[{ determinant: [journal], dependent: [issn] }, { determinant: [issn], dependent: [journal] }]',
    );
    const rows = [
      ...Array.from({ length: 9 }, () => ['Annals', '1111-1111']),
      ...Array.from({ length: 9 }, () => ['Letters', '2222-2222']),
      ['Annals', '2222-2222'],
    ];
    const { table } = await healed(['journal', 'issn'], rows, { contract });
    expect(table).toEqual(rows);
  });

  it('makes no two rows of a unique column equal', async () => {
    const contract = contractOf(
      `      - { name: sku, logicalType: string, required: true }
      - { name: code, logicalType: string, unique: true, logicalTypeOptions: { pattern: '^[A-Z]{2}-[0-9]{3}$' } }
`,
    );
    const rows = [...Array.from({ length: 12 }, (_, index) => [`s${index}`, `AB-${100 + index}`]), ['s12', 'AB_101'], ['s13', 'AB_555']];
    const { table } = await healed(['sku', 'code'], rows, { contract });
    expect(table.slice(12)).toEqual([
      ['s12', 'AB_101'],
      ['s13', 'AB-555'],
    ]);
  });
});

it('makes no two rows equal in a primary key, by a program or by a label', async () => {
  const contract = contractOf(
    `      - { name: site, logicalType: string, primaryKey: true, primaryKeyPosition: 1 }
      - { name: no, logicalType: integer, primaryKey: true, primaryKeyPosition: 2 }
`,
  );
  const rows = [...Array.from({ length: 12 }, (_, index) => ['a', String(1000 + index)]), ['a', '1,001'], ['b', '1,001']];
  expect((await healed(['site', 'no'], rows, { contract })).table.slice(12)).toEqual([
    ['a', '1,001'],
    ['b', '1001'],
  ]);
  const single = contractOf('      - { name: no, logicalType: integer, primaryKey: true }\n');
  const labels = [
    { row: 1n, values: { no: '5' } },
    { row: 2n, values: { no: '3' } },
  ];
  expect((await healed(['no'], [['1'], ['2'], ['3']], { contract: single, labels })).table).toEqual([['5'], ['2'], ['3']]);
});

describe('healing by the synthesiser and by labels', () => {
  it('reads numbers of another form, and does nothing to what breaks no rule', async () => {
    const { cells, table } = await healed(COLUMNS, [...many, ['10115', 'Berlin', 'Mitte', '1,234.50'], ['10115', 'Berlin', 'Mitte', 'N/A']], {
      contract: PLACES,
    });
    expect(table.slice(27).map((row) => row[3])).toEqual(['1234.50', null]);
    expect(cells).toHaveLength(2);
  });

  const RATES = contractOf(
    `      - { name: id, logicalType: integer, primaryKey: true }
      - { name: rate, logicalType: number, physicalType: 'DECIMAL(5,2)', logicalTypeOptions: { minimum: 0, maximum: 30 } }
`,
  );

  it('writes repaired numbers with the decimals that the column has throughout, and with no more where it has none', async () => {
    const clean = Array.from({ length: 60 }, (_, index) => [String(index), ['0.00', '7.00', '19.00'][index % 3] ?? null]);
    const dirty = [
      ['60', '7%'],
      ['61', '19 %'],
      ['62', '7%'],
      ['63', '19.00 %'],
      ['64', '7.000000000000001'],
      ['65', '1x.00'],
    ];
    const { table } = await healed(['id', 'rate'], [...clean, ...dirty], { contract: RATES });
    // `1x.00` has the form of the column with a digit lost: it is left.
    expect(table.slice(60).map(([, rate]) => rate)).toEqual(['7.00', '19.00', '7.00', '19.00', '7.00', '1x.00']);
    const plain = clean.map(([id, rate]) => [id ?? null, rate === undefined || rate === null ? null : String(Number(rate))]);
    const other = await healed(['id', 'rate'], [...plain, ...dirty.slice(0, 2)], { contract: RATES });
    expect(other.table.slice(60).map(([, rate]) => rate)).toEqual(['7', '19']);
  });

  it('does not take a number that lost a decimal before its unit for a form', async () => {
    const clean = Array.from({ length: 60 }, (_, index) => [String(index), `${index % 29}.25`]);
    const rows = [...clean, ['60', '3.2kg'], ['61', '12.5 kg']];
    const { table } = await healed(['id', 'rate'], rows, { contract: RATES });
    expect(table).toEqual(rows);
  });

  it('applies what labels teach to the whole column, and gives labelled rows what the labels say', async () => {
    const contract = contractOf(
      '      - { name: city, logicalType: string, required: true }\n      - { name: state, logicalType: string, logicalTypeOptions: { pattern: "^[A-Z]{2}$" } }\n',
    );
    const names = ['Madison', 'Hayward', 'Denton', 'Asheville', 'Tampa', 'Boise'];
    const rows = names.flatMap((name, index) => [
      [name, ['WI', 'CA', 'TX', 'NC', 'FL', 'ID'][index] ?? ''],
      [`${name} ${['WI', 'CA', 'TX', 'NC', 'FL', 'ID'][index]}`, null],
    ]);
    const labels = [
      { row: 2n, values: { city: 'Madison', state: 'WI' } },
      { row: 4n, values: { city: 'Hayward', state: 'CA' } },
      { row: 1n, values: { city: 'Madison', state: 'WI' } },
    ];
    const { table } = await healed(['city', 'state'], rows, { contract, labels });
    expect(table.filter((_, index) => index % 2 === 1)).toEqual(table.filter((_, index) => index % 2 === 0));
    const alone = await healed(['city', 'state'], rows, { contract });
    expect(alone.table).toEqual(rows);
  });

  it('does not take one label that adds characters for a rule', async () => {
    const contract = contractOf("      - { name: code, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }\n");
    const rows = [...Array.from({ length: 30 }, (_, index) => [String(10_000 + index * 37)]), ['1003x'], ['1004x'], ['1005x']];
    const { table } = await healed(['code'], rows, { contract, labels: [{ row: 31n, values: { code: '10036' } }] });
    expect(table.slice(30)).toEqual([['10036'], ['1004x'], ['1005x']]);
  });

  it('applies what labels teach of values that the contract refuses to no value that it accepts', async () => {
    const contract = contractOf('      - { name: code, logicalType: string, logicalTypeOptions: { minLength: 5, maxLength: 8 } }\n');
    const rows = [...Array.from({ length: 40 }, (_, index) => [String(10_000 + index * 37)]), ['1010'], ['6422'], ['3104'], ['2207']];
    const labels = [
      ...['01010', '06422', '03104'].map((code, index) => ({ row: BigInt(41 + index), values: { code } })),
      { row: 1n, values: { code: '10000' } },
    ];
    const { table } = await healed(['code'], rows, { contract, labels });
    expect(table).toEqual([...rows.slice(0, 40), ['01010'], ['06422'], ['03104'], ['02207']]);
  });

  it('takes a label on one unit for no word on another, and one on a number that stands for any value for that row alone', async () => {
    const contract = contractOf("      - { name: wind_ms, logicalType: number, physicalType: 'DECIMAL(4,1)', logicalTypeOptions: { minimum: 0 } }\n");
    const rows = Array.from({ length: 40 }, (_, index) => [`${index}.5`]);
    const units = await healed(['wind_ms'], [...rows, ['8.0 m/s'], ['12.5 m/s'], ['41.8 km/h']], {
      contract,
      labels: [{ row: 41n, values: { wind_ms: '8.0' } }],
    });
    expect(units.table).toEqual([...rows, ['8.0'], ['12.5'], ['41.8 km/h']]);
    const labels = ['0.4', '6.0', '31.0', '9.0'].map((wind_ms, index) => ({ row: BigInt(41 + index), values: { wind_ms } }));
    const lost = await healed(['wind_ms'], [...rows, ['-999.9'], ['six'], ['3l.O'], ['nine'], ['six'], ['-999.9']], { contract, labels });
    expect(lost.table).toEqual([...rows, ['0.4'], ['6.0'], ['31.0'], ['9.0'], ['6.0'], ['-999.9']]);
  });

  it('keeps a label against what was found', async () => {
    const { table, cells } = await healed(COLUMNS, [...many, ['10115', 'Berlni', 'Mitte', '1.5']], {
      contract: PLACES,
      labels: [{ row: 28n, values: { city: 'Berlni' } }],
    });
    expect(table[27]).toEqual(['10115', 'Berlni', 'Mitte', '1.5']);
    expect(cells.filter(({ outcome }) => outcome === 'repaired')).toEqual([]);
  });
});

describe('forms and slips', () => {
  const zips = contractOf(
    `      - { name: zip, logicalType: string, required: true, logicalTypeOptions: { pattern: '^[0-9]{5}$' } }
      - { name: on, logicalType: date }
      - { name: pages, logicalType: string, logicalTypeOptions: { pattern: '^[0-9]+-[0-9]+$' } }
`,
  );
  const named = ['zip', 'on', 'pages'];
  const rows = Array.from({ length: 200 }, (_, index) => [
    String(10_001 + (index % 20) * 577),
    `2024-${String(1 + (index % 12)).padStart(2, '0')}-${10 + (index % 19)}`,
    `${index + 1}-${index + 9}`,
  ]);
  const withCells = async (column: number, cells: readonly string[]) => {
    const { table } = await healed(named, [...rows, ...cells.map((cell) => named.map((_, at) => (at === column ? cell : (rows[0]?.[at] ?? null))))], {
      contract: zips,
    });
    expect(table.slice(0, 200)).toEqual(rows);
    return table.slice(200).map((row) => row[column]);
  };

  it('clears words for nothing where missing is ordinary, and leaves them where a value was lost', async () => {
    expect(
      await withCells(
        1,
        Array.from({ length: 3 }, () => 'N/A'),
      ),
    ).toEqual(['N/A', 'N/A', 'N/A']);
    expect(
      new Set(
        await withCells(
          1,
          Array.from({ length: 40 }, () => 'N/A'),
        ),
      ),
    ).toEqual(new Set([null]));
  });

  it('gives lost zeros back where the same key lacks them in row after row, and not to a key that lost a digit once', async () => {
    const again = ['2139', '2139', '2139', '713', '713', '713', '4021', '4021', '4021'];
    expect(await withCells(0, [...again, '1057'])).toEqual([...again.map((zip) => zip.padStart(5, '0')), '1057']);
    expect(await withCells(0, ['2139', '713'])).toEqual(['2139', '713']);
  });

  it('reads days without zeros where some lack two of them, and not among days that lost a digit', async () => {
    expect(await withCells(1, ['2024-1-5', '2024-3-7', '2024-1-15', '2024-11-5'])).toEqual(['2024-01-05', '2024-03-07', '2024-01-15', '2024-11-05']);
    expect(await withCells(1, ['2024-1-15', '2024-11-5', '024-11-15'])).toEqual(['2024-1-15', '2024-11-5', '024-11-15']);
  });

  it('puts the mark of the column between two parts', async () => {
    expect(await withCells(2, ['12 - 19', '12\u201319', '12--19', '12', '1-2-3'])).toEqual(['12-19', '12-19', '12-19', '12', '1-2-3']);
  });
});

describe('what rests on what', () => {
  const contract = contractOf(
    `      - { name: zip, logicalType: string, required: true }
      - { name: city, logicalType: string, required: true }
      - { name: state, logicalType: string, required: true }
      - { name: salary, logicalType: integer, required: true }
      - { name: rate, logicalType: number, physicalType: 'DECIMAL(5,2)', required: true }
`,
    '[{ determinant: [zip], dependent: [city, state] }, { determinant: [city], dependent: [zip, state] }, { determinant: [state, salary], dependent: [rate] }]',
  );
  const columns = ['zip', 'city', 'state', 'salary', 'rate'];
  const rows = Array.from({ length: 60 }, (_, index) => {
    const at = index % 4;
    return [
      `1000${at}`,
      ['Aachen', 'Bremen', 'Coburg', 'Dachau'][at] ?? '',
      ['NW', 'HB', 'BY', 'BY'][at] ?? '',
      '5000',
      ['1.00', '2.00', '3.50', '3.50'][at] ?? '',
    ];
  });

  it('a vote does not rest on a determinant that is in doubt: the state is put right, and the rate stays', async () => {
    const { table } = await healed(columns, [...rows, ['10000', 'Aachen', 'HB', '5000', '1.00']], { contract });
    expect(table).toEqual([...rows, ['10000', 'Aachen', 'NW', '5000', '1.00']]);
  });

  it('a form put right yields to the value that the group holds', async () => {
    const { table } = await healed(columns, [...rows, ['10000', 'Aachen', 'NW', '5000', '1,10 €'], ['10000', 'Aachen', 'NW', '5000', '1,00']], { contract });
    expect(table.slice(60).map((row) => row[4])).toEqual(['1.00', '1.00']);
  });

  it('one label is not taken for a rule against a value that many rows hold, nor one that the contract refuses', async () => {
    const labels = [
      { row: 1n, values: { city: 'achen', salary: 'much' } },
      { row: 2n, values: { city: 'Bremen', salary: '5000' } },
    ];
    const alone = await healed(
      ['city', 'salary'],
      rows.map((row) => [row[1] ?? null, row[3] ?? null]),
      { contract, labels },
    );
    expect(alone.table.filter(([city]) => city === 'achen')).toHaveLength(1);
    expect(alone.table.every(([, salary]) => salary === '5000')).toBe(true);
    expect(alone.healing.refusedLabels).toBe(1);
  });
});

describe('bad input', () => {
  it('one row, and integers that no double holds', async () => {
    const exact = contractOf('      - { name: n, logicalType: integer, required: true }\n');
    expect((await healed(['n'], [['9007199254740993']], { contract: exact })).table).toEqual([['9007199254740993']]);
    expect((await healed(['n'], [['9,007,199,254,740,993'], ['9007199254740995'], ['12']], { contract: exact })).table.map(([n]) => n)).not.toContain(
      '9007199254740992',
    );
  });

  it('an empty table, a column that is all gap, and columns that are missing', async () => {
    expect((await healed(COLUMNS, [], { contract: PLACES })).healing).toMatchObject({ rows: 0, counts: [], solutions: [] });
    const gap = Array.from({ length: 20 }, (_, index) => ['10115', null, null, `no price ${'abcdefghijklmnopqrst'[index]}`]);
    const { table, healing } = await healed(COLUMNS, gap, { contract: PLACES });
    expect(table).toEqual(gap);
    expect(healing.counts.every(({ outcome }) => outcome !== 'repaired')).toBe(true);
    const few = await healed(
      ['zip', 'city'],
      [
        ['a zip', 'x'],
        ['10115', 'y'],
      ],
      { contract: PLACES },
    );
    expect(few.healing.counts).toEqual([{ column: 'zip', rule: 'pattern', outcome: 'left', cells: 1 }]);
  });

  it('texts that try to be more than texts', async () => {
    const odd = ["'; DROP TABLE places; --", '"quoted"', 'ẞtraße 🦆', '\u0000nul', 'a\nb', '{value}', '\\1'];
    const rows = [...many, ...odd.map((text) => ['10115', text, 'Mitte', text])];
    const { table, healing } = await healed(COLUMNS, rows, { contract: PLACES });
    expect(healing.rows).toBe(rows.length);
    expect(table.slice(27).map((row) => row[3])).toEqual(odd);
  });
});

it('suggests rows that show every kind of trouble, and changes nothing', async () => {
  const rows = [...many, ['10115', 'Berlni', 'Mitte', '1.5'], ['1011', 'Berlin', 'Mitte', 'about 5'], ['10115', 'Berlin', 'Mitte', '1,234.50']];
  await load(COLUMNS, rows);
  const suggested = await suggestLabels(session, { name: 'places', columns: COLUMNS }, { contract: PLACES }, 3);
  expect(new Set(suggested.map(({ row }) => row))).toEqual(new Set([28n, 29n, 30n]));
  expect(await session.rows('SELECT * EXCLUDE (_row) FROM places ORDER BY _row')).toEqual(
    rows.map((row) => Object.fromEntries(COLUMNS.map((column, index) => [column, row[index]]))),
  );
});

describe('the contract in SQL and in JavaScript', () => {
  const texts = [
    '',
    '0',
    '-0',
    '00',
    '7',
    '-7',
    '+7',
    '7.0',
    '7.50',
    '7.',
    '.5',
    '1e3',
    '9223372036854775807',
    '9223372036854775808',
    '2147483648',
    '12345678.12',
    '123456789.12',
    'x',
    ' 7',
    '7 ',
    'true',
    'TRUE',
    'yes',
    '2024-02-29',
    '2023-02-29',
    '0000-01-01',
    '0001-01-01',
    '2024-2-9',
    '12:30',
    '12:30:61',
    '25:00:00',
    '2024-01-01 12:30',
    '2024-01-01T12:30:00Z',
    '2024-01-01T12:30:00+02:00',
    '2024-01-01',
    'ab',
    'AB',
    'ẞß',
    '𝒳𝒴',
    'a@b.example',
    'nan',
    'inf',
    '1.0000000',
  ];
  const types = [
    'integer',
    'integer, physicalType: INTEGER',
    'number, physicalType: "DECIMAL(9,2)"',
    'number, physicalType: DOUBLE',
    'boolean',
    'date',
    'time',
    'timestamp, physicalType: TIMESTAMP',
    'timestamp, physicalType: TIMESTAMPTZ',
    'string',
    'string, logicalTypeOptions: { pattern: "^[A-Z]{2}$" }',
    'string, logicalTypeOptions: { minLength: 2, maxLength: 2 }',
    'string, logicalTypeOptions: { format: email }',
    'string, enum: [{ value: AB }]',
    'integer, logicalTypeOptions: { minimum: 1, maximum: 10 }',
    'date, logicalTypeOptions: { minimum: "2024-01-01" }',
    'number, physicalType: "DECIMAL(9,2)", logicalTypeOptions: { exclusiveMinimum: 7 }',
  ];

  it.each(types)('say the same of %s', async (type) => {
    for (const required of [true, false]) {
      const [property] = contractOf(`      - { name: c, required: ${required}, logicalType: ${type} }\n`).properties;
      if (!property) throw new Error('no property');
      await load(
        ['c'],
        [...texts, null].map((text) => [text]),
        'texts',
      );
      const broken = new Set(
        (await session.rows<{ row: bigint }>(`SELECT _row AS row FROM (${brokenCells('texts', property)})`)).map(({ row }) => Number(row)),
      );
      const accepts = textAccepts(property);
      const differ = [...texts, null].filter((text, index) => accepts(text) === broken.has(index + 1));
      expect(differ).toEqual([]);
      expect(broken.size).toBeGreaterThan(required || type !== 'string' ? 0 : -1);
    }
  });
});
