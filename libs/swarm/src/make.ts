import { ident } from '@skein/kernel';
import { judgeRows, validate } from './agents/validator.ts';
import { dropRepeated, transform } from './agents/transformer.ts';
import { ACCEPTED, CANDIDATE, FEEDBACK, type Candidate, type Rows, type Task } from './candidate.ts';
import { feedbackSql } from './feedback.ts';
import { count, tally } from './tally.ts';

/** One product's way through the agents: the step's rows, what each breaks by itself, repeats, and the contract's verdict. */
export async function make(task: Task): Promise<Candidate> {
  const { session, product, malformed } = task;
  const rows = await transform(task);
  await judgeRows(task, rows);
  const made = await count(session, CANDIDATE);
  if (product.step.dedupe) await dropRepeated(session, product.step.dedupe);
  const kept = await count(session, CANDIDATE);
  const { verdict, offending } = await validate(task, rows);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${FEEDBACK} AS ${feedbackSql(product, rows, offending, malformed)}`);
  const violations = await tally(session, `SELECT rule AS "key", count(*) AS n FROM ${FEEDBACK} GROUP BY 1`);
  const repairs = rows.extras.includes('_repairs')
    ? await tally(session, `SELECT "key", count(*) AS n FROM (SELECT unnest(_repairs) AS "key" FROM ${CANDIDATE} WHERE len(_repairs) > 0) GROUP BY 1`)
    : {};
  return { accepted: acceptedSql(task, rows), feedback: `SELECT * FROM ${FEEDBACK}`, verdict, duplicates: Number(made - kept), repairs, violations };
}

function acceptedSql({ product }: Task, { columns, extras }: Rows): string {
  const selected = product.contract.properties.map(({ name }) => (columns.includes(name) ? ident(name) : `NULL AS ${ident(name)}`));
  const lineage = extras.includes('_file') ? ', _file AS _source, _row AS _position' : '';
  return `SELECT ${selected.join(', ')}${lineage} FROM ${ACCEPTED}`;
}
