import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ColumnType } from '../contract.ts';
import { readContract } from '../read-contract.ts';
import { draftContract, type Draft } from './draft.ts';
import { exportContract, type ExportFormat } from './export.ts';
import { importAvro } from './import-avro.ts';
import { importDbt } from './import-dbt.ts';
import { importDdl } from './import-ddl.ts';
import { importJsonSchema } from './import-json-schema.ts';

const FILE = new URL('golden/every-type.odcs.yaml', import.meta.url);
const contract = readContract(readFileSync(FILE, 'utf8'), 'every-type.odcs.yaml');

const WAYS: readonly (readonly [ExportFormat, (text: string, file: string) => Draft, nested: boolean])[] = [
  ['json-schema', importJsonSchema, true],
  ['avro', importAvro, true],
  ['ddl-duckdb', importDdl, false],
  ['ddl-postgres', importDdl, false],
  ['dbt', importDbt, false],
];

/** SQL types cannot say that a part of them is required. */
function withoutRequired(type: ColumnType): unknown {
  if (type.kind === 'struct') return { kind: 'struct', fields: type.fields.map((field) => ({ name: field.name, type: withoutRequired(field.type) })) };
  if (type.kind === 'list') return { kind: 'list', element: withoutRequired(type.element) };
  return type.kind === 'map' ? { kind: 'map', key: withoutRequired(type.key), value: withoutRequired(type.value) } : type;
}

const back = (text: string, read: (text: string, file: string) => Draft) =>
  readContract(draftContract(read(text, 'x'), { id: 'again', domain: 'shop', name: 'orders' }), 'again.odcs.yaml');

describe.each(WAYS)('a contract exported as %s and imported again', (format, read, nested) => {
  const { text } = exportContract(contract, format);
  const again = back(text, read);

  it('has the same columns, types and NOT NULL', () => {
    const shape = ({ properties }: typeof contract) =>
      properties.map(({ name, type, required }) => ({ name, type: nested ? type : withoutRequired(type), required }));
    expect(again.properties).toHaveLength(20);
    expect(shape(again)).toEqual(shape(contract));
    expect(again.status).toBe('draft');
  });

  it('has what else the form carries', () => {
    const described = format === 'ddl-duckdb' || format === 'ddl-postgres' || format === 'avro' || format === 'json-schema' || format === 'dbt';
    expect(described && again.properties[0]?.description).toBe("It's the key");
    if (format.startsWith('ddl') || format === 'dbt') {
      expect(again.properties.map(({ keyPosition }) => keyPosition)).toEqual(contract.properties.map(({ keyPosition }) => keyPosition));
      expect(again.properties.filter(({ unique }) => unique).map(({ name }) => name)).toEqual(['i64']);
      expect(again.properties[0]?.options.maxLength).toBe(18);
    }
    if (format === 'dbt' || format === 'json-schema')
      expect(again.properties.find(({ name }) => name === 'currency')?.options.validValues).toEqual(['EUR', "it's"]);
    if (format === 'dbt') expect(again.properties.find(({ name }) => name === 'Größe in m²')?.options.validValues).toEqual(['1', '9007199254740993']);
    if (format === 'json-schema') expect(again.properties[0]?.options).toMatchObject({ pattern: '^[A-Z0-9]+$', maxLength: 18 });
    if (format === 'avro') expect(again.properties.find(({ name }) => name === 'uuid')?.options.format).toBe('uuid');
  });
});

it('would notice a type that is lost on the way', () => {
  const { text } = exportContract(contract, 'json-schema');
  const blurred = back(text.replaceAll('physicalType DECIMAL(38,10)', 'a remark'), importJsonSchema);
  expect(blurred.properties.find(({ name }) => name === 'amount')?.type.kind).toBe('string');
  const wide = back(exportContract(contract, 'ddl-duckdb').text.replace('DECIMAL(38,10)', 'DECIMAL(38,9)'), importDdl);
  expect(wide.properties.find(({ name }) => name === 'amount')?.type).toEqual({ kind: 'decimal', precision: 38, scale: 9 });
});

it('says what a form cannot carry', () => {
  expect(exportContract(contract, 'ddl-postgres').notes).toEqual(
    expect.arrayContaining(['the rules of line stay with the contract', expect.stringContaining('postal "code"')]),
  );
  expect(exportContract(contract, 'arrow').notes).toEqual([]);
});

it('opens the schema for consumers, and only then', () => {
  const closed = JSON.parse(exportContract(contract, 'json-schema').text) as {
    additionalProperties?: unknown;
    properties: Record<string, { additionalProperties?: unknown }>;
  };
  const open = JSON.parse(exportContract(contract, 'json-schema', { open: true }).text) as typeof closed;
  expect([closed.additionalProperties, closed.properties['place']?.additionalProperties]).toEqual([false, false]);
  expect([open.additionalProperties, open.properties['place']?.additionalProperties]).toEqual([undefined, undefined]);
  // Of a map, additionalProperties is the type of its values.
  expect(open.properties['attributes']?.additionalProperties).toEqual(closed.properties['attributes']?.additionalProperties);
});

it.each(['json-schema', 'avro', 'ddl-duckdb', 'ddl-postgres'] as const)(
  '%s says that keys or classes stay behind, and nothing where there are none',
  (format) => {
    const of = (marks: string) =>
      exportContract(
        readContract(
          `apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: d\nschema:\n  - name: p\n    properties:\n      - { name: a, logicalType: string${marks} }\n`,
          'x.odcs.yaml',
        ),
        format,
      ).notes;
    expect(of('')).toEqual([]);
    expect(of(', classification: restricted')).toEqual(['the classification of a stays with the contract']);
    expect(of(', unique: true')).toHaveLength(format.startsWith('ddl') ? 0 : 1);
  },
);
