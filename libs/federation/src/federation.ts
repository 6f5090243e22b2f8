import { randomUUID } from 'node:crypto';
import { sha256, SkeinError, type Clock } from '@skein/kernel';
import type { AuditLog, AuditRecord, EventBus, MarketStore, QuerySandbox, SnapshotStore, UsageLog } from '@skein/ports';
import { answerOf, type Answer } from './answer.ts';
import type { Catalog } from './catalog.ts';
import { CheckedSqlBook, type CheckedSql } from './checked-sql.ts';
import { describeProduct, listProducts, type ProductDetail, type ProductSummary } from './describe.ts';
import { freshnessOf } from './freshness.ts';
import type { Reference } from './gate.ts';
import { LiveSnapshots } from './live-snapshots.ts';
import { Marketplace, type Access } from './marketplace.ts';
import { answeredCut, countedBody, queryIdentity, soldReads, type MeteredQuery } from './metered-query.ts';
import { productRead, type GrantedSnapshot, type QueryPlan } from './plan.ts';
import { PlanBook } from './plan-book.ts';
import type { Principal } from './principal.ts';
import { isRefusal, splitError } from './public-error.ts';
import { checkParameterNames, checkRequest, FEDERATION_LIMITS, type CheckedRequest, type FederationLimits, type QueryRequest } from './query-request.ts';
import { unknownProduct } from './refusal.ts';
import { RightsBook, type Rights } from './rights.ts';
import { snapshotsOf, type Granted } from './snapshot-reads.ts';
import { UsageRecorder } from './usage-recorder.ts';

export interface FederationOptions {
  readonly store: SnapshotStore;
  readonly sandbox: QuerySandbox;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Secret of the mesh, at least 32 bytes: pseudonyms are keyed with it. */
  readonly pseudonymKey: Uint8Array;
  readonly audit: AuditLog;
  /** Where domains announce publications, beside the store's own watch. */
  readonly bus?: EventBus;
  readonly limits?: Partial<FederationLimits>;
  /** Where queries that were answered are recorded, without their values; it is not closed with the federation. */
  readonly usage?: UsageLog;
  /** What agreements add to the policies; it is not closed with the federation. */
  readonly market?: MarketStore;
  /** Told when a query could not be recorded; the query itself does not notice. */
  readonly onUsageFailure?: (error: unknown) => void;
}

/** One governed SQL over the products of all domains. */
export interface Federation {
  /**
   * Checks, plans and runs one SELECT. Throws SkeinError; whatever happens, one audit record is kept: before it throws, or before
   * the answer's body ends.
   */
  query(request: QueryRequest, principal: Principal): Promise<Answer>;
  /** The plan that `query` would run, without running it. Keeps no record. */
  plan(request: QueryRequest, principal: Principal): Promise<QueryPlan>;
  /** Products that the principal may see, for no purpose or for one of theirs. */
  describe(principal: Principal): ProductSummary[];
  /** Throws SKEIN_PRODUCT_UNKNOWN alike for what is hidden and what is not there. */
  product(id: string, principal: Principal): ProductDetail;
  /** Lets the sandbox prepare for queries of such principals. */
  warm(principal: Principal, purpose?: string): Promise<void>;
  /** Runs recorded, and runs that could not be; zeroes where none are to be. */
  usageStats(): { readonly recorded: number; readonly failed: number };
  /** Hands on what is still to be recorded. */
  close(): Promise<void>;
}

const MIN_KEY_BYTES = 32;

/** Reads the current snapshot of every product of the catalog, then serves from memory. */
export async function createFederation(options: FederationOptions): Promise<Federation> {
  if (options.pseudonymKey.byteLength < MIN_KEY_BYTES)
    throw new SkeinError('SKEIN_CONFIG_INVALID', `the pseudonym key has ${options.pseudonymKey.byteLength} bytes; ${MIN_KEY_BYTES} are needed`);
  const tables = new Map([...options.catalog.entries.values()].map((entry) => [JSON.stringify(entry.table), entry.table]));
  const live = await LiveSnapshots.open(options.store, [...tables.values()], options.bus);
  return new FederatedMesh(options, live);
}

/** What is known of a request while it is worked on; becomes its audit record. */
interface Trace {
  readonly queryId: string;
  readonly started: number;
  products: readonly string[];
  plan: QueryPlan | undefined;
  text: CheckedSql | undefined;
  /** What is read by agreement. */
  access: Access | undefined;
  metered: MeteredQuery | undefined;
}

class FederatedMesh implements Federation {
  readonly #options: FederationOptions;
  readonly #limits: FederationLimits;
  readonly #live: LiveSnapshots;
  readonly #rights: RightsBook;
  readonly #texts: CheckedSqlBook;
  readonly #usage: UsageRecorder | undefined;
  readonly #market: Marketplace | undefined;
  readonly #plans: PlanBook;

  constructor(options: FederationOptions, live: LiveSnapshots) {
    this.#options = options;
    this.#limits = { ...FEDERATION_LIMITS, ...options.limits };
    this.#live = live;
    this.#plans = new PlanBook(options.catalog, live, options.pseudonymKey);
    this.#rights = new RightsBook(options.catalog);
    this.#texts = new CheckedSqlBook(options.sandbox);
    const { usage, sandbox, catalog, market, clock, onUsageFailure = () => undefined } = options;
    this.#market = market ? new Marketplace(market, clock, catalog) : undefined;
    this.#usage = usage ? new UsageRecorder(usage, sandbox, catalog, onUsageFailure) : undefined;
  }

  async query(request: QueryRequest, principal: Principal): Promise<Answer> {
    const { clock, sandbox } = this.#options;
    const trace: Trace = { queryId: randomUUID(), started: clock.now(), products: [], plan: undefined, text: undefined, access: undefined, metered: undefined };
    try {
      const checked = checkRequest(request, this.#limits);
      const plan = await this.#plan(request, checked, principal, trace);
      const metered = (trace.metered = await this.#admit(request, checked, principal, plan, trace));
      const signals = [request.signal, metered?.admission.lost].filter((signal) => signal !== undefined);
      const executed = await sandbox.execute({
        catalog: this.#plans.withKeys(plan.catalog),
        sql: plan.sql,
        parameters: checked.parameters,
        format: request.format,
        deadlineMs: checked.deadlineMs,
        maxRows: checked.maxRows,
        ...(signals.length === 0 ? {} : { signal: signals.length === 1 ? signals[0] : AbortSignal.any(signals) }),
      });
      const result = metered ? countedBody(executed, metered) : executed;
      return answerOf(trace.queryId, plan, result, {
        ended: async (outcome) => {
          // charged before the end is told: who has seen an answer end well has been charged for it
          await metered?.admission.settle(outcome);
          await this.#record(request, principal, trace, { decision: 'allowed', ...outcome });
          if (trace.text) this.#usage?.note(trace.text, { principal: principal.subject, purpose: request.purpose, time: trace.started });
        },
        failed: (error) => this.#fail(error, request, principal, trace),
        left: () => new SkeinError('SKEIN_QUERY_CANCELLED', 'the consumer left before the answer ended'),
      });
    } catch (error) {
      throw await this.#fail(error, request, principal, trace);
    }
  }

  async plan(request: QueryRequest, principal: Principal): Promise<QueryPlan> {
    const trace: Trace = {
      queryId: randomUUID(),
      started: this.#options.clock.now(),
      products: [],
      plan: undefined,
      text: undefined,
      access: undefined,
      metered: undefined,
    };
    try {
      return await this.#plan(request, checkRequest(request, this.#limits), principal, trace);
    } catch (error) {
      throw splitError(error, trace.queryId).shown;
    }
  }

  describe(principal: Principal): ProductSummary[] {
    return listProducts(this.#options.catalog, this.#live, this.#rights, principal, this.#options.clock.now());
  }

  product(id: string, principal: Principal): ProductDetail {
    return describeProduct(id, this.#options.catalog, this.#live, this.#rights, principal, this.#options.clock.now());
  }

  async warm(principal: Principal, purpose?: string): Promise<void> {
    const rights = this.#rights.of(principal, purpose);
    await this.#options.sandbox.warm(this.#plans.withKeys(this.#plans.catalogOf(rights, [])));
  }

  usageStats(): { readonly recorded: number; readonly failed: number } {
    return this.#usage?.stats() ?? { recorded: 0, failed: 0 };
  }

  async close(): Promise<void> {
    await this.#live.close();
    await this.#usage?.idle();
  }

  async #plan(request: QueryRequest, checked: CheckedRequest, principal: Principal, trace: Trace): Promise<QueryPlan> {
    const own = this.#rights.of(principal, request.purpose);
    const access = await this.#market?.access(own, principal.subject, request);
    if (access) for (const { table } of access.entries.values()) await this.#live.adopt(table);
    trace.access = access;
    const rights: Rights & Partial<Access> = access ?? own;
    const authorize = (reads: readonly Reference[]): void => void (trace.products = this.#authorize(reads, rights).map(({ entry }) => entry.id));
    const known = this.#texts.get(request.sql);
    if (known) authorize(known.reads);
    const text = known ?? (await this.#texts.check(request.sql, authorize));
    trace.text = text;
    checkParameterNames(text.parameters, checked.parameters.length);

    const granted = this.#authorize(text.reads, rights);
    const reads = await snapshotsOf(this.#live, granted, checked.asOf);
    for (const { snapshot } of reads) {
      const sound = this.#live.sound(snapshot);
      if (sound !== true) await sound;
    }
    const now = this.#options.clock.now();
    const versions = reads.map((read) => {
      const freshness = freshnessOf(read.entry.contract, read.snapshot, now);
      if (request.maxStaleness !== undefined && freshness.ageMs > request.maxStaleness) throw stale(read, freshness.ageMs, request.maxStaleness);
      return productRead(read, freshness);
    });
    const core = this.#plans.core(text, rights, reads, checked.asOf !== undefined);
    trace.plan = Object.freeze({ ...core, reads: Object.freeze(versions), principal: principal.subject, purpose: request.purpose });
    return trace.plan;
  }

  /** Undefined where nothing that the query reads is paid for. */
  async #admit(request: QueryRequest, checked: CheckedRequest, principal: Principal, plan: QueryPlan, trace: Trace): Promise<MeteredQuery | undefined> {
    const sold = soldReads(plan, trace.access);
    if (!this.#market || sold.length === 0) return undefined;
    const key = request.idempotencyKey ?? trace.queryId;
    const { deadlineMs } = checked;
    const admission = await this.#market.admit({
      consumer: principal.subject,
      sold,
      key,
      query: queryIdentity(request, checked, plan),
      attempt: trace.queryId,
      deadlineMs,
    });
    return { admission, handed: 0 };
  }

  /** Throws SKEIN_PRODUCT_UNKNOWN for the first read that is not granted, or is not there. */
  #authorize(reads: readonly Reference[], rights: Rights & Partial<Access>): Granted[] {
    return reads.map(({ schema, table, written }) => {
      const id = `${schema}.${table}`;
      const entry = this.#options.catalog.entries.get(id) ?? rights.entries?.get(id);
      const decision = entry ? rights.decisions.get(entry.id) : undefined;
      if (!entry || !decision) throw unknownProduct(written);
      return { entry, decision };
    });
  }

  async #fail(error: unknown, request: QueryRequest, principal: Principal, trace: Trace): Promise<SkeinError> {
    const { shown, engineText } = splitError(error, trace.queryId);
    try {
      await answeredCut(trace.metered, error);
      await this.#record(request, principal, trace, {
        decision: isRefusal(shown) ? 'refused' : 'failed',
        errorCode: shown.code,
        ...(engineText === undefined ? {} : { engineText }),
      });
    } catch (auditError) {
      // what cannot be recorded is not answered in detail either
      return auditError instanceof SkeinError ? splitError(auditError, trace.queryId).shown : shown;
    }
    return shown;
  }

  #record(request: QueryRequest, principal: Principal, trace: Trace, end: Partial<AuditRecord> & Pick<AuditRecord, 'decision'>): Promise<void> {
    const { plan } = trace;
    return this.#options.audit.append({
      time: trace.started,
      queryId: trace.queryId,
      sqlHash: sha256(String(request.sql)),
      principal: principal.subject,
      roles: principal.roles,
      purpose: request.purpose,
      products: trace.products,
      snapshots: plan?.reads.map((read) => `${read.product}@${read.version}`) ?? [],
      policyHash: plan?.policyHash,
      rows: undefined,
      bytes: undefined,
      truncated: undefined,
      durationMs: this.#options.clock.now() - trace.started,
      ...(trace.metered ? { agreements: trace.metered.admission.agreements } : {}),
      errorCode: undefined,
      engineText: undefined,
      ...end,
    });
  }
}

function stale(read: GrantedSnapshot, ageMs: number, maxStaleness: number): SkeinError {
  return new SkeinError('SKEIN_SNAPSHOT_STALE', `${read.entry.id} is ${ageMs} ms old; the request allows ${maxStaleness} ms`, {
    context: { product: read.entry.id, version: read.snapshot.version, ageMs, maxStaleness },
  });
}
