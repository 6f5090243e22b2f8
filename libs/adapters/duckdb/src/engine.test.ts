import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { queryEngineConformance } from '@skein/ports/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineError } from './engine-error.ts';
import { duckdbEngine } from './engine.ts';
import type { EngineSession } from '@skein/ports';
import type { Field } from '@skein/product';

queryEngineConformance('duckdb', async () => ({ engine: duckdbEngine({ threads: 2, memoryLimit: '512MB' }) }));

describe('DuckDB engine', () => {
  const engine = duckdbEngine();
  let session: EngineSession;
  const directory = mkdtempSync(join(tmpdir(), 'skein-duckdb-'));
  beforeAll(async () => {
    session = await engine.open();
  });
  afterAll(async () => {
    await engine.close();
    rmSync(directory, { recursive: true });
  });

  it('writes field ids of columns and of their nested parts', async () => {
    const fields: Field[] = [
      { id: 1, propertyId: 'a', name: 'odd "name"', type: { kind: 'timestamp', zoned: true }, required: true, nested: {} },
      {
        id: 2,
        propertyId: 'b',
        name: 'items',
        type: {
          kind: 'list',
          element: {
            kind: 'struct',
            fields: [
              { name: 'price', type: { kind: 'decimal', precision: 20, scale: 3 }, required: false },
              { name: 'tags', type: { kind: 'map', key: { kind: 'string' }, value: { kind: 'date' } }, required: false },
            ],
          },
        },
        required: false,
        nested: { element: 3, 'element.price': 4, 'element.tags': 5, 'element.tags.key': 6, 'element.tags.value': 7 },
      },
    ];
    const [file] = await session.writeParquet(
      `SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00' AS "odd ""name""", [{'price': 1.5, 'tags': MAP {'k': DATE '2024-01-01'}}] AS items`,
      directory,
      fields,
    );
    const ids = await session.rows<{ name: string; field_id: number | null }>(
      `SELECT name, field_id::INTEGER AS field_id FROM parquet_schema('${file?.path}') WHERE field_id IS NOT NULL`,
    );
    expect(ids).toEqual(
      [
        { name: 'odd "name"', field_id: 1 },
        { name: 'items', field_id: 2 },
        { name: 'element', field_id: 3 },
        { name: 'price', field_id: 4 },
        { name: 'tags', field_id: 5 },
        { name: 'key', field_id: 6 },
        { name: 'value', field_id: 7 },
      ].map((row) => expect.objectContaining(row) as unknown),
    );
    expect(file?.stats['odd "name"']).toMatchObject({ values: 1n, nulls: 0n });
    expect(file?.stats['items.element.price']).toMatchObject({ min: '1.500', max: '1.500' });
    // the twin: a part without an id is a fault, not a file without one
    await expect(session.writeParquet('SELECT 1', directory, [{ ...(fields[1] as Field), nested: {} }])).rejects.toMatchObject({ code: 'SKEIN_INTERNAL' });
  });

  it('bounds nothing by statistics where there is a NaN', async () => {
    const double: Field = { id: 1, propertyId: 'd', name: 'd', type: { kind: 'float', bits: 64 }, required: false, nested: {} };
    const path = mkdtempSync(join(directory, 'nan-'));
    const [file] = await session.writeParquet("SELECT unnest([1.5, 'nan'::DOUBLE, 2]) AS d", path, [double]);
    expect(file?.stats['d']).toMatchObject({ values: 3n, min: undefined, max: undefined });
  });

  it('gives nested values, and what has no JSON form, without loss', async () => {
    expect(
      await session.rows(
        "SELECT {'a': 9007199254740993, 'b': [1.10::DECIMAL(9, 2), NULL]} AS s, MAP {1: 'x'} AS m, 'a'::BLOB AS b, INTERVAL '1 month -2 days 3.5 seconds' AS i, [1, 2]::INTEGER[2] AS f, union_value(k := 1) AS u",
      ),
    ).toEqual([{ s: { a: 9007199254740993n, b: ['1.10', null] }, m: [{ key: 1, value: 'x' }], b: 'YQ==', i: 'P1M-2DT3.5S', f: [1, 2], u: { k: 1 } }]);
  });

  it('knows a full disk from a wrong step', () => {
    expect(engineError(new Error('IO Error: Could not write file "/x": No space left on device'), 'COPY')).toMatchObject({
      code: 'SKEIN_STORAGE_FULL',
      retryable: true,
    });
    expect(engineError(new Error('Binder Error: no'), 'SELECT')).toMatchObject({ code: 'SKEIN_STEP_FAILED', context: { sql: 'SELECT' } });
  });
});
