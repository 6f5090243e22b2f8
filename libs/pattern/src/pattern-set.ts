import { canonicalJson } from '@skein/kernel';
import { mergeRewards, type Earned, type Rewards } from './bandit.ts';
import { mergeEvidence, withinEvidence, type Tally } from './evidence.ts';
import type { News } from './news.ts';
import { signatureKey, type Evidence, type Pattern } from './pattern.ts';

/** All that a board knows, as data: merging two is `PatternSet.merge`. */
export interface Knowledge {
  readonly patterns: readonly Pattern[];
  /** Evidence for patterns that have not come yet. */
  readonly evidence: Readonly<Record<string, Evidence>>;
  /** Why patterns were rejected, by id; a rejected one is never proposed again, in whatever order the news came. */
  readonly rejected: Readonly<Record<string, string>>;
  /** What agents have earned with families of solutions. */
  readonly rewards: Rewards;
}

/** The signature key whose patterns changed, if any did. */
export type Changed = string | undefined;

/**
 * A replica of the swarm's patterns. Every operation is idempotent and commutes with the others, so replicas that saw the same news, in any
 * order and however often, hold the same: patterns are a set by id, evidence merges by the higher counter, rejections only grow.
 */
export class PatternSet {
  readonly #patterns = new Map<string, Pattern>();
  readonly #byKey = new Map<string, readonly Pattern[]>();
  readonly #early = new Map<string, Evidence>();
  readonly #rejected = new Map<string, string>();
  #rewards: Rewards = {};

  /** Patterns of a signature key in order of id, without rejected ones. Takes one look into a map. */
  lookup(key: string): readonly Pattern[] {
    return this.#byKey.get(key) ?? NONE;
  }

  get(id: string): Pattern | undefined {
    return this.#patterns.get(id);
  }

  /** Why the pattern was rejected; undefined when it was not. */
  rejection(id: string): string | undefined {
    return this.#rejected.get(id);
  }

  get size(): number {
    return this.#patterns.size;
  }

  apply(news: News): Changed {
    if (news.kind === 'pattern') return this.add(news.pattern);
    if (news.kind === 'reward') return this.earn(news);
    return news.kind === 'evidence' ? this.attest(news.id, news.agent, news.tally) : this.reject(news.id, news.reason);
  }

  /** @returns the signature key when `lookup` now answers otherwise. */
  add(pattern: Pattern): Changed {
    const known = this.#patterns.get(pattern.id);
    const early = this.#early.get(pattern.id);
    this.#early.delete(pattern.id);
    const evidence = mergeEvidence(mergeEvidence(known?.evidence ?? {}, early ?? {}), pattern.evidence);
    const next = { ...(known ? richer(known, pattern) : pattern), evidence };
    if (known && withinEvidence(evidence, known.evidence) && fingerprint(next) === fingerprint(known)) return undefined;
    return this.#put(next);
  }

  /** Counters are those of the agent so far, not the new outcomes. */
  attest(id: string, agent: string, tally: Tally): Changed {
    return this.#learn(id, Object.fromEntries([[agent, tally]]));
  }

  /** Of two reasons the first in order of text stays, so that replicas agree. */
  reject(id: string, reason: string): Changed {
    const known = this.#rejected.get(id);
    if (known === undefined || reason < known) this.#rejected.set(id, reason);
    const pattern = this.#patterns.get(id);
    if (known !== undefined || pattern === undefined) return undefined;
    const key = signatureKey(pattern.signature);
    this.#byKey.set(
      key,
      this.lookup(key).filter((one) => one.id !== id),
    );
    return key;
  }

  /** Sums are those of the agent so far. No look-up answers otherwise for them. */
  earn({ arm, agent, tally }: Earned): undefined {
    // In place of a merge of all, which every trial would pay for.
    const evidence = mergeEvidence(this.#rewards[arm] ?? {}, Object.fromEntries([[agent, tally]]));
    this.#rewards = { ...this.#rewards, [arm]: evidence };
  }

  get rewards(): Rewards {
    return this.#rewards;
  }

  merge({ patterns, evidence, rejected, rewards }: Knowledge): string[] {
    this.#rewards = mergeRewards(this.#rewards, rewards);
    const changed = new Set<Changed>();
    for (const [id, reason] of Object.entries(rejected)) changed.add(this.reject(id, reason));
    for (const pattern of patterns) changed.add(this.add(pattern));
    for (const [id, counters] of Object.entries(evidence)) changed.add(this.#learn(id, counters));
    return [...changed].filter((key) => key !== undefined);
  }

  /** In order of id, so that equal replicas give equal text. Rejected patterns are part of it: an undo may ask for them. */
  knowledge(): Knowledge {
    return {
      patterns: [...this.#patterns.values()].sort(byId),
      evidence: Object.fromEntries([...this.#early].sort(([a], [b]) => (a < b ? -1 : 1))),
      rejected: Object.fromEntries([...this.#rejected].sort(([a], [b]) => (a < b ? -1 : 1))),
      rewards: mergeRewards(this.#rewards, {}),
    };
  }

  #learn(id: string, evidence: Evidence): Changed {
    const known = this.#patterns.get(id);
    if (known === undefined) {
      this.#early.set(id, mergeEvidence(this.#early.get(id) ?? {}, evidence));
      return undefined;
    }
    if (withinEvidence(evidence, known.evidence)) return undefined;
    return this.#put({ ...known, evidence: mergeEvidence(known.evidence, evidence) });
  }

  #put(pattern: Pattern): Changed {
    this.#patterns.set(pattern.id, pattern);
    if (this.#rejected.has(pattern.id)) return undefined;
    const key = signatureKey(pattern.signature);
    this.#byKey.set(key, [...this.lookup(key).filter((one) => one.id !== pattern.id), pattern].sort(byId));
    return key;
  }
}

const NONE: readonly Pattern[] = Object.freeze([]);

function byId(one: Pattern, other: Pattern): number {
  return one.id < other.id ? -1 : 1;
}

/** Of two discoveries of one pattern, the one tested on more cells; where that does not decide, the first in order of text. */
function richer(one: Pattern, other: Pattern): Pattern {
  if (one.test.cells !== other.test.cells) return one.test.cells > other.test.cells ? one : other;
  return fingerprint(one) <= fingerprint(other) ? one : other;
}

/** What two discoveries of one pattern can differ in. */
function fingerprint({ context, test }: Pattern): string {
  return canonicalJson({ context, test });
}
