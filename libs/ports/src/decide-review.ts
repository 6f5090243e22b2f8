import { signatureKey, type Gap } from '@skein/pattern';
import { canonicalJson, sha256, SkeinError } from '@skein/kernel';
import type { Alternative, Decided, Review, ReviewDecision, ReviewRequest } from './review-desk.ts';

const MOST_ROWS = 20;
const MOST_EXAMPLES = 20;
const LONGEST_REASON = 4_000;
const DECISION_ID = /^[\w.:-]{1,128}$/;
const REVIEW_ID = /^[0-9a-f]{64}$/;

/** What makes two gaps one: column and signature. A review covers gaps by it. */
export function gapKey({ context, signature }: Pick<Gap, 'context' | 'signature'>): string {
  return sha256(canonicalJson([context.domain, context.product, context.column, signatureKey(signature)]));
}

/** Equal solutions in equal order are one alternative. */
export function alternativeId(solutions: Alternative['solutions']): string {
  return sha256(canonicalJson(solutions));
}

/** A review as it begins. Throws SKEIN_REQUEST_INVALID. */
export function newReview(request: ReviewRequest): Review {
  const wrong = !REVIEW_ID.test(request.id)
    ? 'its id is no hash'
    : request.rows.length > MOST_ROWS
      ? `it has ${request.rows.length} rows, and ${MOST_ROWS} are allowed`
      : request.gaps.length === 0
        ? 'it has no gap'
        : request.approvals !== 1 && request.approvals !== 2
          ? `${request.approvals} approvals cannot be asked for`
          : new Set(request.alternatives.map(({ id }) => id)).size < request.alternatives.length
            ? 'two alternatives are the same'
            : undefined;
  if (wrong !== undefined)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the review is malformed: ${wrong}`, { hint: 'Open reviews as the meta-swarmlet does.' });
  return { ...request, status: 'open', decisions: [], chosen: undefined, applied: false };
}

/**
 * What a decision makes of a review; desks run it inside a transaction. A rejection settles at once; an alternative settles with as many persons as
 * the review asks for, of whom the author of an amendment is one. Throws as `ReviewDesk.decide` says.
 */
export function decideReview(review: Review, decision: ReviewDecision): Decided {
  checkDecision(decision);
  const earlier = review.decisions.find(({ id }) => id === decision.id);
  if (earlier) {
    if (sameDecision(earlier, decision)) return { review, settled: false };
    throw new SkeinError('SKEIN_REVIEW_CONFLICT', `the decision ${decision.id} was taken already, with another content`, { context: { review: review.id } });
  }
  if (review.status !== 'open') throw decided(review, `the review is ${review.status} already`);
  if (personOf(decision.by) === personOf(review.proposedBy)) throw own(review, 'request');
  const decisions = [...review.decisions, decision];
  if (decision.decision === 'reject') return { review: { ...review, status: 'rejected', decisions }, settled: true };

  const { alternative, alternatives } = meant(review, decision);
  if (decision.decision === 'approve' && personOf(alternative.proposedBy) === personOf(decision.by)) throw own(review, 'amendment');
  if (decision.decision === 'approve' && voters(review, alternative).has(personOf(decision.by)))
    throw decided(review, 'you have approved this alternative already');
  const next: Review = { ...review, decisions: decisions.map((one) => (one === decision ? { ...one, choice: alternative.id } : one)), alternatives };
  if (voters(next, alternative).size < review.approvals) return { review: next, settled: false };
  const status = review.decisions.some(({ amendment }) => amendment?.id === alternative.id) || decision.decision === 'amend' ? 'amended' : 'approved';
  return { review: { ...next, status, chosen: alternative.id }, settled: true };
}

function checkDecision({ id, reason, examples, decision, amendment, by }: ReviewDecision): void {
  const wrong = !DECISION_ID.test(id)
    ? 'its id must be 1 to 128 letters, digits or one of ._:-'
    : by === ''
      ? 'it names no person'
      : reason.trim() === '' || reason.length > LONGEST_REASON
        ? `a reason of 1 to ${LONGEST_REASON} characters belongs to it`
        : !reason.isWellFormed()
          ? 'its reason is no well-formed text'
          : (examples?.length ?? 0) > MOST_EXAMPLES
            ? `${examples?.length} example rows are more than ${MOST_EXAMPLES}`
            : (decision === 'amend') !== (amendment !== undefined)
              ? 'an amendment, and nothing else, says what is to be done instead'
              : undefined;
  if (wrong !== undefined)
    throw new SkeinError('SKEIN_REQUEST_INVALID', `the decision is malformed: ${wrong}`, { hint: 'See docs/reviews.md for what a decision holds.' });
}

/** When it was sent does not make it another decision, nor that the choice was filled in. */
function sameDecision(one: ReviewDecision, other: ReviewDecision): boolean {
  const said = ({ decision, by, reason, amendment, examples }: ReviewDecision): string =>
    canonicalJson({ decision, by, reason, amendment: amendment?.id ?? null, examples: examples ?? [] });
  return said(one) === said(other) && (other.choice === undefined || one.choice === other.choice);
}

function meant(review: Review, { amendment, choice }: ReviewDecision): { alternative: Alternative; alternatives: readonly Alternative[] } {
  const { alternatives } = review;
  if (amendment) {
    // what stands there already keeps its author
    const known = alternatives.find(({ id }) => id === amendment.id);
    return known ? { alternative: known, alternatives } : { alternative: amendment, alternatives: [...alternatives, amendment] };
  }
  const found = choice === undefined ? (alternatives.length === 1 ? alternatives[0] : undefined) : alternatives.find(({ id }) => id === choice);
  if (found) return { alternative: found, alternatives };
  const why = choice !== undefined ? `${JSON.stringify(choice.slice(0, 80))} is none of its alternatives` : `it has ${alternatives.length} alternatives`;
  throw new SkeinError('SKEIN_REVIEW_CONFLICT', `the review cannot be approved: ${why}`, {
    hint: alternatives.length === 0 ? 'Amend it with example rows or a solution, or reject it.' : 'Name one of the alternatives as choice.',
    context: { review: review.id, alternatives: alternatives.map(({ id }) => id) },
  });
}

function voters(review: Review, { id }: Alternative): Set<string> {
  return new Set(review.decisions.filter(({ choice, decision }) => decision !== 'reject' && choice === id).map(({ by }) => personOf(by)));
}

/**
 * Who a subject stands for. Issuers differ in how they write one: spellings that differ in case, width, surrounding space or characters that are not seen are
 * one person, since two who approve must not be one who is written in two ways.
 */
function personOf(subject: string): string {
  const seen = subject
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .trim();
  return seen === '' ? subject : seen.normalize('NFC');
}

function decided(review: Review, message: string): SkeinError {
  return new SkeinError('SKEIN_REVIEW_DECIDED', message, { context: { review: review.id, status: review.status } });
}

function own(review: Review, what: string): SkeinError {
  return new SkeinError('SKEIN_AUTH_FORBIDDEN', `nobody decides on their own ${what}`, {
    hint: 'Let another owner of the product decide.',
    context: { review: review.id },
  });
}
