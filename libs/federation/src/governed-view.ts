import { engineType, sameType, type ColumnType } from '@skein/contract';
import { ident } from '@skein/kernel';
import type { Field } from '@skein/product';
import type { ColumnDecision, Conjunction, Decision, ResolvedCondition } from './decision.ts';
import type { Access } from './policy.ts';
import { pseudonymSql } from './pseudonym.ts';

/** What the stored table of one snapshot offers, seen from the contract: by name of the contract's column. */
export interface StoredColumns {
  /** The stored column behind a contract's column: found by its stable id, then by name. */
  readonly of: ReadonlyMap<string, { readonly name: string; readonly type: ColumnType }>;
  /** Stored columns that the contract does not know, such as `_row_id`. */
  readonly extra: readonly { readonly name: string; readonly type: ColumnType }[];
}

const STORED = 'stored';
const REDACTED = '***';

/** Matches a contract's columns with the fields of a snapshot, which may be older or newer than the contract. */
export function storedColumns(properties: readonly { readonly id: string; readonly name: string }[], fields: readonly Field[]): StoredColumns {
  const of = new Map<string, { name: string; type: ColumnType }>();
  const used = new Set<Field>();
  for (const property of properties) {
    const field =
      fields.find((candidate) => candidate.propertyId === property.id) ??
      fields.find((candidate) => candidate.name === property.name && !properties.some((other) => other.id === candidate.propertyId));
    if (!field) continue;
    of.set(property.name, { name: field.name, type: field.type });
    used.add(field);
  }
  const names = new Set(properties.map((property) => property.name));
  return {
    of,
    extra: fields.filter((field) => !used.has(field) && field.name.startsWith('_') && !names.has(field.name)).map(({ name, type }) => ({ name, type })),
  };
}

/**
 * The SELECT of a governed view over `{files}`: masks in the projection, row filters as column-against-constant predicates.
 *
 * Where rows are filtered, every column is also guarded by the filter: whatever order the engine evaluates predicates in, an
 * expression of the consumer meets NULLs on hidden rows, never their values.
 */
export function viewSql(decision: Decision, stored: StoredColumns, scopes: Readonly<Record<string, string>>): string {
  const base = (name: string, type: ColumnType): string => {
    const column = stored.of.get(name);
    if (!column) return `CAST(NULL AS ${engineType(type)})`;
    const reference = `${ident(STORED)}.${ident(column.name)}`;
    return sameType(column.type, type) ? reference : `CAST(${reference} AS ${engineType(type)})`;
  };
  const condition = (item: ResolvedCondition): string => conditionSql(stored.of.has(item.column) ? base(item.column, item.type) : 'NULL', item);
  const any = (rows: readonly Conjunction[]): string => rows.map((conjunction) => `(${conjunction.map(condition).join(' AND ')})`).join(' OR ');
  const always = (rows: readonly Conjunction[]): boolean => rows.some((conjunction) => conjunction.length === 0);

  const columns = decision.columns.map((column) => {
    const shown = (access: Access): string =>
      accessSql(access, column, base(column.name, column.type), scopes[column.name] ?? `column:${decision.product}.${column.name}`);
    const [first] = column.branches;
    if (first && always(first.rows) && decision.rows === undefined) return `${shown(first.access)} AS ${ident(column.name)}`;
    const cases = column.branches.map((branch) => `WHEN ${always(branch.rows) ? 'TRUE' : any(branch.rows)} THEN ${shown(branch.access)}`);
    return `CASE ${cases.join(' ')} END AS ${ident(column.name)}`;
  });
  if (decision.lineage) for (const { name } of stored.extra) columns.push(`${ident(STORED)}.${ident(name)} AS ${ident(name)}`);
  const where = decision.rows === undefined ? '' : ` WHERE ${any(decision.rows)}`;
  return `SELECT ${columns.join(', ')} FROM {files} AS ${ident(STORED)}${where}`;
}

function accessSql(access: Access, column: ColumnDecision, base: string, scope: string): string {
  switch (access) {
    case 'clear':
      return base;
    case 'pseudonym':
      return pseudonymSql(scope, column.type.kind === 'timestamp' ? `CAST(epoch_us(${base}) AS VARCHAR)` : `CAST(${base} AS VARCHAR)`);
    case 'redact':
      return `CASE WHEN ${base} IS NOT NULL THEN '${REDACTED}' END`;
    case 'null':
      return `CAST(NULL AS ${engineType(column.shown)})`;
  }
}

const SYMBOLS: Readonly<Record<string, string>> = { equals: '=', notEquals: '<>', lessThan: '<', lessOrEqual: '<=', greaterThan: '>', greaterOrEqual: '>=' };

function conditionSql(column: string, { operator, constants }: ResolvedCondition): string {
  switch (operator) {
    case 'isNull':
      // a column that the snapshot lacks is unknown, not empty
      return column === 'NULL' ? 'FALSE' : `${column} IS NULL`;
    case 'isNotNull':
      return `${column} IS NOT NULL`;
    case 'in':
      return constants.length === 0 ? 'FALSE' : `${column} IN (${constants.join(', ')})`;
    case 'notIn':
      return constants.length === 0 ? `${column} IS NOT NULL` : `${column} NOT IN (${constants.join(', ')})`;
    default:
      return `${column} ${SYMBOLS[operator]} ${constants[0] ?? 'NULL'}`;
  }
}
