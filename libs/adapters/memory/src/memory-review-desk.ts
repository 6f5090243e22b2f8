import { SkeinError } from '@skein/kernel';
import { decideReview, gapKey, newReview, type Review, type ReviewDesk } from '@skein/ports';

/** Reviews in memory: they end with the process. */
export function memoryReviewDesk(): ReviewDesk {
  const reviews = new Map<string, Review>();
  const byGap = new Map<string, string>();
  const known = (id: string): Review => {
    const review = reviews.get(id);
    if (!review) throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `there is no review ${JSON.stringify(id.slice(0, 80))}`);
    return review;
  };
  const covering = (key: string): Review | undefined => reviews.get(byGap.get(key) ?? '');
  // What callers hold must not change what is kept.
  const copy = <Value>(value: Value): Value => structuredClone(value);

  return {
    async open(request) {
      const review = newReview(copy(request));
      const keys = review.gaps.map(gapKey);
      const standing = reviews.get(review.id) ?? keys.map(covering).find((one) => one?.status === 'open');
      if (standing) return { review: copy(standing), created: false };
      reviews.set(review.id, review);
      for (const key of keys) byGap.set(key, review.id);
      return { review: copy(review), created: true };
    },
    get: async (id) => copy(reviews.get(id)),
    list: async ({ status, limit = 100 } = {}) =>
      copy([...reviews.values()].reverse().filter((review) => status === undefined || review.status === status)).slice(0, Math.min(limit, 1_000)),
    covering: async (key) => copy(covering(key)),
    async decide(id, decision) {
      const outcome = decideReview(known(id), copy(decision));
      reviews.set(id, outcome.review);
      return copy(outcome);
    },
    unapplied: async () => copy([...reviews.values()].filter(({ status, applied }) => status !== 'open' && !applied)),
    async applied(id) {
      const review = reviews.get(id);
      if (review) reviews.set(id, { ...review, applied: true });
    },
    close: async () => undefined,
  };
}
