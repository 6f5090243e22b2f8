import { ident, SkeinError } from '@skein/kernel';
import { primaryKey, type Contract, type Property } from '@skein/contract';
import { compilePattern } from './pattern.ts';
import { qualityChecks } from './quality-check.ts';
import { missingSql, rowRules } from './row-rule.ts';
import { serviceChecks } from './service-level.ts';
import { COUNT_REFERRERS } from './statement.ts';
import type { Check, CheckPlan } from './verdict.ts';

/**
 * Compiles a contract to the checks of the batch path: plain data, SQL for DuckDB. Row checks come first, in the order of
 * the columns, then keys and references, then quality rules and service levels. Throws SKEIN_CONTRACT_UNSUPPORTED for what cannot be judged.
 * `missing` says where a column has no value, for relations in which NULL may say something else as well.
 */
export function checkPlan(contract: Contract, missing: (property: Property) => string = missingSql): CheckPlan {
  const checks: Check[] = [];
  const unjudged: CheckPlan['unjudged'][number][] = [];
  for (const property of contract.properties) checks.push(...propertyChecks(contract, property, missing(property)));
  checks.push(...keyChecks(contract));
  for (const property of contract.properties) {
    const rules = qualityChecks(contract, property.quality, property, missing(property));
    checks.push(...rules.checks);
    unjudged.push(...rules.unjudged);
  }
  const rules = qualityChecks(contract, contract.quality, undefined);
  checks.push(...rules.checks);
  unjudged.push(...rules.unjudged);

  const levels = serviceChecks(contract);
  checks.push(...levels.checks);
  unjudged.push(...levels.unjudged);

  const ids = new Set<string>();
  for (const { id, place } of [...checks, ...unjudged]) {
    if (ids.has(id))
      throw new SkeinError('SKEIN_CONTRACT_INVALID', `two rules of the contract have the id ${JSON.stringify(id)}`, {
        place,
        hint: 'Give the quality rule, or the property, another name.',
      });
    ids.add(id);
  }
  const order = { row: 0, set: 1, metric: 2, publication: 3 } as const;
  return {
    product: contract.product,
    contractHash: contract.hash,
    checks: checks.sort((a, b) => order[a.level] - order[b.level]),
    unjudged,
  };
}

function propertyChecks(contract: Contract, property: Property, missing: string): Check[] {
  if (property.options.pattern !== undefined) compilePattern(property.options.pattern, property.place);
  return rowRules(property, missing).map(({ rule, sql, dimension }) => ({
    id: `${property.name}.${rule}`,
    rule,
    column: property.name,
    level: 'row',
    sql,
    severity: 'error',
    dimension,
    tolerance: contract.tolerance,
    comparison: undefined,
    reads: [property.name],
    place: property.place,
  }));
}

function keyChecks(contract: Contract): Check[] {
  const key = primaryKey(contract);
  const set = { level: 'set', severity: 'error', tolerance: contract.tolerance, comparison: undefined } as const;
  const checks: Check[] = [];
  const [first] = key;
  if (first) {
    const reads = key.map((property) => property.name);
    checks.push({
      ...set,
      id: 'primary_key',
      rule: 'primary_key',
      column: key.length === 1 ? first.name : undefined,
      sql: duplicatesSql(reads),
      dimension: 'uniqueness',
      reads,
      place: first.place,
    });
  }
  for (const property of contract.properties) {
    // A single-column key says the same; it is counted once.
    if (property.unique && !(key.length === 1 && first?.name === property.name)) {
      checks.push({
        ...set,
        id: `${property.name}.unique`,
        rule: 'unique',
        column: property.name,
        sql: duplicatesSql([property.name]),
        dimension: 'uniqueness',
        reads: [property.name],
        place: property.place,
      });
    }
    for (const [index, reference] of property.references.entries()) {
      // A product that refers to itself is judged within the rows at hand.
      const target = reference.product === contract.product ? '{relation}' : `{ref:${reference.product}}`;
      const column = ident(property.name);
      checks.push({
        ...set,
        id: `${property.name}.reference${index === 0 ? '' : `.${index + 1}`}`,
        rule: 'reference',
        column: property.name,
        sql: `${COUNT_REFERRERS}WHERE r.${column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${target} AS p WHERE p.${ident(reference.column)} = r.${column})`,
        dimension: 'consistency',
        reads: [property.name],
        place: reference.place,
      });
    }
  }
  return checks;
}

/** All rows of a group that shares its key are violating; rows with a NULL in the key are not compared, as in SQL. */
function duplicatesSql(columns: readonly string[]): string {
  const names = columns.map(ident);
  return `SELECT coalesce(sum(_n), 0)::BIGINT AS failed FROM (SELECT count(*) AS _n FROM {relation} WHERE ${names.map((name) => `${name} IS NOT NULL`).join(' AND ')} GROUP BY ${names.join(', ')} HAVING count(*) > 1)`;
}
