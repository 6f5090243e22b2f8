/** Shape of a Beta distribution; both above 0. */
export interface Beta {
  readonly alpha: number;
  readonly beta: number;
}

/** Relative precision at which series and continued fractions stop. */
const PRECISION = 1e-15;
const TINY = 1e-300;
const HALF_LOG_2PI = 0.9189385332046728;

/**
 * P(θ ≤ x) for θ ~ Beta(α, β): the regularised incomplete beta function I_x(α, β), by its continued fraction (NIST DLMF 8.17.22),
 * evaluated from the front after Lentz (W. J. Lentz, Applied Optics 15(3), 1976, as modified by Thompson and Barnett, 1986), on the side of
 * the mean where it converges (DLMF 8.17.4). It takes O(√max(α, β)) steps; relative error below 1e-9 up to α, β = 10⁶.
 */
export function betaCdf({ alpha, beta }: Beta, x: number): number {
  if (!(alpha > 0 && beta > 0)) throw new RangeError(`Beta(${alpha}, ${beta}): both must be above 0`);
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (alpha + 1) / (alpha + beta + 2)) return 1 - lowerTail(beta, alpha, 1 - x);
  return lowerTail(alpha, beta, x);
}

/**
 * The x with P(θ ≤ x) = p: Newton's steps on the distribution function, each kept inside the bracket found so far, and bisection where
 * a step would leave it.
 */
export function betaQuantile(shape: Beta, p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${p} is not a probability`);
  if (p === 0 || p === 1) return p;
  let [low, high] = [0, 1];
  let x = shape.alpha / (shape.alpha + shape.beta);
  for (let step = 0; step < 200; step += 1) {
    const error = betaCdf(shape, x) - p;
    if (error > 0) high = x;
    else low = x;
    const slope = betaDensity(shape, x);
    let next = x - error / slope;
    // Near 0 the distribution function is a power of x: halving the exponent gets there, halving x does not.
    if (!(next > low && next < high)) next = low === 0 && high < 0.5 ? Math.min(high / 2, high * Math.max(1e-3, Math.sqrt(p / (error + p)))) : (low + high) / 2;
    if (Math.abs(next - x) <= 1e-14 * x) return next;
    x = next;
  }
  return x;
}

export function betaDensity({ alpha, beta }: Beta, x: number): number {
  if (x <= 0 || x >= 1) return 0;
  return Math.exp((alpha - 1) * Math.log(x) + (beta - 1) * Math.log1p(-x) - logBeta(alpha, beta));
}

function lowerTail(alpha: number, beta: number, x: number): number {
  const front = Math.exp(alpha * Math.log(x) + beta * Math.log1p(-x) - logBeta(alpha, beta)) / alpha;
  if (front === 0) return 0;
  let c = 1;
  let d = 1 / atLeastTiny(1 - ((alpha + beta) * x) / (alpha + 1));
  let fraction = d;
  const most = 200 + 20 * Math.sqrt(Math.max(alpha, beta));
  for (let m = 1; m <= most; m += 1) {
    const even = (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m));
    d = 1 / atLeastTiny(1 + even * d);
    c = atLeastTiny(1 + even / c);
    fraction *= d * c;
    const odd = (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1));
    d = 1 / atLeastTiny(1 + odd * d);
    c = atLeastTiny(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return Math.min(1, front * fraction);
}

function atLeastTiny(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** ln B(a, b), written so that large logarithms do not cancel (DLMF 5.12.1 with the Stirling series 5.11.1). */
function logBeta(a: number, b: number): number {
  const [p, q] = a < b ? [a, b] : [b, a];
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const tail = stirlingTail(q) - stirlingTail(p + q);
  if (p < 10) return logGamma(p) + tail + p - p * Math.log(p + q) + (q - 0.5) * Math.log1p(-p / (p + q));
  return HALF_LOG_2PI - 0.5 * Math.log(q) + stirlingTail(p) + tail + (p - 0.5) * Math.log(p / (p + q)) + q * Math.log1p(-p / (p + q));
}

/** ln Γ(x): the Stirling series (DLMF 5.11.1) from 10 on, and the recurrence Γ(x + 1) = xΓ(x) up to there. */
function logGamma(x: number): number {
  let product = 1;
  let at = x;
  while (at < 10) {
    product *= at;
    at += 1;
  }
  return (at - 0.5) * Math.log(at) - at + HALF_LOG_2PI + stirlingTail(at) - Math.log(product);
}

/** Σ B₂ₖ / (2k(2k − 1)x^(2k−1)), for x ≥ 10. */
function stirlingTail(x: number): number {
  const square = 1 / (x * x);
  return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * (691 / 360360)))))) / x;
}
