import { SkeinError } from '@skein/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readContract } from '../read-contract.ts';
import { draftContract, productName, type Draft } from './draft.ts';
import { foreignType } from './foreign-type.ts';
import { importAvro } from './import-avro.ts';
import { importDbt } from './import-dbt.ts';
import { importDdl } from './import-ddl.ts';
import { importJsonSchema } from './import-json-schema.ts';
import { engineType } from '../column-type.ts';

const READERS = { 'json-schema': importJsonSchema, avro: importAvro, dbt: importDbt, ddl: importDdl } as const;
const types = (draft: Draft) => Object.fromEntries(draft.columns.map((column) => [column.name, engineType(column.type)]));
const notes = (draft: Draft) => draft.columns.flatMap((column) => column.notes ?? []);
const contractOf = (draft: Draft) => readContract(draftContract(draft, { id: 'i', domain: 'd' }), 'draft.yaml');

describe('types of other systems', () => {
  it.each([
    ['bigint', 'BIGINT'],
    ['int8', 'BIGINT'],
    ['character varying(20)', 'VARCHAR'],
    ['timestamp(3) with time zone', 'TIMESTAMP WITH TIME ZONE'],
    ['TIMESTAMP_NTZ(9)', 'TIMESTAMP'],
    ['timestamp without time zone', 'TIMESTAMP'],
    ['ARRAY<STRUCT<name: STRING, `q-1` DECIMAL(10,2)>>', 'STRUCT("name" VARCHAR, "q-1" DECIMAL(10,2))[]'],
    ['MAP<STRING, ARRAY<INT>>', 'MAP(VARCHAR, INTEGER[])'],
    ['integer[3][]', 'INTEGER[][]'],
    ['text array', 'VARCHAR[]'],
    ['HUGEINT', 'DECIMAL(38,0)'],
    ['jsonb', 'VARCHAR'],
    ["ENUM('a', 'it''s')", 'VARCHAR'],
    ['geography(point, 4326)', 'VARCHAR'],
    ['numeric', 'DECIMAL(38,9)'],
    ['NUMBER(38,0)', 'DECIMAL(38,0)'],
    ['smallint', 'INTEGER'],
    ['', 'VARCHAR'],
  ])('%s is %s', (written, expected) => {
    expect(engineType(foreignType(written).type)).toBe(expected);
  });
  it('notes what is lost, and keeps what is not', () => {
    expect(foreignType('geography(point, 4326)').notes).toHaveLength(1);
    expect(foreignType('timestamp(3)').notes).toHaveLength(1);
    expect(foreignType('bigint').notes).toEqual([]);
    expect(foreignType('varchar(5)').options).toEqual({ maxLength: 5 });
    expect(foreignType('smallint').options).toEqual({ minimum: '-32768', maximum: '32767' });
    expect(foreignType("ENUM('a', 'it''s')").codes).toEqual(['a', "it's"]);
    expect(foreignType(`${'ARRAY<'.repeat(5_000)}INT${'>'.repeat(5_000)}`).notes[0]).toContain('deeper than 32');
  });
});

describe('SQL scripts', () => {
  const SCRIPT = `-- a dump
    SET x = 1;
    CREATE TYPE public.mood AS ENUM ('sad', 'happy');
    CREATE TYPE address AS (street text, "zip code" varchar(5));
    CREATE TABLE IF NOT EXISTS public."Customers" (
      id bigserial PRIMARY KEY,
      code varchar(18) NOT NULL UNIQUE CHECK (length(code) > 2 AND code <> ')'),
      feeling mood DEFAULT 'sad'::mood NOT NULL,
      home address[],
      amount numeric(12,2) DEFAULT (1 + 2) NOT NULL, -- not a, comment
      parent bigint REFERENCES public.customers (id) ON DELETE CASCADE,
      made timestamptz(6) GENERATED ALWAYS AS (now()) STORED,
      note text COLLATE "de_DE" COMMENT 'it''s fine',
      CONSTRAINT u UNIQUE (code, parent),
      CHECK (amount > 0)
    ) WITH (fillfactor = 70);
    COMMENT ON TABLE public."Customers" IS 'Who buys';
    COMMENT ON COLUMN public."Customers".home IS E'where\\nthey live';
    ALTER TABLE ONLY public."Customers" ADD CONSTRAINT fk FOREIGN KEY (amount) REFERENCES prices (amount);
    CREATE INDEX i ON customers (code);`;
  const draft = importDdl(SCRIPT, 'dump.sql');
  it('give columns, constraints, comments and their own types', () => {
    expect(types(draft)).toEqual({
      id: 'BIGINT',
      code: 'VARCHAR',
      feeling: 'VARCHAR',
      home: 'STRUCT("street" VARCHAR, "zip code" VARCHAR)[]',
      amount: 'DECIMAL(12,2)',
      parent: 'BIGINT',
      made: 'TIMESTAMP WITH TIME ZONE',
      note: 'VARCHAR',
    });
    const by = Object.fromEntries(draft.columns.map((column) => [column.name, column]));
    expect([by['id']?.keyPosition, by['code']?.unique, by['code']?.required, by['feeling']?.required, by['amount']?.required]).toEqual([
      1,
      true,
      true,
      true,
      true,
    ]);
    expect(by['feeling']?.codes).toEqual(['sad', 'happy']);
    expect([draft.description, by['home']?.description, by['note']?.description]).toEqual(['Who buys', 'where\nthey live', "it's fine"]);
    expect([by['parent']?.references, by['amount']?.references]).toEqual([['customers.id'], ['prices.amount']]);
    expect(draft.notes).toEqual(['not carried: UNIQUE ( code , parent )']);
    expect(by['amount']?.options).toEqual({ exclusiveMinimum: '0' });
    expect(by['code']?.notes?.[0]).toContain('CHECK ( length');
  });
  it('make a contract that reads, its name a product name', () => {
    const contract = contractOf(draft);
    expect([contract.name, contract.properties.length]).toEqual(['customers', 8]);
    expect(draftContract(draft, { id: 'i', domain: 'd' })).toContain('# not carried: UNIQUE ( code , parent )');
  });
  it('give the rules of simple checks, as people and dumps of three systems write them', () => {
    const columns = 'n int, big bigint, d decimal(5,2), f double, t text, v varchar(9), b boolean, at date, code smallint';
    const asked = (check: string) => {
      const { columns: read, notes } = importDdl(`CREATE TABLE x (${columns}, CHECK ${check})`, 'f');
      const bare = importDdl(`CREATE TABLE x (${columns})`, 'f').columns;
      const told = read.filter((column, at) => JSON.stringify(column) !== JSON.stringify(bare[at]));
      return [
        ...told.map(({ name, options, codes, required }) => [name, { ...options, ...(codes ? { codes } : {}), ...(required ? { required } : {}) }]),
        ...notes,
      ];
    };
    const carried: readonly (readonly [check: string, column: string, rule: object])[] = [
      ['(n >= 0)', 'n', { minimum: '0' }],
      ['(((n > (-5))))', 'n', { exclusiveMinimum: '-5' }],
      ['(0 <= d AND d < 99.50)', 'd', { minimum: '0', exclusiveMaximum: '99.50' }],
      ['(n BETWEEN 1 AND 5 AND n IS NOT NULL)', 'n', { minimum: '1', maximum: '5', required: true }],
      ['((d >= (0)::numeric(5,2)))', 'd', { minimum: '0' }],
      ["(t IN ('a', 'it''s', 'a'))", 't', { codes: ['a', "it's"] }],
      ["(((t)::text = ANY ((ARRAY['on'::character varying, 'off'::character varying])::text[])))", 't', { codes: ['on', 'off'] }],
      ["([t]='open' OR [t]=N'done')", 't', { codes: ['open', 'done'] }],
      ["((`t` in (_utf8mb4'x',_utf8mb4'y')))", 't', { codes: ['x', 'y'] }],
      ['(code IN (1, 2))', 'code', { minimum: '-32768', maximum: '32767', codes: ['1', '2'] }],
      ['(char_length((v)::text) <= 5)', 'v', { maxLength: 5 }],
      ['(length(v) <= 90)', 'v', { maxLength: 9 }],
      ['(length(t) > 0)', 't', { minLength: 1 }],
      ['(len(t) >= 3)', 't', { minLength: 3 }],
      ['(code > 0)', 'code', { exclusiveMinimum: '0', maximum: '32767' }],
      ['(code < 99999)', 'code', { minimum: '-32768', exclusiveMaximum: '99999' }],
    ];
    for (const [check, column, rule] of carried) {
      if (check !== '(code < 99999)' && check !== '(length(v) <= 90)') expect(asked(check), check).toEqual([[column, rule]]);
      // What the type says already is neither said anew nor noted.
      else expect(asked(check), check).toEqual([]);
    }
    // Each of these says something that a contract does not, or not like that: it stays a remark, whole.
    const remarks = [
      '(n >= 0 OR d > 0)',
      '(n > d)',
      '(NOT n > 0)',
      '(100 > n AND n <> 3 IS NULL OR true)',
      '(n NOT BETWEEN 1 AND 5)',
      "(t NOT IN ('a'))",
      "(t IN ('a', lower('b')))",
      "(t > 'a')",
      "(at > '2020-01-01')",
      '(n >= 0.5)',
      '(d <= 1000)',
      '(n <> 3)',
      '(n % 2 = 1)',
      '(n > 9 AND n < 3)',
      "(n > 0 AND t LIKE 'x%')",
      '(length(t) >= 3)',
      '(len(t) <= 5)',
      '(length(n) <= 5)',
      '(b IN (0, 1))',
      '(nothing >= 0)',
      '(n >= 1e3)',
      '(n >= 0) NOT ENFORCED',
      '(ARRAY < 5)',
      `${'('.repeat(5_000)}n > 0${')'.repeat(5_000)}`,
    ];
    for (const check of remarks) expect(asked(check), check.slice(0, 60)).toEqual([expect.stringContaining('not carried: CHECK')]);
  });
  it('are read as MySQL, SQL Server and PostgreSQL dump them', () => {
    const mysql = importDdl(
      "CREATE TABLE `k` (`id` int(10) unsigned NOT NULL AUTO_INCREMENT, `big` bigint(20) unsigned, `p` decimal(12,2) unsigned CHECK (`p` <= 5) DEFAULT '0.00', `v` tinyint(1), `u` char(36) CHARACTER SET ascii COLLATE ascii_bin, `s` set('a','b'), `y` year(4), `pic` mediumblob, `r` double(8,4), `note` text COMMENT 'it\\'s; isn''t', PRIMARY KEY (`id` DESC)) ENGINE=InnoDB;",
      'f',
    );
    expect(types(mysql)).toEqual({
      ...{
        id: 'BIGINT',
        big: 'DECIMAL(20,0)',
        p: 'DECIMAL(12,2)',
        v: 'INTEGER',
        u: 'VARCHAR',
        s: 'VARCHAR',
        y: 'INTEGER',
        pic: 'BLOB',
        r: 'DOUBLE',
        note: 'VARCHAR',
      },
    });
    expect(mysql.columns.map(({ options }) => options).slice(0, 3)).toEqual([
      { minimum: '0', maximum: '4294967295' },
      { minimum: '0', maximum: '18446744073709551615' },
      { minimum: '0', maximum: '5' },
    ]);
    expect(mysql.columns.at(-1)?.description).toBe("it's; isn't");
    const server = importDdl(
      `USE [shop]\nGO\nCREATE TABLE [dbo].[Orders](\n[OrderID] [int] IDENTITY(1,1) NOT NULL, [Mail] [nvarchar](max), [Guid] [uniqueidentifier], [Paid] [bit], [Ver] [timestamp], [Fee] [smallmoney], [Old] [smalldatetime], [Total] [decimal](18, 2),
       CONSTRAINT [pk] PRIMARY KEY CLUSTERED ([OrderID] ASC) WITH (PAD_INDEX = OFF) ON [PRIMARY], CONSTRAINT [u] UNIQUE NONCLUSTERED ([Guid] ASC)) ON [PRIMARY]\r\nGO\r\nALTER TABLE [dbo].[Orders]  WITH CHECK ADD  CONSTRAINT [c] CHECK  (([Total]>=(0)))\n  go\nALTER TABLE [dbo].[Orders] WITH NOCHECK ADD CHECK ([Fee] > 0)\nGO`,
      'f',
    );
    expect(types(server)).toEqual({
      ...{ OrderID: 'INTEGER', Mail: 'VARCHAR', Guid: 'VARCHAR', Paid: 'BOOLEAN', Ver: 'BLOB', Fee: 'DECIMAL(10,4)', Old: 'TIMESTAMP', Total: 'DECIMAL(18,2)' },
    });
    const by = Object.fromEntries(server.columns.map((column) => [column.name, column]));
    expect([by['OrderID']?.keyPosition, by['Guid']?.unique, by['Guid']?.options, by['Total']?.options, by['Fee']?.options]).toEqual([
      1,
      true,
      { format: 'uuid' },
      { minimum: '0' },
      undefined,
    ]);
    const postgres = importDdl('CREATE DOMAIN p.few AS integer CONSTRAINT c CHECK (VALUE > 0); CREATE TABLE x (n p.few, go int,\n go2 int)', 'f');
    expect(types(postgres)).toEqual({ n: 'INTEGER', go: 'INTEGER', go2: 'INTEGER' });
    expect(postgres.columns[0]?.notes).toEqual(['not carried: of the domain few, CONSTRAINT c CHECK ( VALUE > 0 )']);
    // Where names are quoted as the standard has it, a backslash in a text is one.
    expect(importDdl(`CREATE TABLE "x" (a text COMMENT 'c:\\', b int)`, 'f').columns.map(({ name }) => name)).toEqual(['a', 'b']);
  });
  it('are told apart, and refused with a place', () => {
    const two = `${SCRIPT}\nCREATE TABLE b (x int);`;
    expect(types(importDdl(two, 'f', 'b'))).toEqual({ x: 'INTEGER' });
    expect(() => importDdl(two, 'f')).toThrow('creates 2 tables');
    expect(() => importDdl('SELECT 1', 'f')).toThrow('creates no table');
    expect(() => importDdl('CREATE TABLE a (x int', 'f')).toThrow('not closed');
  });
  it.each([["'"], ['/*'], ['$a$ '], ["E'\\'"], ['"'], ['<'], ['ARRAY<'], ['('], ['CREATE TABLE x (']])('cannot hang on 200 KB of %s', (piece) => {
    const from = process.cpuUsage();
    try {
      importDdl(`CREATE TABLE a (x int); ${piece.repeat(200_000 / piece.length)}`, 'f');
    } catch (error) {
      expect(error).toBeInstanceOf(SkeinError);
    }
    expect(process.cpuUsage(from).user / 1_000).toBeLessThan(2_000);
  });
  it('cannot be bombs of types that hold types', () => {
    const bomb = Array.from({ length: 40 }, (_, level) => `CREATE TYPE t${level} AS (a t${level + 1}, b t${level + 1});`).join('\n');
    const from = process.cpuUsage();
    expect(notes(importDdl(`${bomb} CREATE TYPE t40 AS (a int); CREATE TYPE loop AS (l loop); CREATE TABLE x (v t0, w loop);`, 'f')).join()).toContain(
      'holds itself',
    );
    expect(process.cpuUsage(from).user / 1_000).toBeLessThan(2_000);
  });
});

describe('JSON Schema', () => {
  it('is read with references, choices and forms that others write', () => {
    const draft = importJsonSchema(
      JSON.stringify(
        {
          title: 'Order Line',
          type: 'object',
          required: ['id', 'maybe'],
          properties: {
            id: { type: 'integer', minimum: 9223372036854775000 },
            when: { type: 'string', format: 'date-time' },
            day: { format: 'date', type: 'string' },
            maybe: { type: ['string', 'null'] },
            nested: { $ref: '#/$defs/thing' },
            either: { oneOf: [{ type: 'string' }, { type: 'number' }] },
            price: { type: 'number', exclusiveMinimum: 0 },
            bag: { type: 'object' },
            old: { type: 'integer', minimum: 3, exclusiveMinimum: true },
            any: {},
          },
          $defs: { thing: { type: 'object', properties: { a: { type: 'array', items: { type: 'boolean' } } }, required: ['a'] } },
        },
        null,
        '\t',
      ),
      'order.json',
    );
    expect(types(draft)).toEqual({
      id: 'BIGINT',
      when: 'TIMESTAMP WITH TIME ZONE',
      day: 'DATE',
      maybe: 'VARCHAR',
      nested: 'STRUCT("a" BOOLEAN[])',
      either: 'VARCHAR',
      price: 'DOUBLE',
      bag: 'MAP(VARCHAR, VARCHAR)',
      old: 'BIGINT',
      any: 'VARCHAR',
    });
    expect(draft.columns.filter((column) => column.required).map((column) => column.name)).toEqual(['id']);
    expect(draft.columns.find((column) => column.name === 'id')?.options?.minimum).toBe('9223372036854775000');
    expect(draft.columns.find((column) => column.name === 'old')?.options).toEqual({ exclusiveMinimum: '3' });
    expect(contractOf(draft).name).toBe('order_line');
  });
  it.each([
    ['{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}', 'back to itself'],
    ['{"type":"object","properties":{"a":{"$ref":"#"}}}', 'holds itself'],
    ['{"type":"object","properties":{"a":{"$ref":"https://example.com/x.json"}}}', 'leaves the document'],
    ['{"type":"object","properties":{"a":{"$ref":"file:///etc/passwd"}}}', 'leaves the document'],
    ['{"type":"object","properties":{"a":{"$ref":"#/$defs/none"}}}', 'names nothing'],
    ['{"type":"string"}', 'no object with properties'],
    ['[', 'flow'],
  ])('%s is refused with a place', (text, message) => {
    try {
      importJsonSchema(text, 'f.json');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SkeinError);
      expect((error as SkeinError).message.toLowerCase()).toContain(message);
      expect((error as SkeinError).place?.line).toBeGreaterThan(0);
    }
  });
  it('cannot be a bomb of references', () => {
    const defs = Object.fromEntries(
      Array.from({ length: 30 }, (_, level) => [
        `d${level}`,
        { type: 'object', properties: { a: { $ref: `#/$defs/d${level + 1}` }, b: { $ref: `#/$defs/d${level + 1}` } } },
      ]),
    );
    const from = process.cpuUsage();
    expect(() =>
      importJsonSchema(JSON.stringify({ type: 'object', properties: { x: { $ref: '#/$defs/d0' } }, $defs: { ...defs, d30: { type: 'string' } } }), 'f'),
    ).toThrow('more than 20000');
    expect(process.cpuUsage(from).user / 1_000).toBeLessThan(3_000);
  });
});

describe('Avro', () => {
  it('is read with names used before and after they are declared, unions and fixed', () => {
    const draft = importAvro(
      JSON.stringify({
        type: 'record',
        name: 'com.shop.Order',
        namespace: 'ignored',
        fields: [
          { name: 'id', type: { type: 'fixed', name: 'Id', size: 16, logicalType: 'uuid' } },
          { name: 'again', type: 'Id' },
          { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'DONE'] }, default: 'NEW' },
          { name: 'price', type: ['null', { type: 'fixed', name: 'P', size: 12, logicalType: 'decimal', precision: 20, scale: 4 }] },
          { name: 'either', type: ['string', 'long', 'null'] },
          { name: 'ms', type: { type: 'long', logicalType: 'timestamp-millis' } },
          { name: 'lines', type: { type: 'array', items: { type: 'record', name: 'Line', fields: [{ name: 'n', type: 'int' }] } } },
          { name: 'first', type: ['null', 'com.shop.Line'] },
        ],
      }),
      'o.avsc',
    );
    expect(types(draft)).toEqual({
      id: 'VARCHAR',
      again: 'VARCHAR',
      state: 'VARCHAR',
      price: 'DECIMAL(20,4)',
      either: 'VARCHAR',
      ms: 'TIMESTAMP WITH TIME ZONE',
      lines: 'STRUCT("n" INTEGER)[]',
      first: 'STRUCT("n" INTEGER)',
    });
    expect([draft.name, contractOf(draft).properties[2]?.options.validValues]).toEqual(['Order', ['NEW', 'DONE']]);
    expect(notes(draft).join()).toContain('default');
  });
  it('is refused where it holds itself or names what is not there', () => {
    expect(() => importAvro('{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]}]}', 'f')).toThrow('holds itself');
    expect(() => importAvro('{"type":"record","name":"N","fields":[{"name":"x","type":"Nope"}]}', 'f')).toThrow('"Nope" is not declared');
    expect(() => importAvro('"string"', 'f')).toThrow('no record');
  });
});

describe('dbt', () => {
  const MODEL = `version: 2
models:
  - name: orders
    constraints: [{ type: primary_key, columns: [id, line] }]
    columns:
      - { name: id, data_type: varchar(10), data_tests: [not_null, unique, { accepted_values: { values: [A, B] } }] }
      - { name: line, data_type: int, tests: [{ relationships: { to: "ref('lines')", field: line } }, dbt_utils.at_least_one] }
      - { name: free }
  - name: other
    columns: [{ name: x, data_type: date }]
`;
  it('is read in the spelling of old and new versions', () => {
    const draft = importDbt(MODEL, 'f.yml', 'orders');
    expect(types(draft)).toEqual({ id: 'VARCHAR', line: 'INTEGER', free: 'VARCHAR' });
    expect(draft.columns.map((column) => column.keyPosition)).toEqual([1, 2, undefined]);
    expect([draft.columns[0]?.codes, draft.columns[1]?.references]).toEqual([['A', 'B'], ['lines.line']]);
    expect(notes(draft)).toEqual(['the test dbt_utils.at_least_one is not carried', 'the model does not say the type (data_type): kept as text']);
    expect(contractOf(draft).properties).toHaveLength(3);
    expect(() => importDbt(MODEL, 'f.yml')).toThrow('describes 2 models');
  });
});

describe('a draft', () => {
  it('spells names anew where a contract cannot have them, and says what they were', () => {
    const names = ['_id', 'ID', 'id', '1st', 'a{b}', 'x\ny', '', '日本', '--', 'constructor', '__proto__', '?'];
    const text = draftContract(
      { name: '9 Lives!', columns: names.map((name) => ({ name, type: { kind: 'string' } })), notes: ['a\nb # c'] },
      { id: 'i', domain: 'd' },
    );
    const contract = readContract(text, 'f');
    expect(contract.properties).toHaveLength(names.length);
    expect(new Set(contract.properties.map(({ name }) => name.toLowerCase())).size).toBe(names.length);
    expect(text).toContain('physicalName: _id');
    expect([productName('9 Lives!'), productName('OrderLine'), productName('###')]).toEqual(['lives', 'order_line', 'product']);
  });
  it('keeps the digits of numbers, also beside text that looks like the mark for them', () => {
    const text = draftContract(
      {
        name: 'p',
        columns: [
          {
            name: 'a',
            type: { kind: 'decimal', precision: 38, scale: 10 },
            options: { minimum: '0.1000000000000000000000000000001', maximum: '12345678901234567890123456789' },
            description: 'exact_digits_0. and exact_digits_1.',
          },
        ],
        notes: [],
      },
      { id: 'i', domain: 'd' },
    );
    const [property] = readContract(text, 'f').properties;
    expect(property).toMatchObject({
      options: { minimum: '0.1000000000000000000000000000001', maximum: '12345678901234567890123456789' },
      description: 'exact_digits_0. and exact_digits_1.',
    });
  });
});

describe('hostile input', () => {
  const SEEDS: Record<keyof typeof READERS, string> = {
    'json-schema':
      '{"type":"object","properties":{"a":{"type":["integer","null"],"minimum":1e5,"enum":[1]},"b":{"$ref":"#/properties/a"},"c":{"type":"array","items":{"type":"object","additionalProperties":{"type":"number"}}}}}',
    avro: '{"type":"record","name":"R","fields":[{"name":"a","type":["null","long"],"doc":"x"},{"name":"b","type":{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}},{"name":"c","type":{"type":"map","values":"string"}}]}',
    dbt: 'models:\n  - name: m\n    columns:\n      - {name: a, data_type: "decimal(10,2)", tests: [unique, {accepted_values: {values: [1]}}]}\n',
    ddl: "CREATE TYPE t AS (a int); CREATE TABLE x (id bigint PRIMARY KEY, a t[], b varchar(5) DEFAULT 'x' CHECK (b <> ''), CONSTRAINT c UNIQUE (b)); COMMENT ON COLUMN x.b IS 'y';",
  };
  const PIECES = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    ',',
    ':',
    ';',
    '<',
    '>',
    '\n',
    '\t',
    '\0',
    ' ',
    '&a ',
    '*a ',
    '!!x ',
    '- ',
    '#',
    '$ref',
    'null',
    '1e999',
    '-',
    'é',
    '\ud800',
    '__proto__',
    'type',
    'CREATE TABLE ',
    'ARRAY',
    '/*',
    '--',
  ];
  it.each(Object.keys(READERS) as (keyof typeof READERS)[])('%s: every text is read, or refused with a code and a place', (format) => {
    let [read, refused] = [0, 0];
    const edit = fc.tuple(fc.nat(), fc.nat(12), fc.constantFrom(...PIECES));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 6 }), (edits) => {
        let text = SEEDS[format];
        for (const [at, cut, piece] of edits) text = text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + cut);
        const from = process.cpuUsage();
        try {
          draftContract(READERS[format](text, 'f'), { id: 'i', domain: 'd' });
          read += 1;
        } catch (error) {
          if (!(error instanceof SkeinError)) throw error;
          refused += 1;
          if (error.code === 'SKEIN_INTERNAL') throw error;
        }
        expect(process.cpuUsage(from).user / 1_000).toBeLessThan(2_000);
      }),
      { numRuns: 400 },
    );
    expect(read).toBeGreaterThan(5);
    expect(read + refused).toBe(400);
    expect(format === 'ddl' || refused > 5).toBe(true);
  });
});
