import { ident } from '@skein/kernel';
import type { EngineSession, QuerySandbox } from '@skein/ports';
import type { DataProduct, Domain, Landing } from '@skein/product';
import { checkPlan, leftToBatch, type LeftCheck, type Verdict } from '@skein/verifier';
import { bronzeSql, landingsOf } from './bronze.ts';
import { make } from './make.ts';

/** What the first rows of a product's source show, before the whole of it is judged. Nothing of it is published. */
export interface SampleReport {
  readonly product: string;
  /** Rows of the source that were looked at, and that there are. */
  readonly first: number;
  readonly of: number;
  /** By the rules that a row is judged by alone. */
  readonly verdict: Verdict;
  /** Rule → violations that stand. */
  readonly violations: Readonly<Record<string, number>>;
  /** Rules that a sample cannot answer, and why. */
  readonly left: readonly LeftCheck[];
}

export interface Sampling {
  /** Rows that a sample has. */
  readonly rows: number;
  /** Rows from which on a source is sampled: a smaller one is judged whole as soon. */
  readonly from: number;
  readonly tell: (sample: SampleReport) => void;
}

interface SampleTask {
  readonly session: EngineSession;
  readonly domain: Domain;
  readonly live: readonly Landing[];
  readonly sandbox: QuerySandbox;
  readonly sampling: Sampling;
}

/**
 * The rows of the source that a sample of the product would be taken from; undefined where it would say nothing true, or is not worth it. Of a product
 * whose step reads several tables, the rows that belong together may not be the first ones of each, and one that counts rows together needs all of them.
 */
export function sampledRows(domain: Domain, { layer, step }: DataProduct, live: readonly Landing[], { from }: Sampling): number | undefined {
  const [name, ...more] = step.from;
  const table = domain.bronze.find((one) => one.name === name);
  if (layer !== 'silver' || table === undefined || more.length > 0) return undefined;
  const rows = landingsOf(table, live).reduce((sum, landing) => sum + landing.rows, 0);
  return rows < from ? undefined : rows;
}

/** Makes a product of the first rows of its only table, in a session that nothing else is read in. Solutions of others are left alone, and none is shared. */
export async function sampleOf({ session, domain, live, sandbox, sampling }: SampleTask, product: DataProduct, of: number): Promise<SampleReport> {
  const [name = ''] = product.step.from;
  const table = domain.bronze.find((one) => one.name === name);
  if (table !== undefined) {
    await session.run(`CREATE OR REPLACE TEMP VIEW ${ident(name)} AS ${bronzeSql(domain, table, landingsOf(table, live), sampling.rows)}`);
  }
  const plan = checkPlan(product.contract);
  const rowPlan = { ...plan, checks: plan.checks.filter(({ level }) => level === 'row'), unjudged: [] };
  const { verdict, violations } = await make({ session, product, plan: rowPlan, malformed: [], relationOf: () => undefined, sandbox, healing: {} });
  return { product: product.id, first: Math.min(sampling.rows, of), of, verdict, violations, left: leftToBatch(product.contract) };
}
