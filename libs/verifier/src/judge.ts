import { canonicalJson, sha256 } from '@skein/kernel';
import { compareDecimal, exactNumber, type Tolerance } from '@skein/contract';
import { after, momentOf, momentText, readPeriod } from './period.ts';
import { isTimed } from './service-level.ts';
import type { Check, CheckPlan, Figures, Gate, Verdict } from './verdict.ts';

/**
 * The verdict over what the engine counted. Every check of the plan becomes a gate: one without a figure is an error, never
 * a pass. The verdict passes when no gate of severity error failed or erred.
 *
 * `at`, in milliseconds since the epoch, is the moment that service levels are judged by: without it they are skipped. It changes
 * their outcome, and not the verdict's hash.
 */
export function judge(plan: CheckPlan, figures: Figures, at?: number): Verdict {
  const gates: Gate[] = [
    ...plan.checks.map((check) => (isTimed(check) ? timedGate(check, figures, at) : gateOf(check, figures))),
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
  const kindOf = new Map(plan.checks.map((check) => [check.id, isTimed(check) ? check.level : undefined]));
  const figuresOnly = gates.flatMap(({ check, outcome, failed, value }) => {
    const timed = kindOf.get(check);
    // Publications are no data, and what is late is so at one moment and not at another.
    if (timed === 'publication') return [];
    return [{ check, outcome: timed && outcome !== 'error' ? 'timed' : outcome, failed: failed?.toString(), value }];
  });
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

/** The gate of a service level that is judged by the moment `at`. */
export function timedGate(check: Check, figures: Pick<Figures, 'results' | 'publications'>, at: number | undefined): Gate {
  const gate = {
    check: check.id,
    rule: check.rule,
    column: check.column,
    severity: check.severity,
    failed: undefined,
    value: undefined,
    tolerance: check.tolerance,
  };
  const promised = check.comparison?.operands.join(' ') ?? '';
  const read = readPeriod(check.comparison?.operands[0] ?? '', check.comparison?.operands[1]);
  if ('reason' in read) return { ...gate, outcome: 'error', reason: read.reason };
  const measured = check.level === 'publication' ? publicationsOf(figures) : momentsOf(check, figures);
  if ('outcome' in measured) return { ...gate, ...measured };
  const { moments, none } = measured;
  const newest = moments.at(-1);
  const value = newest === undefined ? undefined : momentText(newest);
  if (at === undefined) return { ...gate, value, outcome: 'skipped', reason: 'no moment was given to judge it by' };
  if (newest === undefined) return { ...gate, outcome: none, reason: none === 'failed' ? 'no row has a value' : undefined };
  if (!Number.isSafeInteger(at)) return { ...gate, value, outcome: 'error', reason: `${at} is no moment` };
  const now = BigInt(at) * 1_000n;
  const before = check.rule === 'frequency' ? moments.at(-2) : undefined;
  if (before !== undefined && after(before, read.period) < newest)
    return { ...gate, value, outcome: 'failed', reason: `from ${momentText(before)} to ${value} more than ${promised} passed` };
  const kept = after(newest, read.period) >= now;
  const what = check.rule === 'retention' ? 'the oldest value' : check.level === 'publication' ? 'the last publication' : 'the newest value';
  return {
    ...gate,
    value,
    outcome: kept ? 'passed' : 'failed',
    reason: kept ? undefined : `${what}, ${value}, is older than ${promised} at ${momentText(now)}`,
  };
}

/** What a service level is measured by, oldest first, and what it means that there is nothing; or why it is not known. */
type Measured = { readonly moments: readonly bigint[]; readonly none: 'passed' | 'failed' } | Pick<Gate, 'outcome' | 'reason'>;

function publicationsOf({ publications }: Pick<Figures, 'publications'>): Measured {
  if (publications === undefined || publications.length === 0) return { outcome: 'skipped', reason: 'when the product was published is not known here' };
  return { moments: publications.map((time) => BigInt(time) * 1_000n), none: 'failed' };
}

function momentsOf(check: Check, figures: Pick<Figures, 'results'>): Measured {
  const result = Object.hasOwn(figures.results, check.id) ? figures.results[check.id] : undefined;
  if (result === undefined) return { outcome: 'error', reason: 'the check was not run' };
  if ('error' in result) return { outcome: 'error', reason: result.error };
  if ('skipped' in result) return { outcome: 'skipped', reason: result.skipped };
  if ('failed' in result) return { outcome: 'error', reason: 'a moment was given as a count of rows' };
  // Where there is no row, none is too old, and none is new.
  if (result.value === null) return { moments: [], none: check.rule === 'retention' ? 'passed' : 'failed' };
  const moment = momentOf(result.value);
  return moment === undefined ? { outcome: 'error', reason: `${JSON.stringify(result.value)} is no moment` } : { moments: [moment], none: 'failed' };
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
