import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { engineType, readContract, type Contract } from '@skein/contract';
import { exportContract } from '@skein/contract/formats';
import { temporaryDirectory } from '@skein/testing';
import { Ajv2019 } from 'ajv/dist/2019.js';
import avro from 'avsc';
import { parse as parsePostgres } from 'libpg-query';
import { parse as parseYaml } from 'yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { icebergSchema } from './export.ts';

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const FILES = [
  'libs/contract/src/formats/golden/every-type.odcs.yaml',
  'contracts/ga4/events/v1/contract.odcs.yaml',
  'contracts/sap/material/v1/contract.odcs.yaml',
];
const contracts = FILES.map((file): [string, Contract] => [file, readContract(readFileSync(at(file), 'utf8'), file)]);
const engine = duckdbEngine({ threads: 1 });
afterAll(() => engine.close());

/** A record that every-type.odcs.yaml allows, as JSON. */
const RECORD = {
  order_id: 'A1',
  line: 1,
  i64: '9007199254740993',
  f32: 1.5,
  f64: 2.5,
  amount: '1234567890123456789012345678.0123456789',
  day: '2026-02-28',
  clock: '12:30',
  wall: '2026-03-29T02:30:00',
  instant: '2026-03-29T02:30:00.123456Z',
  flag: true,
  bytes: 'AAEC',
  uuid: '123e4567-e89b-12d3-a456-426614174000',
  currency: "it's",
  'Größe in m²': '9007199254740993',
  constructor: 'x',
  place: { 'postal "code"': '12345', geo: { lat: '52.520008' } },
  tags: ['a', null],
  items: [[{ sku: 's', prices: { '2026-01-01': '9.99' } }]],
  attributes: { a: 1 },
};

describe.each(contracts)('%s, read by those it is exported for', (_, contract) => {
  it('DuckDB makes the table, with the contract’s own types, NOT NULL and key', async () => {
    const session = await engine.open();
    await session.run(`DROP TABLE IF EXISTS "${contract.name}"`);
    await session.run(exportContract(contract, 'ddl-duckdb').text);
    const columns = await session.rows<{ name: string; type: string; null: string; key: string | null }>(
      `SELECT column_name AS name, column_type AS type, "null", "key" FROM (DESCRIBE "${contract.name}")`,
    );
    const types = await session.describe(`SELECT ${contract.properties.map((property) => `NULL::${engineType(property.type)}`).join(', ')}`);
    expect(columns.map(({ name, type, null: nullable }) => [name, type, nullable])).toEqual(
      contract.properties.map((property, index) => [property.name, types[index]?.type, property.required ? 'NO' : 'YES']),
    );
    expect(columns.filter(({ key }) => key === 'PRI').length).toBe(contract.properties.filter((property) => property.keyPosition !== undefined).length);
    const comments = await session.rows<{ comment: string }>(
      `SELECT comment FROM duckdb_columns() WHERE table_name = '${contract.name}' ORDER BY column_index`,
    );
    expect(comments.map(({ comment }) => comment)).toEqual(contract.properties.map((property) => property.description ?? null));
    await session.close();
  });

  it('PostgreSQL’s own grammar reads the script', async () => {
    const { text } = exportContract(contract, 'ddl-postgres');
    const tree = (await parsePostgres(text)) as { stmts: { stmt: Record<string, { tableElts?: { ColumnDef?: { colname: string } }[] }> }[] };
    const table = tree.stmts.find(({ stmt }) => stmt['CreateStmt'])?.stmt['CreateStmt'];
    expect(table?.tableElts?.flatMap((element) => element.ColumnDef?.colname ?? [])).toEqual(contract.properties.map((property) => property.name));
    await expect(parsePostgres(text.replace('CREATE TABLE', 'CREATE TABEL'))).rejects.toThrow('syntax error');
  });

  it('avsc reads the schema', () => {
    const type = avro.Type.forSchema(JSON.parse(exportContract(contract, 'avro').text) as avro.Schema);
    expect(type.typeName).toBe('record');
    expect((type as avro.types.RecordType).fields).toHaveLength(contract.properties.length);
  });

  it('yaml reads the dbt properties', () => {
    const { models } = parseYaml(exportContract(contract, 'dbt').text) as { models: { name: string; columns: { name: string; data_type: string }[] }[] };
    expect(models[0]?.columns.map((column) => column.name)).toEqual(contract.properties.map((property) => property.name));
    expect(models[0]?.columns.every((column) => column.data_type.length > 2)).toBe(true);
  });

  it('ajv compiles the schema, closed and open', () => {
    for (const open of [false, true]) {
      const schema = JSON.parse(exportContract(contract, 'json-schema', { open }).text) as object;
      const validate = new Ajv2019({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(schema);
      validate({ unknown_column: 1 });
      const unknown = (validate.errors ?? []).filter((error) => error.keyword === 'additionalProperties');
      // Without allErrors ajv stops at the first fault, which may be a column that is required.
      expect(open ? unknown.length : unknown.length + (validate.errors ?? []).filter((error) => error.keyword === 'required').length).toBe(open ? 0 : 1);
    }
  });

  it('Iceberg’s rules number the columns, and a rename keeps its number', async () => {
    const schema = JSON.parse((await icebergSchema(contract)).text) as {
      fields: { id: number; name: string; required: boolean }[];
      'identifier-field-ids'?: number[];
    };
    expect(schema.fields.map(({ name, required }) => [name, required])).toEqual(contract.properties.map((property) => [property.name, property.required]));
    expect(new Set(schema.fields.map(({ id }) => id)).size).toBe(contract.properties.length);
    const keys = contract.properties.filter((property) => property.keyPosition !== undefined).map((property) => property.name);
    expect(schema.fields.filter(({ id }) => schema['identifier-field-ids']?.includes(id)).map(({ name }) => name)).toEqual(keys);
  });
});

describe('a record of every type', () => {
  const contract = (contracts[0] as [string, Contract])[1];

  it('passes the exported JSON Schema, and not with one thing wrong', () => {
    const validate = new Ajv2019({ strict: true, allowUnionTypes: true, strictRequired: false }).compile(
      JSON.parse(exportContract(contract, 'json-schema').text) as object,
    );
    expect([validate(RECORD), validate.errors]).toEqual([true, null]);
    for (const wrong of [
      { amount: 1.5 },
      { day: '2026-02-30' },
      { i64: 2 ** 53 },
      { flag: null },
      { currency: 'USD' },
      { extra: 1 },
      { place: { geo: null } },
      { attributes: { a: 'x' } },
    ])
      expect(validate({ ...RECORD, ...wrong })).toBe(false);
  });

  it('goes through the exported Avro schema and back, to the digit', () => {
    const type = avro.Type.forSchema(JSON.parse(exportContract(contract, 'avro').text) as avro.Schema);
    const wide = {
      order_id: 'A1',
      line: 1,
      i64: 7,
      f32: 1.5,
      f64: 2.5,
      amount: Buffer.from('0123456789abcdef', 'hex'),
      day: 20_000,
      clock: 45_000_000_000,
      wall: null,
      instant: 1_774_751_400_123_456,
      flag: true,
      bytes: null,
      uuid: 'u',
      currency: null,
      Gr__e_in_m_: 1,
      constructor: 'x',
      place: { postal__code_: '1', geo: null },
      tags: null,
      items: null,
      attributes: { a: 1 },
    };
    const read = type.fromBuffer(type.toBuffer(wide)) as typeof wide;
    expect(read.amount.toString('hex')).toBe('0123456789abcdef');
    expect(read.instant).toBe(1_774_751_400_123_456);
    expect(type.isValid({ ...wide, flag: null })).toBe(false);
  });

  it('is of the exported TypeScript types, and a wrong one is not', () => {
    using folder = temporaryDirectory();
    const value = JSON.stringify(RECORD);
    writeFileSync(folder.file('types.ts'), exportContract(contract, 'typescript').text);
    writeFileSync(
      folder.file('good.ts'),
      `import type { ShopOrdersV2, ShopOrdersV2Record } from './types.ts';\nexport const record: ShopOrdersV2Record = ${value};\nexport const row = (r: ShopOrdersV2): [bigint | null, string, number] => [r.i64, r.amount, r.line];\n`,
    );
    writeFileSync(
      folder.file('bad.ts'),
      `import type { ShopOrdersV2Record } from './types.ts';\nexport const record: ShopOrdersV2Record = ${value.replace('"flag":true', '"flag":null')};\n`,
    );
    const check = (file: string) =>
      spawnSync(
        process.execPath,
        [
          at('node_modules/typescript/bin/tsc'),
          '--noEmit',
          '--strict',
          '--ignoreConfig',
          '--allowImportingTsExtensions',
          '--module',
          'nodenext',
          '--target',
          'es2022',
          '--types',
          '',
          folder.file(file),
        ],
        { encoding: 'utf8' },
      );
    expect(check('good.ts').stdout).toBe('');
    expect(check('bad.ts').stdout).toContain("Type 'null' is not assignable to type 'boolean'");
  });

  it('lies in the table that DuckDB made of the export', async () => {
    const session = await engine.open();
    await session.run(exportContract({ ...contract, name: 'one' }, 'ddl-duckdb').text);
    await session.run(
      `INSERT INTO one (order_id, line, amount, day, instant, flag, place, attributes) VALUES ('A', 1, '1234567890123456789012345678.0123456789', '2026-02-28', '2026-03-29 02:30:00+02', true, {'postal "code"': '1', 'geo': {'lat': 52.520008}}, MAP {'a': 1})`,
    );
    expect((await session.rows('SELECT amount, instant FROM one'))[0]).toEqual({
      amount: '1234567890123456789012345678.0123456789',
      instant: '2026-03-29T00:30:00.000000Z',
    });
    await expect(session.run("INSERT INTO one (order_id, line) VALUES ('B', 1)")).rejects.toThrow('NOT NULL');
    await session.close();
  });
});

it('keeps field ids of a table that exists: a rename is a rename', async () => {
  using folder = temporaryDirectory();
  const contract = (contracts[0] as [string, Contract])[1];
  const first = JSON.parse((await icebergSchema(contract)).text) as { fields: { id: number; name: string }[] };
  const keys = Object.fromEntries(contract.properties.map((property, index) => [property.id, first.fields[index]?.id]));
  const { COLUMN_KEYS_PROPERTY } = await import('@skein/iceberg');
  const metadata = {
    'format-version': 2,
    'table-uuid': 'u',
    location: 'l',
    'last-sequence-number': 0,
    'last-updated-ms': 0,
    'last-column-id': 100,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: first.fields }],
    'current-schema-id': 0,
    'partition-specs': [],
    'default-spec-id': 0,
    'last-partition-id': 999,
    'sort-orders': [],
    'default-sort-order-id': 0,
    properties: { [COLUMN_KEYS_PROPERTY]: JSON.stringify(keys) },
    'current-snapshot-id': 1,
    snapshots: [{ 'snapshot-id': 1, 'schema-id': 0 }],
    'snapshot-log': [],
    'metadata-log': [],
  };
  writeFileSync(folder.file('v1.metadata.json'), JSON.stringify(metadata));
  const renamed = {
    ...contract,
    properties: contract.properties.map((property) => (property.id === 'o-id' ? { ...property, name: 'order_number' } : property)),
  };
  const next = JSON.parse((await icebergSchema(renamed, folder.file('v1.metadata.json'))).text) as typeof first;
  expect(next.fields[0]).toMatchObject({ name: 'order_number', id: first.fields[0]?.id });
  const added = { ...renamed, properties: renamed.properties.map((property) => (property.id === 'o-id' ? { ...property, id: 'another' } : property)) };
  expect((JSON.parse((await icebergSchema(added, folder.file('v1.metadata.json'))).text) as typeof first).fields[0]?.id).toBe(101);
});
