import { primaryKey } from '@skein/contract';
import { ident, SkeinError } from '@skein/kernel';
import type { EngineSession } from '@skein/ports';
import type { DataProduct } from '@skein/product';
import type { CheckPlan } from '@skein/verifier';
import { CANDIDATE, type Rows, type Task } from '../candidate.ts';
import { exactnessChecks, MALFORMED, UNTYPED } from '../own-checks.ts';

/**
 * The transformer: turns the step of a product into rows that its contract can judge. Throws SKEIN_STEP_FAILED when the step cannot be run,
 * or selects what the contract does not have.
 */
export async function transform({ session, product, plan: basePlan, malformed }: Task): Promise<Rows> {
  const { contract, step } = product;
  const described = await describe(session, product);
  const offered = described.map((column) => column.name);
  const names = contract.properties.map((property) => property.name);
  const extras = ['_file', '_row', '_repairs', '_invalid'].filter((name) => offered.includes(name));
  const columns = [...names.filter((name) => offered.includes(name)), ...extras];
  const unknown = offered.filter((name) => !columns.includes(name));
  if (unknown.length > 0) {
    throw new SkeinError('SKEIN_STEP_FAILED', `${product.id}: step ${step.name} selects ${unknown.join(', ')}, which the contract does not have`, {
      hint: `Leave the column out, or add it to ${contract.file}.`,
      context: { product: product.id, columns: unknown },
    });
  }
  const own = { tolerance: contract.tolerance, place: { file: contract.file } };
  const plan: CheckPlan = {
    ...basePlan,
    checks: [
      ...basePlan.checks,
      ...exactnessChecks(contract, described),
      ...(extras.includes('_invalid') ? [{ ...UNTYPED, ...own }] : []),
      ...(malformed.length > 0 ? [{ ...MALFORMED, ...own }] : []),
    ],
  };
  const typed = contract.properties.filter((property) => offered.includes(property.name));
  const sql = `SELECT ${[...typed.map((property) => ident(property.name)), ...extras].join(', ')} FROM (${step.sql})`;
  const position = extras.includes('_file')
    ? `_file || '#' || _row`
    : `concat_ws('|', ${
        primaryKey(contract)
          .map((key) => ident(key.name))
          .join(', ') || `''`
      })`;
  return { sql, columns, extras, plan, position };
}

/**
 * Deletes all but the first row of each group of clean rows; rows that broke a rule all go to the feedback dataset, also those
 * that lack a part of the key. Few rows repeat, so groups are counted first, over their keys alone, and only rows of groups with
 * several are ordered.
 */
export async function dropRepeated(session: EngineSession, { by, keep }: NonNullable<DataProduct['step']['dedupe']>): Promise<void> {
  const keys = by.map(ident);
  const same = keys.map((key) => `c.${key} IS NOT DISTINCT FROM g.${key}`).join(' AND ');
  await session.run(
    `DELETE FROM ${CANDIDATE} WHERE rowid IN (
       SELECT id FROM (SELECT c.rowid AS id, row_number() OVER (PARTITION BY ${keys.map((key) => `c.${key}`).join(', ')} ORDER BY ${keep}) AS place
         FROM ${CANDIDATE} c SEMI JOIN (SELECT ${keys.join(', ')} FROM ${CANDIDATE} WHERE _failed IS NULL GROUP BY ${keys.join(', ')} HAVING count(*) > 1) g ON ${same}
         WHERE c._failed IS NULL)
       WHERE place > 1)`,
  );
}

async function describe(session: EngineSession, product: DataProduct): Promise<{ name: string; type: string }[]> {
  try {
    return await session.describe(product.step.sql);
  } catch (error) {
    throw new SkeinError(
      'SKEIN_STEP_FAILED',
      `${product.id}: step ${product.step.name} cannot be run: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
        context: { product: product.id, step: product.step.name },
      },
    );
  }
}
