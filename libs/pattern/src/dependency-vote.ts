import { editDistance } from './edit-distance.ts';

/** What the other rows of a group hold in a column: the rows that agree with the cell's row in the determinants of one dependency. */
export interface VoteSource {
  /** The dependency, for people: `zip → city`. */
  readonly name: string;
  /** Values of the other rows, the cell's own row left out; missing ones too. */
  readonly counts: readonly { readonly value: string | null; readonly count: number }[];
  /** Share of the column's cells that disagree with their group, over the table: how strictly the data keeps the dependency. */
  readonly disagreement: number;
  readonly determinant: readonly string[];
  /**
   * Chance that a row with a wrong determinant finds another group, times that of its other columns agreeing with that group as they do: 1 where
   * every value of the determinant has a group, and no column agrees.
   */
  readonly agreement: number;
  /** Other columns that do not agree with the group. */
  readonly refuted: number;
  /** Whether it is the dependency read backwards (what the group is told apart by): it holds only as far as the data says, and speaks for slips only. */
  readonly backwards: boolean;
  /** Whether the contract states it; what was learned from the data is trusted no more than the data keeps it. */
  readonly stated: boolean;
}

export interface VoteCell {
  readonly value: string | null;
  /** Whether the contract refuses the value, whatever the other rows say. */
  readonly fails: boolean;
  readonly accepts: (value: string | null) => boolean;
  /** Rows of the table that hold the value in this column. */
  readonly frequency: (value: string) => number;
  /** Rows that hold the cell's own value, without those in which a dependency disputes it that the table keeps strictly. */
  readonly undisputed: number;
  readonly sources: readonly VoteSource[];
}

/** The best attested other value of a cell. */
export interface Vote {
  readonly value: string;
  /** Probability that the value is right, among those attested and the one that stands there. */
  readonly probability: number;
  /** Rows that hold the value, over the dependencies that speak for it. */
  readonly support: number;
  readonly sources: readonly string[];
  /** Columns by which the groups that speak for it are told apart. */
  readonly determinants: readonly string[];
}

/** Share of cells that are wrong before anything is known of them. */
const ERROR = 0.03;
/** Chance that a row with a wrong determinant lands in another group that exists, given that its determinant is wrong. */
const ASTRAY = 0.3;
/** Rows from which on a value is one of the column's, and no slip of another. */
const HELD = 3;
/** Columns fail together: their agreement counts for no more than this. */
const LEAST_AGREEMENT = 0.02;
/** What each column that disagrees adds to that chance. */
const REFUTED = 20;
/** Chance that rows of a group are wrong together, as errors that were copied or made by one hand are; it falls with the square of the lead. */
const COMMON = 0.1;
/** The same for values that are no forms of each other: those are seldom copied into a whole group. */
const COMMON_FAR = 0.02;
/** Log odds that a refused cell should hold what no other row of its groups does, before they are asked. */
const UNATTESTED = Math.log(ERROR) - 1;

/**
 * Weighs what dependencies say of a cell (truth discovery over several of them, in log odds). Each source's voice is bounded by the chance
 * that the row stands in the wrong group, which its other columns confirm or refute; a value near to the attested one was probably a slip
 * of it; a value that the contract refuses is wrong in any case. Undefined where nothing but the present value is attested.
 */
export function weighVotes(cell: VoteCell): Vote | undefined {
  const candidates = new Set<string>();
  for (const { counts, backwards } of cell.sources)
    for (const { value } of counts)
      if (value !== null && value !== cell.value && cell.accepts(value) && (!backwards || nearness(cell.value, value) > 0)) candidates.add(value);
  if (candidates.size === 0) return undefined;
  const scored = [...candidates].map((value) => ({ value, odds: oddsOf(cell, value) }));
  // A value that the contract refuses is not in question; that the right one is attested nowhere always is.
  const own = cell.fails ? UNATTESTED + cell.sources.reduce((sum, source) => sum + voiceOf(source, undefined, true), 0) : oddsOf(cell, cell.value);
  scored.sort((a, b) => b.odds - a.odds || (a.value < b.value ? -1 : 1));
  const [best] = scored;
  if (best === undefined) return undefined;
  const total = scored.reduce((sum, one) => sum + Math.exp(one.odds - best.odds), 0) + Math.exp(own - best.odds);
  const speaking = cell.sources.filter(({ counts }) => speaksFor(counts, best.value));
  const support = Math.max(0, ...cell.sources.map(({ counts }) => counts.find(({ value }) => value === best.value)?.count ?? 0));
  return {
    value: best.value,
    probability: 1 / total,
    support,
    sources: speaking.map(({ name }) => name),
    determinants: [...new Set(speaking.flatMap(({ determinant }) => determinant))],
  };
}

/** Whether no other value stands more often. */
function speaksFor(counts: VoteSource['counts'], value: string): boolean {
  const most = Math.max(...counts.map((one) => (one.value === null ? 0 : one.count)));
  return most > 0 && counts.some((one) => one.value === value && one.count === most);
}

/** Log odds, up to a constant that all candidates of the cell share. */
function oddsOf(cell: VoteCell, candidate: string | null): number {
  let odds = candidate === cell.value ? Math.log(1 - ERROR) : Math.log(ERROR) + likeness(cell, candidate);
  const near = nearness(cell.value, candidate ?? null) > 0;
  for (const source of cell.sources) odds += voiceOf(source, candidate, near);
  return odds;
}

/** How well the present value is explained as a wrong form of the candidate, against any other wrong value. */
function likeness(cell: VoteCell, candidate: string | null): number {
  if (candidate === null) return -2;
  if (cell.value === null) return cell.fails ? 2 : 0;
  const near = nearness(cell.value, candidate);
  const rarer = Math.log((cell.frequency(candidate) + 1) / (cell.frequency(cell.value) + 1));
  if (near > 0) return 2.5 * near + 0.5 * clamp(rarer, -2, 3);
  // An error that lands on another value of the column is as much a chance as a determinant that strays into another group. A value that is
  // disputed wherever it stands is none of the column's, however often it stands: `ax` for `al` and `ak`.
  return 0.25 * clamp(rarer, -2, 2) + (cell.undisputed >= HELD ? Math.log(ASTRAY) : 0);
}

/** 1 for texts that differ in little, 0 from half of their characters on. */
export function nearness(a: string | null, b: string | null): number {
  if (a === null || b === null || a.length === 0 || b.length === 0 || a.length > 1000 || b.length > 1000) return 0;
  // Case alone is one slip, of a key or of a program, however many letters it changes.
  const apart = a.toLowerCase() === b.toLowerCase() ? Math.min(1, editDistance(a, b)) : editDistance(a, b);
  return Math.max(0, 1 - (2 * apart) / Math.max(a.length, b.length));
}

/** `undefined` stands for a value that no row holds. */
function voiceOf({ counts, disagreement, agreement, refuted, stated }: VoteSource, candidate: string | null | undefined, near: boolean): number {
  const wrong = clamp(disagreement, 0.01, 0.45);
  let others = 0;
  let most = 0;
  let own = 0;
  for (const { value, count } of counts) {
    if (value === null) continue;
    others += count;
    most = Math.max(most, count);
    if (value === candidate) own = count;
  }
  if (others === 0) return 0;
  // The group's rows copy each other's errors more often than chance would have it: evidence grows with the root beyond a few rows.
  const damped = (count: number): number => (count <= 4 ? count : 2 + Math.sqrt(count));
  const likelihood = Math.exp((damped(own) - damped(most)) * Math.log((1 - wrong) / (wrong / 2)));
  const strayed = ERROR * ASTRAY * Math.max(agreement, LEAST_AGREEMENT) * REFUTED ** Math.min(refuted, 2);
  const loose = stated ? wrong * 0.03 : wrong;
  const common = near ? COMMON : COMMON_FAR;
  const bound = clamp(Math.max(strayed, loose, common / (most - own + 1) ** 2), 0.0005, 0.9);
  return Math.log((1 - bound) * likelihood + bound);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
