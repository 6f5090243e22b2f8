import type { EngineSession, SnapshotStore, WantedColumn } from '@skein/ports';
import type { Snapshot, TableRef } from '@skein/product';

/** Publishes the result of `sql` as the next version of a table, as a swarm does, without the swarm. */
export async function publishQuery(
  store: SnapshotStore,
  session: EngineSession,
  table: TableRef,
  columns: readonly WantedColumn[],
  sql: string,
): Promise<Snapshot> {
  const staging = await store.begin(table, columns);
  const files = await session.writeParquet(sql, staging.directory, staging.fields);
  const hash = 'a'.repeat(64);
  const marks = { contractHash: hash, contractVersion: '1.0.0', verdictHash: hash, inputHash: hash, verdict: { passed: true } };
  return store.commit(staging, { files, ...marks, lineage: { run: 'test', inputs: [], columns: [] } });
}

/** Every kind of column there is, with values at their edges. `n` counts from 0. */
export const EVERY_KIND: { readonly columns: readonly WantedColumn[]; readonly sql: string } = (() => {
  const kinds: readonly (readonly [name: string, type: WantedColumn['type'], sql: string])[] = [
    ['n', { kind: 'int', bits: 64 }, 'n'],
    ['text', { kind: 'string' }, `CASE WHEN n % 5 = 0 THEN NULL ELSE 'Zoë 😀 ' || n || repeat('x', (n % 40)::INT) END`],
    ['flag', { kind: 'boolean' }, 'n % 2 = 0'],
    ['small', { kind: 'int', bits: 32 }, `CASE WHEN n = 1 THEN -2147483648 WHEN n = 2 THEN 2147483647 ELSE n END`],
    ['big', { kind: 'int', bits: 64 }, `CASE WHEN n = 1 THEN -9223372036854775808 WHEN n = 2 THEN 9223372036854775807 ELSE 9007199254740993 + n END`],
    ['single', { kind: 'float', bits: 32 }, `CASE WHEN n = 3 THEN 'inf' WHEN n = 4 THEN '-0.0' ELSE (n / 3)::VARCHAR END`],
    ['double', { kind: 'float', bits: 64 }, `CASE WHEN n = 3 THEN 'nan' WHEN n = 4 THEN '-inf' ELSE (n / 7)::VARCHAR END`],
    ['price', { kind: 'decimal', precision: 9, scale: 2 }, `(n * 1.25 - 100)`],
    ['amount', { kind: 'decimal', precision: 18, scale: 4 }, `(n * 12345.6789 - 50000)`],
    [
      'wide',
      { kind: 'decimal', precision: 38, scale: 18 },
      `CASE WHEN n = 1 THEN '99999999999999999999.999999999999999999' WHEN n = 2 THEN '-99999999999999999999.999999999999999999' ELSE n || '.000000000000000001' END`,
    ],
    ['day', { kind: 'date' }, `CASE WHEN n = 1 THEN '0001-01-01' WHEN n = 2 THEN '9999-12-31' ELSE (DATE '1969-12-25' + n::INT)::VARCHAR END`],
    ['clock', { kind: 'time' }, `TIME '23:59:59.999999' - to_seconds(n::INT)`],
    [
      'wall',
      { kind: 'timestamp', zoned: false },
      `TIMESTAMP '1969-12-31 23:59:00.123' + to_seconds(n::INT) + to_microseconds(CASE WHEN n > 60 THEN 456 ELSE 0 END)`,
    ],
    ['instant', { kind: 'timestamp', zoned: true }, `TIMESTAMPTZ '2024-03-31 00:30:00.000001+00' + to_minutes(n::INT)`],
    ['raw', { kind: 'binary' }, `CASE WHEN n % 3 = 0 THEN NULL ELSE ('a' || n)::BLOB END`],
    [
      'place',
      {
        kind: 'struct',
        fields: [
          { name: 'city', type: { kind: 'string' }, required: false },
          { name: 'lat', type: { kind: 'float', bits: 64 }, required: false },
        ],
      },
      `CASE WHEN n % 4 = 0 THEN NULL ELSE {city: 'c' || n, lat: n / 2} END`,
    ],
    ['tags', { kind: 'list', element: { kind: 'string' } }, `CASE WHEN n % 4 = 1 THEN NULL WHEN n % 4 = 2 THEN [] ELSE ['a', NULL, 't' || n] END`],
    [
      'items',
      {
        kind: 'list',
        element: {
          kind: 'struct',
          fields: [
            { name: 'sku', type: { kind: 'string' }, required: false },
            { name: 'net', type: { kind: 'decimal', precision: 9, scale: 2 }, required: false },
          ],
        },
      },
      `CASE WHEN n % 3 = 0 THEN NULL ELSE [{sku: 's' || n, net: n + 0.5}, {sku: NULL, net: NULL}] END`,
    ],
    [
      'params',
      { kind: 'map', key: { kind: 'string' }, value: { kind: 'int', bits: 64 } },
      `CASE WHEN n % 3 = 1 THEN NULL ELSE MAP {'k' || n: n, 'none': NULL} END`,
    ],
  ];
  return {
    columns: kinds.map(([name, type]) => ({ propertyId: `p-${name}`, name, type, required: name === 'n' })),
    sql: `SELECT ${kinds.map(([name, , sql]) => `${sql} AS "${name}"`).join(', ')} FROM range(200) AS t(n)`,
  };
})();
