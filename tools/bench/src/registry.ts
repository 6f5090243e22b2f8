import type { Bench } from './bench.ts';

/** Every bench, in the order in which they run, with the bar that the README's table shows. */
export const BENCHES: readonly Bench[] = [];

/** The benches that `names` ask for, in the registry's order; all when none is named. Names that no bench has come back apart. */
export function chosen(
  names: readonly string[],
  benches: readonly Bench[] = BENCHES,
): { readonly benches: readonly Bench[]; readonly unknown: readonly string[] } {
  const known = new Set(benches.map((bench) => bench.name));
  return {
    benches: names.length === 0 ? benches : benches.filter((bench) => names.includes(bench.name)),
    unknown: names.filter((name) => !known.has(name)),
  };
}
