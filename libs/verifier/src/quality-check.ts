import { ident, SkeinError } from '@skein/kernel';
import { boundText, compareDecimal, exactNumber, type ColumnType, type Contract, type Property, type QualityRule } from '@skein/contract';
import { compilePattern } from './pattern.ts';
import { singleSelect } from './quality-sql.ts';
import { amongSql, invalidSql, mismatchSql } from './row-rule.ts';
import { measuring } from './statement.ts';
import type { Check, Unjudged } from './verdict.ts';

/** The checks of a `quality` list, and the rules that no machine of ours judges, with the reason; `missing` is SQL of where the column has no value. */
export function qualityChecks(
  contract: Contract,
  rules: readonly QualityRule[],
  property: Property | undefined,
  missing = '',
): { checks: Check[]; unjudged: Unjudged[] } {
  const checks: Check[] = [];
  const unjudged: Unjudged[] = [];
  for (const rule of rules) {
    const common = {
      id: `${property ? `${property.name}.` : ''}quality.${rule.id}`,
      column: property?.name,
      severity: rule.severity,
      dimension: rule.dimension,
      place: rule.place,
    };
    if (rule.type === 'text' || rule.type === 'custom') {
      const reason =
        rule.type === 'text' ? 'a text rule is for people to judge' : `the rule is for the engine ${JSON.stringify(rule.arguments['engine'] ?? 'custom')}`;
      unjudged.push({ ...common, rule: rule.type, reason });
      continue;
    }
    if (rule.operator === undefined) throw new SkeinError('SKEIN_CONTRACT_INVALID', `the rule ${rule.id} compares with nothing`, { place: rule.place });
    const comparison = { operator: rule.operator, operands: rule.operands };
    if (rule.type === 'sql') {
      const sql = singleSelect(rule.query ?? '', contract.name, property?.name, rule.place);
      checks.push({ ...common, rule: 'sql', level: 'metric', sql, tolerance: NONE, comparison, reads: property ? [property.name] : [] });
      continue;
    }
    const metric = rule.metric ?? '';
    const predicate = property && valuePredicate(rule, property, missing);
    if (predicate !== undefined && property && mustBeNone(rule)) {
      // "None may be" names the rows that are to blame, so they are refused one by one like any other violating row.
      checks.push({ ...common, rule: metric, level: 'row', sql: predicate, tolerance: contract.tolerance, comparison: undefined, reads: [property.name] });
      continue;
    }
    const reads = property ? [property.name] : columnsOf(rule);
    const counted = predicate !== undefined ? `count(*) FILTER (WHERE ${predicate})` : metric === 'rowCount' ? 'count(*)' : duplicatesOf(reads);
    const value = rule.unit === 'percent' ? `CASE WHEN count(*) = 0 THEN 0 ELSE (${counted}) * 100 / count(*) END` : counted;
    checks.push({ ...common, rule: metric, level: 'metric', sql: measuring(`(${value})::VARCHAR`), tolerance: NONE, comparison, reads });
  }
  return { checks, unjudged };
}

const NONE = { unit: 'rows', max: 0 } as const;

/** Whether the rule says that no row may have the fault, in rows or percent. */
export function mustBeNone(rule: QualityRule): boolean {
  const [first = ''] = rule.operands;
  if (rule.operator === 'mustBe' || rule.operator === 'mustBeLessOrEqualTo') return first === '0';
  return rule.operator === 'mustBeLessThan' && compareDecimal(first, '0') > 0 && rule.unit === 'rows' && compareDecimal(first, '1') <= 0;
}

/** TRUE on the rows that a metric of a column counts; undefined where it does not count rows one by one. */
function valuePredicate(rule: QualityRule, property: Property, missing: string): string | undefined {
  const column = ident(property.name);
  switch (rule.metric) {
    case 'nullValues':
      return missing;
    case 'missingValues': {
      const values = listOf(rule.arguments['missingValues']);
      return amongSql(column, property.type, textsOf(values, property.type, rule), values.includes(null) ? missing : undefined);
    }
    case 'invalidValues': {
      const parts: string[] = [];
      const valid = rule.arguments['validValues'];
      if (valid !== undefined) parts.push(invalidSql(column, property.type, textsOf(listOf(valid), property.type, rule)));
      const pattern = rule.arguments['pattern'];
      if (typeof pattern === 'string') {
        compilePattern(pattern, rule.place);
        parts.push(mismatchSql(column, pattern));
      }
      return parts.length > 1 ? `(${parts.join(' OR ')})` : parts[0];
    }
    default:
      return undefined;
  }
}

/** Rows that repeat what another row has: all but the first of each group. Rows with a NULL among the columns are not compared. */
function duplicatesOf(columns: readonly string[]): string {
  const names = columns.map(ident);
  const present = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const distinct = names.length === 1 ? names[0] : `(${names.join(', ')})`;
  return `count(*) FILTER (WHERE ${present}) - count(DISTINCT ${distinct}) FILTER (WHERE ${present})`;
}

function columnsOf(rule: QualityRule): string[] {
  return listOf(rule.arguments['properties']).map(String);
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Arguments are written like YAML values: numbers come as numbers, or as text where a double would lose digits. */
export function textsOf(values: readonly unknown[], type: ColumnType, rule: QualityRule): string[] {
  return values.flatMap((value) => {
    if (value === null) return [];
    const written = typeof value === 'number' ? (exactNumber(String(value)) ?? String(value)) : String(value);
    const text = boundText(written, type);
    if (text === undefined)
      throw new SkeinError('SKEIN_CONTRACT_INVALID', `${JSON.stringify(written)} in rule ${rule.id} is no value of its column`, { place: rule.place });
    return [text];
  });
}
