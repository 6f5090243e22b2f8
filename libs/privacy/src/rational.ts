import { SkeinError } from '@skein/kernel';

/** An exact fraction; the denominator is above zero. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Reads `0.1`, `3`, `1/3` exactly. @throws SKEIN_PRIVACY_INVALID */
export function rational(text: string): Rational {
  const decimal = /^(\d+)(?:\.(\d+))?$/.exec(text);
  if (decimal && text.length <= 64) {
    const places = decimal[2] ?? '';
    return reduced(BigInt(`${decimal[1]}${places}`), 10n ** BigInt(places.length));
  }
  const fraction = /^(\d+)\/([1-9]\d*)$/.exec(text);
  if (fraction && text.length <= 64) return reduced(BigInt(fraction[1] as string), BigInt(fraction[2] as string));
  throw new SkeinError('SKEIN_PRIVACY_INVALID', `${JSON.stringify(text.slice(0, 80))} is no decimal number or fraction of at least zero`);
}

export function reduced(numerator: bigint, denominator: bigint): Rational {
  let [a, b] = [numerator < 0n ? -numerator : numerator, denominator];
  while (b > 0n) [a, b] = [b, a % b];
  return { numerator: numerator / (a || 1n), denominator: denominator / (a || 1n) };
}

export const plus = (a: Rational, b: Rational): Rational => reduced(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
export const times = (a: Rational, b: Rational): Rational => reduced(a.numerator * b.numerator, a.denominator * b.denominator);
export const over = (a: Rational, b: Rational): Rational => reduced(a.numerator * b.denominator, a.denominator * b.numerator);
/** Below zero, zero or above it, as a is to b. */
export const compare = (a: Rational, b: Rational): number => {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
export const textOf = ({ numerator, denominator }: Rational): string => (denominator === 1n ? String(numerator) : `${numerator}/${denominator}`);
/** For display and for bounds that are rounded to the safe side; never for noise. */
export const floatOf = ({ numerator, denominator }: Rational): number => Number((numerator * 10n ** 18n) / denominator) / 1e18;
