import type { Contract } from '@skein/contract';
import { SkeinError } from '@skein/kernel';
import type { Comparison, ContractFinding } from '@skein/verifier/compat';
import type { GatewayContracts } from './gateway-contracts.ts';

/** What recorded queries say of one finding. */
export interface QueryImpact {
  /** The queries that fail, or mean something else. */
  readonly breaks: readonly QueryEffect[];
  /** Those that read what changes, and go on. */
  readonly touched: readonly QueryEffect[];
  readonly safe: number;
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

/** What was found of one step: what is said of each finding, or why nothing is. */
export interface Weighed {
  readonly of: (finding: ContractFinding) => QueryImpact | undefined;
  readonly notice?: string;
}

/** Weighs the findings of one step against recorded queries. `text` is the new document. */
export type Operations = (last: Contract, next: Contract, comparison: Comparison, text: string) => Promise<Weighed>;

/** Asks the gateway, which knows the queries. One that may not or cannot say is a notice, not a failure of the comparison. */
export function gatewayOperations(gateway: GatewayContracts): Operations {
  return async (_last, next, _comparison, text) => {
    try {
      return { of: impactsOf(await gateway.check(next.product, text)) };
    } catch (error) {
      if (!(error instanceof SkeinError)) throw error;
      return { of: () => undefined, notice: `recorded queries were not weighed: ${error.message} (${error.code})` };
    }
  };
}

/** Reads an OperationReport as it comes over the wire. Throws SKEIN_CLIENT_ANSWER for what is none. */
export function impactsOf(report: unknown): (finding: ContractFinding) => QueryImpact | undefined {
  const { impacts } = Object(report) as { impacts?: unknown };
  if (!Array.isArray(impacts)) throw new SkeinError('SKEIN_CLIENT_ANSWER', 'the report on recorded queries has no impacts');
  const byFinding = new Map<string, QueryImpact>();
  for (const impact of impacts as readonly unknown[]) {
    const { finding, uses, consumers, approvers } = Object(impact) as Record<string, unknown>;
    const { rule, subject } = Object(finding) as Record<string, unknown>;
    if (typeof rule !== 'string' || typeof subject !== 'string' || !Array.isArray(uses))
      throw new SkeinError('SKEIN_CLIENT_ANSWER', 'an impact of the report on recorded queries names no finding, or no uses');
    const effects = (uses as readonly unknown[]).map((one) => effectOf(one));
    const having = (effect: string) => effects.filter((one) => one.effect === effect).map(({ effect: _, ...rest }) => rest);
    byFinding.set(`${rule} ${subject}`, {
      breaks: having('breaks'),
      touched: having('touched'),
      safe: having('safe').length,
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

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
