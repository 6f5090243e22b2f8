import { SkeinError } from '@skein/kernel';
import type { ReviewStatus } from '@skein/ports';
import type { Authenticator } from '../auth/authenticator.ts';
import { decideOnReview, mayDecide, visibleReview, type DecideParts } from '../reviews/decide.ts';
import { reviewLine, reviewView } from '../reviews/review-view.ts';
import type { Fastify } from './fastify.ts';
import { json } from './read-routes.ts';
import { authorization, purposeOf } from './sql-route.ts';

export interface ReviewRouteParts extends DecideParts {
  readonly authenticator: Authenticator;
}

/** Bytes of a decision: 20 example rows with the other columns of their rows. */
const DECISION_LIMIT = 256 * 1024;
const STATUSES: readonly string[] = ['open', 'approved', 'amended', 'rejected'];
const MOST_LISTED = 1_000;

/** `/v1/reviews`: what waits for the owners of products, and the way to decide it. */
export function addReviewRoutes(app: Fastify, parts: ReviewRouteParts): void {
  const { authenticator, reviews, rights, catalog } = parts;

  app.get('/v1/reviews', async (request, reply) => {
    const principal = await authenticator.authenticate(authorization(request));
    const { status } = request.query as Readonly<Record<string, unknown>>;
    if (status !== undefined && !STATUSES.includes(status as string))
      throw new SkeinError('SKEIN_REQUEST_INVALID', `status must be one of ${STATUSES.join(', ')}`, { hint: 'Ask for /v1/reviews?status=open.' });
    const listed = await reviews.desk.list({ limit: MOST_LISTED, ...(status === undefined ? {} : { status: status as ReviewStatus }) });
    return json(reply, 200, { reviews: listed.filter((review) => mayDecide(rights, review, principal)).map(reviewLine) });
  });

  app.get<{ Params: { id: string } }>('/v1/reviews/:id', async (request, reply) => {
    const principal = await authenticator.authenticate(authorization(request));
    const review = await visibleReview(parts, request.params.id, principal);
    return json(reply, 200, reviewView(review, catalog, principal, purposeOf(request)));
  });

  app.route<{ Params: { id: string } }>({
    method: 'POST',
    url: '/v1/reviews/:id/decisions',
    bodyLimit: DECISION_LIMIT,
    handler: async (request, reply) => {
      const principal = await authenticator.authenticate(authorization(request));
      const purpose = purposeOf(request);
      const { review, settled } = await decideOnReview(parts, request.params.id, request.body, principal, purpose);
      return json(reply, 200, { ...reviewView(review, catalog, principal, purpose), settled });
    },
  });
}
