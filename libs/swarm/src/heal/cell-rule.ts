import { ident, literal } from '@skein/kernel';
import { engineType, type ColumnType, type Property } from '@skein/contract';
import { numberForm, rowRules, textForm, type RowRule } from '@skein/verifier';

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
  const rules = rowRules(property);
  const broken = rules.map(({ rule, sql }) => ` WHEN ${sql} THEN ${literal(rule)}`);
  // A value that cannot be read breaks `type` and no other rule: it is not missing.
  const tried = `SELECT _row, _value, CASE WHEN _value IS NOT NULL THEN coalesce(${ok}, FALSE) END AS _ok FROM (${doubtful(table, property, rules)})`;
  const typed = `SELECT _row, _value, _ok, CASE WHEN _ok THEN ${value} END AS ${column} FROM (${tried})`;
  return `SELECT * FROM (SELECT _row, _value, CASE WHEN NOT _ok THEN 'type'${broken.join('')} END AS _rule FROM (${typed})) WHERE _rule IS NOT NULL`;
}

/** The cells that are not in the plainest form of their type, or break a rule in it: all that a closer look can find fault with. */
function doubtful(table: string, property: Property, rules: readonly RowRule[]): string {
  const column = ident(property.name);
  const plain = plainForm(property.type);
  const rows = `SELECT _row, ${column} AS _value FROM ${ident(table)}`;
  if (plain === undefined) return rows;
  // In its plain form a value is there, and a day lies within the four-digit years.
  const asked = rules.filter(({ rule }) => rule !== 'required' && rule !== 'range');
  const isPlain = plain === '' ? `${column} IS NOT NULL` : `coalesce(regexp_full_match(${column}, ${literal(plain)}), FALSE)`;
  if (asked.length === 0) return `${rows} WHERE NOT ${isPlain}`;
  const kept = asked.map(({ sql }) => `coalesce(NOT (${sql}), TRUE)`).join(' AND ');
  if (plain === '') return `${rows} WHERE NOT (${isPlain} AND ${kept})`;
  const typed = `CASE WHEN ${isPlain} THEN CAST(${column} AS ${engineType(property.type)}) END`;
  return `SELECT _row, _value FROM (SELECT _row, ${column} AS _value, ${typed} AS ${column} FROM ${ident(table)}) WHERE NOT (${column} IS NOT NULL AND ${kept})`;
}

/** A form that every value of the type may have, that no cast refuses, and that is quickly told; empty for text, which has no other. */
function plainForm(type: ColumnType): string | undefined {
  switch (type.kind) {
    case 'string':
      return '';
    case 'int':
      return `0|-?[1-9][0-9]{0,${type.bits === 32 ? 8 : 17}}`;
    case 'decimal': {
      const whole = type.precision - type.scale;
      const fraction = type.scale === 0 ? '' : `([.][0-9]{1,${type.scale}})?`;
      return whole === 0 ? undefined : `-?(0|[1-9][0-9]{0,${whole - 1}})${fraction}`;
    }
    case 'date':
      return '[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])';
    default:
      return undefined;
  }
}
