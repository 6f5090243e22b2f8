import { SkeinError, type ErrorCode } from '@skein/kernel';
import type { EngineParameter } from '@skein/ports';

export type ParameterKind = 'null' | 'text' | 'boolean' | 'integer' | 'bigint' | 'hugeint' | 'double';

const INT32_MAX = 2 ** 31 - 1;
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MAX = 2n ** 127n - 1n;

/**
 * The SQL type a bound value gets: that of the same constant written in SQL, so that `$1` and `5` mean the same
 * (DATE + INTEGER binds, DATE + BIGINT does not). `position` counts from 1 and is for the message only.
 */
export function parameterKind(value: EngineParameter, position: number, code: ErrorCode): ParameterKind {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) return 'double';
    return Math.abs(value) <= INT32_MAX ? 'integer' : 'bigint';
  }
  if (typeof value !== 'bigint')
    throw new SkeinError(code, `parameter $${position} is neither text, number, boolean nor null`, { context: { parameter: position } });
  if (value >= -INT64_MAX && value <= INT64_MAX) return 'bigint';
  if (value >= -INT128_MAX && value <= INT128_MAX) return 'hugeint';
  throw new SkeinError(code, `parameter $${position} is an integer of more than 128 bits`, { context: { parameter: position } });
}
