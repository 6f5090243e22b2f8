import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SkeinError } from '@skein/kernel';
import { PatternSet, readKnowledge, withinEvidence, type Earned, type Knowledge, type News, type Pattern, type Rewards, type Tally } from '@skein/pattern';
import {
  BoardCache,
  checkAgent,
  checkAttempt,
  checkTtl,
  newsFrom,
  newsText,
  NEW_VALUES_FACTOR,
  vainNote,
  type Attempt,
  type BoardCounts,
  type ClaimAnswer,
  type Lease,
  type ParkAnswer,
  type PatternBoard,
  type VainAttempt,
} from '@skein/ports';
import type { Redis } from 'ioredis';
import { connection, isPassing, lacks } from './connection.ts';
import { Outbox, type Letter } from './outbox.ts';
import { CLAIM, COMPACT, READ, RELEASE, TELL } from './scripts.ts';
import { FIRST, isAfter } from './stream-id.ts';

export interface RedisBoardOptions {
  /** Such as `redis://127.0.0.1:6379/0`, or `rediss://user:password@host:port`. */
  readonly url: string;
  /** Names the swarm's board: members of one migration share what they learn. */
  readonly migration: string;
  /** Unique for the life of the process. */
  readonly agent: string;
  /** Before every key and channel; default none. */
  readonly prefix?: string;
  /** Entries of the stream above which it is folded into a snapshot; default 5,000. */
  readonly compactAbove?: number;
  /** Milliseconds for which joining, claiming and releasing wait for a Redis that is away; default 10,000. */
  readonly patience?: number;
  /** Takes what the Redis lacks to keep what it acknowledges; default a process warning. */
  readonly warn?: (message: string) => void;
}

const PAGE = 1_000;
const BATCH = 256;
const TICK_MS = 1_000;
const RETRY_MS = 50;
const DRAIN_MS = 2_000;

/**
 * Joins a board on Redis (6.2 or later, with an append-only file). Keys, below the prefix: the stream `migration.{id}.patterns`, in which every
 * piece of news is an entry, and beside it `.fences`, `.snapshot`, `.lease.<signature key>` and `.vain.<signature key>.<basis>`; the braces keep them in one slot of a cluster. The stream is
 * the truth. The channel of the same name is a hint that carries the entry, so that it arrives without a second look, and names the entry before it, so that a
 * member that missed one reads the stream. Every second, and after every loss of a connection, a member compares itself with Redis, and tells it
 * what it has lost. Throws SKEIN_BOARD_UNAVAILABLE when no Redis answers, SKEIN_CONFIG_INVALID.
 */
export async function joinRedisBoard(options: RedisBoardOptions): Promise<PatternBoard> {
  checkAgent(options.agent);
  if (!/^[\w.:-]{1,128}$/.test(options.migration)) {
    throw new SkeinError('SKEIN_CONFIG_INVALID', `migration ${JSON.stringify(options.migration)} is no name of letters, digits, dot, colon, dash`);
  }
  const board = new RedisBoard(options);
  try {
    await board.open();
  } catch (error) {
    await board.close();
    throw error;
  }
  return board;
}

class RedisBoard implements PatternBoard {
  readonly agent: string;
  readonly #cache = new BoardCache();
  readonly #outbox = new Outbox();
  readonly #commands: Redis;
  readonly #hints: Redis;
  readonly #stream: string;
  readonly #compactAbove: number;
  readonly #patience: number;
  readonly #warn: (message: string) => void;
  /** Every entry up to here has been applied. */
  #cursor = FIRST;
  #refused = 0;
  #closed = false;
  #sending = false;
  #reading: Promise<void> | undefined;
  #tick: NodeJS.Timeout | undefined;
  readonly #expiries = new Map<string, NodeJS.Timeout>();

  constructor({
    url,
    migration,
    agent,
    prefix = '',
    compactAbove = 5_000,
    patience = 10_000,
    warn = (message) => process.emitWarning(message),
  }: RedisBoardOptions) {
    this.agent = agent;
    this.#stream = `${prefix}migration.{${migration}}.patterns`;
    this.#compactAbove = compactAbove;
    this.#patience = patience;
    this.#warn = warn;
    this.#commands = connection(url, agent.replaceAll(/[^\w.-]/g, '_'));
    this.#hints = connection(url, `${agent.replaceAll(/[^\w.-]/g, '_')}-hints`);
  }

  async open(): Promise<void> {
    this.#hints.on('message', (_channel: string, message: string) => this.#hear(message));
    // What was told while nobody listened stands in the stream.
    this.#hints.on('ready', () => void this.#hints.subscribe(this.#stream).then(() => this.#catchUp(), ignore));
    this.#commands.on('ready', () => void this.#returned());
    // The first attempt may fail: the connections go on by themselves.
    this.#commands.connect().catch(ignore);
    this.#hints.connect().catch(ignore);
    for (const lack of await this.#patiently(() => lacks(this.#commands))) this.#warn(`Redis of the pattern board: ${lack}`);
    await this.#patiently(async () => {
      if (this.#hints.status !== 'ready') throw new Error('the channel is not subscribed yet');
      await this.#hints.subscribe(this.#stream);
    });
    await this.#patiently(() => this.#compare());
    this.#tick = setInterval(() => void this.#look(), TICK_MS);
  }

  lookup(signatureKey: string): readonly Pattern[] {
    return this.#cache.lookup(signatureKey);
  }

  rejection(patternId: string): string | undefined {
    return this.#cache.rejection(patternId);
  }

  rewards(): Rewards {
    return this.#cache.rewards();
  }

  knowledge(): Knowledge {
    return this.#cache.knowledge();
  }

  counts(): BoardCounts {
    return { patterns: this.#cache.size, refused: this.#refused, unsent: this.#outbox.size };
  }

  onChange(listener: (signatureKey: string) => void): () => void {
    return this.#cache.onChange(listener);
  }

  async publish(pattern: Pattern, lease?: Lease): Promise<void> {
    await this.#post({ kind: 'pattern', pattern }, lease);
  }

  async evidence(patternId: string, agent: string, tally: Tally): Promise<void> {
    await this.#post({ kind: 'evidence', id: patternId, agent, tally });
  }

  async reward(earned: Earned): Promise<void> {
    await this.#post({ kind: 'reward', ...earned });
  }

  async reject(patternId: string, reason: string): Promise<void> {
    await this.#post({ kind: 'rejected', id: patternId, reason });
  }

  async claim(signatureKey: string, ttl: number, attempt?: Attempt): Promise<ClaimAnswer> {
    checkTtl(ttl);
    if (attempt) checkAttempt(attempt);
    const before = this.#cache.lookup(signatureKey);
    // The name of the request: asked again after a lost answer, it gets the lease that it was granted.
    const request = randomUUID();
    const keys = [this.#stream, this.#fences, this.#lease(signatureKey), this.#vain(signatureKey, attempt)];
    const values = [request, ttl, encode(signatureKey), attempt?.values ?? '', NEW_VALUES_FACTOR];
    const [answer, token, newest] = (await this.#patiently(() => this.#run(CLAIM, keys, values))) as [string, string, string];
    if (answer === 'held') return 'held';
    const lease = { signatureKey, token: Number(token) };
    await this.#patiently(async () => {
      while (isAfter(newest, this.#cursor)) await this.#catchUp();
    });
    if (answer === 'vain') return this.#cache.isSame(signatureKey, before) ? { vain: token } : 'changed';
    if (this.#cache.isSame(signatureKey, before)) return lease;
    await this.release(lease);
    return 'changed';
  }

  async park(signatureKey: string): Promise<ParkAnswer> {
    if (this.#closed) return 'free';
    const answer = this.#cache.park(signatureKey);
    void this.#watch(signatureKey);
    return answer;
  }

  async release({ signatureKey, token }: Lease, vain?: VainAttempt): Promise<void> {
    const note = vain && vainNote(vain);
    const keys = [this.#lease(signatureKey), this.#fences, this.#vain(signatureKey, note)];
    const values = [token, encode(signatureKey), this.#stream, note?.values ?? '', note?.why ?? '', note?.ttl ?? 0];
    await this.#patiently(() => this.#run(RELEASE, keys, values));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#tick !== undefined) await this.#outbox.drained(DRAIN_MS);
    this.#closed = true;
    clearInterval(this.#tick);
    for (const timer of this.#expiries.values()) clearTimeout(timer);
    this.#expiries.clear();
    this.#cache.wake('free');
    this.#outbox.abandon(this.#unavailable());
    this.#commands.disconnect();
    this.#hints.disconnect();
  }

  // Telling

  async #post(news: News, lease?: Lease): Promise<void> {
    const text = newsText(news);
    if (this.#closed) throw this.#unavailable();
    const copy = newsFrom(text) as News;
    const acknowledged = this.#outbox.post(copy, text, lease);
    if (lease !== undefined && copy.kind === 'pattern') this.#cache.hold(copy.pattern);
    else this.#cache.learn(copy);
    this.#send();
    await acknowledged;
  }

  #send(): void {
    if (this.#sending) return;
    this.#sending = true;
    void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    // What is posted in one turn goes in one batch.
    await Promise.resolve();
    while (this.#outbox.size > 0 && !this.#closed) {
      const letters = this.#outbox.first(BATCH);
      const pipeline = this.#commands.pipeline();
      for (const { text, lease } of letters) {
        const key = lease === undefined ? '' : lease.signatureKey;
        pipeline.eval(TELL, 3, this.#stream, this.#fences, this.#lease(key), text, this.#stream, lease === undefined ? '' : lease.token, encode(key));
      }
      const replies = await pipeline.exec().catch((error: Error): [Error, undefined][] => letters.map(() => [error, undefined]));
      let failed = replies === null;
      for (const [index, [error, reply]] of (replies ?? []).entries()) {
        const letter = letters[index] as Letter;
        if (error && isPassing(error)) failed = true;
        else if (error) this.#outbox.done(letter, this.#unavailable(error));
        else await this.#acknowledge(letter, reply as [string, string, string]);
      }
      if (failed) await pause(RETRY_MS);
    }
    this.#sending = false;
  }

  async #acknowledge(letter: Letter, [answer, before, id]: readonly [string, string, string]): Promise<void> {
    const { news, lease } = letter;
    if (answer === 'told') {
      if (lease !== undefined) this.#cache.learn(news);
      if (before === this.#cursor) this.#cursor = id;
      this.#outbox.done(letter);
      return;
    }
    const pattern = news.kind === 'pattern' ? news.pattern : undefined;
    // The first answer may have been lost with its connection, and the pattern stand in the stream all the same.
    await this.#catchUp();
    if (pattern !== undefined && this.#cache.get(pattern.id) !== undefined) {
      this.#outbox.done(letter);
      return;
    }
    if (pattern !== undefined) this.#cache.drop(pattern);
    this.#outbox.done(letter, new SkeinError('SKEIN_LEASE_LOST', `lease ${lease?.token} of ${lease?.signatureKey} was superseded by ${before}`));
  }

  // Hearing

  #hear(message: string): void {
    if (this.#closed) return;
    const [before, id, freed, text] = message.split('\n', 4);
    if (text === undefined) {
      this.#refused += 1;
      return;
    }
    if (text !== '') {
      const news = newsFrom(text);
      // In order or not, news is worth knowing at once; the stream will bring it again where an entry was missed.
      if (news !== undefined) this.#cache.learn(news);
      const next = news !== undefined && before === this.#cursor && id !== undefined && isAfter(id, before);
      // Whatever is malformed is counted where it stands for all, in the stream.
      if (next) this.#cursor = id;
      else if (id !== undefined && isAfter(id, this.#cursor)) void this.#catchUp();
    }
    if (freed !== undefined && freed !== '') this.#cache.wake('free', decodeURIComponent(freed));
  }

  /** Reads what the stream has beyond the cursor; one reading at a time. Never rejects: what failed is made good when the connection is back. */
  #catchUp(): Promise<void> {
    this.#reading ??= this.#readOn(
      this.#cursor,
      (news) => this.#cache.learn(news),
      (knowledge) => this.#cache.merge(knowledge),
      true,
    )
      .then(async ({ newest, cursor }) => {
        if (isAfter(cursor, this.#cursor)) this.#cursor = cursor;
        // Redis ends before what this member has read: it lost something.
        if (isAfter(this.#cursor, newest)) await this.#compare();
      })
      .catch(ignore)
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  async #readOn(
    from: string,
    learn: (news: News) => void,
    merge: (knowledge: Knowledge) => void,
    counting: boolean,
  ): Promise<{ readonly cursor: string; readonly newest: string }> {
    let cursor = from;
    for (;;) {
      const reply = await this.#run(READ, [this.#stream, this.#snapshot], [cursor, PAGE]);
      const [ends, text, entries, newest] = reply as [string, string, [string, string[]][], string];
      let refused = 0;
      if (ends !== '') {
        const read = readKnowledge(parsed(text));
        refused += read.refused;
        merge(read.knowledge);
        cursor = ends;
      }
      for (const [id, fields] of entries) {
        const news = fields.length === 2 && fields[0] === 'news' ? newsFrom(fields[1]) : undefined;
        if (news === undefined) refused += 1;
        else learn(news);
        cursor = id;
      }
      if (counting) this.#refused += refused;
      if (entries.length < PAGE) return { cursor, newest };
    }
  }

  // Comparing

  async #returned(): Promise<void> {
    if (this.#tick === undefined) return;
    await this.#compare().catch(ignore);
    this.#send();
    for (const key of this.#cache.parked) void this.#watch(key);
  }

  /** Reads all that Redis has, and posts what this member knows beyond it. Nothing is posted when nothing was lost. */
  async #compare(): Promise<void> {
    const there = new PatternSet();
    const first = this.#cursor === FIRST;
    const { cursor } = await this.#readOn(
      FIRST,
      (news) => there.apply(news),
      (knowledge) => there.merge(knowledge),
      first,
    );
    const mine = this.#cache.knowledge();
    this.#cache.merge(there.knowledge());
    this.#cursor = cursor;
    for (const news of beyond(mine, there)) {
      try {
        this.#outbox.post(news, newsText(news), undefined).catch(ignore);
      } catch {
        // Too large for one entry, or too much is waiting: Redis had it in its snapshot, and gets it with the next one.
      }
    }
    this.#send();
  }

  /** Every second: the channel may have dropped a hint, and the connection be dead without saying so. */
  async #look(): Promise<void> {
    this.#hints.ping().catch(ignore);
    await this.#catchUp();
    const length = await this.#commands.xlen(this.#stream).catch(() => 0);
    if (length > this.#compactAbove && !this.#closed) await this.#compact().catch(ignore);
  }

  async #compact(): Promise<void> {
    // One at a time is enough; two would only do the work twice.
    if ((await this.#commands.set(`${this.#stream}.compacting`, this.agent, 'PX', 10 * TICK_MS, 'NX')) === null) return;
    const cursor = this.#cursor;
    await this.#run(COMPACT, [this.#stream, this.#snapshot], [cursor, JSON.stringify(this.#cache.knowledge())]);
  }

  // Leases

  /** Wakes those parked on a key when its lease has gone, and sees to it that this is asked again when the lease expires. */
  async #watch(key: string): Promise<void> {
    clearTimeout(this.#expiries.get(key));
    this.#expiries.delete(key);
    const left = await this.#commands.pttl(this.#lease(key)).catch(() => undefined);
    if (this.#closed) return;
    if (left !== undefined && left < 0) {
      await this.#catchUp();
      this.#cache.wake('free', key);
      return;
    }
    if (!this.#cache.parked.includes(key)) return;
    clearTimeout(this.#expiries.get(key));
    this.#expiries.set(
      key,
      // Nor is it certain that the channel tells of a lease that was given back: looked at now and then, one costs a moment and not the rest of its time.
      setTimeout(() => void this.#watch(key), Math.min(left ?? TICK_MS, 2 * TICK_MS) + 1),
    );
  }

  get #fences(): string {
    return `${this.#stream}.fences`;
  }

  get #snapshot(): string {
    return `${this.#stream}.snapshot`;
  }

  #vain(key: string, attempt: Attempt | undefined): string {
    return `${this.#stream}.vain.${encode(key)}.${attempt?.basis ?? ''}`;
  }

  #lease(key: string): string {
    return `${this.#stream}.lease.${encode(key)}`;
  }

  // Redis

  #run(script: string, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    return this.#commands.eval(script, keys.length, ...keys, ...values);
  }

  /** Tries again while Redis is away, and gives up in the end. */
  async #patiently<Result>(work: () => Promise<Result>): Promise<Result> {
    const end = performance.now() + this.#patience;
    for (;;) {
      if (this.#closed) throw this.#unavailable();
      try {
        return await work();
      } catch (error) {
        if (error instanceof SkeinError) throw error;
        if (!isPassing(error) || performance.now() > end) throw this.#unavailable(error);
        await pause(RETRY_MS);
      }
    }
  }

  #unavailable(cause?: unknown): SkeinError {
    const why = this.#closed ? 'is closed' : `does not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
    return new SkeinError('SKEIN_BOARD_UNAVAILABLE', `the pattern board ${this.#stream} ${why}`, { cause });
  }
}

/** What one side knows and the other does not. */
function* beyond(mine: Knowledge, there: PatternSet): Generator<News> {
  for (const [id, reason] of Object.entries(mine.rejected)) if (there.rejection(id) === undefined) yield { kind: 'rejected', id, reason };
  for (const pattern of mine.patterns) {
    const other = there.get(pattern.id);
    if (other === undefined || !withinEvidence(pattern.evidence, other.evidence)) yield { kind: 'pattern', pattern };
  }
  for (const [arm, evidence] of Object.entries(mine.rewards)) {
    for (const [agent, tally] of Object.entries(evidence))
      if (!withinEvidence(Object.fromEntries([[agent, tally]]), there.rewards[arm] ?? {})) yield { kind: 'reward', arm, agent, tally };
  }
  const early = there.knowledge().evidence;
  for (const [id, evidence] of Object.entries(mine.evidence)) {
    for (const [agent, tally] of Object.entries(evidence)) {
      const known = early[id] ?? there.get(id)?.evidence ?? {};
      if (!withinEvidence({ [agent]: tally }, known)) yield { kind: 'evidence', id, agent, tally };
    }
  }
}

/** A signature key may hold anything; in a message it must not hold a line break. */
function encode(key: string): string {
  return encodeURIComponent(key);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function ignore(): void {}
