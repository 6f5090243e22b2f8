import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { goldenLines } from './conformance/mesh-fixture.ts';
import { BY_NAME_FUNCTIONS, FUNCTIONS, TABLE_FUNCTIONS, WINDOW_FUNCTIONS } from './gate-functions.ts';

interface Excluded {
  readonly reason: string;
  readonly names: readonly string[];
}

const excluded = goldenLines<Excluded>('functions-excluded.jsonl');
const refused = new Map(excluded.flatMap(({ reason, names }) => names.map((name) => [name, reason] as const)));

interface EngineFunction {
  readonly name: string;
  readonly kind: string;
  readonly volatile: boolean;
}

describe('the list of allowed functions', () => {
  let known: EngineFunction[];
  beforeAll(async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const reader = await connection.runAndReadAll(
      `SELECT DISTINCT lower(function_name), function_type, coalesce(stability = 'VOLATILE', false) FROM duckdb_functions() WHERE function_type <> 'pragma'`,
    );
    known = reader.getRows().map(([name, kind, volatile]) => ({ name: String(name), kind: String(kind), volatile: volatile === true }));
    connection.closeSync();
  });

  const allowed = (name: string): boolean => FUNCTIONS.has(name) || WINDOW_FUNCTIONS.has(name) || BY_NAME_FUNCTIONS.has(name);

  it('and the list of excluded ones hold every function of the engine, so that a new one is a decision', () => {
    const scalars = known.filter(({ kind }) => kind !== 'table' && kind !== 'table_macro');
    expect(scalars.filter(({ name }) => !allowed(name) && !refused.has(name)).map(({ name }) => name)).toEqual([]);
    const tables = known.filter(({ kind }) => kind === 'table' || kind === 'table_macro');
    expect(tables.filter(({ name }) => !TABLE_FUNCTIONS.has(name) && !refused.has(`table ${name}`)).map(({ name }) => name)).toEqual([]);
    expect(scalars.length).toBeGreaterThan(600);
    expect(tables.length).toBeGreaterThan(80);
  });

  it('names functions that exist, and none twice', () => {
    const names = new Set(known.map(({ name }) => name));
    expect([...FUNCTIONS, ...WINDOW_FUNCTIONS, ...BY_NAME_FUNCTIONS].filter((name) => !names.has(name))).toEqual([]);
    expect([...refused.keys()].filter((name) => allowed(name))).toEqual([]);
  });

  it('holds no function that the engine calls volatile, nor one of a dangerous family', () => {
    expect(known.filter(({ name, volatile }) => volatile && allowed(name)).map(({ name }) => name)).toEqual([]);
    const dangerous =
      /^(read_|write_|duckdb_|pragma_|enable_|disable_|current_setting|getenv|getvariable|query|glob|stats|nextval|currval|json_(de)?serialize|json_execute|__internal|sleep|pg_sleep|error$|.*secret)/;
    expect([...FUNCTIONS, ...WINDOW_FUNCTIONS, ...TABLE_FUNCTIONS].filter((name) => dangerous.test(name))).toEqual([]);
  });
});
