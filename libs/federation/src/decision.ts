import type { ColumnType, Contract, Property } from '@skein/contract';
import { canonicalJson, sha256 } from '@skein/kernel';
import { constantOf, isScalar } from './constant.ts';
import { ACCESS_LEVELS, LINEAGE_CLASS, type Access, type Grant, type Policy, type RowCondition } from './policy.ts';
import type { Principal } from './principal.ts';

/** A row condition with its claims resolved: a column against constants in SQL. */
export interface ResolvedCondition {
  readonly column: string;
  readonly type: ColumnType;
  readonly operator: RowCondition['operator'];
  readonly constants: readonly string[];
}

/** All conditions hold; an empty list is always true. */
export type Conjunction = readonly ResolvedCondition[];

/** How one column is shown: the first branch whose rows fit wins; rows that fit none read NULL. */
export interface ColumnDecision {
  readonly name: string;
  /** Type in the contract. */
  readonly type: ColumnType;
  /** Type as shown: text where a pseudonym stands for another type. */
  readonly shown: ColumnType;
  readonly classification: string;
  /** The best that any row of the principal gets. */
  readonly access: Access;
  readonly branches: readonly { readonly access: Access; /** Any of these. */ readonly rows: readonly Conjunction[] }[];
}

/** What one principal may see of one product for one purpose: the compiled policy. */
export interface Decision {
  readonly product: string;
  readonly columns: readonly ColumnDecision[];
  /** Any of these; undefined: all rows. */
  readonly rows: readonly Conjunction[] | undefined;
  /** Whether columns of the stored table that the contract does not know (row id, source position) are shown. */
  readonly lineage: boolean;
  /** sha256 of all of the above: equal for equal rights. */
  readonly hash: string;
}

interface Applied {
  readonly grant: Grant;
  readonly rows: Conjunction;
}

/**
 * Compiles a policy for a principal and a purpose; undefined when nothing is granted. Grants add up: a row is visible when one
 * grant shows it, and on each row a column is shown as the most permissive of the grants that show *that row* says. A grant
 * whose claims the principal lacks, or that do not fit the column's type, does not apply.
 */
export function decide(policy: Policy | undefined, contract: Contract, principal: Principal, purpose: string | undefined): Decision | undefined {
  const applied = (policy?.grants ?? []).flatMap((grant) => apply(grant, principal, purpose) ?? []);
  const columns = applied.length === 0 ? [] : contract.properties.flatMap((property) => decideColumn(property, applied) ?? []);
  if (columns.length === 0) return undefined;
  // a grant that shows no column shows no row either
  const showing = applied.filter(({ grant }) => contract.properties.some((property) => accessOf(grant, property) !== undefined));
  const rows = showing.some(({ rows: conditions }) => conditions.length === 0) ? undefined : distinct(showing.map(({ rows: conditions }) => conditions));
  const lineage =
    rows === undefined &&
    showing.some(({ grant, rows: conditions }) => conditions.length === 0 && grant.allow.includes(LINEAGE_CLASS) && !grant.deny.includes(LINEAGE_CLASS));
  const decision = { product: contract.product, columns, rows, lineage };
  return { ...decision, hash: sha256(canonicalJson(decision)) };
}

function apply(grant: Grant, principal: Principal, purpose: string | undefined): Applied | undefined {
  if (!grant.roles.some((role) => principal.roles.includes(role))) return undefined;
  if (grant.purposes !== undefined && (purpose === undefined || !grant.purposes.includes(purpose))) return undefined;
  const rows: ResolvedCondition[] = [];
  for (const condition of grant.rows) {
    const constants = resolve(condition, principal.claims);
    if (constants === undefined) return undefined;
    rows.push({ column: condition.column, type: condition.type, operator: condition.operator, constants });
  }
  return { grant, rows };
}

function resolve(condition: RowCondition, claims: Principal['claims']): readonly string[] | undefined {
  const { operand, operator } = condition;
  if (operand === undefined) return [];
  if ('constants' in operand) return operand.constants;
  const claim: unknown = Object.hasOwn(claims, operand.claim) ? claims[operand.claim] : undefined;
  const many = operator === 'in' || operator === 'notIn';
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (values.length > 1_000 || (!many && values.length !== 1)) return undefined;
  const constants = values.map((value) => (isClaimValue(value) ? constantOf(condition.type, String(value)) : undefined));
  return constants.includes(undefined) ? undefined : [...new Set(constants as string[])].sort();
}

function isClaimValue(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && (Number.isSafeInteger(value) || !Number.isInteger(value)));
}

function accessOf(grant: Grant, property: Property): Access | undefined {
  const { name, classification, type } = property;
  if (grant.deny.includes(name) || grant.deny.includes(classification)) return undefined;
  if (grant.allow.includes(classification)) return 'clear';
  const mask = Object.hasOwn(grant.mask, classification) ? grant.mask[classification] : undefined;
  // a pseudonym of two values hides nothing, and one of a list joins nothing
  if (mask === 'pseudonym' && (!isScalar(type) || type.kind === 'boolean' || type.kind === 'float')) return 'null';
  if (mask === 'redact' && type.kind !== 'string') return 'null';
  return mask;
}

function decideColumn(property: Property, applied: readonly Applied[]): ColumnDecision | undefined {
  const branches: { access: Access; rows: readonly Conjunction[] }[] = [];
  for (const access of ACCESS_LEVELS) {
    const rows = applied.filter(({ grant }) => accessOf(grant, property) === access).map((item) => item.rows);
    if (rows.length === 0) continue;
    if (!rows.some((conditions) => conditions.length === 0)) {
      branches.push({ access, rows: distinct(rows) });
      continue;
    }
    branches.push({ access, rows: [[]] });
    break;
  }
  const best = branches[0];
  if (!best) return undefined;
  const { name, type, classification } = property;
  if (best.access === 'pseudonym') return { name, type, classification, shown: { kind: 'string' }, access: 'pseudonym', branches };
  // one column has one type: where some rows are clear, a pseudonym of another type than text would not fit, so it is NULL there
  const fitting = branches.map((branch) => (branch.access === 'pseudonym' && type.kind !== 'string' ? { ...branch, access: 'null' as const } : branch));
  return { name, type, classification, shown: type, access: best.access, branches: fitting };
}

function distinct(conjunctions: readonly Conjunction[]): Conjunction[] {
  const seen = new Map(conjunctions.map((conjunction) => [canonicalJson(conjunction), conjunction]));
  return [...seen.keys()].sort().map((key) => seen.get(key) as Conjunction);
}
