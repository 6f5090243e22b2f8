import { readContract, type Contract } from '@skein/contract';
import { sha256, SkeinError, type Clock } from '@skein/kernel';
import {
  entitledNow,
  isValid,
  marketTime,
  quotaLeft,
  unknownAgreement,
  usageUnder,
  type Entitlement,
  type EntitlementStanding,
  type MarketEvent,
  type UseToSettle,
} from '@skein/market';
import type { MarketStore, SandboxOutcome } from '@skein/ports';
import { decisionOf, serves } from './agreement-reads.ts';
import { BoundedCache } from './bounded-cache.ts';
import { majorOf, type Catalog, type CatalogEntry } from './catalog.ts';
import type { Decision } from './decision.ts';
import type { QueryRequest } from './query-request.ts';
import type { Rights } from './rights.ts';

/** Rights by policy, and beside them what agreements give. */
export interface Access extends Rights {
  /** Entries that only the market knows: released extracts. */
  readonly entries: ReadonlyMap<string, CatalogEntry>;
  /** By catalog id: the entitlement under which it is read, and paid for. */
  readonly sold: ReadonlyMap<string, Entitlement>;
}

/** A query that was admitted under entitlements: it ends in exactly one of the two ways. */
export interface Admission {
  /** Aborted within a second of the end of one of the entitlements. */
  readonly lost: AbortSignal;
  readonly agreements: readonly string[];
  /** Charges it, once for its key. Throws SKEIN_MARKET_QUOTA where its intent lapsed and its unit is gone. */
  settle(outcome: Pick<SandboxOutcome, 'rows' | 'bytes'>, cut?: boolean): Promise<void>;
  release(reason: string): Promise<void>;
}

export interface AdmissionRequest {
  readonly consumer: string;
  readonly sold: readonly Entitlement[];
  /** The consumer's own key; a repetition has the same. */
  readonly key: string;
  /** Hash of what is asked. */
  readonly query: string;
  readonly attempt: string;
  readonly deadlineMs: number;
}

/** Beyond the deadline: an answer that is sent slowly. A later one is charged where quota is left. */
const LEASE_MS = 120_000;
/** Running queries see the end of their entitlement so soon. */
const WATCH_MS = 250;

/**
 * What agreements add to the policies. The log is looked at for every query, so what one gateway writes holds for the next query of all.
 * A policy that shows the product goes first: nobody pays for what they may read anyway, unless they name the agreement.
 */
export class Marketplace {
  readonly #store: MarketStore;
  readonly #clock: Clock;
  readonly #catalog: Catalog;
  readonly #extracts = new BoundedCache<Contract>(256);
  readonly #decisions = new BoundedCache<Decision | null>(2_000);

  constructor(store: MarketStore, clock: Clock, catalog: Catalog) {
    this.#store = store;
    this.#clock = clock;
    this.#catalog = catalog;
  }

  /** Throws SKEIN_MARKET_UNKNOWN for an agreement that gives the subject no right now. */
  async access(
    rights: Rights,
    subject: string,
    { purpose, agreement, idempotencyKey: key }: Pick<QueryRequest, 'purpose' | 'agreement' | 'idempotencyKey'>,
  ): Promise<Access> {
    const state = await this.#store.state();
    const now = this.#clock.now();
    const time = marketTime(state, now);
    // what is sold as answers with noise gives no rows
    const standing = entitledNow(state, subject, now).filter(({ entitlement }) => entitlement.privacy === undefined && serves(entitlement, purpose));
    const named = agreement === undefined ? standing : standing.filter(({ entitlement }) => entitlement.agreement === agreement);
    if (agreement !== undefined && named.length === 0) throw unknownAgreement(agreement);
    if (named.length === 0) return { ...rights, entries: new Map(), sold: new Map() };

    // of several agreements on one product, that under which the key has been used, so that a repetition is not charged anew; else the oldest that has queries left
    const rank = (standing: EntitlementStanding): number =>
      key !== undefined && usageUnder(state, standing.entitlement.id, key, time) ? 0 : quotaLeft(state, standing, time) === 0 ? 2 : 1;
    const usable = [...named].sort((a, b) => rank(a) - rank(b));
    const decisions = new Map(rights.decisions);
    const entries = new Map<string, CatalogEntry>();
    const sold = new Map<string, Entitlement>();
    for (const { entitlement } of usable) {
      for (const entry of this.#entriesOf(entitlement)) {
        if (sold.has(entry.id) || (agreement === undefined && rights.decisions.has(entry.id))) continue;
        const decision = this.#decision(entitlement, entry.contract);
        if (!decision) continue;
        decisions.set(entry.id, decision);
        sold.set(entry.id, entitlement);
        if (!this.#catalog.entries.has(entry.id)) entries.set(entry.id, entry);
      }
    }
    const added = [...sold.keys()].map((id) => `${id} ${decisions.get(id)?.hash}`).sort();
    return { decisions, hash: sha256([rights.hash, ...added].join('\n')), entries, sold };
  }

  /**
   * Writes down that the query is about to run, and takes its unit of every quota: of queries that race for the last one, one is
   * admitted. Throws SKEIN_MARKET_QUOTA, SKEIN_MARKET_CONFLICT for a key of another query, SKEIN_PRODUCT_UNKNOWN where a right has ended.
   */
  async admit({ consumer, sold, key, query, attempt, deadlineMs }: AdmissionRequest): Promise<Admission> {
    const ids = sold.map(({ id }) => id);
    const reserved = await this.#store.run(
      { do: 'reserve', consumer, entitlements: ids, key, query, attempt, leaseMs: deadlineMs + LEASE_MS },
      this.#clock.now(),
    );
    const uses = reserved.flatMap((event) => useOf(event));
    const lost = new AbortController();
    const watch = setInterval(() => void this.#lookAfter(ids, lost), WATCH_MS);
    watch.unref();
    return {
      lost: lost.signal,
      agreements: sold.map(({ agreement }) => agreement),
      settle: async ({ rows, bytes }, cut = false) => {
        clearInterval(watch);
        if (uses.length > 0) await this.#store.run({ do: 'settle', uses, rows, bytes, cut }, this.#clock.now());
      },
      release: async (reason) => {
        clearInterval(watch);
        if (uses.length > 0) await this.#store.run({ do: 'release', usages: uses.map(({ usage }) => usage), attempt, reason }, this.#clock.now());
      },
    };
  }

  async #lookAfter(ids: readonly string[], lost: AbortController): Promise<void> {
    try {
      const state = await this.#store.state();
      const time = marketTime(state, this.#clock.now());
      if (ids.every((id) => isValid(state.entitlements.get(id) ?? NO_STANDING, time))) return;
    } catch {
      // who cannot look does not go on reading
    }
    lost.abort(new SkeinError('SKEIN_QUERY_CANCELLED', 'the agreement ended while the query ran'));
  }

  #entriesOf({ product, major, release }: Entitlement): CatalogEntry[] {
    if (release) {
      const contract = this.#extract(release.contract);
      return [
        {
          id: contract.product,
          domain: contract.domain,
          name: contract.name,
          kind: 'product',
          major: release.table.major,
          // each release has a table of its own: what is sold under its evidence is what was counted
          table: release.table,
          contract,
          policy: undefined,
          scopes: {},
        },
      ];
    }
    return [...this.#catalog.entries.values()].filter(
      (entry) => entry.kind === 'product' && entry.contract.product === product && majorOf(entry.contract) === major,
    );
  }

  #extract(text: string): Contract {
    const key = sha256(text);
    let contract = this.#extracts.get(key);
    if (!contract) this.#extracts.set(key, (contract = readContract(text, 'market/contract.odcs.yaml')));
    return contract;
  }

  #decision(entitlement: Entitlement, contract: Contract): Decision | undefined {
    const key = `${entitlement.id} ${contract.hash}`;
    let decision = this.#decisions.get(key);
    if (decision === undefined) this.#decisions.set(key, (decision = decisionOf(entitlement, contract) ?? null));
    return decision ?? undefined;
  }
}

const NO_STANDING = { entitlement: { validFrom: Number.POSITIVE_INFINITY }, ended: 'gone' } as unknown as Parameters<typeof isValid>[0];

function useOf(event: MarketEvent): UseToSettle[] {
  return event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement: event.entitlement, key: event.key, query: event.query }] : [];
}
