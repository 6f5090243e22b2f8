import { isName, PatternSet, readNews, signatureKey, type Knowledge, type News, type Pattern, type Rewards } from '@skein/pattern';
import { SkeinError } from '@skein/kernel';
import type { Attempt, ParkAnswer, VainAttempt } from './pattern-board.ts';

/** Characters of one piece of news as JSON. A board is no place for files, and one entry must not stall the others. */
const LONGEST_NEWS = 65_536;

/**
 * The local side of a pattern board, which every adapter shares: what the member knows, who listens, who is parked. Patterns published under a
 * lease are held apart until the board has taken them, because it may refuse them.
 */
export class BoardCache {
  readonly #known = new PatternSet();
  readonly #held = new Map<string, Pattern>();
  readonly #listeners = new Set<(signatureKey: string) => void>();
  readonly #parked = new Map<string, Set<(answer: ParkAnswer) => void>>();

  lookup(key: string): readonly Pattern[] {
    const known = this.#known.lookup(key);
    if (this.#held.size === 0) return known;
    const held = [...this.#held.values()].filter((one) => signatureKey(one.signature) === key && this.#isNew(one));
    return held.length === 0 ? known : [...known, ...held].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Whether a look-up still answers what it answered. */
  isSame(key: string, before: readonly Pattern[]): boolean {
    const now = this.lookup(key);
    return now === before || (now.length === before.length && now.every((one, index) => one === before[index]));
  }

  get(id: string): Pattern | undefined {
    return this.#known.get(id);
  }

  rejection(id: string): string | undefined {
    return this.#known.rejection(id);
  }

  rewards(): Rewards {
    return this.#known.rewards;
  }

  /** Without what is still held. */
  knowledge(): Knowledge {
    return this.#known.knowledge();
  }

  get size(): number {
    return this.#known.size;
  }

  learn(news: News): void {
    if (news.kind === 'pattern') this.#held.delete(news.pattern.id);
    const changed = this.#known.apply(news);
    if (changed !== undefined) this.#tell(changed);
  }

  merge(knowledge: Knowledge): void {
    for (const changed of this.#known.merge(knowledge)) this.#tell(changed);
  }

  /** Shows a pattern that the board has yet to take. */
  hold(pattern: Pattern): void {
    if (!this.#isNew(pattern)) return;
    this.#held.set(pattern.id, pattern);
    this.#tell(signatureKey(pattern.signature));
  }

  /** Forgets a pattern that the board refused. */
  drop(pattern: Pattern): void {
    if (this.#held.delete(pattern.id) && this.#isNew(pattern)) this.#tell(signatureKey(pattern.signature));
  }

  onChange(listener: (signatureKey: string) => void): () => void {
    // A wrapper of its own: one listener may be added twice, and each ends for itself.
    const own = (key: string): void => listener(key);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  park(key: string): Promise<ParkAnswer> {
    return new Promise((resolve) => {
      const waiting = this.#parked.get(key);
      if (waiting) waiting.add(resolve);
      else this.#parked.set(key, new Set([resolve]));
    });
  }

  get parked(): readonly string[] {
    return [...this.#parked.keys()];
  }

  /** Wakes those who are parked on a key, or on any. */
  wake(answer: ParkAnswer, key?: string): void {
    for (const one of key === undefined ? this.parked : [key]) {
      const waiting = this.#parked.get(one);
      this.#parked.delete(one);
      for (const resolve of waiting ?? []) resolve(answer);
    }
  }

  #isNew(pattern: Pattern): boolean {
    return this.#known.get(pattern.id) === undefined && this.#known.rejection(pattern.id) === undefined;
  }

  #tell(key: string): void {
    this.wake('changed', key);
    for (const listener of this.#listeners) listener(key);
  }
}

/** The text of news as it goes to a board. Throws SKEIN_BOARD_ENTRY. */
export function newsText(news: News): string {
  const read = readNews(news);
  if (typeof read === 'string') throw new SkeinError('SKEIN_BOARD_ENTRY', `${news.kind} cannot go on the board: ${read}`);
  const text = JSON.stringify(read);
  if (text.length > LONGEST_NEWS) throw new SkeinError('SKEIN_BOARD_ENTRY', `${news.kind} takes ${text.length} characters; ${LONGEST_NEWS} are the most`);
  return text;
}

/** Reads the text of news from a board; undefined for what no member of this version would write. */
export function newsFrom(text: unknown): News | undefined {
  if (typeof text !== 'string' || text.length > LONGEST_NEWS) return undefined;
  try {
    const read = readNews(JSON.parse(text));
    return typeof read === 'string' ? undefined : read;
  } catch {
    return undefined;
  }
}

/** Throws SKEIN_CONFIG_INVALID for names and times that a board cannot use. */
export function checkAgent(agent: string): void {
  if (!isName(agent)) throw new SkeinError('SKEIN_CONFIG_INVALID', `agent ${JSON.stringify(agent)} is no name`);
}

/** Throws SKEIN_CONFIG_INVALID for a lease without an end. */
export function checkTtl(ttl: number): void {
  if (!Number.isSafeInteger(ttl) || ttl < 1) throw new SkeinError('SKEIN_CONFIG_INVALID', `a lease of ${ttl} ms; at least 1 is needed`);
}

const LONGEST_WHY = 1_024;
const BASIS = /^[0-9a-f]{64}$/;

/** Throws SKEIN_BOARD_ENTRY for an attempt that a board cannot compare. */
export function checkAttempt({ basis, values }: Attempt): void {
  if (!BASIS.test(basis) || !Number.isSafeInteger(values) || values < 0)
    throw new SkeinError('SKEIN_BOARD_ENTRY', `an attempt is a sha256 and a count of values, not ${JSON.stringify([basis, values])}`);
}

/** The note of an attempt as it is kept: its reason cut to a length. Throws SKEIN_BOARD_ENTRY, SKEIN_CONFIG_INVALID. */
export function vainNote(vain: VainAttempt): VainAttempt {
  checkAttempt(vain);
  checkTtl(vain.ttl);
  return { ...vain, why: vain.why.slice(0, LONGEST_WHY).toWellFormed() };
}
