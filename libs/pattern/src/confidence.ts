import { betaCdf, betaDensity, betaQuantile, type Beta } from './confidence-beta.ts';
import { totalEvidence } from './evidence.ts';
import type { Pattern } from './pattern.ts';

export interface ConfidenceOptions {
  /** What is believed before any outcome; default the uniform Beta(1, 1). */
  readonly prior?: Beta;
  /** Outcomes that one agent can contribute at most, so that no single one outweighs the swarm; default no bound. */
  readonly perAgent?: number;
}

/**
 * The posterior of a pattern's success rate: Beta(α + Σs, β + Σf) over verified applications. Its discovery adds one pseudo-count in all,
 * split as the held-back test came out, however many cells were tested and however many agents found it: the same code on the same kind of
 * values proves nothing new by finding the same.
 */
export function posterior(pattern: Pick<Pattern, 'evidence' | 'test'>, { prior = { alpha: 1, beta: 1 }, perAgent }: ConfidenceOptions = {}): Beta {
  const { successes, failures } = totalEvidence(pattern.evidence, perAgent);
  const found = pattern.test.cells > 0 ? pattern.test.passed / pattern.test.cells : 0;
  const count = pattern.test.cells > 0 ? 1 : 0;
  return { alpha: prior.alpha + successes + found, beta: prior.beta + failures + count - found };
}

/** The success rate that the solution exceeds with 95 % certainty. */
export function confidence(shape: Beta): number {
  return betaQuantile(shape, 0.05);
}

/** Whether the solution may be applied without asking: its 5 % quantile reaches the domain's threshold. */
export function mayApply(shape: Beta, threshold: number): boolean {
  // P(θ ≤ threshold) ≤ 5 % says the same, for one evaluation instead of a search.
  return betaCdf(shape, threshold) <= 0.05;
}

/** Which of two solutions of one gap is the better, or that the evidence does not decide and somebody must. */
export function prefer(one: Beta, other: Beta, certainty = 0.95): 'one' | 'other' | 'arbitrate' {
  const better = probabilityGreater(one, other);
  if (better >= certainty) return 'one';
  return 1 - better >= certainty ? 'other' : 'arbitrate';
}

/** Where the quadrature is divided: quantiles, so that every panel holds a like share of the mass, however narrow the peak. */
const DIVISIONS = [1e-12, 1e-8, 1e-5, 1e-3, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98, 1 - 1e-3, 1 - 1e-5, 1 - 1e-8, 1 - 1e-12];
/** Abscissas and weights of the Gauss–Legendre rule of order 10 on [−1, 1], positive half (NIST DLMF table 3.5.2). */
const GAUSS = [
  [0.14887433898163122, 0.29552422471475287],
  [0.4333953941292472, 0.26926671930999635],
  [0.6794095682990244, 0.21908636251598204],
  [0.8650633666889845, 0.1494513491505806],
  [0.9739065285171717, 0.06667134430868814],
] as const;

/**
 * P(θ₁ > θ₂) for independent θ₁ ~ Beta, θ₂ ~ Beta: ∫ f₁(x) F₂(x) dx, by Gauss–Legendre quadrature on panels between the quantiles of both.
 * Absolute error below 1e-7 for shapes from 1 on.
 */
export function probabilityGreater(one: Beta, other: Beta): number {
  if (one.alpha === other.alpha && one.beta === other.beta) return 0.5;
  const [low, high] = [betaQuantile(one, DIVISIONS[0] as number), betaQuantile(one, DIVISIONS.at(-1) as number)];
  const inside = DIVISIONS.flatMap((p) => [betaQuantile(one, p), betaQuantile(other, p)]).filter((x) => x >= low && x <= high);
  const edges = [...new Set(inside)].sort((a, b) => a - b);
  let sum = 0;
  for (let panel = 1; panel < edges.length; panel += 1) {
    const [from, to] = [edges[panel - 1] as number, edges[panel] as number];
    const [middle, half] = [(from + to) / 2, (to - from) / 2];
    for (const [at, weight] of GAUSS) {
      for (const x of [middle - half * at, middle + half * at]) sum += half * weight * betaDensity(one, x) * betaCdf(other, x);
    }
  }
  return Math.min(1, Math.max(0, sum));
}

/** One application that was foretold with a probability, and how it came out. */
export interface Forecast {
  readonly probability: number;
  readonly success: boolean;
}

/**
 * Expected calibration error: over bins of equal width, the gap between mean forecast and share of successes, weighted by the bin's share of
 * the forecasts (M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015).
 * 0 is perfect; undefined without forecasts, which say nothing.
 */
export function calibrationError(forecasts: readonly Forecast[], bins = 10): number | undefined {
  if (forecasts.length === 0) return undefined;
  const cells = Array.from({ length: bins }, () => ({ count: 0, foretold: 0, came: 0 }));
  for (const { probability, success } of forecasts) {
    if (!(probability >= 0 && probability <= 1)) throw new RangeError(`${probability} is not a probability`);
    const cell = cells[Math.min(bins - 1, Math.floor(probability * bins))] as (typeof cells)[number];
    cell.count += 1;
    cell.foretold += probability;
    cell.came += success ? 1 : 0;
  }
  return cells.reduce((sum, { foretold, came }) => sum + Math.abs(foretold - came), 0) / forecasts.length;
}
