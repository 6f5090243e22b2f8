import type { EngineSession } from '@skein/ports';
import { n } from './decide-column.ts';
import type { Facts } from './facts.ts';
import type { Sample } from './sample.ts';

/** Columns that are tried in pairs. */
const MOST_PAIRED = 10;
const FEWEST = 20;
const KEY_NAME = /(?:^|[^a-z])(?:id|key|uuid|code|number|no|nr|sku)$/i;
/** A measure may be different in every row, and is no key for it. */
const MEASURE = /price|amount|value|total|cost|qty|quantity|rate|score|weight|_at$|_on$|date|time/i;

export interface FoundKey {
  /** Positions of its columns. */
  readonly columns: readonly number[];
  readonly why: string;
}

/** The columns that tell rows apart, as few as will do: one, or two. Undefined where none was found: equal rows, or more columns. */
export async function findKey(session: EngineSession, sample: Sample, facts: readonly Facts[]): Promise<FoundKey | undefined> {
  const [first] = facts;
  if (first === undefined || first.rows < FEWEST) return undefined;
  const rows = first.rows;
  const whole = facts.map((fact, index) => ({ fact, index })).filter(({ fact }) => fact.filled === rows && !isNested(fact));
  const likely = (name: string) => (KEY_NAME.test(spaced(name)) ? 0 : MEASURE.test(spaced(name)) ? 2 : 1);
  const single = whole.filter(({ fact }) => fact.distinct === rows).sort((a, b) => likely(a.fact.name) - likely(b.fact.name) || a.index - b.index)[0];
  if (single && likely(single.fact.name) < 2) return { columns: [single.index], why: `key: all ${n(rows)} values are different` };
  const paired = whole.filter(({ fact }) => fact.distinct > 1 && likely(fact.name) < 2).slice(0, MOST_PAIRED);
  const pairs = paired.flatMap((a, at) => paired.slice(at + 1).map((b) => [a, b] as const)).filter(([a, b]) => a.fact.distinct * b.fact.distinct >= rows);
  if (pairs.length === 0) return undefined;
  const text = (index: number) => sample.columns[index]?.text ?? 'NULL';
  const [row] = await session.rows<Record<string, bigint>>(
    `SELECT ${pairs.map(([a, b], at) => `count(DISTINCT {'a': ${text(a.index)}, 'b': ${text(b.index)}}) AS p${at}`).join(', ')} FROM ${sample.relation}`,
  );
  const found = pairs.findIndex((_, at) => Number(row?.[`p${at}`] ?? 0n) === rows);
  const pair = pairs[found];
  return (
    pair && { columns: [pair[0].index, pair[1].index], why: `key: ${pair[0].fact.name} and ${pair[1].fact.name} together are different in all ${n(rows)} rows` }
  );
}

function isNested({ type }: Facts): boolean {
  return type?.kind === 'struct' || type?.kind === 'list' || type?.kind === 'map';
}

function spaced(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2');
}
