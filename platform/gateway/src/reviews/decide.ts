import { randomUUID } from 'node:crypto';
import type { Catalog, Principal } from '@skein/federation';
import { canonicalJson, sha256, SkeinError, type Clock } from '@skein/kernel';
import type { Alternative, AuditLog, AuditRecord, QuerySandbox, Review } from '@skein/ports';
import type { SolutionEngine } from '@skein/swarm';
import type { ContractRightsBook } from '../registry/contract-rights.ts';
import { readDecision, type DecisionRequest } from './decision-request.ts';
import type { ReviewSwarm } from './review-swarm.ts';
import { seesColumn } from './review-view.ts';

export interface DecideParts {
  readonly reviews: ReviewSwarm;
  readonly rights: ContractRightsBook;
  readonly catalog: Catalog;
  readonly sandbox: QuerySandbox;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

const TRIAL_MS = 5_000;
const MOST_OUTCOMES = 1_000;
/** The answer waits so long for the swarm to be told. */
const TOLD_MS = 1_000;

/** The review, for those who own every product that it is about. Throws SKEIN_REVIEW_UNKNOWN alike for what is hidden and what is not there. */
export async function visibleReview({ reviews, rights }: Pick<DecideParts, 'reviews' | 'rights'>, id: string, principal: Principal): Promise<Review> {
  const review = /^[0-9a-f]{64}$/.test(id) ? await reviews.desk.get(id) : undefined;
  if (review && mayDecide(rights, review, principal)) return review;
  throw new SkeinError('SKEIN_REVIEW_UNKNOWN', `no review ${JSON.stringify(id.slice(0, 80))} is visible to you`);
}

export function mayDecide(rights: ContractRightsBook, { products }: Review, principal: Principal): boolean {
  return products.every((product) => rights.owns(product, principal));
}

/** Takes a decision, tells the swarm, and keeps one audit record whatever happens. */
export async function decideOnReview(
  parts: DecideParts,
  id: string,
  body: unknown,
  principal: Principal,
  purpose: string | undefined,
): Promise<{ readonly review: Review; readonly settled: boolean }> {
  const { audit, clock, reviews } = parts;
  const started = clock.now();
  let review: Review | undefined;
  let verb = 'none';
  const record = (end: Pick<AuditRecord, 'decision' | 'errorCode'>): Promise<void> =>
    audit.append({
      time: started,
      queryId: randomUUID(),
      sqlHash: sha256(bodyText(body)),
      review: `${id.slice(0, 80)}:${verb}`,
      principal: principal.subject,
      roles: principal.roles,
      purpose,
      products: review?.products ?? [],
      snapshots: [],
      policyHash: undefined,
      rows: undefined,
      bytes: undefined,
      truncated: undefined,
      durationMs: clock.now() - started,
      engineText: undefined,
      ...end,
    });
  let settled: boolean;
  try {
    review = await visibleReview(parts, id, principal);
    const request = readDecision(body, id, principal.subject);
    verb = request.decision;
    ({ review, settled } = await take(parts, review, request, principal, purpose));
  } catch (error) {
    const known = error instanceof SkeinError ? error : undefined;
    await record({ decision: known && known.fault !== 'platform' ? 'refused' : 'failed', errorCode: known?.code ?? 'SKEIN_INTERNAL' });
    throw error;
  }
  // It is decided by now: should its record not stand, the decision sent again finds it and records it.
  await record({ decision: 'allowed', errorCode: undefined });
  if (review.status !== 'open' && !review.applied && (await reviews.carryOut(id, TOLD_MS))) review = { ...review, applied: true };
  return { review, settled };
}

async function take(
  { reviews, sandbox, clock, catalog }: DecideParts,
  review: Review,
  request: DecisionRequest,
  principal: Principal,
  purpose: string | undefined,
) {
  const { id, decision, reason, choice, examples } = request;
  const by = principal.subject;
  // Before any learning: what the desk refuses anyway costs nothing.
  const known = review.decisions.find((one) => one.id === id);
  if (review.status !== 'open' && !known)
    throw new SkeinError('SKEIN_REVIEW_DECIDED', `the review is ${review.status} already`, { context: { review: review.id } });
  const amendment =
    decision === 'amend'
      ? await amendmentOf(reviews, sandbox, review, request, by).catch((error: unknown) => {
          throw seesColumn(review, catalog, principal, purpose) ? error : untold(error);
        })
      : undefined;
  return reviews.desk.decide(review.id, {
    id,
    decision,
    by,
    reason,
    at: clock.now(),
    ...(choice === undefined ? {} : { choice }),
    ...(amendment === undefined ? {} : { amendment }),
    ...(examples === undefined ? {} : { examples }),
  });
}

/** Why an amendment is refused may quote values: who may not see them is told that it is, and no more. */
function untold(error: unknown): unknown {
  if (!(error instanceof SkeinError) || error.code !== 'SKEIN_REVIEW_AMENDMENT') return error;
  return new SkeinError('SKEIN_REVIEW_AMENDMENT', 'the amendment does not hold for values of a column that you may not see');
}

async function amendmentOf(
  reviews: ReviewSwarm,
  sandbox: QuerySandbox,
  review: Review,
  { solution, examples = [] }: DecisionRequest,
  by: string,
): Promise<Alternative> {
  const { checkAmendment, columnJudge, learnAmendment } = await import('@skein/swarm');
  const contract = reviews.contractOf(review.product);
  const facts = contract && columnJudge(contract, review.column);
  if (!contract || !facts)
    throw new SkeinError('SKEIN_REVIEW_AMENDMENT', `the contract of ${review.product} has no column ${review.column} of single values`, {
      hint: 'Approve one of the alternatives, or reject them.',
    });
  if (!solution) return learnAmendment(review, facts, examples, by);
  const columns = new Set([...contract.properties.map(({ name }) => name), ...review.rows.flatMap(({ before }) => Object.keys(before))]);
  return checkAmendment(review, facts, solution, [...columns], engineOf(sandbox), by);
}

/** A child that holds no data runs what a person wrote. */
function engineOf(sandbox: QuerySandbox): SolutionEngine {
  return {
    parse: (sql) => sandbox.parse(sql),
    async column(sql, parameters) {
      const result = await sandbox.execute({
        catalog: { key: 'amendments', views: [] },
        sql,
        parameters,
        format: 'json',
        deadlineMs: TRIAL_MS,
        maxRows: MOST_OUTCOMES,
      });
      const chunks: Uint8Array[] = [];
      for await (const chunk of result.body) chunks.push(chunk);
      const { rows } = JSON.parse(Buffer.concat(chunks).toString()) as { rows: readonly Readonly<Record<string, string | null>>[] };
      return rows.map((row) => Object.values(row)[0] ?? null);
    },
  };
}

function bodyText(body: unknown): string {
  try {
    return canonicalJson(body ?? null);
  } catch {
    return String(body);
  }
}
