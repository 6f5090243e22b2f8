import { addContractRoutes, type ContractRouteParts } from './contract-routes.ts';
import { answerText, asSkeinError, errorAnswer } from './error-answer.ts';
import type { Fastify } from './fastify.ts';
import { addMarketRoutes, type MarketRouteParts } from './market-routes.ts';
import { addReadRoutes, type ReadRouteParts } from './read-routes.ts';
import { bodyText, parseExactJson } from './request-body.ts';
import { otherMethods } from './refused-early.ts';
import { addReviewRoutes, type ReviewRouteParts } from './review-routes.ts';
import { sqlRoute, type SqlRouteParts } from './sql-route.ts';
import { addUsageRoutes, type UsageRouteParts } from './usage-routes.ts';

/** Bytes of a request's body. */
const BODY_LIMIT = 1_048_576;

/** Puts the gateway's own routes on fastify, in a scope of their own: Nest's parsers and hooks stay out of their way. */
export function addRoutes(
  app: Fastify,
  parts: ReadRouteParts & SqlRouteParts & ContractRouteParts & UsageRouteParts & ReviewRouteParts & MarketRouteParts,
): void {
  const refuseOtherMethods = otherMethods(app);
  app.register(async (scope: Fastify) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, async (_request: unknown, body: Buffer) =>
      parseExactJson(bodyText(body)),
    );
    scope.setErrorHandler((thrown, _request, reply) => {
      const error = asSkeinError(thrown);
      if (error.fault === 'platform') parts.log.error(thrown);
      const { status, headers, body } = errorAnswer(error);
      return reply.code(status).headers(headers).send(answerText(body));
    });
    scope.route({ method: 'POST', url: '/v1/sql', bodyLimit: BODY_LIMIT, handler: sqlRoute(parts) });
    addReadRoutes(scope, parts);
    addContractRoutes(scope, parts);
    addUsageRoutes(scope, parts);
    addReviewRoutes(scope, parts);
    addMarketRoutes(scope, parts);
  });
  // Scopes are filled one after the other: by then every route is known.
  app.register(async () => refuseOtherMethods());
}
