import type { Contract } from '@skein/contract';
import { ident, SkeinError } from '@skein/kernel';
import { bindExpression, type Expression } from '@skein/pattern';
import type { EngineSession } from '@skein/ports';
import type { TextTable } from './healing.ts';
import { Ward } from './ward.ts';

/**
 * Applies a known solution to one column of a table of text, in the engine: cells that its pre-conditions hold for are logged in `_fix` and
 * replaced, and what would break the contract is put back. Expressions that come from elsewhere must have passed `checkSolution`.
 * @returns the cells that were repaired.
 */
export async function applyExpression(session: EngineSession, table: TextTable, contract: Contract, column: string, expression: Expression): Promise<number> {
  const ward = new Ward(session, table, { contract });
  const property = ward.columns.find(({ name }) => name === column);
  if (property === undefined) throw new SkeinError('SKEIN_INTERNAL', `the table has no column ${JSON.stringify(column)} that can be healed`);
  await ward.openLog();
  const { touches, repaired } = bindExpression(expression, ident(column), ident);
  const solution = { column, category: 'known', why: 'a known solution', sql: `CASE WHEN ${touches} THEN ${repaired} ELSE ${ident(column)} END`, expression };
  return ward.applySql(property, solution, touches, repaired, 0.99);
}

/** Fills a temporary table `into` with the cells that break a rule of the contract by themselves: `_row`, `_col`, `_value`, `_rule`. */
export async function findBroken(session: EngineSession, table: TextTable, contract: Contract, into: string): Promise<void> {
  await new Ward(session, table, { contract }).findBroken(into);
}
