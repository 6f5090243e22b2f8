import type { Contract } from '@skein/contract';
import type { CheckPlan, Gate, Verdict } from './verdict.ts';

const SENSITIVE = new Set(['confidential', 'restricted']);
/** One count is no value of a column, whatever it counts. */
const COUNT = /^\s*SELECT\s+count\s*\((?:[^()]|\([^()]*\))*\)\s*(?:AS\s+\w+\s*)?FROM\b(?!.*\b(?:UNION|EXCEPT|INTERSECT)\b)/is;

/** The verdict without figures of SQL rules that may read confidential or restricted columns: a greatest salary is a salary. Its hash stays. */
export function withheld(verdict: Verdict, contract: Contract, plan: CheckPlan): Verdict {
  const queries = new Map<string, string>();
  for (const { id, query = '' } of contract.quality) queries.set(`quality.${id}`, query);
  for (const { name, quality } of contract.properties) for (const { id, query = '' } of quality) queries.set(`${name}.quality.${id}`, `${query} /* ${name} */`);
  const comparisons = new Map(plan.checks.map((check) => [check.id, check.comparison]));
  const gates = verdict.gates.map((gate): Gate => {
    const query = queries.get(gate.check) ?? '';
    if (gate.rule !== 'sql' || gate.value === undefined || COUNT.test(query)) return gate;
    const read = sensitiveOf(contract, query.toLowerCase());
    if (read === undefined) return gate;
    const { operator = '', operands = [] } = comparisons.get(gate.check) ?? {};
    const why = `the figure is not shown, since the rule may read ${read.name}, which is ${read.classification}`;
    return { ...gate, value: undefined, reason: gate.outcome === 'failed' ? `the value breaks ${operator} ${operands.join(' and ')}; ${why}` : why };
  });
  return { ...verdict, gates };
}

function sensitiveOf(contract: Contract, query: string): Contract['properties'][number] | undefined {
  // What takes all columns names none.
  const all = /\*|\bcolumns\s*\(/.test(query.replaceAll(/count\s*\(\s*\*\s*\)|\/\*.*?\*\//gs, ''));
  return contract.properties.find(({ name, classification }) => SENSITIVE.has(classification) && (all || query.includes(name.toLowerCase())));
}
