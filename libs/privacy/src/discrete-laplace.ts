import { SkeinError } from '@skein/kernel';
import { bernoulli, bernoulliExp, cryptoBytes, uniformBelow, type Bytes } from './chance.ts';
import { textOf, type Rational } from './rational.ts';

/**
 * A whole number with P(x) ∝ e^(−|x|/scale), exactly: rational arithmetic over random bytes and nothing else (Canonne, Kamath, Steinke, NeurIPS 2020,
 * algorithm 2). Floats have gaps by which noise can be told from data; here there are none, and every whole number can come.
 * @throws SKEIN_PRIVACY_INVALID unless the scale is above zero
 */
export function discreteLaplace(scale: Rational, bytes: Bytes = cryptoBytes()): bigint {
  for (;;) {
    const size = geometric(scale, bytes);
    const negative = bernoulli(1n, 2n, bytes);
    // Zero has one sign.
    if (negative && size === 0n) continue;
    return negative ? -size : size;
  }
}

/**
 * A whole number of at least 0 with P(x) ∝ e^(−x/scale), exactly.
 * @throws SKEIN_PRIVACY_INVALID unless the scale is above zero
 */
export function geometric(scale: Rational, bytes: Bytes = cryptoBytes()): bigint {
  const { numerator: t, denominator: s } = scale;
  if (t <= 0n || s <= 0n) throw new SkeinError('SKEIN_PRIVACY_INVALID', `a scale is above zero, not ${textOf(scale)}`);
  for (;;) {
    const within = uniformBelow(t, bytes);
    if (!bernoulliExp({ numerator: within, denominator: t }, bytes)) continue;
    let rounds = 0n;
    while (bernoulliExp({ numerator: 1n, denominator: 1n }, bytes)) rounds += 1n;
    return (within + t * rounds) / s;
  }
}
