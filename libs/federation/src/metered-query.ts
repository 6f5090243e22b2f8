import { canonicalJson, sha256, SkeinError } from '@skein/kernel';
import type { Entitlement } from '@skein/market';
import type { SandboxResult } from '@skein/ports';
import type { Access, Admission } from './marketplace.ts';
import type { QueryPlan } from './plan.ts';
import type { CheckedRequest, QueryRequest } from './query-request.ts';

/** A query that is paid for, while it runs. */
export interface MeteredQuery {
  readonly admission: Admission;
  /** Bytes of its answer that were handed out. */
  handed: number;
}

/** Entitlements under which the plan reads, each once. */
export function soldReads({ reads }: QueryPlan, access: Access | undefined): Entitlement[] {
  return [...new Set(reads.flatMap(({ product }) => access?.sold.get(product) ?? []))];
}

/** What makes two requests one query: the text as it is run, its values, the versions asked for, the purpose, and how many rows are wanted. */
export function queryIdentity({ asOf, purpose }: QueryRequest, { parameters, maxRows }: CheckedRequest, { sqlHash, policyHash }: QueryPlan): string {
  const values = parameters.map((value) => `${typeof value}:${String(value)}`);
  return sha256(canonicalJson([sqlHash, policyHash, values, asOf ?? null, purpose ?? null, maxRows]));
}

/** The result, with its bytes counted as they go. */
export function countedBody(result: SandboxResult, metered: MeteredQuery): SandboxResult {
  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const bytes of result.body) {
      metered.handed += bytes.length;
      yield bytes;
    }
  }
  return { ...result, body: body() };
}

/** Ways for a consumer to end an answer of which something is handed out already. */
const BY_CONSUMER: ReadonlySet<string> = new Set(['SKEIN_QUERY_CANCELLED', 'SKEIN_QUERY_TIMEOUT']);

/**
 * Ends a metered query that did not end well. A consumer who takes part of an answer and leaves, or lets its deadline pass, has been
 * answered; what failed by itself, or because the gateway stopped or the agreement ended, is not charged.
 */
export async function answeredCut(metered: MeteredQuery | undefined, error: unknown): Promise<void> {
  if (!metered) return;
  const { admission, handed } = metered;
  const code = error instanceof SkeinError ? error.code : 'SKEIN_INTERNAL';
  const stopping = error instanceof SkeinError && error.context['stopping'] === true;
  if (handed > 0 && BY_CONSUMER.has(code) && !stopping && !admission.lost.aborted) await admission.settle({ rows: 0n, bytes: handed }, true);
  else await admission.release(code);
}
