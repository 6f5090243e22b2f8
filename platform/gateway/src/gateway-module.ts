import { join } from 'node:path';
import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { duckdbBinder } from '@skein/adapter-duckdb';
import { sqliteMarketStore, sqliteReviewDesk, sqliteStateStore, sqliteUsageLog } from '@skein/adapter-sqlite';
import { localContractRegistry } from '@skein/adapter-storage';
import type { Contract } from '@skein/contract';
import { composeCatalog, createFederation, type Catalog, type Federation, type FederationLimits, type Policy, type Principal } from '@skein/federation';
import { SkeinError, type Clock } from '@skein/kernel';
import type { HealthIndicator } from '@skein/nest';
import type {
  AuditLog,
  Binder,
  ContractRegistry,
  EventBus,
  MarketStore,
  PatternBoard,
  QuerySandbox,
  ReviewDesk,
  SnapshotStore,
  StateStore,
  UsageLog,
} from '@skein/ports';
import type { Approval } from '@skein/verifier/compat';
import { fileAuditLog } from './audit-file.ts';
import { createAuthenticator, type Authenticator } from './auth/authenticator.ts';
import { pseudonymKey } from './auth/secret-file.ts';
import { developmentIssuer, type TrustedIssuer } from './auth/trusted-issuer.ts';
import type { GatewayLog } from './gateway-log.ts';
import { addRoutes } from './http/add-routes.ts';
import { ErrorFilter } from './http/error-filter.ts';
import type { Fastify } from './http/fastify.ts';
import { RecentOutcomes } from './http/recent-outcomes.ts';
import { exportLog, type LogExport } from './market/log-export.ts';
import { GatewayMetrics } from './metrics.ts';
import { seldom } from './seldom.ts';
import { ContractRightsBook } from './registry/contract-rights.ts';
import { operationReport } from './registry/operations.ts';
import { seedRegistry, type SeedOptions } from './registry/seed-registry.ts';
import { reviewSwarm, type ReviewSwarm } from './reviews/review-swarm.ts';

export interface GatewayOptions {
  readonly store: SnapshotStore;
  readonly sandbox: QuerySandbox;
  readonly contracts: readonly Contract[];
  /** Texts of the contracts, in their order: they are registered at start. Without them, only what is pushed is. */
  readonly documents?: readonly string[];
  /** Of changes from what is registered to these documents. */
  readonly approvals?: readonly Approval[];
  readonly policies: readonly Policy[];
  readonly clock: Clock;
  /** Keys lie in `<dataDir>/keys`, the audit log in `<dataDir>/audit`, registered contracts in `<dataDir>/registry`, reviews in `<dataDir>/reviews`, recorded queries in `<dataDir>/usage`. */
  readonly dataDir: string;
  /** Brings news of publications beside the store's own watch. */
  readonly bus?: EventBus;
  /** Whose tokens are good; default: development tokens of `<dataDir>/keys`. */
  readonly issuers?: readonly TrustedIssuer[];
  /** Roles of whoever looks at the first page without a token; default none: then it lists no products. */
  readonly visitorRoles?: readonly string[];
  readonly audit?: AuditLog;
  /** Default: files below `dataDir`. */
  readonly registry?: ContractRegistry;
  /** Default: a file below `dataDir`. */
  readonly usage?: UsageLog;
  /** Default: a file below `dataDir`. */
  readonly reviews?: ReviewDesk;
  /** Default: a file below `dataDir`. */
  readonly market?: MarketStore;
  /** Told after events of the market came into `<dataDir>/market/log`, which the brokerage domain reads. */
  readonly onMarketEvents?: (events: number) => void;
  /** Where the swarms share patterns: what is decided in reviews is told there. Without it, decisions wait on the desk. It is not closed. */
  readonly patterns?: PatternBoard;
  readonly limits?: Partial<FederationLimits>;
  /** Beside those of the gateway's own parts. */
  readonly health?: readonly HealthIndicator[];
  /** Milliseconds that running queries may go on when the gateway closes; default 5,000. */
  readonly graceMs?: number;
  readonly log: GatewayLog;
}

export const DEFAULT_GRACE_MS = 5_000;

/** What the gateway is made of, once it is. */
export interface GatewayParts {
  readonly catalog: Catalog;
  readonly federation: Federation;
  readonly authenticator: Authenticator;
  readonly metrics: GatewayMetrics;
  readonly audit: AuditLog;
  readonly registry: ContractRegistry;
  readonly usage: UsageLog;
  readonly reviews: ReviewSwarm;
  readonly market: MarketStore;
  readonly marketExport: LogExport;
  /** Where escalations are kept between their steps. */
  readonly escalations: StateStore;
  /** What domains of other processes hand over. */
  readonly handedOver: StateStore;
  readonly binder: Binder;
}

const OPTIONS = Symbol('skein.gateway.options');
/** Token of `GatewayParts`. */
export const GATEWAY_PARTS = Symbol('skein.gateway.parts');

/** The gateway as a part of a Nest application on fastify: `GatewayModule.forRoot({ store, sandbox, contracts, … })`. */
@Module({})
export class GatewayModule implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #host: HttpAdapterHost;
  readonly #options: GatewayOptions;
  readonly #parts: GatewayParts;
  readonly #draining = new AbortController();
  readonly #cancel = new AbortController();
  #grace: NodeJS.Timeout | undefined;

  constructor(@Inject(HttpAdapterHost) host: HttpAdapterHost, @Inject(OPTIONS) options: GatewayOptions, @Inject(GATEWAY_PARTS) parts: GatewayParts) {
    this.#host = host;
    this.#options = options;
    this.#parts = parts;
  }

  static forRoot(options: GatewayOptions): DynamicModule {
    return {
      module: GatewayModule,
      providers: [
        { provide: OPTIONS, useValue: options },
        { provide: GATEWAY_PARTS, useFactory: () => makeParts(options) },
        { provide: APP_FILTER, useFactory: () => new ErrorFilter(options.log) },
      ],
      exports: [GATEWAY_PARTS],
    };
  }

  onModuleInit(): void {
    const { store, contracts, policies, clock, log, visitorRoles, health = [] } = this.#options;
    const { catalog, federation, authenticator, metrics, audit, registry, usage, reviews, market, binder } = this.#parts;
    const app = this.#host.httpAdapter.getInstance<Fastify>();
    addRoutes(app, {
      federation,
      authenticator,
      store,
      metrics,
      audit,
      registry,
      usage,
      reviews,
      market,
      scratch: join(this.#options.dataDir, 'tmp', 'releases'),
      sandbox: this.#options.sandbox,
      binder,
      catalog,
      rights: new ContractRightsBook(catalog),
      contracts,
      policies,
      clock,
      log,
      outcomes: new RecentOutcomes(),
      visitor: visitorOf(visitorRoles),
      startedAt: performance.now(),
      draining: this.#draining.signal,
      stopping: this.#cancel.signal,
      health: [storeHealth(store), sandboxHealth(this.#options.sandbox), ...health],
      tableOf(product) {
        const entry = catalog.entries.get(product);
        if (!entry) throw new SkeinError('SKEIN_PRODUCT_UNKNOWN', `there is no product ${JSON.stringify(product)}`);
        return entry.table;
      },
      address() {
        const bound = app.server.address();
        return bound !== null && typeof bound === 'object' ? `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}` : '';
      },
    });
  }

  /** Says "down" to whoever asks for health, and ends queries that still run when their time of grace is over. */
  beforeApplicationShutdown(): void {
    this.#draining.abort();
    this.#grace = setTimeout(
      () => this.#cancel.abort(new SkeinError('SKEIN_QUERY_CANCELLED', 'the gateway is stopping', { context: { stopping: true } })),
      this.#options.graceMs ?? DEFAULT_GRACE_MS,
    );
  }

  /** What could not be kept is no reason not to close. */
  async #closeUsage(): Promise<void> {
    try {
      await this.#parts.usage.close();
    } catch (error) {
      this.#options.log.error(error);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.#grace);
    await this.#parts.federation.close();
    await this.#parts.reviews.close();
    await this.#parts.escalations.close();
    await this.#parts.handedOver.close();
    if (this.#options.reviews === undefined) await this.#parts.reviews.desk.close();
    await this.#parts.marketExport.close();
    if (this.#options.market === undefined) await this.#parts.market.close();
    if (this.#options.audit === undefined) await this.#parts.audit.close();
    if (this.#options.usage === undefined) await this.#closeUsage();
    await this.#parts.binder.close();
  }
}

async function makeParts(options: GatewayOptions): Promise<GatewayParts> {
  const { store, sandbox, contracts, documents, approvals = [], policies, clock, dataDir, bus, issuers, audit, limits, log: gatewayLog } = options;
  const keys = join(dataDir, 'keys');
  const catalog = composeCatalog(contracts, policies);
  const registry = options.registry ?? localContractRegistry({ root: join(dataDir, 'registry') });
  const log = audit ?? fileAuditLog({ directory: join(dataDir, 'audit') });
  const unrecorded = seldom(clock, (error, times) =>
    gatewayLog.warn(`${times === 1 ? 'a query' : `${times} queries`} could not be recorded: ${String(error)}`),
  );
  const usage = options.usage ?? sqliteUsageLog({ file: join(dataDir, 'usage', 'usage.sqlite'), onError: unrecorded });
  const binder = duckdbBinder();
  const concerns: SeedOptions['concerns'] = async (last, next, findings) =>
    (await operationReport({ catalog, contracts, store, usage, binder }, last, next, findings)).impacts;
  if (documents)
    await seedRegistry({ registry, contracts, documents, approvals, concerns, clock, log: gatewayLog }).catch(async (error: unknown) => {
      if (options.usage === undefined) await usage.close();
      await binder.close();
      throw error;
    });
  const escalations = sqliteStateStore({ file: join(dataDir, 'reviews', 'escalations.sqlite') });
  const handedOver = sqliteStateStore({ file: join(dataDir, 'reviews', 'handed-over.sqlite') });
  const reviews = await reviewSwarm({
    desk: options.reviews ?? sqliteReviewDesk({ file: join(dataDir, 'reviews', 'reviews.sqlite') }),
    state: escalations,
    handedOver,
    board: options.patterns,
    catalog,
    contracts,
    store,
    clock,
    log: gatewayLog,
  });
  const market = options.market ?? sqliteMarketStore({ file: join(dataDir, 'market', 'market.sqlite') });
  const unexported = seldom(clock, (error, times) => gatewayLog.warn(`the market's log could not be exported (${times}): ${String(error)}`));
  const federation = await createFederation({
    store,
    sandbox,
    catalog,
    clock,
    pseudonymKey: await pseudonymKey(keys),
    audit: log,
    usage,
    market,
    onUsageFailure: unrecorded,
    ...(bus ? { bus } : {}),
    ...(limits ? { limits } : {}),
  });
  const ages = async (): Promise<{ product: string; version: number; ageSeconds: number }[]> => {
    const newest = await Promise.all(catalog.products.map(async ({ id, table }) => ({ id, snapshot: await store.current(table) })));
    return newest.flatMap(({ id, snapshot }) =>
      snapshot ? [{ product: id, version: snapshot.version, ageSeconds: Math.max(0, clock.now() - snapshot.committedAt) / 1_000 }] : [],
    );
  };
  return {
    catalog,
    federation,
    authenticator: createAuthenticator(issuers ?? [developmentIssuer(keys)], clock),
    metrics: new GatewayMetrics(sandbox, ages, () => federation.usageStats()),
    audit: log,
    registry,
    usage,
    reviews,
    market,
    marketExport: exportLog({
      market,
      folder: join(dataDir, 'market', 'log'),
      onError: unexported,
      ...(options.onMarketEvents ? { onEvents: options.onMarketEvents } : {}),
    }),
    escalations,
    handedOver,
    binder,
  };
}

function visitorOf(roles: readonly string[] | undefined): Principal | undefined {
  return roles === undefined || roles.length === 0 ? undefined : { subject: 'visitor', roles, purposes: [], claims: {} };
}

function storeHealth(store: SnapshotStore): HealthIndicator {
  return { name: 'store', check: async () => ({ tables: (await store.tables()).length }) };
}

function sandboxHealth(sandbox: QuerySandbox): HealthIndicator {
  return { name: 'sandbox', check: async () => ({ ...sandbox.stats() }) };
}
