import { SkeinError } from '@skein/kernel';
import type { Earned, Knowledge, News, Pattern, Rewards, Tally } from '@skein/pattern';
import {
  BoardCache,
  checkAgent,
  checkAttempt,
  checkTtl,
  newsFrom,
  newsText,
  vainNote,
  type Attempt,
  type BoardCounts,
  type ClaimAnswer,
  type Lease,
  type ParkAnswer,
  type PatternBoard,
  type VainAttempt,
} from '@skein/ports';
import type { BoardEvent, BoardReply, BoardRequest } from './board-hub.ts';

/** How a member reaches the hub, in its own thread or another. Events and replies come in the order in which the hub gave them. */
export interface HubLink {
  ask(request: BoardRequest): Promise<BoardReply>;
  /** After it no event comes. */
  leave(): void;
}

export class MemoryMember implements PatternBoard {
  readonly agent: string;
  readonly #cache = new BoardCache();
  readonly #link: HubLink;
  #unsent = 0;
  #closed = false;

  private constructor(agent: string, link: (onEvent: (event: BoardEvent) => void, onGone: () => void) => HubLink) {
    this.agent = agent;
    this.#link = link(
      (event) => this.#hear(event),
      () => this.#leave(),
    );
  }

  static async join(agent: string, link: (onEvent: (event: BoardEvent) => void, onGone: () => void) => HubLink): Promise<PatternBoard> {
    checkAgent(agent);
    const member = new MemoryMember(agent, link);
    const reply = await member.#ask({ ask: 'join' });
    if (reply.kind === 'knowledge') member.#cache.merge(reply.knowledge);
    return member;
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
    return { patterns: this.#cache.size, refused: 0, unsent: this.#unsent };
  }

  onChange(listener: (signatureKey: string) => void): () => void {
    return this.#cache.onChange(listener);
  }

  async publish(pattern: Pattern, lease?: Lease): Promise<void> {
    await this.#tell({ kind: 'pattern', pattern }, lease);
  }

  async evidence(patternId: string, agent: string, tally: Tally): Promise<void> {
    await this.#tell({ kind: 'evidence', id: patternId, agent, tally });
  }

  async reward(earned: Earned): Promise<void> {
    await this.#tell({ kind: 'reward', ...earned });
  }

  async reject(patternId: string, reason: string): Promise<void> {
    await this.#tell({ kind: 'rejected', id: patternId, reason });
  }

  async claim(signatureKey: string, ttl: number, attempt?: Attempt): Promise<ClaimAnswer> {
    checkTtl(ttl);
    if (attempt) checkAttempt(attempt);
    const before = this.#cache.lookup(signatureKey);
    const reply = await this.#ask({ ask: 'claim', key: signatureKey, ttl, attempt });
    if (reply.kind === 'vain') return this.#cache.isSame(signatureKey, before) ? { vain: reply.why } : 'changed';
    if (reply.kind !== 'granted') return 'held';
    const lease = { signatureKey, token: reply.token };
    // Events come before the replies to what was asked after them: the cache is as new as the grant.
    if (this.#cache.isSame(signatureKey, before)) return lease;
    await this.release(lease);
    return 'changed';
  }

  async park(signatureKey: string): Promise<ParkAnswer> {
    if (this.#closed) return 'free';
    const answer = this.#cache.park(signatureKey);
    this.#ask({ ask: 'state', key: signatureKey }).then(
      (reply) => reply.kind === 'free' && this.#cache.wake('free', signatureKey),
      () => this.#cache.wake('free', signatureKey),
    );
    return answer;
  }

  async release(lease: Lease, vain?: VainAttempt): Promise<void> {
    await this.#ask({ ask: 'release', lease, vain: vain && vainNote(vain) });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#leave();
    this.#link.leave();
  }

  async #tell(news: News, lease?: Lease): Promise<void> {
    // By way of text, as on any other board: what is kept is a copy, and was checked.
    const copy = newsFrom(newsText(news)) as News;
    if (this.#closed) throw unavailable();
    if (lease !== undefined && copy.kind === 'pattern') this.#cache.hold(copy.pattern);
    else this.#cache.learn(copy);
    this.#unsent += 1;
    try {
      const reply = await this.#ask({ ask: 'tell', news: copy, lease });
      if (reply.kind !== 'superseded') return this.#cache.learn(copy);
      if (copy.kind === 'pattern') this.#cache.drop(copy.pattern);
      throw new SkeinError('SKEIN_LEASE_LOST', `lease ${lease?.token} of ${lease?.signatureKey} was superseded by ${reply.by}`);
    } finally {
      this.#unsent -= 1;
    }
  }

  async #ask(request: BoardRequest): Promise<BoardReply> {
    if (this.#closed) throw unavailable();
    try {
      return await this.#link.ask(request);
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  #hear(event: BoardEvent): void {
    if (this.#closed) return;
    if (event.kind === 'news') this.#cache.learn(event.news);
    else this.#cache.wake('free', event.key);
  }

  #leave(): void {
    this.#closed = true;
    this.#cache.wake('free');
  }
}

function unavailable(cause?: unknown): SkeinError {
  return new SkeinError('SKEIN_BOARD_UNAVAILABLE', 'the board in memory is closed', cause === undefined ? {} : { cause });
}
