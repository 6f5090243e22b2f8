import type { Answer, ProductRead } from '@skein/federation';
import type { ResultFormat } from '@skein/ports';
import { mediaType } from './accept.ts';

/** What every answer says about itself before its first byte. */
export function answerHeaders({ queryId, plan }: Pick<Answer, 'queryId' | 'plan'>, format: ResultFormat): Record<string, string> {
  return {
    'content-type': mediaType(format),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'skein-query-id': queryId,
    'skein-snapshots': plan.reads.map((read) => `${read.product}@${read.version}`).join(','),
    'skein-freshness': plan.reads.map(freshnessMember).join(', '),
    'skein-policy': plan.policyHash,
  };
}

/** A member of a structured dictionary (RFC 9651): `sap.material=stale;age=90000;limit=86400`, in seconds. */
function freshnessMember({ product, freshness: { state, ageMs, limitMs } }: ProductRead): string {
  const limit = limitMs === undefined ? '' : `;limit=${Math.round(limitMs / 1_000)}`;
  return `${product}=${state};age=${Math.floor(ageMs / 1_000)}${limit}`;
}

const OPEN_BRACE = 0x7b;

/**
 * Puts what the headers say into a JSON answer as well, for whoever keeps the body only: `{"query":{…},"columns":…,"rows":…,
 * "meta":…}`. The sandbox writes the rest of the document; its first byte is the brace that this one stands for.
 */
export async function* withQueryMember({ queryId, plan, body }: Pick<Answer, 'queryId' | 'plan' | 'body'>): AsyncGenerator<Uint8Array, void, undefined> {
  let first = true;
  for await (const chunk of body) {
    if (!first || chunk.length === 0) {
      yield chunk;
      continue;
    }
    first = false;
    if (chunk[0] !== OPEN_BRACE) throw new TypeError('the JSON answer of the sandbox does not begin with a brace');
    const query = {
      id: queryId,
      snapshots: Object.fromEntries(plan.reads.map((read) => [read.product, read.version])),
      freshness: Object.fromEntries(plan.reads.map((read) => [read.product, read.freshness])),
      policy: plan.policyHash,
    };
    yield Buffer.concat([Buffer.from(`{"query":${JSON.stringify(query)},`), chunk.subarray(1)]);
  }
}
