import { canonicalJson, sha256 } from '@skein/kernel';
import { compareDecimal, exactNumber, type Tolerance } from '@skein/contract';
import type { Check, CheckPlan, Figures, Gate, Verdict } from './verdict.ts';

/**
 * The verdict over what the engine counted. Every check of the plan becomes a gate: one without a figure is an error, never
 * a pass. The verdict passes when no gate of severity error failed or erred.
 */
export function judge(plan: CheckPlan, figures: Figures): Verdict {
  const gates: Gate[] = [
    ...plan.checks.map((check) => gateOf(check, figures)),
    ...plan.unjudged.map(({ id, rule, column, severity, reason }): Gate => ({
      check: id,
      rule,
      column,
      severity,
      outcome: 'skipped',
      failed: undefined,
      value: undefined,
      tolerance: NONE,
      reason,
    })),
  ];
  const dimensionOf = new Map(plan.checks.map((check) => [check.id, check.dimension]));
  const passed = !gates.some((gate) => gate.severity === 'error' && (gate.outcome === 'failed' || gate.outcome === 'error'));
  const figuresOnly = gates.map(({ check, outcome, failed, value }) => ({ check, outcome, failed: failed?.toString(), value }));
  return {
    product: plan.product,
    contractHash: plan.contractHash,
    passed,
    rows: figures.rows,
    refused: figures.refused,
    gates,
    scores: scoresOf(gates, dimensionOf, figures.rows),
    hash: sha256(canonicalJson({ contract: plan.contractHash, rows: figures.rows.toString(), refused: figures.refused.toString(), gates: figuresOnly })),
  };
}

const NONE: Tolerance = { unit: 'rows', max: 0 };

function gateOf(check: Check, figures: Figures): Gate {
  const gate = {
    check: check.id,
    rule: check.rule,
    column: check.column,
    severity: check.severity,
    failed: undefined,
    value: undefined,
    tolerance: check.tolerance,
  };
  const result = Object.hasOwn(figures.results, check.id) ? figures.results[check.id] : undefined;
  if (result === undefined) return { ...gate, outcome: 'error', reason: 'the check was not run' };
  if ('error' in result) return { ...gate, outcome: 'error', reason: result.error };
  if ('skipped' in result) return { ...gate, outcome: 'skipped', reason: result.skipped };
  if ('failed' in result) {
    if (check.level === 'metric') return { ...gate, outcome: 'error', reason: 'a metric was given as a count of rows' };
    const kept = within(result.failed, figures.rows, check.tolerance);
    return {
      ...gate,
      failed: result.failed,
      outcome: kept ? 'passed' : 'failed',
      reason: kept ? undefined : beyond(result.failed, figures.rows, check.tolerance),
    };
  }
  if (check.level !== 'metric' || !check.comparison) return { ...gate, outcome: 'error', reason: 'a count of rows was given as a metric' };
  const value = result.value === null ? undefined : exactNumber(result.value.trim());
  if (value === undefined)
    return {
      ...gate,
      value: result.value ?? undefined,
      outcome: 'error',
      reason: result.value === null ? 'the rule yielded NULL' : `the rule yielded ${JSON.stringify(result.value)}, which is no number`,
    };
  const kept = compares(value, check.comparison.operator, check.comparison.operands);
  if (kept === undefined)
    return { ...gate, value, outcome: 'error', reason: `the comparison ${check.comparison.operator} ${check.comparison.operands.join(' ')} makes no sense` };
  return {
    ...gate,
    value,
    outcome: kept ? 'passed' : 'failed',
    reason: kept ? undefined : `the value ${value} breaks ${check.comparison.operator} ${check.comparison.operands.join(' and ')}`,
  };
}

/** `failed` against a tolerance, exactly: a share is compared without division. */
function within(failed: bigint, rows: bigint, { unit, max }: Tolerance): boolean {
  const limit = exactNumber(String(max)) ?? '0';
  if (unit === 'rows') return compareDecimal(failed.toString(), limit) <= 0;
  const [whole = '0', fraction = ''] = limit.split('.');
  return failed * 100n * 10n ** BigInt(fraction.length) <= BigInt(whole + fraction) * rows;
}

function beyond(failed: bigint, rows: bigint, { unit, max }: Tolerance): string {
  return `${failed} of ${rows} rows break it, ${unit === 'rows' ? (max === 0 ? 'none' : max) : `${max} %`} may`;
}

/** Both between operators take their ends as part of the range, as ODCS does. */
function compares(value: string, operator: string, operands: readonly string[]): boolean | undefined {
  const [first, second] = operands;
  if (first === undefined) return undefined;
  const order = compareDecimal(value, first);
  switch (operator) {
    case 'mustBe':
      return order === 0;
    case 'mustNotBe':
      return order !== 0;
    case 'mustBeGreaterThan':
      return order > 0;
    case 'mustBeGreaterOrEqualTo':
      return order >= 0;
    case 'mustBeLessThan':
      return order < 0;
    case 'mustBeLessOrEqualTo':
      return order <= 0;
    case 'mustBeBetween':
    case 'mustNotBeBetween': {
      if (second === undefined) return undefined;
      const inside = order >= 0 && compareDecimal(value, second) <= 0;
      return operator === 'mustBeBetween' ? inside : !inside;
    }
    default:
      return undefined;
  }
}

/** By dimension, the share of rows without a violation of its worst check; a metric counts as all or nothing. Six digits. */
function scoresOf(gates: readonly Gate[], dimensionOf: ReadonlyMap<string, string>, rows: bigint): Record<string, number> {
  const scores: Record<string, number> = {};
  for (const gate of gates) {
    const dimension = dimensionOf.get(gate.check);
    if (dimension === undefined || gate.outcome === 'skipped' || gate.outcome === 'error') continue;
    const clean =
      gate.failed === undefined ? (gate.outcome === 'passed' ? 1 : 0) : rows === 0n ? 1 : Number(((rows - gate.failed) * 1_000_000n) / rows) / 1_000_000;
    scores[dimension] = Math.min(scores[dimension] ?? 1, Math.max(0, clean));
  }
  return Object.fromEntries(Object.entries(scores).sort(([a], [b]) => (a < b ? -1 : 1)));
}
