import { BIGINT, BOOLEAN, DOUBLE, HUGEINT, INTEGER, SQLNULL, VARCHAR, type DuckDBType } from '@duckdb/node-api';
import { SkeinError, type ErrorCode } from '@skein/kernel';
import type { EngineParameter } from '@skein/ports';

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;

/**
 * The SQL type a bound value gets: that of the same constant written in SQL, so that `$1` and `5` mean the same
 * (DATE + INTEGER binds, DATE + BIGINT does not).
 */
export function parameterTypes(parameters: readonly EngineParameter[], code: ErrorCode): DuckDBType[] {
  return parameters.map((value, index) => {
    if (value === null) return SQLNULL;
    if (typeof value === 'string') return VARCHAR;
    if (typeof value === 'boolean') return BOOLEAN;
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) return DOUBLE;
      return Math.abs(value) <= INT32_MAX ? INTEGER : BIGINT;
    }
    if (value >= -INT64_MAX && value <= INT64_MAX) return BIGINT;
    if (value >= -INT128_MAX && value <= INT128_MAX) return HUGEINT;
    throw new SkeinError(code, `parameter $${index + 1} is an integer of more than 128 bits`, { context: { parameter: index + 1 } });
  });
}

/** Values as the binding takes them: BIGINT and wider as bigint. */
export function parameterValues(parameters: readonly EngineParameter[], types: readonly DuckDBType[]): EngineParameter[] {
  return parameters.map((value, index) => (typeof value === 'number' && types[index] === BIGINT ? BigInt(value) : value));
}
