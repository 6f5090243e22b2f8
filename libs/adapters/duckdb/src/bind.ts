import { BIGINT, BOOLEAN, DOUBLE, HUGEINT, INTEGER, SQLNULL, VARCHAR, type DuckDBType } from '@duckdb/node-api';
import type { EngineParameter } from '@skein/ports';
import { parameterKind, type ParameterKind } from './parameter-kind.ts';

const TYPES: Readonly<Record<ParameterKind, DuckDBType>> = {
  null: SQLNULL,
  text: VARCHAR,
  boolean: BOOLEAN,
  integer: INTEGER,
  bigint: BIGINT,
  hugeint: HUGEINT,
  double: DOUBLE,
};

/** Values and types as the binding takes them: BIGINT and wider as bigint. */
export function bindable(parameters: readonly EngineParameter[]): { values: EngineParameter[]; types: DuckDBType[] } {
  const kinds = parameters.map((value, index) => parameterKind(value, index + 1, 'SKEIN_STEP_FAILED'));
  return {
    types: kinds.map((kind) => TYPES[kind]),
    values: parameters.map((value, index) => (kinds[index] === 'bigint' && typeof value === 'number' ? BigInt(value) : value)),
  };
}
