import { accountTotals, chargesOf, type Charge, type MarketEvent } from '@skein/market';
import { SkeinError } from '@skein/kernel';
import type { MarketStore } from '@skein/ports';
import type { Principal } from '@skein/federation';
import type { Authenticator } from '../auth/authenticator.ts';
import {
  agreementOdrl,
  answer,
  changeListing,
  list,
  listingDcat,
  moveAgreement,
  offer,
  offered,
  owns,
  sideOf,
  visibleListing,
  type TradeParts,
} from '../market/trade.ts';
import { agreementView, listingView } from '../market/market-view.ts';
import { acceptWeight } from './accept.ts';
import type { Fastify, FastifyReply, FastifyRequest } from './fastify.ts';
import { json } from './read-routes.ts';
import { authorization, oneHeader, purposeOf } from './sql-route.ts';

export interface MarketRouteParts extends TradeParts {
  readonly authenticator: Authenticator;
  address(): string;
}

/** Who owns it may have the log. */
const LOG_PRODUCT = 'brokerage.royalty_ledger';
const LINKED = 'application/ld+json';

/** `/v1/market`: what is for sale, what was agreed, and what it costs. */
export function addMarketRoutes(app: Fastify, parts: MarketRouteParts): void {
  const { authenticator, market, clock } = parts;
  const principal = (request: FastifyRequest): Promise<Principal> => authenticator.authenticate(authorization(request));
  const linked = (request: FastifyRequest): boolean => {
    const accept = request.headers.accept ?? '';
    return acceptWeight(accept, LINKED) > acceptWeight(accept, 'application/json');
  };

  app.get('/v1/market/listings', async (request, reply) => {
    const who = await principal(request);
    const state = await market.state();
    const seen = [...state.listings.values()].flatMap((listing) => {
      const owner = owns(parts, listing.product, who);
      return owner || offered(parts, listing) ? [listingView(state, listing, clock.now(), owner)] : [];
    });
    return json(reply, 200, { listings: seen.map(({ dictionary: _dictionary, preview: _preview, prices: _prices, ...line }) => line) });
  });

  app.get<{ Params: { id: string } }>('/v1/market/listings/:id', async (request, reply) => {
    const who = await principal(request);
    const state = await market.state();
    const { listing, owner } = visibleListing(parts, state, request.params.id, who);
    return linked(request)
      ? jsonLd(reply, listingDcat(state, listing, `${parts.address()}${listing.privacy ? '/v1/market/answers' : '/v1/sql'}`, clock.now()))
      : json(reply, 200, listingView(state, listing, clock.now(), owner));
  });

  app.post('/v1/market/listings', async (request, reply) => json(reply, 201, await list(parts, request.body, await principal(request))));
  app.post<{ Params: { id: string } }>('/v1/market/listings/:id', async (request, reply) =>
    json(reply, 200, await changeListing(parts, request.params.id, request.body, await principal(request))),
  );
  app.post('/v1/market/offers', async (request, reply) =>
    json(reply, 201, await offer(parts, request.body, await principal(request), oneHeader(request, 'idempotency-key'))),
  );
  app.post('/v1/market/agreements', async (request, reply) => json(reply, 200, await moveAgreement(parts, request.body, await principal(request))));

  app.post('/v1/market/answers', async (request, reply) => {
    const who = await principal(request);
    const purpose = purposeOf(request);
    if (purpose !== undefined && !who.purposes.includes(purpose))
      throw new SkeinError('SKEIN_AUTH_FORBIDDEN', `the token does not allow the purpose ${purpose}`);
    return json(reply, 200, await answer(parts, request.body, who, { key: oneHeader(request, 'idempotency-key'), purpose }));
  });

  app.get('/v1/market/agreements', async (request, reply) => {
    const who = await principal(request);
    const state = await market.state();
    const mine = [...state.agreements.values()].filter(({ consumer, product }) => consumer === who.subject || owns(parts, product, who));
    return json(reply, 200, { agreements: mine.map((agreement) => agreementView(state, agreement, clock.now())) });
  });

  app.get<{ Params: { id: string } }>('/v1/market/agreements/:id', async (request, reply) => {
    const who = await principal(request);
    const state = await market.state();
    const { agreement } = sideOf(parts, state, request.params.id, who);
    return linked(request) ? jsonLd(reply, agreementOdrl(state, agreement)) : json(reply, 200, agreementView(state, agreement, clock.now()));
  });

  // the log names every buyer: it is for who owns the products that are made of it
  app.get('/v1/market/events', async (request, reply) => {
    const who = await principal(request);
    if (!owns(parts, LOG_PRODUCT, who)) throw new SkeinError('SKEIN_NOT_FOUND', 'the gateway has no such address');
    const { after = '0' } = request.query as Readonly<Record<string, unknown>>;
    if (typeof after !== 'string' || !/^\d{1,15}$/.test(after)) throw new SkeinError('SKEIN_REQUEST_INVALID', 'after must be the number of an event');
    return json(reply, 200, { events: await market.events(Number(after)) });
  });

  app.get('/v1/market/statement', async (request, reply) => {
    const who = await principal(request);
    await market.run({ do: 'accrue' }, clock.now());
    const charges = chargesOf(await allEvents(market));
    const mine = charges.filter(({ consumer }) => consumer === who.subject);
    const earned = charges.flatMap((charge) => {
      const lines = charge.lines.filter(({ product }) => product !== null && owns(parts, product, who));
      return lines.length === 0 ? [] : [{ ...charge, lines }];
    });
    return json(reply, 200, {
      subject: who.subject,
      charges: mine.map((charge) => chargeView(charge)),
      owed: accountTotals(mine).filter(({ account }) => account === `buyer:${who.subject}`),
      royalties: earned.map((charge) => ({ ...chargeView(charge), lines: charge.lines })),
      earned: accountTotals(earned),
    });
  });
}

async function allEvents(market: MarketStore): Promise<MarketEvent[]> {
  const events: MarketEvent[] = [];
  for (let page = await market.events(0); page.length > 0; page = await market.events(events.length)) events.push(...page);
  return events;
}

function chargeView({ id, at, agreement, listing, reason, cents, currency }: Charge & { readonly at: number }): object {
  return { id, at: new Date(at).toISOString(), agreement, listing, reason, cents, currency };
}

function jsonLd(reply: FastifyReply, body: object): FastifyReply {
  reply.code(200);
  reply.header('content-type', `${LINKED}; charset=utf-8`);
  reply.header('cache-control', 'no-store');
  return reply.send(JSON.stringify(body));
}
