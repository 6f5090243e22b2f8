import type { Knowledge, News } from '@skein/pattern';
import { PatternSet } from '@skein/pattern';
import { NEW_VALUES_FACTOR, type Attempt, type Lease, type VainAttempt } from '@skein/ports';

/** What a member asks of the hub. News goes as data that `structuredClone` carries. */
export type BoardRequest =
  | { readonly ask: 'join' }
  | { readonly ask: 'tell'; readonly news: News; readonly lease: Lease | undefined }
  | { readonly ask: 'claim'; readonly key: string; readonly ttl: number; readonly attempt: Attempt | undefined }
  | { readonly ask: 'state'; readonly key: string }
  | { readonly ask: 'release'; readonly lease: Lease; readonly vain: VainAttempt | undefined }
  | { readonly ask: 'leave' };

export type BoardReply =
  | { readonly kind: 'knowledge'; readonly knowledge: Knowledge }
  | { readonly kind: 'granted'; readonly token: number }
  | { readonly kind: 'held' }
  | { readonly kind: 'vain'; readonly why: string }
  | { readonly kind: 'free' }
  | { readonly kind: 'done' }
  | { readonly kind: 'superseded'; readonly by: number };

/** What the hub tells every member: news, or that the lease of a signature key is gone. */
export type BoardEvent = { readonly kind: 'news'; readonly news: News } | { readonly kind: 'freed'; readonly key: string };

/** One member as the hub sees it. Events and replies reach it in the order in which the hub gave them. */
export interface BoardMember {
  tell(event: BoardEvent): void;
}

/**
 * The middle of an in-memory board: what is known, who holds which lease, and who is to be told. It handles one request at a time, in the thread
 * that made it, so that there is one order of things.
 */
export class BoardHub {
  readonly #known = new PatternSet();
  readonly #members = new Set<BoardMember>();
  readonly #leases = new Map<string, { readonly token: number; readonly timer: NodeJS.Timeout }>();
  /** The token last granted, by signature key: kept after the lease has gone, or a late holder could not be told from its successor. */
  readonly #fences = new Map<string, number>();
  /** Attempts that were in vain, by signature key and basis. */
  readonly #vain = new Map<string, { readonly note: VainAttempt; readonly until: number }>();

  handle(member: BoardMember, request: BoardRequest): BoardReply {
    switch (request.ask) {
      case 'join':
        this.#members.add(member);
        return { kind: 'knowledge', knowledge: this.#known.knowledge() };
      case 'leave':
        this.#members.delete(member);
        return { kind: 'done' };
      case 'state':
        return { kind: this.#leases.has(request.key) ? 'held' : 'free' };
      case 'claim':
        return this.#claim(request.key, request.ttl, request.attempt);
      case 'release':
        this.#note(request.lease, request.vain);
        this.#free(request.lease.signatureKey, request.lease.token);
        return { kind: 'done' };
      case 'tell':
        return this.#take(request.news, request.lease);
    }
  }

  /** Forgets leases and members; timers must not hold the process. */
  close(): void {
    for (const { timer } of this.#leases.values()) clearTimeout(timer);
    this.#leases.clear();
    this.#vain.clear();
    this.#members.clear();
  }

  #claim(key: string, ttl: number, attempt: Attempt | undefined): BoardReply {
    const why = attempt && this.#vainly(key, attempt);
    if (why !== undefined) return { kind: 'vain', why };
    if (this.#leases.has(key)) return { kind: 'held' };
    const token = (this.#fences.get(key) ?? 0) + 1;
    this.#fences.set(key, token);
    const timer = setTimeout(() => this.#free(key, token), ttl);
    timer.unref();
    this.#leases.set(key, { token, timer });
    return { kind: 'granted', token };
  }

  #take(news: News, lease: Lease | undefined): BoardReply {
    const fence = lease === undefined ? 0 : (this.#fences.get(lease.signatureKey) ?? 0);
    if (lease !== undefined && fence > lease.token) return { kind: 'superseded', by: fence };
    this.#known.apply(news);
    for (const member of this.#members) member.tell({ kind: 'news', news });
    if (lease !== undefined) this.#free(lease.signatureKey, lease.token);
    return { kind: 'done' };
  }

  /** A lease that has been granted to another since may note nothing. */
  #note({ signatureKey, token }: Lease, vain: VainAttempt | undefined): void {
    if (vain === undefined || this.#fences.get(signatureKey) !== token) return;
    const now = performance.now();
    for (const [name, { until }] of this.#vain) if (until <= now) this.#vain.delete(name);
    this.#vain.set(`${signatureKey} ${vain.basis}`, { note: vain, until: now + vain.ttl });
  }

  #vainly(key: string, { basis, values }: Attempt): string | undefined {
    const known = this.#vain.get(`${key} ${basis}`);
    return known === undefined || known.until <= performance.now() || values >= Math.max(1, known.note.values) * NEW_VALUES_FACTOR ? undefined : known.note.why;
  }

  #free(key: string, token: number): void {
    const lease = this.#leases.get(key);
    if (lease?.token !== token) return;
    clearTimeout(lease.timer);
    this.#leases.delete(key);
    for (const member of this.#members) member.tell({ kind: 'freed', key });
  }
}
