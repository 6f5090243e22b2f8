import { describe, expect, it } from 'vitest';
import { judge } from './judge.ts';
import type { Check, CheckPlan, Figures } from './verdict.ts';

const PLACE = { file: 'x.yaml', line: 1 };
const row: Check = {
  id: 'a.required',
  rule: 'required',
  column: 'a',
  level: 'row',
  sql: '',
  severity: 'error',
  dimension: 'completeness',
  tolerance: { unit: 'percent', max: 1 },
  comparison: undefined,
  reads: ['a'],
  place: PLACE,
};
const metric = (operator: string, ...operands: string[]): Check => ({
  ...row,
  id: 'm',
  rule: 'sql',
  level: 'metric',
  tolerance: { unit: 'rows', max: 0 },
  comparison: { operator, operands },
});
const plan = (...checks: Check[]): CheckPlan => ({ product: 'd.p', contractHash: 'h', checks, unjudged: [] });
const figures = (rows: bigint, results: Figures['results'], refused = 0n): Figures => ({ rows, refused, results });
const outcome = (check: Check, result: Figures['results'][string] | undefined, rows = 100n) => {
  const verdict = judge(plan(check), figures(rows, result ? { [check.id]: result } : {}));
  return `${verdict.gates[0]?.outcome}${verdict.passed ? '' : ', stops'}`;
};

describe('a gate over rows', () => {
  it.each([
    [0n, 100n, { unit: 'percent', max: 1 }, 'passed'],
    [1n, 100n, { unit: 'percent', max: 1 }, 'passed'],
    [2n, 100n, { unit: 'percent', max: 1 }, 'failed, stops'],
    [1n, 99n, { unit: 'percent', max: 1 }, 'failed, stops'],
    [9_007_199_254_740_993n, 900_719_925_474_099_300n, { unit: 'percent', max: 1 }, 'passed'],
    [9_007_199_254_740_994n, 900_719_925_474_099_300n, { unit: 'percent', max: 1 }, 'failed, stops'],
    [3n, 1000n, { unit: 'percent', max: 0.3 }, 'passed'],
    [31n, 10_000n, { unit: 'percent', max: 0.3 }, 'failed, stops'],
    [0n, 0n, { unit: 'percent', max: 0 }, 'passed'],
    [5n, 5n, { unit: 'percent', max: 100 }, 'passed'],
    [5n, 10n, { unit: 'rows', max: 5 }, 'passed'],
    [6n, 10n, { unit: 'rows', max: 5 }, 'failed, stops'],
  ] as const)('%s of %s rows with %o: %s', (failed, rows, tolerance, expected) => {
    expect(outcome({ ...row, tolerance }, { failed }, rows)).toBe(expected);
  });
  it('of lesser severity fails without stopping', () => {
    expect(outcome({ ...row, severity: 'warning' }, { failed: 100n })).toBe('failed');
  });
});

describe('a gate over a metric', () => {
  it.each([
    [metric('mustBe', '0'), '0', 'passed'],
    [metric('mustBe', '0'), '0.0', 'passed'],
    [metric('mustBe', '0'), '1e-9', 'failed, stops'],
    [metric('mustNotBe', '0'), '0', 'failed, stops'],
    [metric('mustBeGreaterThan', '9007199254740992'), '9007199254740993', 'passed'],
    [metric('mustBeGreaterOrEqualTo', '9007199254740993'), '9007199254740992', 'failed, stops'],
    [metric('mustBeLessThan', '0.3'), '0.30000000000000004', 'failed, stops'],
    [metric('mustBeLessOrEqualTo', '5'), '5', 'passed'],
    [metric('mustBeBetween', '1', '2'), '2', 'passed'],
    [metric('mustBeBetween', '1', '2'), '2.01', 'failed, stops'],
    [metric('mustNotBeBetween', '1', '2'), '1', 'failed, stops'],
    [metric('mustNotBeBetween', '1', '2'), '3', 'passed'],
    [metric('mustBe', '0'), null, 'error, stops'],
    [metric('mustBe', '0'), 'many', 'error, stops'],
    [metric('mustBe', '0'), 'inf', 'error, stops'],
    [metric('mustBeAboutRight', '0'), '0', 'error, stops'],
    [metric('mustBe'), '0', 'error, stops'],
  ])('%o of %s: %s', (check, value, expected) => {
    expect(outcome(check, { value })).toBe(expected);
  });
});

describe('what was not judged', () => {
  it('is an error when it was never run, and never a pass', () => {
    expect(outcome(row, undefined)).toBe('error, stops');
    expect(outcome({ ...row, id: 'constructor' }, undefined)).toBe('error, stops');
  });
  it('is an error with its reason when it could not be run', () => {
    expect(outcome(row, { error: 'no such column' })).toBe('error, stops');
    expect(outcome({ ...row, severity: 'warning' }, { error: 'no such column' })).toBe('error');
  });
  it('is listed as skipped with its reason, and does not stop', () => {
    const skipped = judge(plan(row), figures(1n, { 'a.required': { skipped: 'no snapshot yet' } }));
    expect(skipped).toMatchObject({ passed: true, gates: [{ outcome: 'skipped', reason: 'no snapshot yet' }], scores: {} });
    const text = judge(
      { ...plan(), unjudged: [{ id: 't', rule: 'text', column: undefined, severity: 'error', dimension: 'conformity', reason: 'for people', place: PLACE }] },
      figures(1n, {}),
    );
    expect(text).toMatchObject({ passed: true, gates: [{ check: 't', outcome: 'skipped', reason: 'for people' }] });
  });
  it('is an error when a figure is of the wrong kind', () => {
    expect(outcome(row, { value: '0' })).toBe('error, stops');
    expect(outcome(metric('mustBe', '0'), { failed: 0n })).toBe('error, stops');
  });
});

describe('the verdict', () => {
  const one = figures(1000n, { 'a.required': { failed: 5n } }, 5n);
  it('scores each dimension by its worst check', () => {
    expect(judge(plan(row, { ...row, id: 'b' }), figures(3n, { 'a.required': { failed: 1n }, b: { failed: 2n } })).scores).toEqual({ completeness: 0.333333 });
  });
  it('has a hash that is equal for equal figures and contract, and for no others', () => {
    const hash = judge(plan(row), one).hash;
    expect(judge(plan({ ...row, place: { file: 'y' } }), { ...one }).hash).toBe(hash);
    const others = [
      judge(plan(row), figures(1001n, one.results, 5n)),
      judge(plan(row), figures(1000n, one.results, 6n)),
      judge(plan(row), figures(1000n, { 'a.required': { failed: 6n } }, 5n)),
      judge({ ...plan(row), contractHash: 'i' }, one),
      judge(plan(row, { ...row, id: 'b' }), { ...one, results: { ...one.results, b: { failed: 0n } } }),
    ].map((verdict) => verdict.hash);
    expect(new Set([hash, ...others]).size).toBe(6);
  });
});
