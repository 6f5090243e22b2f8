/**
 * SQL that reckons with amounts of chains exactly. A uint256 is decimal text; sums of it are BIGNUM, which DuckDB adds, subtracts and
 * compares without loss, but multiplies and divides as DOUBLE. What is multiplied or divided here is HUGEINT, and NULL where that is too small.
 */

/** A sum of uint256 text, as text. */
export const sumOf = (raw: string, where?: string): string => `coalesce(sum(${raw}::BIGNUM)${where ? ` FILTER (WHERE ${where})` : ''}, 0::BIGNUM)::VARCHAR`;

/** 10^0 … 10^38 by number; NULL beyond. */
const POWERS = `[${Array.from({ length: 39 }, (_, n) => `1${'0'.repeat(n)}::HUGEINT`).join(', ')}]`;
export const powerOfTen = (exponent: string): string => `(CASE WHEN ${exponent} BETWEEN 0 AND 38 THEN ${POWERS}[(${exponent})::INTEGER + 1] END)`;

/** uint256 text as HUGEINT; NULL from 2^127. */
export const huge = (raw: string): string => `TRY_CAST(${raw} AS HUGEINT)`;

/** An integer count of 10^-18 as DECIMAL(38,18); NULL where that is too small. Casts through text would take 166 µs a row. */
export const eighteenths = (count: string): string =>
  `(TRY_CAST((${count}) // 1000000000000000000::HUGEINT AS DECIMAL(38, 18)) + ((${count}) % 1000000000000000000::HUGEINT)::DECIMAL(18, 0) * 0.000000000000000001::DECIMAL(18, 18))`;

/**
 * The amount that raw units and a token's decimals come to, as DECIMAL(38,18). NULL where decimals are not known, where the amount is 10^20 or
 * more, and where it has digits beyond the eighteenth place: an amount is exact or absent.
 */
export function amountOf(raw: string, decimals: string): string {
  const units = huge(raw);
  const fine = `(${decimals} - 18)`;
  return `CASE WHEN ${decimals} BETWEEN 0 AND 18
      THEN TRY_CAST(${units} // ${powerOfTen(decimals)} AS DECIMAL(38, 18)) + ((${units} % ${powerOfTen(decimals)}) * ${powerOfTen(`18 - ${decimals}`)})::DECIMAL(18, 0) * 0.000000000000000001::DECIMAL(18, 18)
    WHEN ${decimals} BETWEEN 19 AND 56 AND ${units} % ${powerOfTen(fine)} = 0 THEN ${eighteenths(`${units} // ${powerOfTen(fine)}`)} END`;
}

/**
 * Whole part of `numerator / denominator × 10^digits` by long division, digit after digit, so that no product is larger than ten times the
 * denominator. Truncated. NULL where the denominator is zero or from 10^37, or the quotient would not fit.
 */
export function quotient(numerator: string, denominator: string, digits: string): string {
  const whole = `((${numerator}) // (${denominator}))`;
  return `CASE WHEN (${denominator}) > 0 AND (${denominator}) < 1${'0'.repeat(37)}::HUGEINT AND (${digits}) BETWEEN 0 AND 38 AND length(${whole}::VARCHAR) + (${digits}) <= 38
    THEN list_reduce([{'q': ${whole}, 'r': (${numerator}) % (${denominator})}] || list_transform(range((${digits})::BIGINT), lambda i: {'q': 0::HUGEINT, 'r': 0::HUGEINT}),
      lambda sofar, i: {'q': sofar.q * 10 + (sofar.r * 10) // (${denominator}), 'r': (sofar.r * 10) % (${denominator})}).q END`;
}

/** `x × y` of two integers of up to 112 bits (reserves of a pool), as decimal text: HUGEINT holds no such product, so they are multiplied in parts of 10^18. */
export function product(x: string, y: string): string {
  const E18 = '1000000000000000000::HUGEINT';
  const [xh, xl, yh, yl] = [`(${x}) // ${E18}`, `(${x}) % ${E18}`, `(${y}) // ${E18}`, `(${y}) % ${E18}`];
  const low = `((${xl}) * (${yl}))`;
  const middle = `((${xh}) * (${yl}) + (${xl}) * (${yh}) + ${low} // ${E18})`;
  const high = `((${xh}) * (${yh}) + ${middle} // ${E18})`;
  return `(${high}::VARCHAR || lpad((${middle} % ${E18})::VARCHAR, 18, '0') || lpad((${low} % ${E18})::VARCHAR, 18, '0'))`;
}
