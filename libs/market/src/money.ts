import { SkeinError } from '@skein/kernel';

/** The most that one price may be, in minor units: ten thousand million of a currency with cents. */
export const MOST_CENTS = 1_000_000_000_000n;

const CENTS = /^(0|[1-9]\d{0,17})$/;
const CURRENCY = /^[A-Z]{3}$/;

/** Reads minor units (cents) written as decimal text. Throws SKEIN_REQUEST_INVALID for signs, fractions, numbers and what is beyond `MOST_CENTS`. */
export function readCents(text: unknown, what: string): bigint {
  const cents = typeof text === 'string' && CENTS.test(text) ? BigInt(text) : undefined;
  if (cents === undefined || cents > MOST_CENTS)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `${what} must be minor units as text, from "0" to "${MOST_CENTS}", not ${shown(text)}`, {
      hint: 'Write 12.50 EUR as "1250".',
    });
  return cents;
}

/** Three letters of ISO 4217. Throws SKEIN_REQUEST_INVALID. */
export function readCurrency(text: unknown): string {
  if (typeof text === 'string' && CURRENCY.test(text)) return text;
  throw new SkeinError('SKEIN_REQUEST_INVALID', `${shown(text)} is no currency`, { hint: 'Write it as three letters, EUR say.' });
}

/** Value of a request in a message: bounded, and never an object's whole content. */
export function shown(value: unknown): string {
  return (JSON.stringify(value, (_name, item: unknown) => (typeof item === 'bigint' ? `${item}` : item)) ?? String(value)).slice(0, 80);
}

/**
 * Splits an amount by weights, to the cent: everyone gets the whole part of their share, and the cents that are left go to the
 * largest remainders, at equal remainders to who comes first. The parts add up to the amount. Weights are above zero.
 */
export function splitByWeight(amount: bigint, weights: readonly bigint[]): bigint[] {
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  if (amount < 0n || weights.some((weight) => weight <= 0n) || sum === 0n)
    throw new SkeinError('SKEIN_INTERNAL', `${amount} cannot be split by ${weights.length} weights`);
  const parts = weights.map((weight, index) => ({ index, part: (amount * weight) / sum, left: (amount * weight) % sum }));
  let rest = amount - parts.reduce((total, { part }) => total + part, 0n);
  for (const one of [...parts].sort((a, b) => (a.left === b.left ? a.index - b.index : a.left > b.left ? -1 : 1))) {
    if (rest === 0n) break;
    one.part += 1n;
    rest -= 1n;
  }
  return parts.map(({ part }) => part);
}
