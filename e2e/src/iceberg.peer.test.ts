import { afterAll, beforeAll, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore, relocateTables } from '@skein/adapter-storage';
import { ident, literal, systemClock } from '@skein/kernel';
import type { EngineSession, QueryEngine, SnapshotStore, WantedColumn } from '@skein/ports';
import type { Field, Snapshot, TableRef } from '@skein/product';
import { temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { publishDemo } from './demo-tables.ts';
import { EVERY_KIND, publishQuery } from './iceberg-table.ts';
import { askPyiceberg, pythonMissing } from './pyiceberg.ts';

// Promise: pyiceberg, an implementation in another language, reads every row exactly, and prunes by our bounds without losing one.

const missing = await pythonMissing();
const TABLE: TableRef = { domain: 'peers', name: 'orders', major: 1 };

let folder: TemporaryDirectory;
let engine: QueryEngine;
let session: EngineSession;
let store: SnapshotStore;
beforeAll(async () => {
  folder = temporaryDirectory('skein py ü-');
  engine = duckdbEngine();
  session = await engine.open();
  store = localSnapshotStore({ root: folder.path, clock: systemClock });
});
afterAll(async () => {
  await engine.close();
  folder[Symbol.dispose]();
});

const metadata = (table: TableRef, version: number): string =>
  `${folder.path}/${table.domain}/${table.name}/v${table.major}/metadata/v${version}.metadata.json`;

/** Rows by DuckDB, in the exact text forms of peers/read_tables.py. */
async function ours(snapshot: Snapshot): Promise<Record<string, unknown>[]> {
  const files = snapshot.files.map((file) => literal(file.path)).join(', ');
  const rows = await session.rows<Record<string, unknown>>(`SELECT * FROM read_parquet([${files}])`);
  return rows.map((row) => Object.fromEntries(snapshot.fields.map((field) => [field.name, plain(row[field.name], field.type)])));
}

function plain(value: unknown, type: Field['type']): unknown {
  // pyiceberg 0.12 gives [] for a list of structs that is NULL (its ArrowProjectionVisitor rebuilds the list without validity)
  if (value === null || value === undefined) return type.kind === 'list' && type.element.kind === 'struct' ? [] : null;
  switch (type.kind) {
    case 'int':
    case 'decimal':
      return String(value);
    case 'float': {
      const number = Number(value);
      return Number.isNaN(number)
        ? 'nan'
        : number === Infinity
          ? 'inf'
          : number === -Infinity
            ? '-inf'
            : Object.is(number, -0)
              ? '-0.0'
              : Number.isInteger(number)
                ? `${number}.0`
                : String(number);
    }
    case 'time':
      return String(value).padEnd(15, '.000000');
    case 'timestamp': {
      const match = /^(\S+)[ T](\d\d:\d\d:\d\d)(?:\.(\d+))?/.exec(String(value));
      return `${match?.[1]}T${match?.[2]}.${(match?.[3] ?? '').padEnd(6, '0')}${type.zoned ? 'Z' : ''}`;
    }
    case 'struct':
      return Object.fromEntries(type.fields.map((field) => [field.name, plain((value as Record<string, unknown>)[field.name], field.type)]));
    case 'list':
      return (value as unknown[]).map((element) => plain(element, type.element));
    case 'map': {
      const pairs = Array.isArray(value) ? (value as { key: unknown; value: unknown }[]).map((pair) => [pair.key, pair.value]) : Object.entries(value);
      return pairs.map(([key, member]) => [plain(key, type.key), plain(member, type.value)]);
    }
    default:
      return value;
  }
}

it.skipIf(missing !== undefined)(
  `pyiceberg reads every kind of column exactly${missing ? ` (skipped: ${missing})` : ''}`,
  async () => {
    const table = { ...TABLE, name: 'every_kind' };
    const snapshot = await publishQuery(store, session, table, EVERY_KIND.columns, EVERY_KIND.sql);
    const [answer] = await askPyiceberg([{ metadata: metadata(table, 1) }]);
    const expected = await ours(snapshot);
    expect(expected).toHaveLength(200);
    expect(answer?.rows).toEqual(expected);
    expect(answer?.columns.map(([id, name, , required]) => [id, name, required])).toEqual(
      snapshot.fields.map((field) => [field.id, field.name, field.required]),
    );
  },
  400_000,
);

it.skipIf(missing !== undefined)(
  'pyiceberg follows evolution, time travel and relocation',
  async () => {
    const column = (name: string, propertyId: string, type: WantedColumn['type']): WantedColumn => ({ propertyId, name, type, required: false });
    const int = { kind: 'int', bits: 32 } as const;
    const long = { kind: 'int', bits: 64 } as const;
    const first = await publishQuery(store, session, TABLE, [column('a', 'p1', { kind: 'string' }), column('w', 'p2', int)], `SELECT 'x' AS a, 1 AS w`);
    const second = await publishQuery(
      store,
      session,
      TABLE,
      [column('w2', 'p2', long), column('b', 'p3', { kind: 'date' })],
      `SELECT 3000000000 AS w2, DATE '2024-02-29' AS b`,
    );
    const empty = await publishQuery(store, session, TABLE, [column('w2', 'p2', long)], `SELECT 1 AS w2 WHERE false`);
    await relocateTables({ root: folder.path, location: folder.path });
    const [one, two, three, travelled, moved] = await askPyiceberg([
      { metadata: metadata(TABLE, 1) },
      { metadata: metadata(TABLE, 2) },
      { metadata: metadata(TABLE, 3) },
      { metadata: metadata(TABLE, 3), snapshot: String(first.id) },
      { metadata: metadata(TABLE, 4), snapshot: String(second.id) },
    ]);
    expect(one?.rows).toEqual(await ours(first));
    expect(two?.rows).toEqual(await ours(second));
    expect(three?.rows).toEqual([]);
    expect(empty.rows).toBe(0n);
    expect(travelled?.rows).toEqual(one?.rows);
    expect(moved?.rows).toEqual(two?.rows);
  },
  400_000,
);

it.skipIf(missing !== undefined)(
  'pyiceberg prunes by our bounds, and never too much',
  async () => {
    const kinds: readonly (readonly [name: string, type: WantedColumn['type'], sql: string, below: string, above: string])[] = [
      ['i', { kind: 'int', bits: 32 }, 'n - 50', '-51', '50'],
      ['l', { kind: 'int', bits: 64 }, 'n + 9007199254740993', '9007199254740992', '9007199254741093'],
      ['d', { kind: 'float', bits: 64 }, 'n / 2', '-0.25', '49.75'],
      ['f', { kind: 'float', bits: 32 }, 'n / 2', '-0.25', '49.75'],
      ['c', { kind: 'decimal', precision: 9, scale: 2 }, 'n - 50', `'-50.01'`, `'49.01'`],
      ['e', { kind: 'decimal', precision: 38, scale: 18 }, 'n - 50', `'-50.010000000000000000'`, `'49.010000000000000000'`],
      ['s', { kind: 'string' }, `lpad(n::VARCHAR, 3, '0') || repeat('é', 30)`, `'000'`, `'099é${'ê'.repeat(20)}'`],
      ['day', { kind: 'date' }, `DATE '1969-12-01' + n::INT`, `'1969-11-30'`, `'1970-03-11'`],
      [
        'ts',
        { kind: 'timestamp', zoned: false },
        `TIMESTAMP '1969-12-31 23:59:00.000001' + to_seconds(n)`,
        `'1969-12-31T23:59:00'`,
        `'1970-01-01T00:00:39.000002'`,
      ],
      [
        'tz',
        { kind: 'timestamp', zoned: true },
        `TIMESTAMPTZ '1969-12-31 23:59:00.000001+00' + to_seconds(n)`,
        `'1969-12-31T23:59:00+00:00'`,
        `'1970-01-01T00:00:39.000002+00:00'`,
      ],
      ['t', { kind: 'time' }, `TIME '10:00:00' + to_seconds(n)`, `'09:59:59'`, `'10:01:39.000001'`],
    ];
    const table = { ...TABLE, name: 'bounds' };
    const columns = kinds.map(([name, type]): WantedColumn => ({ propertyId: name, name, type, required: false }));
    await publishQuery(store, session, table, columns, `SELECT ${kinds.map(([name, , sql]) => `${sql} AS ${ident(name)}`).join(', ')} FROM range(100) AS t(n)`);
    const filters = kinds.flatMap(([name, , , below, above]) => [`${name} <= ${below}`, `${name} > ${below}`, `${name} >= ${above}`, `${name} < ${above}`]);
    const answers = await askPyiceberg(filters.map((filter) => ({ metadata: metadata(table, 1), filter })));
    const found = answers.map((answer, index) => [filters[index], answer.planned, answer.rows.length]);
    expect(found).toEqual(filters.map((filter, index) => [filter, index % 2, index % 2 === 0 ? 0 : 100]));
    expect(found).toHaveLength(44);
  },
  400_000,
);

it.skipIf(missing !== undefined)(
  'pyiceberg agrees on every table of both domains',
  async () => {
    const snapshots = await publishDemo(folder.file('mesh'), 2_000);
    const answers = await askPyiceberg(
      snapshots.map(({ table }) => ({ metadata: `${folder.path}/mesh/tables/${table.domain}/${table.name}/v${table.major}/metadata/v1.metadata.json` })),
    );
    for (const [index, snapshot] of snapshots.entries()) {
      expect(answers[index]?.rows, snapshot.product).toEqual(await ours(snapshot));
      expect(BigInt(answers[index]?.rows.length ?? -1), snapshot.product).toBe(snapshot.rows);
    }
    expect(snapshots).toHaveLength(18);
  },
  400_000,
);
