/**
 * A book of demand curves: what share of buyers would pay each price of a ladder. Every curve falls as prices rise, so what one price teaches holds
 * for all others; the curves differ in where buyers' limits lie, how far they spread, how many would never buy, and whether there are several
 * kinds of buyers.
 */
export interface DemandBook {
  readonly prices: number;
  readonly curves: number;
  /** Share of buyers at each price, curve after curve. */
  readonly acceptance: Float64Array;
  /** What each curve is trusted with before anything was seen; the sum is 1. */
  readonly prior: Float64Array;
  /** The price that earns most under each curve. */
  readonly best: Int32Array;
}

/** Spreads of the logarithm of buyers' limits, from nearly one limit for all to almost none. */
const SPREADS = [0.08, 0.16, 0.28, 0.45, 0.7, 1.1, 1.7];
/** Shares of people who look and may buy at all. */
const BUYERS = [1, 0.7, 0.45, 0.25, 0.1];
const CENTRES = 28;
/** Curves of two to four kinds of buyers, each kind nearly of one mind. */
const MIXED = 900;
const MIXED_SPREADS = [0.03, 0.08, 0.16, 0.3];
/** All of them together, before anything was seen. */
const MIXED_TRUSTED = 0.25;
/** No curve is ever sure: a buyer may click wrongly, or be no person. */
const SURE = 0.002;

/** The book over prices given as shares of the ceiling, rising. */
export function demandBook(relative: readonly number[]): DemandBook {
  const logs = relative.map(Math.log);
  const [low, high] = [logs[0] as number, logs.at(-1) as number];
  const reach = Math.max(0.5, high - low);
  const rows: { row: number[]; weight: number }[] = [];
  const add = (share: (log: number) => number, weight: number): void => {
    rows.push({ row: logs.map((log) => SURE + (1 - 2 * SURE) * share(log)), weight });
  };
  for (let centre = 0; centre < CENTRES; centre += 1) {
    // Limits may lie beyond the ladder on both sides.
    const at = low - 0.35 * reach + (1.7 * reach * centre) / (CENTRES - 1);
    for (const spread of SPREADS) for (const buyers of BUYERS) add((log) => buyers * above((log - at) / spread), 1);
  }
  const singles = rows.length;
  const lot = lots();
  for (let mixed = 0; mixed < MIXED; mixed += 1) {
    const kinds = Array.from({ length: 2 + Math.floor(lot() * 3) }, () => ({
      share: -Math.log(1 - lot()),
      at: low - 0.05 * reach + 1.1 * reach * lot(),
      spread: MIXED_SPREADS[Math.floor(lot() * MIXED_SPREADS.length)] as number,
    }));
    const all = kinds.reduce((sum, { share }) => sum + share, 0);
    add((log) => kinds.reduce((sum, kind) => sum + (kind.share / all) * above((log - kind.at) / kind.spread), 0), 0);
  }
  const acceptance = new Float64Array(rows.length * relative.length);
  const prior = new Float64Array(rows.length);
  const best = new Int32Array(rows.length);
  for (const [curve, { row, weight }] of rows.entries()) {
    acceptance.set(row, curve * relative.length);
    prior[curve] = weight === 1 ? (1 - MIXED_TRUSTED) / singles : MIXED_TRUSTED / MIXED;
    let earns = -1;
    for (const [at, share] of row.entries())
      if (share * (relative[at] as number) > earns) {
        earns = share * (relative[at] as number);
        best[curve] = at;
      }
  }
  return { prices: relative.length, curves: rows.length, acceptance, prior, best };
}

/** The upper tail of the normal distribution, by Abramowitz and Stegun 26.2.17 (error below 7.5e-8). */
function above(z: number): number {
  if (z < 0) return 1 - above(-z);
  const t = 1 / (1 + 0.231_641_9 * z);
  const tail = t * (0.319_381_53 + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * tail;
}

/** The same lots in every book: a congruence of 32 bits. */
function lots(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
