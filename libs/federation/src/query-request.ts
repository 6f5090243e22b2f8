import { SkeinError } from '@skein/kernel';
import { normalTimestamp } from '@skein/contract';
import type { EngineParameter, ResultFormat } from '@skein/ports';
import { refused } from './refusal.ts';

/** Versions to read: by product, or one moment (ISO 8601) for all. A product is pinned by its version number or a moment. */
export type AsOfRequest = string | Readonly<Record<string, number | string>>;

export interface QueryRequest {
  readonly sql: string;
  /** Values of `$1`, `$2` … */
  readonly parameters?: readonly EngineParameter[];
  readonly purpose?: string | undefined;
  readonly asOf?: AsOfRequest | undefined;
  /** Milliseconds: a query over an older snapshot is refused. */
  readonly maxStaleness?: number | undefined;
  readonly format: ResultFormat;
  readonly timeoutMs?: number | undefined;
  readonly maxRows?: number | undefined;
  /** Reads under this agreement, where a policy shows the product as well. */
  readonly agreement?: string | undefined;
  /** A paid query sent again under the same key is answered again, and charged once. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FederationLimits {
  readonly maxSqlCharacters: number;
  readonly maxParameters: number;
  readonly defaultTimeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly defaultMaxRows: number;
  readonly maxRows: number;
}

export const FEDERATION_LIMITS: FederationLimits = {
  maxSqlCharacters: 100_000,
  maxParameters: 1_000,
  defaultTimeoutMs: 30_000,
  maxTimeoutMs: 600_000,
  defaultMaxRows: 1_000_000,
  maxRows: 100_000_000,
};

export interface CheckedRequest {
  readonly parameters: readonly EngineParameter[];
  readonly deadlineMs: number;
  readonly maxRows: number;
  readonly asOf: ReadonlyMap<string, number | { readonly time: number }> | { readonly time: number } | undefined;
}

/** Throws SKEIN_REQUEST_INVALID, SKEIN_QUERY_PARAMS or SKEIN_QUERY_REFUSED. */
export function checkRequest(request: QueryRequest, limits: FederationLimits): CheckedRequest {
  if (typeof request.sql !== 'string' || request.sql.trim() === '') throw invalid('sql must be a text with one SELECT');
  if (request.sql.length > limits.maxSqlCharacters)
    throw refused('size', `the SQL has ${request.sql.length} characters; the limit is ${limits.maxSqlCharacters}`);
  if (request.sql.includes('\0') || !request.sql.isWellFormed()) throw refused('syntax', 'the SQL holds characters that are no text');
  const parameters = request.parameters ?? [];
  if (!Array.isArray(parameters) || parameters.length > limits.maxParameters)
    throw new SkeinError('SKEIN_QUERY_PARAMS', `parameters must be a list of at most ${limits.maxParameters} values`);
  parameters.forEach((value, index) => checkParameter(value, index + 1));
  if (request.maxStaleness !== undefined && !(Number.isFinite(request.maxStaleness) && request.maxStaleness >= 0))
    throw invalid(`maxStaleness must be milliseconds, not ${String(request.maxStaleness)}`);
  return {
    parameters,
    deadlineMs: within('timeoutMs', request.timeoutMs, limits.defaultTimeoutMs, limits.maxTimeoutMs),
    maxRows: within('maxRows', request.maxRows, limits.defaultMaxRows, limits.maxRows),
    asOf: readAsOf(request.asOf),
  };
}

/** The parameters of the SQL are exactly `$1` to `$n`. */
export function checkParameterNames(names: readonly string[], given: number): void {
  const expected = new Set(Array.from({ length: given }, (_, index) => String(index + 1)));
  const strange = names.find((name) => !expected.has(name));
  if (strange !== undefined)
    throw new SkeinError(
      'SKEIN_QUERY_PARAMS',
      /^\d+$/.test(strange) ? `the SQL needs a value for $${strange}, but ${given} came` : `the SQL names the parameter $${strange}; parameters are $1, $2 …`,
    );
  if (names.length !== given) throw new SkeinError('SKEIN_QUERY_PARAMS', `${given} values came for ${names.length} parameters`);
}

function checkParameter(value: unknown, position: number): void {
  const fits =
    value === null ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && value.isWellFormed() && !value.includes('\0'));
  if (!fits) throw new SkeinError('SKEIN_QUERY_PARAMS', `the value of $${position} is no text, number, boolean or null`);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new SkeinError('SKEIN_QUERY_PARAMS', `the value of $${position}, ${value}, is beyond 2^53 and may have lost digits`, {
      hint: 'Send it as text and cast it in the SQL.',
    });
}

function within(name: string, value: number | undefined, preset: number, limit: number): number {
  if (value === undefined) return preset;
  if (!Number.isSafeInteger(value) || value < 1 || value > limit) throw invalid(`${name} must be a whole number from 1 to ${limit}, not ${String(value)}`);
  return value;
}

function readAsOf(asOf: AsOfRequest | undefined): CheckedRequest['asOf'] {
  if (asOf === undefined) return undefined;
  if (typeof asOf === 'string') return { time: moment(asOf) };
  if (asOf === null || typeof asOf !== 'object' || Array.isArray(asOf)) throw invalid('asOf must be a moment, or an object of product: version');
  const entries = Object.entries(asOf).map(([product, when]): [string, number | { time: number }] => {
    if (typeof when === 'string') return [product, { time: moment(when) }];
    if (!Number.isSafeInteger(when) || when < 1) throw invalid(`asOf of ${JSON.stringify(product)} must be a version from 1, or a moment`);
    return [product, when];
  });
  return entries.length === 0 ? undefined : new Map(entries);
}

function moment(text: string): number {
  const normal = normalTimestamp(text, true);
  if (normal === undefined) throw invalid(`${JSON.stringify(text)} is no moment; write it as 2026-01-31T12:00:00Z`);
  return Date.parse(`${normal.slice(0, 10)}T${normal.slice(11, 23)}Z`);
}

function invalid(message: string): SkeinError {
  return new SkeinError('SKEIN_REQUEST_INVALID', message);
}
