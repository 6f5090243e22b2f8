import { setTimeout as pause } from 'node:timers/promises';
import { joinRedisBoard } from '@skein/adapter-redis';
import { evaluate, mayApply, patternId, posterior, propose, type Evidence, type Pattern, type Tally } from '@skein/pattern';
import { solveOnce, type PatternBoard } from '@skein/ports';
import type { TableFile } from './swarm-learning-data.ts';
import { Channel } from './swarm-learning-pubsub.ts';
import { random } from './swarm-learning-random.ts';
import { Tables, type Attempt, type Occurrence } from './swarm-learning-table.ts';

export type Mode = 'off' | 'pubsub' | 'streams';

export interface WorkerOptions {
  readonly mode: Mode;
  readonly agent: string;
  readonly url: string;
  readonly migration: string;
  readonly seed: number;
  /** Milliseconds that a resolution takes beside what it is measured to take. */
  readonly delay: readonly [least: number, most: number];
}

export type ToWorker = { readonly start: WorkerOptions } | { readonly table: TableFile | undefined };
export type FromWorker = { readonly ready: true } | { readonly next: true } | { readonly report: WorkerReport };

/** What a worker counted. Times of day are of the machine's monotonic clock, in milliseconds, so that those of its processes compare. */
export interface WorkerReport {
  readonly agent: string;
  readonly joined: number;
  readonly alive: number;
  readonly busy: number;
  /** Seconds of processor time since it joined. */
  readonly cpu: number;
  readonly occurrences: number;
  readonly keys: readonly string[];
  readonly resolutions: number;
  /** Gaps for which the synthesiser had nothing. */
  readonly unsolved: number;
  readonly cells: number;
  readonly applied: number;
  readonly wrong: number;
  readonly rechecks: number;
  readonly refusedPatterns: number;
  readonly solveMs: readonly number[];
  readonly recheckMs: readonly number[];
  readonly hitUs: readonly number[];
  readonly forecasts: readonly (readonly [probability: number, success: boolean])[];
  readonly published: readonly (readonly [id: string, at: number])[];
  readonly heard: readonly (readonly [id: string, at: number])[];
}

/** The success rate that a pattern must exceed with 95 % certainty. */
const THRESHOLD = 0.9;
const LEASE_MS = 60_000;
/** A solution that leaves more of a gap open does not fit it. */
const LEAST_SHARE = 0.5;

const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
const tell = (message: FromWorker): void => void process.send?.(message);

/** One worker: takes tables, finds the gaps in them, closes each by what is known or by solving it, and shares what it found. */
class Worker {
  readonly #options: WorkerOptions;
  readonly #tables: Tables;
  readonly #board: PatternBoard | undefined;
  readonly #channel: Channel | undefined;
  readonly #random: () => number;
  /** Patterns that this worker has made or rechecked, and those that it will not use. */
  readonly #trusted = new Set<string>();
  readonly #distrusted = new Set<string>();
  readonly #tallies = new Map<string, Tally>();
  readonly #told = new Map<string, number>();
  readonly #aside = new Set<Promise<void>>();
  readonly #seen = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #joined = now();
  readonly #cpu = process.cpuUsage();
  #busySince = 0;
  #depth = 0;
  readonly #counts = { busy: 0, occurrences: 0, resolutions: 0, unsolved: 0, cells: 0, applied: 0, wrong: 0, rechecks: 0, refusedPatterns: 0 };
  readonly #lists = {
    solveMs: [] as number[],
    recheckMs: [] as number[],
    hitUs: [] as number[],
    forecasts: [] as [number, boolean][],
    published: [] as [string, number][],
    heard: [] as [string, number][],
  };

  constructor(options: WorkerOptions, tables: Tables, board: PatternBoard | undefined, channel: Channel | undefined) {
    this.#options = options;
    this.#tables = tables;
    this.#board = board;
    this.#channel = channel;
    this.#random = random(options.seed);
    const hear = (key: string): void => {
      for (const pattern of this.#lookup(key)) {
        // Weighed when the news comes, so that a hit is a look into a map.
        trustOf(pattern);
        const { id, evidence } = pattern;
        if (this.#seen.has(id) || evidence[options.agent] !== undefined) continue;
        this.#seen.add(id);
        this.#lists.heard.push([id, now()]);
      }
    };
    board?.onChange(hear);
    channel?.cache.onChange(hear);
  }

  async run(next: () => Promise<TableFile | undefined>): Promise<WorkerReport> {
    for (let table = await next(); table !== undefined; table = await next()) {
      const of = table;
      for (const occurrence of await this.#busy(() => this.#tables.scan(of))) {
        this.#counts.occurrences += 1;
        this.#counts.cells += occurrence.gap.cells;
        this.#keys.add(occurrence.key);
        await this.#close(occurrence);
      }
    }
    await Promise.all(this.#aside);
    const { agent } = this.#options;
    const { user, system } = process.cpuUsage(this.#cpu);
    return { agent, cpu: (user + system) / 1e6, joined: this.#joined, alive: now() - this.#joined, keys: [...this.#keys], ...this.#counts, ...this.#lists };
  }

  /** Closes a gap by what is known. Else solves it; or, where another is solving it, puts it aside and goes on. */
  async #close(occurrence: Occurrence): Promise<void> {
    const start = performance.now();
    const known = this.#choose(this.#lookup(occurrence.key));
    if (known !== undefined) this.#lists.hitUs.push((performance.now() - start) * 1_000);
    if (known !== undefined && (await this.#busy(() => this.#use(known, occurrence)))) return;
    if (this.#board !== undefined) {
      const { board, parked } = watched(this.#board);
      const closing = this.#closeOnce(board, occurrence);
      this.#aside.add(closing);
      void closing.finally(() => this.#aside.delete(closing)).catch(() => undefined);
      await Promise.race([closing, parked]);
      return;
    }
    const pattern = await this.#solve(occurrence);
    if (pattern !== undefined) await this.#channel?.tell({ kind: 'pattern', pattern });
  }

  async #closeOnce(board: PatternBoard, occurrence: Occurrence): Promise<void> {
    for (;;) {
      let solved = false;
      const pattern = await solveOnce({
        board,
        signatureKey: occurrence.key,
        ttl: LEASE_MS,
        choose: (patterns) => this.#choose(patterns),
        solve: async () => {
          const found = await this.#solve(occurrence);
          solved = found !== undefined;
          return found;
        },
      });
      if (solved || pattern === undefined || (await this.#busy(() => this.#use(pattern, occurrence)))) return;
    }
  }

  #lookup(key: string): readonly Pattern[] {
    return (this.#board ?? this.#channel?.cache)?.lookup(key) ?? [];
  }

  /** The pattern with the most to be said for it, of those that may be applied. */
  #choose(patterns: readonly Pattern[]): Pattern | undefined {
    let best: Pattern | undefined;
    for (const pattern of patterns) {
      if (this.#distrusted.has(pattern.id) || pattern.solution.kind !== 'expression' || !trustOf(pattern).may) continue;
      if (best === undefined || trustOf(pattern).mean > trustOf(best).mean) best = pattern;
    }
    return best;
  }

  /**
   * Applies a pattern that is known. It is checked before it runs, and its outcome by the contract; on the streams' board a pattern of another is
   * also held against what the own library says of the same values, once, because evidence on a board is hearsay. Returns whether the gap is closed.
   */
  async #use(pattern: Pattern, occurrence: Occurrence): Promise<boolean> {
    if (pattern.solution.kind !== 'expression') return false;
    const trusted = this.#trusted.has(pattern.id);
    if (!trusted && !(await this.#tables.allows(pattern.solution))) {
      void this.#board?.reject(pattern.id, 'the allow-list refuses it').catch(() => undefined);
      return this.#distrust(pattern, 0);
    }
    const attempt = await this.#tables.attempt(occurrence, pattern.id, pattern.solution);
    const fits = attempt.refused === 0 && attempt.touched >= attempt.cells * LEAST_SHARE;
    if (!fits || (!trusted && this.#board !== undefined && !this.#agrees(attempt, occurrence))) {
      await this.#tables.undo(occurrence);
      return this.#distrust(pattern, attempt.refused);
    }
    this.#trusted.add(pattern.id);
    this.#applied(pattern, attempt);
    await this.#attest(pattern);
    return true;
  }

  /** Whether the own library, asked about the same gap, says what the attempt made of it. It takes milliseconds, where finding out takes the declared delay. */
  #agrees({ outcomes }: Attempt, { gap, facts }: Occurrence): boolean {
    const start = performance.now();
    const outcome = propose(gap, facts);
    let [same, other] = [0, 0];
    for (const { value } of gap.values) {
      if (value === null || outcome.kind !== 'solutions') continue;
      const said = outcome.ranked.map(({ program }) => evaluate(program, { value })).find(({ touched }) => touched);
      if (said === undefined || !outcomes.has(value)) continue;
      if (said.value === outcomes.get(value)) same += 1;
      else other += 1;
    }
    this.#counts.rechecks += 1;
    this.#lists.recheckMs.push(performance.now() - start);
    return other === 0 && same >= gap.values.length * LEAST_SHARE;
  }

  /** One resolution: the delay that is declared, and the synthesiser as it is. The solution is tried on the gap before anyone hears of it. */
  #solve(occurrence: Occurrence): Promise<Pattern | undefined> {
    return this.#busy(async () => {
      this.#counts.resolutions += 1;
      const [least, most] = this.#options.delay;
      await pause(least + (most - least) * this.#random());
      const start = performance.now();
      const outcome = propose(occurrence.gap, occurrence.facts);
      this.#lists.solveMs.push(performance.now() - start);
      const best = outcome.kind === 'solutions' ? outcome.ranked[0] : undefined;
      if (best === undefined) {
        this.#counts.unsolved += 1;
        return undefined;
      }
      const { category, solution, test } = best;
      const { signature, context } = occurrence.gap;
      const found: Pattern = { id: patternId({ category, signature, solution }), category, signature, context, solution, test, evidence: {} };
      const attempt = await this.#tables.attempt(occurrence, found.id, solution);
      if (attempt.refused > 0) {
        await this.#tables.undo(occurrence);
        this.#counts.unsolved += 1;
        return undefined;
      }
      this.#trusted.add(found.id);
      this.#applied(found, attempt);
      this.#lists.published.push([found.id, now()]);
      return { ...found, evidence: this.#own(found.id) };
    });
  }

  #applied(pattern: Pattern, { touched, wrong }: Attempt): void {
    this.#lists.forecasts.push([trustOf(pattern).mean, wrong === 0]);
    this.#counts.applied += touched;
    this.#counts.wrong += wrong;
    const { successes, failures } = this.#tallies.get(pattern.id) ?? { successes: 0, failures: 0 };
    // The evidence is the contract's verdict. The truth is for the figures alone.
    this.#tallies.set(pattern.id, { successes: successes + touched, failures });
  }

  #own(id: string): Evidence {
    return { [this.#options.agent]: this.#tallies.get(id) ?? { successes: 0, failures: 0 } };
  }

  /** Shares the outcomes whenever they have doubled: what a hundredth success adds to a hundred is not worth a message. */
  async #attest({ id }: Pattern): Promise<void> {
    const { agent } = this.#options;
    const tally = this.#tallies.get(id);
    if (tally === undefined || tally.successes < 2 * (this.#told.get(id) ?? 0)) return;
    this.#told.set(id, tally.successes);
    // Kept and sent later where the board is away: nobody waits for it.
    void this.#board?.evidence(id, agent, tally).catch(() => undefined);
    await this.#channel?.tell({ kind: 'evidence', id, agent, tally });
  }

  /**
   * This worker will not use the pattern again. That it failed here, or that the own library reads the values otherwise, is no proof for the others: they
   * hear of the failures, and look for themselves.
   */
  #distrust({ id }: Pattern, failed: number): false {
    this.#distrusted.add(id);
    this.#counts.refusedPatterns += 1;
    const { successes, failures } = this.#tallies.get(id) ?? { successes: 0, failures: 0 };
    if (failed === 0) return false;
    const tally = { successes, failures: failures + failed };
    this.#tallies.set(id, tally);
    void this.#board?.evidence(id, this.#options.agent, tally).catch(() => undefined);
    return false;
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    if (this.#depth++ === 0) this.#busySince = now();
    try {
      return await work();
    } finally {
      if (--this.#depth === 0) this.#counts.busy += now() - this.#busySince;
    }
  }
}

interface Trust {
  readonly mean: number;
  readonly may: boolean;
}

const trusts = new WeakMap<Pattern, Trust>();

/** What the evidence says of a pattern. A board never changes a pattern that it has given out: new evidence is a new object. */
function trustOf(pattern: Pattern): Trust {
  const known = trusts.get(pattern);
  if (known !== undefined) return known;
  const shape = posterior(pattern);
  const trust = { mean: shape.alpha / (shape.alpha + shape.beta), may: mayApply(shape, THRESHOLD) };
  trusts.set(pattern, trust);
  return trust;
}

/** A board that says when its member parks, so that the caller can go on with other work. */
function watched(board: PatternBoard): { board: PatternBoard; parked: Promise<void> } {
  let tellParked: () => void = () => undefined;
  const parked = new Promise<void>((resolve) => {
    tellParked = resolve;
  });
  const park: PatternBoard['park'] = (key) => {
    tellParked();
    return board.park(key);
  };
  const watching: PatternBoard = {
    agent: board.agent,
    park,
    lookup: (key) => board.lookup(key),
    rejection: (id) => board.rejection(id),
    knowledge: () => board.knowledge(),
    counts: () => board.counts(),
    publish: (pattern, lease) => board.publish(pattern, lease),
    evidence: (id, agent, tally) => board.evidence(id, agent, tally),
    reject: (id, reason) => board.reject(id, reason),
    onChange: (listener) => board.onChange(listener),
    rewards: () => board.rewards(),
    reward: (earned) => board.reward(earned),
    claim: (key, ttl, attempt) => board.claim(key, ttl, attempt),
    release: (lease, vain) => board.release(lease, vain),
    close: () => board.close(),
  };
  return { board: watching, parked };
}

let given: (table: TableFile | undefined) => void = () => undefined;
async function work(options: WorkerOptions): Promise<void> {
  const tables = await Tables.open();
  const board = options.mode === 'streams' ? await joinRedisBoard({ ...options, patience: 60_000 }) : undefined;
  const channel = options.mode === 'pubsub' ? await Channel.join(options.url, options.migration) : undefined;
  const next = (): Promise<TableFile | undefined> =>
    new Promise((resolve) => {
      given = resolve;
      tell({ next: true });
    });
  const report = await new Worker(options, tables, board, channel).run(next);
  await board?.close();
  channel?.close();
  tables.close();
  tell({ report });
}

process.on('message', (message: ToWorker) => {
  if ('start' in message) {
    void work(message.start).catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  } else given(message.table);
});
// A parent that is gone wants no answer.
process.on('disconnect', () => process.exit(0));
tell({ ready: true });
