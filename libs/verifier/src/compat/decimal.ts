import { exactNumber } from '@skein/contract';

/** An exact decimal: `digits / 10^scale`, with the smallest scale that holds it. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

function normal(digits: bigint, scale: number): Decimal {
  let [d, s] = [digits, scale];
  while (s > 0 && d % 10n === 0n) [d, s] = [d / 10n, s - 1];
  return { digits: d, scale: s };
}

/** The decimal that a JSON number stands for; undefined for what is no finite number, or has more than 400 digits. */
export function decimalOf(value: unknown): Decimal | undefined {
  if (typeof value === 'bigint') return value.toString().length > 400 ? undefined : { digits: value, scale: 0 };
  if (typeof value !== 'number') return undefined;
  return decimalFrom(String(value));
}

/** Reads decimal text such as `-12.50`. */
export function decimalFrom(text: string): Decimal | undefined {
  const exact = exactNumber(text);
  if (exact === undefined) return undefined;
  const [whole = '0', fraction = ''] = exact.split('.');
  return normal(BigInt(whole + fraction), fraction.length);
}

export function decimalText({ digits, scale }: Decimal): string {
  if (scale === 0) return digits.toString();
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0');
  return `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** As a JSON value: a number where a double holds it exactly, else a bigint or, for fractions, the nearest double. */
export function decimalValue(value: Decimal): number | bigint {
  const text = decimalText(value);
  const number = Number(text);
  return value.scale === 0 && !Number.isSafeInteger(number) ? value.digits : number;
}

/** Both over one scale. */
function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale), scale];
}

export function compare(a: Decimal, b: Decimal): number {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return normal(x + y, scale);
}

/** A point strictly between two different decimals: `part / 2^halvings` of the way. */
export function between(low: Decimal, high: Decimal, part: number, halvings: number): Decimal {
  const [x, y, scale] = aligned(low, high);
  const fives = 5n ** BigInt(halvings);
  return normal(x * 10n ** BigInt(halvings) + (y - x) * BigInt(part) * fives, scale + halvings);
}

export function times(a: Decimal, factor: bigint): Decimal {
  return normal(a.digits * factor, a.scale);
}

/** The largest whole number of `step`s not above `value`; `step` is positive. */
export function floorSteps(value: Decimal, step: Decimal): bigint {
  const [x, y] = aligned(value, step);
  const quotient = x / y;
  return x % y !== 0n && x < 0n ? quotient - 1n : quotient;
}

export function isWholeMultiple(value: Decimal, step: Decimal): boolean {
  const [x, y] = aligned(value, step);
  return x % y === 0n;
}

export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The least common multiple of two positive decimals. */
export function commonMultiple(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return normal((x / gcd(x, y)) * y, scale);
}

/** How many steps of `step` make up the least common multiple of both. */
export function stepsToCommon(step: Decimal, other: Decimal): bigint {
  const [x, y] = aligned(step, other);
  return y / gcd(x, y);
}
