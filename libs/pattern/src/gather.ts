import type { Example } from './column-facts.ts';
import { learn } from './example/learn.ts';
import type { Column, Reading } from './family/family.ts';
import { LIBRARY } from './family/library.ts';
import { candidateOf, standing, type Candidate } from './weigh.ts';

/** What it took to try one family on a gap. */
export interface FamilyTrial {
  readonly family: string;
  /** Readings that the family offered, and those of them that were tried on the values. */
  readonly offered: number;
  readonly tried: number;
  readonly milliseconds: number;
}

/** The lowest tier that a family's readings have, where it is not 0: it need not be asked while lower ones decide every value. */
export const LOWEST_TIER: Readonly<Partial<Record<string, 1 | 2>>> = { embedded: 1, code: 1 };

interface Waiting {
  readonly family: string;
  readonly place: number;
  readonly reading: Reading;
}

/**
 * The readings of a gap that can matter, tried on its values, in the order of the library whatever the order of `families`.
 *
 * Families are tried in the order given. Once readings of the tiers up to some tier decide every value, readings of higher tiers cannot change the outcome and
 * are left out: a value is decided by its lowest tier alone; readings beat, dispute and exclude others of their own tier only; and a meaning, which is
 * weighed over all tiers, is always tried, with every reading of its tier. That is asked again after each family and at the end, when all of the
 * tiers that decide are complete. So an order that has the deciding family first tries fewer readings, and no order finds anything else.
 */
export function gather(
  column: Column,
  examples: readonly Example[],
  families: readonly string[],
): { readonly candidates: readonly Candidate[]; readonly trials: readonly FamilyTrial[] } {
  // Labels lift tiers and bring meanings into play; values that the contract accepts are decided by none.
  const lazy = examples.length === 0 && column.values.every(({ fails }) => fails);
  const found: { family: string; place: number; candidate: Candidate }[] = [];
  const trials = new Map<string, { offered: number; tried: number; milliseconds: number }>();
  let waiting: Waiting[] = [];
  let asleep: string[] = [];
  let reach = Infinity;

  const timed = (family: string, work: (trial: { offered: number; tried: number; milliseconds: number }) => void): void => {
    const trial = trials.get(family) ?? { offered: 0, tried: 0, milliseconds: 0 };
    trials.set(family, trial);
    const start = performance.now();
    work(trial);
    trial.milliseconds += performance.now() - start;
  };
  const matters = ({ tier, meaning }: Pick<Reading, 'tier' | 'meaning'>): boolean => !lazy || meaning !== undefined || tier <= reach;
  const attempt = ({ family, place, reading }: Waiting): void =>
    timed(family, (trial) => {
      trial.tried += 1;
      const candidate = candidateOf(column, reading, examples);
      if (candidate !== undefined) found.push({ family, place, candidate });
    });
  const ask = (family: string): void => {
    let offered: readonly Reading[] = [];
    timed(family, (trial) => {
      offered = LIBRARY[family]?.(column) ?? [];
      trial.offered += offered.length;
    });
    for (const [place, reading] of offered.entries()) {
      if (matters(reading)) attempt({ family, place, reading });
      else waiting.push({ family, place, reading });
    }
  };

  for (const family of families) {
    if (lazy && (LOWEST_TIER[family] ?? 0) > reach) {
      asleep.push(family);
      continue;
    }
    const before = found.length;
    ask(family);
    if (lazy && found.length > before) reach = deciding(column, found);
  }
  while (lazy) {
    const ready = waiting.filter(({ reading }) => matters(reading));
    const woken = asleep.filter((family) => (LOWEST_TIER[family] ?? 0) <= reach);
    if (ready.length + woken.length === 0) break;
    waiting = waiting.filter((one) => !ready.includes(one));
    asleep = asleep.filter((one) => !woken.includes(one));
    for (const family of woken) ask(family);
    for (const one of ready) attempt(one);
    reach = deciding(column, found);
  }

  const order = Object.keys(LIBRARY);
  found.sort((a, b) => order.indexOf(a.family) - order.indexOf(b.family) || a.place - b.place);
  const candidates = found.map(({ candidate }) => candidate);
  if (examples.length > 0) {
    for (const reading of learn(column, examples)) {
      const candidate = candidateOf(column, reading, examples);
      if (candidate !== undefined) candidates.push(candidate);
    }
  }
  return { candidates, trials: [...trials].map(([family, trial]) => ({ family, ...trial })) };
}

/** The highest tier that must be complete for what was found to be all that matters; infinite while a value is decided by none. */
function deciding(column: Column, found: readonly { readonly candidate: Candidate }[]): number {
  const candidates = found.map(({ candidate }) => candidate);
  const lowest = new Array<number>(column.values.length).fill(Infinity);
  for (const { says, tier } of standing(column, candidates, () => true)) {
    for (const index of says.keys()) if (tier < (lowest[index] ?? Infinity)) lowest[index] = tier;
  }
  let reach = 0;
  for (const tier of lowest) if (tier > reach) reach = tier;
  // A meaning is weighed over all tiers, and stands as far as readings of its own do not beat it.
  for (const { reading, tier } of candidates) if (reading.meaning !== undefined && tier > reach) reach = tier;
  return reach;
}
