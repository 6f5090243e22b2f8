import type { Rational } from './rational.ts';

/** Bytes that nobody can foresee; tests bring their own. */
export type Bytes = (count: number) => Uint8Array;

/** The random bytes of the platform's cryptography, fetched in blocks of 65,536, which is also the most that one call may ask for. */
export function cryptoBytes(): Bytes {
  const block = new Uint8Array(65_536);
  let at = block.length;
  return (count) => {
    if (at + count > block.length) {
      crypto.getRandomValues(block);
      at = 0;
    }
    at += count;
    return block.slice(at - count, at);
  };
}

/** A whole number from 0 to below `limit`, each equally likely: bits beyond the length of `limit` are cut off, and numbers not below it drawn anew. */
export function uniformBelow(limit: bigint, bytes: Bytes): bigint {
  const bits = (limit - 1n).toString(2).length;
  const count = Math.ceil(bits / 8);
  const cut = 8 * count - bits;
  for (;;) {
    let value = 0n;
    const drawn = bytes(count);
    for (let at = 0; at < count; at += 1) value = (value << 8n) | BigInt(at === 0 ? (drawn[0] as number) & (0xff >> cut) : (drawn[at] as number));
    if (value < limit) return value;
  }
}

/** True with the probability `numerator` ÷ `denominator`, exactly. */
export const bernoulli = (numerator: bigint, denominator: bigint, bytes: Bytes): boolean =>
  numerator >= denominator || (numerator > 0n && uniformBelow(denominator, bytes) < numerator);

/** True with the probability e^−γ, exactly (Canonne, Kamath, Steinke, NeurIPS 2020, algorithm 1). */
export function bernoulliExp({ numerator, denominator }: Rational, bytes: Bytes): boolean {
  for (let whole = numerator / denominator; whole > 0n; whole -= 1n) if (!belowOne(1n, 1n, bytes)) return false;
  return belowOne(numerator % denominator, denominator, bytes);
}

/** e^−γ for γ ≤ 1: draws with γ/1, γ/2, γ/3, … until one fails, and asks whether it was at an odd place. */
function belowOne(numerator: bigint, denominator: bigint, bytes: Bytes): boolean {
  let place = 1n;
  while (bernoulli(numerator, denominator * place, bytes)) place += 1n;
  return place % 2n === 1n;
}
