import { SkeinClientError } from './client-error.ts';

/** An exact number that travels as text and is a DECIMAL in the SQL; made by `decimal`. */
export interface Decimal {
  readonly decimal: string;
}

type Scalar = string | number | bigint | boolean | null | Date | Decimal;

/** What may stand in `${…}` of a query: a scalar, or a list for `IN ${list}`. */
export type SqlInput = Scalar | readonly Scalar[];

/** SQL with `$1`, `$2` … and the values for them. */
export interface BoundSql {
  readonly sql: string;
  readonly params: readonly (string | number | bigint | boolean | null)[];
}

/** `decimal('12.50')`: at most 38 digits, no exponent. */
export function decimal(text: string): Decimal {
  if (!/^[+-]?\d+(\.\d+)?$/.test(text) || digitsOf(text).length > 38)
    throw new SkeinClientError('SKEIN_CLIENT_VALUE', `${JSON.stringify(text)} is not a decimal number of at most 38 digits`);
  return Object.freeze({ decimal: text });
}

const digitsOf = (text: string): string => text.replace(/[^\d]/g, '');

/**
 * Puts a numbered parameter in the place of every value; no value becomes part of the text. A Date becomes an instant
 * (TIMESTAMPTZ), a decimal a DECIMAL of its own precision, a list `($1, $2)`, an empty list a subquery without rows, so that both
 * IN and NOT IN mean what they say.
 */
export function bind(strings: readonly string[], values: readonly SqlInput[]): BoundSql {
  const params: (string | number | bigint | boolean | null)[] = [];
  const place = (value: Scalar, where: string): string => {
    const add = (bound: string | number | bigint | boolean | null): string => `$${params.push(bound)}`;
    if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint') return add(value);
    if (typeof value === 'number') return add(checkNumber(value, where));
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw refuse(where, 'is an invalid Date');
      return `CAST(${add(value.toISOString())} AS TIMESTAMPTZ)`;
    }
    if (typeof value === 'object' && typeof value.decimal === 'string') {
      const { decimal: text } = decimal(value.decimal);
      const scale = text.split('.')[1]?.length ?? 0;
      return `CAST(${add(text)} AS DECIMAL(${Math.max(digitsOf(text).length, 1)}, ${scale}))`;
    }
    throw refuse(where, `is ${value === undefined ? 'undefined' : `of type ${typeof value}`}`);
  };
  const sql = strings.slice(1).reduce((text, next, index) => {
    const value = values[index] as SqlInput;
    const where = `value ${index + 1}`;
    if (!Array.isArray(value)) return text + place(value as Scalar, where) + next;
    const items = value.map((item: Scalar, at) => place(item, `${where}, item ${at + 1}`));
    return `${text}${items.length === 0 ? '(SELECT NULL WHERE FALSE)' : `(${items.join(', ')})`}${next}`;
  }, strings[0] ?? '');
  return { sql, params };
}

function checkNumber(value: number, where: string): number {
  if (!Number.isFinite(value)) throw refuse(where, `is ${value}`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw refuse(where, `is ${value}, which is not exact: use bigint`);
  return value;
}

function refuse(where: string, why: string): SkeinClientError {
  return new SkeinClientError('SKEIN_CLIENT_VALUE', `${where} of the query ${why}`);
}

/** JSON in which a bigint is written with all its digits, as the gateway reads it. */
export function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${exactJson(member)}`).join(',')}}`;
}
