import { writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { readContract } from '@skein/contract';
import { literal } from '@skein/kernel';
import type { ContractSet, Domain } from '@skein/product';
import { workbench, type Workbench } from '@skein/testing';
import { expect, it } from 'vitest';

// Promise: a source of Parquet tables keeps its columns and types, and a file that changes one is refused by itself.

const contract = readContract(
  `apiVersion: v3.1.0\nkind: DataContract\nid: pq\nversion: 1.0.0\ndomain: pq\nschema:\n  - name: rows\n    properties:\n      - { name: id, logicalType: integer, required: true, primaryKey: true }\n      - { name: words, logicalType: string }\n      - { name: place, logicalType: string }\n`,
  'pq/rows/v1/contract.odcs.yaml',
);

const define = (contracts: ContractSet): Domain => ({
  name: 'pq',
  sources: [
    {
      name: 'tables',
      describes: '*.parquet',
      shape: 'table',
      tableOf: (file) => (file.endsWith('.parquet') ? 'numbers' : undefined),
      columnTypes: { numbers: { n: 'BIGINT', words: 'VARCHAR[]' } },
    },
  ],
  bronze: [{ name: 'typed', source: 'tables', sql: 'SELECT * FROM landing', columns: ['n', 'words'] }],
  products: [
    {
      id: 'pq.rows',
      layer: 'silver',
      contract: contracts.get('pq.rows'),
      // A sum in BIGINT and a list function: both would fail on text.
      step: {
        name: 'rows',
        from: ['typed'],
        sql: `SELECT n + 1 AS id, array_to_string(words, '|') AS words, _file || ':' || _row AS place, _file, _row FROM typed`,
      },
    },
  ],
});

async function putParquet(bench: Workbench, name: string, select: string): Promise<void> {
  const target = path.join(bench.directory, 'sources', name);
  mkdirSync(path.dirname(target), { recursive: true });
  const session = await bench.adapters.engine.open();
  await session.run(`COPY (${select}) TO ${literal(target)} (FORMAT parquet)`);
  await session.close();
}

it('lands Parquet with its types, and refuses what is damaged, retyped, short of a column, or no Parquet', async () => {
  await using bench = await workbench(define, [contract]);
  await putParquet(bench, 'a.parquet', `SELECT 9007199254740993::BIGINT AS n, ['x', 'ü,"'] AS words`);
  await putParquet(bench, 'b.parquet', `SELECT ['y'] AS words, 'more' AS extra, unnest([1, 2])::BIGINT AS n`);
  await putParquet(bench, 'retyped.parquet', `SELECT '7' AS n, ['z'] AS words`);
  await putParquet(bench, 'short.parquet', `SELECT 7::BIGINT AS n`);
  await putParquet(bench, 'reserved.parquet', `SELECT 7::BIGINT AS n, ['z'] AS words, 1 AS _row`);
  writeFileSync(path.join(bench.directory, 'sources', 'text.parquet'), '{"n":1}\n');
  const report = await bench.run();
  expect(report.sources.map(({ file, outcome, rows, error }) => [file, outcome, rows, error?.code])).toEqual([
    ['a.parquet', 'landed', 1, undefined],
    ['b.parquet', 'landed', 2, undefined],
    ['reserved.parquet', 'refused', 0, 'SKEIN_SOURCE_COLUMNS'],
    ['retyped.parquet', 'refused', 0, 'SKEIN_SOURCE_COLUMNS'],
    ['short.parquet', 'refused', 0, 'SKEIN_SOURCE_COLUMNS'],
    ['text.parquet', 'refused', 0, 'SKEIN_SOURCE_UNREADABLE'],
  ]);
  expect(report.sources.find(({ file }) => file === 'retyped.parquet')?.error?.message).toContain('n is VARCHAR, not BIGINT');
  expect(await bench.rows('pq.rows', 'SELECT id, words, place FROM t ORDER BY id')).toEqual([
    { id: 2n, words: 'y', place: 'b.parquet:1' },
    { id: 3n, words: 'y', place: 'b.parquet:2' },
    { id: 9007199254740994n, words: 'x|ü,"', place: 'a.parquet:1' },
  ]);
});
