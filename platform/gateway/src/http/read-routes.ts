import type { Federation, Principal, ProductDetail } from '@skein/federation';
import { SkeinError } from '@skein/kernel';
import { checkHealth, type HealthIndicator } from '@skein/nest';
import type { TableRef } from '@skein/product';
import type { SnapshotStore } from '@skein/ports';
import type { Authenticator } from '../auth/authenticator.ts';
import type { GatewayMetrics } from '../metrics.ts';
import { acceptWeight } from './accept.ts';
import { answerText } from './error-answer.ts';
import type { Fastify, FastifyReply, FastifyRequest } from './fastify.ts';
import { homePage } from './home-page.ts';
import type { RecentOutcomes } from './recent-outcomes.ts';
import { authorization } from './sql-route.ts';

export interface ReadRouteParts {
  readonly federation: Federation;
  readonly authenticator: Authenticator;
  readonly store: SnapshotStore;
  /** The table behind a product that the principal is known to see. */
  tableOf(product: string): TableRef;
  readonly outcomes: RecentOutcomes;
  readonly metrics: GatewayMetrics;
  readonly health: readonly HealthIndicator[];
  /** Who looks at the first page without a token; undefined: it lists no products. */
  readonly visitor: Principal | undefined;
  readonly startedAt: number;
  /** Aborted when the gateway begins to close. */
  readonly draining: AbortSignal;
  /** Address under which the gateway is reached, once it listens. */
  address(): string;
}

/** One published version, newest first in `versions`. */
export interface PublishedVersion {
  readonly version: number;
  readonly snapshotId: string;
  readonly committedAt: string;
  readonly contractVersion: string;
  /** Undefined where rows are filtered: it counts all. */
  readonly rows?: string;
}

const ADDRESSES = {
  query: 'POST /v1/sql',
  products: 'GET /v1/products',
  product: 'GET /v1/products/:id',
  queryOutcome: 'GET /v1/queries/:id',
  contracts: 'GET /v1/contracts',
  contractVersions: 'GET /v1/contracts/:product',
  contract: 'GET /v1/contracts/:product/versions/:version',
  pushContract: 'POST /v1/contracts/:product/versions',
  reviews: 'GET /v1/reviews',
  review: 'GET /v1/reviews/:id',
  decideReview: 'POST /v1/reviews/:id/decisions',
  listings: 'GET, POST /v1/market/listings',
  listing: 'GET /v1/market/listings/:id',
  buy: 'POST /v1/market/offers',
  agreements: 'GET, POST /v1/market/agreements',
  statement: 'GET /v1/market/statement',
  health: 'GET /health, /health/live, /health/ready',
  metrics: 'GET /metrics',
} as const;

/** Everything that only reads: the first page, products, outcomes, health and metrics. */
export function addReadRoutes(app: Fastify, parts: ReadRouteParts): void {
  const { federation, authenticator, outcomes, metrics } = parts;
  const principal = (request: FastifyRequest): Promise<Principal> => authenticator.authenticate(authorization(request));

  app.get('/', async (request, reply) => {
    const accept = request.headers.accept ?? '';
    reply.header('vary', 'accept');
    if (acceptWeight(accept, 'text/html') <= acceptWeight(accept, 'application/json')) return json(reply, 200, { skein: 'gateway', addresses: ADDRESSES });
    const products = parts.visitor ? federation.describe(parts.visitor).map((summary) => federation.product(summary.id, parts.visitor as Principal)) : [];
    reply.header('content-type', 'text/html; charset=utf-8');
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    reply.header('x-content-type-options', 'nosniff');
    return reply.send(homePage({ address: parts.address(), products, visitor: parts.visitor?.roles }));
  });

  app.get('/v1/products', async (request, reply) => json(reply, 200, { products: federation.describe(await principal(request)) }));

  app.get<{ Params: { id: string } }>('/v1/products/:id', async (request, reply) => {
    const detail = federation.product(request.params.id, await principal(request));
    return json(reply, 200, { ...detail, versions: await versions(parts, detail) });
  });

  app.get<{ Params: { id: string } }>('/v1/queries/:id', async (request, reply) => {
    const { subject } = await principal(request);
    const outcome = outcomes.get(request.params.id, subject);
    if (!outcome)
      throw new SkeinError('SKEIN_NOT_FOUND', 'no query of yours with that id is remembered', {
        hint: 'The gateway remembers the newest queries only; ask again.',
      });
    return json(reply, 200, outcome);
  });

  const about = (): object => ({ skein: 'gateway', pid: process.pid, uptimeSeconds: Math.round((performance.now() - parts.startedAt) / 1_000) });
  const ready = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const report = await checkHealth(parts.health);
    const up = report.status === 'up' && !parts.draining.aborted;
    return json(reply, up ? 200 : 503, { ...about(), ...report, status: up ? 'up' : 'down' });
  };
  app.get('/health', ready);
  app.get('/health/ready', ready);
  app.get('/health/live', async (_request, reply) => json(reply, 200, { ...about(), status: 'up' }));

  app.get('/metrics', async (_request, reply) => {
    const { type, body } = await metrics.text();
    reply.header('content-type', type);
    return reply.send(body);
  });
}

async function versions({ store, tableOf }: ReadRouteParts, { id, rowFilter }: ProductDetail): Promise<PublishedVersion[]> {
  const history = await store.history(tableOf(id));
  return history.toReversed().map((snapshot) => ({
    version: snapshot.version,
    snapshotId: snapshot.id.toString(),
    committedAt: new Date(snapshot.committedAt).toISOString(),
    contractVersion: snapshot.contractVersion,
    ...(rowFilter ? {} : { rows: snapshot.rows.toString() }),
  }));
}

export function json(reply: FastifyReply, status: number, body: unknown): FastifyReply {
  reply.code(status);
  reply.header('content-type', 'application/json; charset=utf-8');
  reply.header('cache-control', 'no-store');
  return reply.send(answerText(body));
}
