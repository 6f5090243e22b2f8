import { ident, literal } from '@skein/kernel';
import type { Property } from '@skein/contract';
import { numberForm, rowRules, textForm } from '@skein/verifier';

/** Whether a column holds single values, which is what can be healed. */
export function isSingle({ type }: Property): boolean {
  return !['struct', 'list', 'map'].includes(type.kind);
}

/**
 * The cells of a column that break a rule of the contract by themselves, as SQL that yields `_row`, `_value` and `_rule`: the first rule
 * that is broken, in the order of the check plan. `table` has the column as text; integers and decimals are read by their digits.
 */
export function brokenCells(table: string, property: Property): string {
  const column = ident(property.name);
  const { ok, value } =
    property.type.kind === 'int' || property.type.kind === 'decimal' ? numberForm('_value', property.type) : textForm('_value', property.type);
  const rules = rowRules(property).map(({ rule, sql }) => ` WHEN ${sql} THEN ${literal(rule)}`);
  // A value that cannot be read breaks `type` and no other rule: it is not missing.
  const tried = `SELECT _row, _value, CASE WHEN _value IS NOT NULL THEN coalesce(${ok}, FALSE) END AS _ok FROM (SELECT _row, ${column} AS _value FROM ${ident(table)})`;
  const typed = `SELECT _row, _value, _ok, CASE WHEN _ok THEN ${value} END AS ${column} FROM (${tried})`;
  return `SELECT * FROM (SELECT _row, _value, CASE WHEN NOT _ok THEN 'type'${rules.join('')} END AS _rule FROM (${typed})) WHERE _rule IS NOT NULL`;
}
