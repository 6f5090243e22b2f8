/** Numbers that depend on the seed alone, on every machine. */
export interface Random {
  /** A 32-bit unsigned integer. */
  uint32(): number;
  /** In [0, 1), with 32 random bits. */
  unit(): number;
  /** An integer in [0, bound); `bound` at most 2^32. */
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** A generator of its own, so that one consumer's appetite does not change what another gets. */
  fork(label: string): Random;
}

/**
 * xoshiro128** (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47(4), 2021),
 * its 128 bits of state filled by SplitMix32 (the 32-bit finaliser of MurmurHash3 over a Weyl sequence), as its
 * authors advise. Not for secrets.
 */
export function randomFrom(seed: number): Random {
  let weyl = seed >>> 0;
  const splitMix = (): number => {
    weyl = (weyl + 0x9e3779b9) >>> 0;
    let mixed = weyl;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  let a = splitMix();
  let b = splitMix();
  let c = splitMix();
  // An all-zero state would stay zero for ever.
  let d = splitMix() | 1;

  const uint32 = (): number => {
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const unit = (): number => uint32() / 4294967296;
  const below = (bound: number): number => Math.floor(unit() * bound);

  return {
    uint32,
    unit,
    below,
    chance: (probability) => unit() < probability,
    pick: <T>(values: readonly T[]): T => {
      if (values.length === 0) throw new RangeError('nothing to pick from');
      return values[below(values.length)] as T;
    },
    fork: (label) => randomFrom(hash32(label, uint32())),
  };
}

/** FNV-1a over the UTF-16 units of a label, mixed with a number: seeds for forks. */
function hash32(label: string, salt: number): number {
  let hash = 0x811c9dc5 ^ salt;
  for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}

/** Picks an index with the given weights, by binary search over their running sums. */
export function weighted(weights: readonly number[]): (random: Random) => number {
  const sums: number[] = [];
  let total = 0;
  for (const weight of weights) sums.push((total += weight));
  if (!(total > 0)) throw new RangeError('weights must add up to more than nothing');
  return (random) => {
    const aim = random.unit() * total;
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] as number) > aim) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
