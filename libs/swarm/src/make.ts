import { ident } from '@skein/kernel';
import { judgeRows, validate, type Judgement } from './agents/validator.ts';
import { dropRepeated, transform } from './agents/transformer.ts';
import { ACCEPTED, CANDIDATE, FEEDBACK, type Candidate, type Rows, type Task } from './candidate.ts';
import { feedbackSql } from './feedback.ts';
import { heal, mendedCells, shareEvidence, standingPatterns, type Healed } from './healing.ts';
import type { Application } from './mending.ts';
import { count, tally } from './tally.ts';

/** Times that a product is made again without patterns that failed, before it is made without any. */
const MOST_ROUNDS = 3;

/** One product's way through the agents: the step's rows, what each breaks by itself, repairs, repeats, and the contract's verdict. */
export async function make(task: Task): Promise<Candidate> {
  const { session, malformed } = task;
  const rows = await transform(task);
  const { judgement, healed, duplicates, takenBack } = await judged(task, rows);
  await session.run(`CREATE OR REPLACE TEMP TABLE ${FEEDBACK} AS ${feedbackSql(task.product, rows, judgement.offending, malformed, healed)}`);
  const ruleCounts = (where: string) => tally(session, `SELECT rule AS "key", count(*) AS n FROM ${FEEDBACK} WHERE ${where} GROUP BY 1`);
  const repairs = rows.extras.includes('_repairs')
    ? await tally(session, `SELECT "key", count(*) AS n FROM (SELECT unnest(_repairs) AS "key" FROM ${CANDIDATE} WHERE len(_repairs) > 0) GROUP BY 1`)
    : {};
  return {
    accepted: acceptedSql(task, rows),
    feedback: `SELECT * FROM ${FEEDBACK}`,
    verdict: judgement.verdict,
    duplicates,
    repairs,
    violations: await ruleCounts(`outcome IS DISTINCT FROM 'repaired'`),
    repaired: healed.rows === 0 ? {} : await ruleCounts(`outcome = 'repaired'`),
    escalated: await ruleCounts(`outcome = 'escalated'`),
    patterns: [...new Map([...(await standingPatterns(task, healed)), ...healed.basis].map((one) => [one.id, one])).values()],
    tried: [...new Set(healed.applied.map(({ pattern }) => pattern.id))],
    persisting: healed.persisting,
    mended: await mendedCells(task, healed),
    takenBack,
  };
}

interface Judged {
  readonly judgement: Judgement;
  readonly healed: Healed;
  readonly duplicates: number;
}

/**
 * Repairs, then judges. A pattern that passed its sample and whose rows then break a rule between rows, or that turns the verdict, has failed: the product
 * is made again without it, so that nothing it did is left, and the swarm hears.
 */
async function judged(task: Task, rows: Rows): Promise<Judged & { readonly takenBack: readonly Application[] }> {
  const barred = new Set<string>();
  const failed: Application[] = [];
  for (let round = 1; ; round++) {
    const result = await judgeOnce({ ...task, healing: { ...task.healing, barred } }, rows);
    const { judgement, healed } = result;
    const guilty = await standingPatterns(task, healed, judgement.verdict.passed && round < MOST_ROUNDS ? judgement.offending : undefined);
    const stands = guilty.length === 0 || (judgement.verdict.passed && judgement.offending.length === 0);
    if (stands) {
      // A verdict that fails with the repairs and without them says nothing about them.
      await shareEvidence(task, healed, judgement.verdict.passed ? failed : []);
      return { ...result, takenBack: failed };
    }
    for (const { id } of guilty) barred.add(id);
    failed.push(...healed.applied.filter(({ pattern }) => guilty.some(({ id }) => id === pattern.id)));
  }
}

async function judgeOnce(task: Task, rows: Rows): Promise<Judged> {
  const { session, product } = task;
  await judgeRows(task, rows);
  const healed = await heal(task, rows);
  const made = await count(session, CANDIDATE);
  if (product.step.dedupe) await dropRepeated(session, product.step.dedupe);
  const duplicates = Number(made - (await count(session, CANDIDATE)));
  return { judgement: await validate(task, rows), healed, duplicates };
}

function acceptedSql({ product }: Task, { columns, extras }: Rows): string {
  const selected = product.contract.properties.map(({ name }) => (columns.includes(name) ? ident(name) : `NULL AS ${ident(name)}`));
  const lineage = extras.includes('_file') ? ', _file AS _source, _row AS _position' : '';
  return `SELECT ${selected.join(', ')}${lineage} FROM ${ACCEPTED}`;
}
