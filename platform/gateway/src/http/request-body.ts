import { SkeinError } from '@skein/kernel';

export type Parameter = string | number | bigint | boolean | null;

/** Body of `POST /v1/sql`, checked. */
export interface SqlRequest {
  readonly sql: string;
  readonly params: readonly Parameter[];
  /** One version by product, or one moment for all. */
  readonly asOf: Readonly<Record<string, number>> | string | undefined;
  readonly timeoutMs: number | undefined;
  readonly maxRows: number | undefined;
  readonly maxStaleness: string | undefined;
}

export interface RequestLimits {
  /** Characters of SQL. */
  readonly sql: number;
  readonly params: number;
  readonly timeoutMs: number;
  readonly maxRows: number;
}

export const REQUEST_LIMITS: RequestLimits = { sql: 262_144, params: 1_000, timeoutMs: 300_000, maxRows: 100_000_000 };

const MEMBERS: ReadonlySet<string> = new Set(['sql', 'params', 'asOf', 'timeoutMs', 'maxRows', 'maxStaleness']);
const MOMENT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const PRODUCT = /^[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}$/;

function refuse(message: string, context: Readonly<Record<string, unknown>> = {}): SkeinError {
  return new SkeinError('SKEIN_REQUEST_INVALID', message, { hint: 'Send {"sql": "SELECT …", "params": […]} as application/json; also allowed: asOf, timeoutMs, maxRows, maxStaleness.', context });
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
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the number ${source.slice(0, 60)} has more digits than a double keeps`, { hint: 'Send it as text, and cast it in the SQL: CAST($1 AS DECIMAL(38, 10)).' });
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
export function checkSqlRequest(body: unknown, limits: RequestLimits = REQUEST_LIMITS): SqlRequest {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) throw refuse('the body is not a JSON object');
  const given = body as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((name) => !MEMBERS.has(name));
  if (unknown !== undefined) throw refuse(`the body may not have ${JSON.stringify(unknown.slice(0, 60))}`, { member: unknown.slice(0, 60) });
  const { sql, params = [] } = given;
  if (typeof sql !== 'string') throw refuse('sql must be a text', { member: 'sql' });
  if (sql.trim() === '') throw refuse('sql is empty', { member: 'sql' });
  if (sql.length > limits.sql) throw refuse(`sql is longer than ${limits.sql} characters`, { member: 'sql' });
  if (!Array.isArray(params) || params.length > limits.params) throw refuse(`params must be a list of at most ${limits.params} values`, { member: 'params' });
  const wrong = params.findIndex((value) => value !== null && !['string', 'number', 'bigint', 'boolean'].includes(typeof value));
  if (wrong >= 0) throw refuse(`params[${wrong}] must be text, number, true, false or null`, { member: `params[${wrong}]` });
  return {
    sql,
    params: params as Parameter[],
    asOf: checkAsOf(given['asOf']),
    timeoutMs: whole(given['timeoutMs'], 'timeoutMs', 1, limits.timeoutMs),
    maxRows: whole(given['maxRows'], 'maxRows', 0, limits.maxRows),
    maxStaleness: checkStaleness(given['maxStaleness']),
  };
}

function whole(value: unknown, name: string, least: number, most: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) throw refuse(`${name} must be a whole number from ${least} to ${most}`, { member: name });
  return value;
}

function checkAsOf(value: unknown): SqlRequest['asOf'] {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && MOMENT.test(value) && !Number.isNaN(Date.parse(value))) return value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const wrong = Object.entries(value).find(([product, version]) => !PRODUCT.test(product) || typeof version !== 'number' || !Number.isSafeInteger(version) || version < 1);
    if (wrong === undefined && Object.keys(value).length > 0) return value as Record<string, number>;
  }
  throw refuse('asOf must be a moment such as "2026-06-01T00:00:00Z", or versions by product such as {"sap.material": 3}', { member: 'asOf' });
}

function checkStaleness(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,6}(s|m|h|d)$/.test(value)) throw refuse('maxStaleness must be a duration such as "30s", "15m", "24h" or "7d"', { member: 'maxStaleness' });
  return value;
}
