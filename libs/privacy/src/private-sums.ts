import { SkeinError } from '@skein/kernel';
import { cryptoBytes, type Bytes } from './chance.ts';
import { boundContributions, checkBounds, type Contribution, type ContributionBounds } from './contribution.ts';
import { discreteLaplace } from './discrete-laplace.ts';
import { floatOf, over, rational, textOf, times, type Rational } from './rational.ts';

export interface PrivateSumsAsk {
  /** Decimal text or a fraction, above zero: `0.5`, `1/3`. */
  readonly epsilon: string;
  readonly bounds: ContributionBounds;
  /**
   * The partitions of the answer, known beforehand. Without them the data says which there are, so a partition is only told when enough people are in
   * it, at the price of `delta` and of half of `epsilon`.
   */
  readonly partitions?: readonly string[];
  readonly delta?: string;
}

export interface PrivateSums {
  readonly partitions: readonly { readonly partition: string; readonly sum: bigint }[];
  /** What the answer costs: to be taken from the budget before it is shown. */
  readonly spent: { readonly epsilon: string; readonly delta: string };
  /** The scale of the noise on the sums: its standard deviation is about 1.41 times that. */
  readonly scale: string;
  /** Noisy people that a partition needed in order to be told. */
  readonly threshold?: bigint;
}

/**
 * Sums by partition under (ε, δ)-differential privacy for people (one person's rows added or taken away). Counts are sums of the value 1.
 *
 * Sensitivity is partitionsPerPerson × rowsPerPartition × max(|low|, |high|); noise is the exact discrete Laplace of that scale ÷ ε. A partition that
 * nobody knew beforehand is told when its people plus noise reach 1 + m, where a partition of one person passes with at most δ ÷ partitionsPerPerson.
 * @throws SKEIN_PRIVACY_INVALID
 */
export function privateSums(rows: readonly Contribution[], ask: PrivateSumsAsk, bytes: Bytes = cryptoBytes()): PrivateSums {
  checkBounds(ask.bounds);
  const epsilon = above('epsilon', ask.epsilon);
  const { partitionsPerPerson, rowsPerPartition, low, high } = ask.bounds;
  const reach = -low > high ? -low : high < 0n ? -low : high;
  const sensitivity: Rational = { numerator: BigInt(partitionsPerPerson) * BigInt(rowsPerPartition) * (reach === 0n ? 1n : reach), denominator: 1n };
  const known = ask.partitions;
  if (known && new Set(known).size !== known.length) throw new SkeinError('SKEIN_PRIVACY_INVALID', 'a partition stands twice in the answer that is asked for');
  const forSums = known ? epsilon : times(epsilon, { numerator: 1n, denominator: 2n });
  const scale = over(sensitivity, forSums);
  const asked = known ? new Set(known) : undefined;
  const bounded = boundContributions(asked ? rows.filter((row) => asked.has(row.partition)) : rows, ask.bounds, bytes);
  const held = new Map<string, { sum: bigint; people: Set<string> }>((known ?? []).map((partition) => [partition, { sum: 0n, people: new Set() }]));
  for (const row of bounded) {
    const partition = held.get(row.partition) ?? { sum: 0n, people: new Set<string>() };
    partition.sum += row.value;
    partition.people.add(row.person);
    held.set(row.partition, partition);
  }
  if (known)
    return {
      partitions: [...held].map(([partition, { sum }]) => ({ partition, sum: sum + discreteLaplace(scale, bytes) })),
      spent: { epsilon: textOf(epsilon), delta: '0' },
      scale: textOf(scale),
    };
  const delta = above('delta', ask.delta ?? '0');
  if (floatOf(delta) >= 1) throw new SkeinError('SKEIN_PRIVACY_INVALID', `delta is below 1, not ${textOf(delta)}`);
  const peopleScale = over({ numerator: BigInt(partitionsPerPerson), denominator: 1n }, forSums);
  const threshold = thresholdOf(peopleScale, over(delta, { numerator: BigInt(partitionsPerPerson), denominator: 1n }));
  return {
    // In the order of names: the order of the rows is nobody's business.
    partitions: [...held]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([partition, { sum, people }]) =>
        BigInt(people.size) + discreteLaplace(peopleScale, bytes) >= threshold ? [{ partition, sum: sum + discreteLaplace(scale, bytes) }] : [],
      ),
    spent: { epsilon: textOf(epsilon), delta: textOf(delta) },
    scale: textOf(scale),
    threshold,
  };
}

/**
 * 1 + the smallest m with P(noise ≥ m) ≤ delta. For the discrete Laplace P(noise ≥ m) = e^(−m/scale) ÷ (1 + e^(−1/scale)) < e^(−m/scale), so
 * m = ⌈scale · ln(1/delta)⌉ is enough; one more makes up for rounding. No data goes into it, so floats do no harm.
 */
function thresholdOf(scale: Rational, delta: Rational): bigint {
  const m = Math.ceil(floatOf(scale) * -Math.log(floatOf(delta))) + 1;
  if (!Number.isSafeInteger(m)) throw new SkeinError('SKEIN_PRIVACY_INVALID', `delta ${textOf(delta)} is too small for a threshold`);
  return 1n + BigInt(m);
}

function above(name: string, text: string): Rational {
  const value = rational(text);
  if (value.numerator === 0n) throw new SkeinError('SKEIN_PRIVACY_INVALID', `${name} is above zero`);
  return value;
}
