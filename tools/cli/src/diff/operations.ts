import type { Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import type { Comparison, ContractFinding } from '@skein/verifier/compat';
import type { GatewayContracts } from './gateway-contracts.ts';

/** What recorded queries say of one finding. */
export interface QueryImpact {
  /** How many queries there are, whether they are listed or not. */
  readonly counts: Readonly<Record<'breaks' | 'touched' | 'safe', number>>;
  /** The queries that fail, or mean something else; the first of them. */
  readonly breaks: readonly QueryEffect[];
  /** Those that read what changes, and go on; the first of them. */
  readonly touched: readonly QueryEffect[];
  /** Who asked the queries that break. */
  readonly consumers: readonly string[];
  /** Who must agree; empty where nobody need. */
  readonly approvers: readonly string[];
}

export interface QueryEffect {
  readonly principal: string;
  readonly sql: string;
  readonly count: number;
  readonly reason: string;
}

/** What is said of a finding. */
export type ImpactOf = (finding: ContractFinding) => QueryImpact | undefined;

/** Weighs the findings of one step against recorded queries. `text` is the new document. */
export type Operations = (last: Contract, next: Contract, comparison: Comparison, text: string) => Promise<ImpactOf>;

const WITHOUT = 'Give the token of an owner of the product (--token-file), or compare without recorded queries: --no-operations.';

/**
 * Asks the gateway, which knows the queries. Who relies on the answer must not go on without it: one that may not or cannot say, or
 * leaves findings out, is an error.
 */
export function gatewayOperations(gateway: GatewayContracts): Operations {
  return async (last, next, { findings }, text) => {
    const impactOf = await gateway.check(next.product, last.version, text).then(impactsOf, (error: unknown) => {
      if (!(error instanceof SkeinError)) throw error;
      throw new SkeinError(error.code, `recorded queries of ${next.product} were not weighed: ${error.message}`, {
        hint: WITHOUT,
        context: error.context,
        cause: error,
      });
    });
    const silent = findings.find((one) => one.against === last.version && impactOf(one) === undefined);
    if (silent)
      throw new SkeinError('SKEIN_CLIENT_ANSWER', `the gateway does not say what recorded queries do on ${silent.rule} of ${silent.subject}`, {
        hint: 'Make fewer changes at once; or compare without recorded queries: --no-operations.',
      });
    return impactOf;
  };
}

/** Reads an OperationReport as it comes over the wire. Throws SKEIN_CLIENT_ANSWER for what is none. */
export function impactsOf(report: unknown): ImpactOf {
  const { impacts } = Object(report) as { impacts?: unknown };
  if (!Array.isArray(impacts)) throw new SkeinError('SKEIN_CLIENT_ANSWER', 'the report on recorded queries has no impacts');
  const byFinding = new Map<string, QueryImpact>();
  for (const impact of impacts as readonly unknown[]) {
    const { finding, uses, counts, consumers, approvers } = Object(impact) as Record<string, unknown>;
    const { rule, subject } = Object(finding) as Record<string, unknown>;
    if (typeof rule !== 'string' || typeof subject !== 'string' || !Array.isArray(uses))
      throw new SkeinError('SKEIN_CLIENT_ANSWER', 'an impact of the report on recorded queries names no finding, or no uses');
    const effects = (uses as readonly unknown[]).map((one) => effectOf(one));
    const having = (effect: string) => effects.filter((one) => one.effect === effect).map(({ effect: _, ...rest }) => rest);
    byFinding.set(`${rule} ${subject}`, {
      counts: countsOf(counts),
      breaks: having('breaks'),
      touched: having('touched'),
      consumers: texts(consumers),
      approvers: texts(approvers),
    });
  }
  return ({ rule, subject }) => byFinding.get(`${rule} ${subject}`);
}

function effectOf(value: unknown): QueryEffect & { readonly effect: string } {
  const { use, effect, reason } = Object(value) as Record<string, unknown>;
  const { principal, sql, count } = Object(use) as Record<string, unknown>;
  return { effect: String(effect), principal: String(principal), sql: String(sql), count: Number(count ?? 1), reason: String(reason) };
}

function countsOf(value: unknown): QueryImpact['counts'] {
  const { breaks, touched, safe } = Object(value) as Record<string, unknown>;
  const number = (count: unknown): number => {
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
    throw new SkeinError('SKEIN_CLIENT_ANSWER', 'an impact of the report on recorded queries does not count them');
  };
  return { breaks: number(breaks), touched: number(touched), safe: number(safe) };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
