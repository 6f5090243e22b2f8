import type { AsOfRequest } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import type { EngineParameter } from '@skein/ports';

/** Body of `POST /v1/sql`: of the right shape; whether its values are allowed, the federation decides. */
export interface SqlRequest {
  readonly sql: string;
  readonly parameters: readonly EngineParameter[];
  readonly asOf: AsOfRequest | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxRows: number | undefined;
  /** Milliseconds. */
  readonly maxStaleness: number | undefined;
}

const MEMBERS: ReadonlySet<string> = new Set(['sql', 'params', 'asOf', 'timeoutMs', 'maxRows', 'maxStaleness']);
const DURATION = /^(\d{1,6})(ms|s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function refuse(message: string, member?: string): SkeinError {
  const hint = 'Send {"sql": "SELECT …", "params": […]} as application/json; also allowed: asOf, timeoutMs, maxRows, maxStaleness.';
  return new SkeinError('SKEIN_REQUEST_INVALID', message, { hint, context: member === undefined ? {} : { member } });
}

/** The text of a body. Throws SKEIN_REQUEST_INVALID for bytes that are not UTF-8: replaced by a stand-in, they would be other values. */
export function bodyText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('the body is not UTF-8');
  }
}

/**
 * Reads JSON without losing digits: an integer beyond 2^53 comes as bigint, and a number that no double can hold as it was
 * written is refused, because it would silently become another one.
 */
export function parseExactJson(text: string): unknown {
  const exact = (_name: string, value: unknown, { source }: { source?: string }): unknown => {
    if (typeof value !== 'number' || source === undefined) return value;
    if (Number.isSafeInteger(value) && !/[.eE]/.test(source)) return value;
    if (/^-?\d+$/.test(source)) return BigInt(source);
    if (sameNumber(source, value)) return value;
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the number ${source.slice(0, 60)} has more digits than a double keeps`, {
      hint: 'Send it as text, and cast it in the SQL: CAST($1 AS DECIMAL(38, 10)).',
    });
  };
  try {
    return JSON.parse(text, exact as (this: unknown, name: string, value: unknown) => unknown) as unknown;
  } catch (error) {
    if (error instanceof SkeinError) throw error;
    throw refuse(`the body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Whether a decimal literal and the double it was read as are one number: 0.1 is, 0.1000000000000000055511151231257827 is not. */
function sameNumber(source: string, value: number): boolean {
  return Number.isFinite(value) && digits(source) === digits(String(value));
}

/** Significant digits and exponent, so that 1.50e3 and 1500 are equal. */
function digits(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = all.replace(/0+$/, '');
  return significant === '' ? '0' : `${significant}e${Number(exponent) - fraction.length + (all.length - significant.length)}`;
}

/** Checks the parsed body without converting or dropping anything. Throws SKEIN_REQUEST_INVALID with the member that is wrong. */
export function checkSqlRequest(body: unknown): SqlRequest {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw refuse('the body is not a JSON object');
  const given = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw refuse(`the body may not have ${JSON.stringify(unknown.slice(0, 60))}`, unknown.slice(0, 60));
  const { sql, params = [], asOf } = given;
  if (typeof sql !== 'string') throw refuse('sql must be a text', 'sql');
  if (!Array.isArray(params)) throw refuse('params must be a list', 'params');
  const wrong = params.findIndex((value) => value !== null && !['string', 'number', 'bigint', 'boolean'].includes(typeof value));
  if (wrong >= 0) throw refuse(`params[${wrong}] must be text, number, true, false or null`, `params[${wrong}]`);
  if (asOf !== undefined && typeof asOf !== 'string' && (typeof asOf !== 'object' || asOf === null || Array.isArray(asOf))) {
    throw refuse('asOf must be a moment such as "2026-06-01T00:00:00Z", or versions by product such as {"sap.material": 3}', 'asOf');
  }
  return {
    sql,
    parameters: params as EngineParameter[],
    asOf: asOf as AsOfRequest | undefined,
    timeoutMs: number(given['timeoutMs'], 'timeoutMs'),
    maxRows: number(given['maxRows'], 'maxRows'),
    maxStaleness: duration(given['maxStaleness']),
  };
}

function number(value: unknown, name: string): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  throw refuse(`${name} must be a number`, name);
}

function duration(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const [, amount, unit = ''] = (typeof value === 'string' && DURATION.exec(value)) || [];
  if (amount === undefined) throw refuse('maxStaleness must be a duration such as "30s", "15m", "24h" or "7d"', 'maxStaleness');
  return Number(amount) * (UNIT_MS[unit] as number);
}
