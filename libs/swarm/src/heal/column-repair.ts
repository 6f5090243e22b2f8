import type { Property } from '@skein/contract';
import { ident, literal } from '@skein/kernel';
import { bindExpression, propose, signatureOf, type ColumnFacts, type Example, type Proposal } from '@skein/pattern';
import type { Change, Ward } from './heal.ts';
import type { LabelledRow } from './healing.ts';

/** Distinct values that the synthesiser is given. */
const MOST_VALUES = 2_000;

/** Repairs the cells of one column by what the synthesiser finds, and by what the labels of the column teach. */
export async function repairColumn(ward: Ward, property: Property, labels: readonly LabelledRow[]): Promise<void> {
  const { session } = ward;
  const [table, column] = [ident(ward.table), ident(property.name)];
  const accepts = ward.accepts.get(property.name) ?? (() => true);
  const broken = await session.rows<{ value: string | null; count: bigint }>(
    `SELECT _value AS value, count(*) AS count FROM _found WHERE _col = ${literal(property.name)} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_VALUES}`,
  );
  const examples = await examplesOf(ward, property, labels);
  const taught = examples.some(({ input, output }) => input !== output);
  if (broken.length === 0 && !taught) return;
  const accepted = await session.rows<{ value: string; count: bigint }>(
    `SELECT ${column} AS value, count(*) AS count FROM ${table} WHERE ${column} IS NOT NULL AND _row NOT IN (SELECT _row FROM _found WHERE _col = ${literal(property.name)}) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_VALUES}`,
  );
  const counted = (rows: readonly { value: string | null; count: bigint }[]) => rows.map(({ value, count }) => ({ value, count: Number(count) }));
  const values = [...counted(broken), ...(taught ? counted(accepted) : [])];
  const facts: ColumnFacts = { property, accepts, accepted: counted(accepted).filter((one): one is { value: string; count: number } => one.value !== null) };
  const outcome = propose(
    {
      context: { domain: '', product: '', column: property.name },
      signature: signatureOf('type', property, values),
      cells: values.reduce((sum, { count }) => sum + count, 0),
      values,
    },
    facts,
    examples,
  );
  if (outcome.kind !== 'solutions') return;
  for (const proposal of outcome.ranked) await applyProposal(ward, property, proposal, taught);
}

async function applyProposal(ward: Ward, property: Property, proposal: Proposal, taught: boolean): Promise<void> {
  const column = ident(property.name);
  const bound = bindExpression(proposal.solution, column, (name) => ident(name));
  const accepts = ward.accepts.get(property.name) ?? (() => true);
  const only = taught ? '' : ` AND _row IN (SELECT _row FROM _found WHERE _col = ${literal(property.name)})`;
  const touched = await ward.session.rows<{ row: bigint; before: string | null; after: string | null }>(
    `SELECT * FROM (SELECT _row AS row, ${column} AS before, ${bound.repaired} AS after FROM ${ident(ward.table)} WHERE ${bound.touches}${only}) WHERE before IS DISTINCT FROM after`,
  );
  const solution = ward.solution({
    column: property.name,
    category: proposal.category,
    why: proposal.why,
    sql: `CASE WHEN ${bound.touches} THEN ${bound.repaired} ELSE ${column} END`,
    expression: proposal.solution,
  });
  const changes = touched
    .filter(({ after }) => accepts(after))
    .map(({ row, before, after }): Change => ({
      row,
      column: property.name,
      before,
      after,
      rule: 'label',
      solution,
      probability: proposal.score,
      why: proposal.why,
    }));
  await ward.apply(changes);
}

/** The labelled cells of a column, with what stands in the table now. */
async function examplesOf(ward: Ward, property: Property, labels: readonly LabelledRow[]): Promise<Example[]> {
  const named = labels.filter(({ values }) => Object.hasOwn(values, property.name));
  if (named.length === 0) return [];
  const rows = await ward.session.rows<Record<string, string | bigint | null>>(
    `SELECT * FROM ${ident(ward.table)} WHERE _row IN (${named.map(({ row }) => row).join(', ')})`,
  );
  const byRow = new Map(rows.map((row) => [row['_row'] as bigint, row as Record<string, string | null>]));
  return named.flatMap(({ row, values }): Example[] => {
    const found = byRow.get(row);
    return found === undefined ? [] : [{ input: found[property.name] ?? null, output: values[property.name] ?? null, row: found }];
  });
}
