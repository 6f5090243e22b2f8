import { readContract } from '@skein/contract';
import { describe, expect, it } from 'vitest';
import { checkPlan } from './check-plan.ts';
import { judge } from './judge.ts';
import { after, momentOf, momentText, readPeriod } from './period.ts';
import type { Figures } from './verdict.ts';

const contractOf = (levels: string, columns = '') =>
  readContract(
    `apiVersion: v3.1.0\nkind: DataContract\nid: x\nversion: 1.0.0\ndomain: shop\nschema:\n  - name: orders\n    properties:\n      - { name: at, logicalType: timestamp, physicalType: TIMESTAMPTZ }\n      - { name: wall, logicalType: timestamp }\n      - { name: day, logicalType: date }\n      - { name: n, logicalType: integer }\n      - { name: born, logicalType: date, classification: restricted }\n${columns}slaProperties:\n${levels}\n`,
    'sla.yaml',
  );
const level = (text: string) => checkPlan(contractOf(`  - { ${text} }`));
const AT = Date.UTC(2026, 2, 31, 12);
const gateAt = (text: string, value: string | null, at: number | undefined = AT, publications?: number[]) => {
  const plan = level(text);
  const results: Record<string, Figures['results'][string]> = {};
  for (const check of plan.checks) results[check.id] = check.rule in { freshness: 0, latency: 0, retention: 0 } ? { value } : { failed: 0n };
  const verdict = judge(plan, { rows: 1n, refused: 0n, results, ...(publications ? { publications } : {}) }, at);
  return verdict.gates.find((gate) => gate.check.startsWith('sla.'));
};

describe('a period', () => {
  it.each([
    ['90', 'ms', 90_000n],
    ['1.5', 's', 1_500_000n],
    ['2', 'min', 120_000_000n],
    ['0.25', 'h', 900_000_000n],
    ['1', 'Day', 86_400_000_000n],
    ['2', 'weeks', 1_209_600_000_000n],
    ['123456789012345678', 's', 123456789012345678000000n],
    ['0.000001', 's', 1n],
    ['1.10', 'd', 95_040_000_000n],
  ])('of %s %s has %s microseconds', (value, unit, micros) => expect(readPeriod(value, unit)).toEqual({ period: { micros } }));
  it.each([
    ['3', 'y', 36n],
    ['1', 'mo', 1n],
    ['0.5', 'years', 6n],
  ])('of %s %s has %s months', (value, unit, months) => expect(readPeriod(value, unit)).toEqual({ period: { months } }));
  it.each([
    ['1', undefined, 'no unit'],
    ['1', 'm', 'minutes or months'],
    ['1', 'M', 'minutes or months'],
    ['1', 'fortnight', 'not known'],
    ['0', 'd', 'no positive number'],
    ['-1', 'd', 'no positive number'],
    ['1e3', 'd', 'no positive number'],
    ['', 'd', 'no positive number'],
    ['0.0000001', 's', 'microseconds'],
    ['0.5', 'mo', 'months'],
  ])('is not %s %s: %s', (value, unit, reason) => expect(readPeriod(value, unit)).toEqual({ reason: expect.stringContaining(reason) as string }));
  it.each([
    ['2024-01-31 10:00:00.000001', 1n, '2024-02-29 10:00:00.000001'],
    ['2023-01-31', 1n, '2023-02-28 00:00:00'],
    ['2024-02-29', 12n, '2025-02-28 00:00:00'],
    ['0001-12-15', 1n, '0002-01-15 00:00:00'],
    ['1969-12-31 23:59:59.999999', 1n, '1970-01-31 23:59:59.999999'],
  ])('after %s by %s months is %s', (from, months, to) => expect(momentText(after(momentOf(from) ?? 0n, { months }))).toBe(to));
  it('reads no moment from what is none', () => {
    for (const text of ['infinity', '12026-01-01', '2026-02-30', '2026-01-01 24:00:00', '0044-03-15 (BC)', '']) expect(momentOf(text), text).toBeUndefined();
  });
});

describe('a service level', () => {
  it.each([
    ['property: freshness, value: 1, unit: h, element: at', '2026-03-31 11:00:00', 'passed'],
    ['property: freshness, value: 1, unit: h, element: at', '2026-03-31 10:59:59.999999', 'failed'],
    ['property: freshness, value: 1, unit: h, element: at', '2030-01-01', 'passed'],
    ['property: latency, value: 1, unit: mo, element: orders.day', '2026-02-28 12:00:00', 'failed'],
    ['property: latency, value: 1, unit: mo, element: orders.day', '2026-03-01', 'passed'],
    ['property: LY, value: 1, unit: d, element: wall', '2026-03-30 12:00:00', 'passed'],
    ['property: retention, value: 3, unit: y, element: day', '2023-03-31 12:00:00', 'passed'],
    ['property: retention, value: 3, unit: y, element: day', '2023-03-31', 'failed'],
    ['property: retention, value: 3, unit: y, element: day', null, 'passed'],
    ['property: freshness, value: 3, unit: y, element: day', null, 'failed'],
    ['property: freshness, value: 3, unit: y, element: day', 'soon', 'error'],
    ['property: latency, value: 1, unit: h, element: "at, wall"', '0', 'passed'],
    ['property: latency, value: 1, unit: h, element: "at, wall"', '2', 'failed'],
  ])('%s with %s has %s', (text, value, outcome) => expect(gateAt(text, value)).toMatchObject({ outcome, severity: 'warning' }));

  it.each([
    ['property: availability, value: 99, unit: "%"', 'not measured'],
    ['property: freshness, value: 1, unit: m, element: at', 'minutes or months'],
    ['property: freshness, value: 1, unit: h, element: n', 'neither a date nor a timestamp'],
    ['property: freshness, value: 1, unit: h, element: gone', 'no column "gone"'],
    ['property: freshness, value: 1, unit: h, element: born', 'restricted'],
    ['property: retention, value: 1, unit: y', 'names none'],
    ['property: latency, value: 1, unit: y, element: "at,wall,day"', 'names more'],
    ['property: frequency, value: 1, unit: d', 'not known here'],
    ['property: freshness, value: 1, unit: d, element: orders', 'not known here'],
  ])('%s is skipped, and says that %s', (text, reason) =>
    expect(gateAt(text, null)).toMatchObject({ outcome: 'skipped', reason: expect.stringContaining(reason) as string }),
  );

  it('is skipped where no moment is given, with its figure', () => {
    const gate = judge(level('property: freshness, value: 1, unit: h, element: at'), {
      rows: 1n,
      refused: 0n,
      results: { 'sla.freshness.at': { value: '2026-03-31 11:00:00' }, 'at.range': { failed: 0n }, 'wall.range': { failed: 0n }, 'day.range': { failed: 0n } },
    }).gates.find(({ check }) => check === 'sla.freshness.at');
    expect(gate).toMatchObject({ outcome: 'skipped', value: '2026-03-31 11:00:00', reason: 'no moment was given to judge it by' });
  });

  it('of publications looks at the last one, and of frequency at the gap before it', () => {
    const [hour, day] = [3_600_000, 86_400_000];
    const of = (property: string, publications: number[]) => gateAt(`property: ${property}, value: 1, unit: d`, null, AT, publications)?.outcome;
    expect([of('freshness', [AT - day]), of('freshness', [AT - day - 1]), of('freshness', [AT - 3 * day, AT])]).toEqual(['passed', 'failed', 'passed']);
    expect([of('frequency', [AT - 3 * day, AT - hour]), of('frequency', [AT - day - hour, AT - hour]), of('frequency', [AT - day - 1])]).toEqual([
      'failed',
      'passed',
      'failed',
    ]);
  });

  it('that is missed stops nothing, and changes no hash', () => {
    const plan = level('property: freshness, value: 1, unit: h, element: at');
    const results = Object.fromEntries(
      plan.checks.map((check): [string, Figures['results'][string]] => [check.id, check.level === 'row' ? { failed: 0n } : { value: '2026-03-31 11:00:00' }]),
    );
    const figures = { rows: 1n, refused: 0n, results };
    const [never, met, missed] = [undefined, AT, AT + 1].map((at) => judge(plan, figures, at));
    expect([never, met, missed].map((one) => one?.gates.at(-1)?.outcome)).toEqual(['skipped', 'passed', 'failed']);
    expect([never, met, missed].map((one) => one?.passed)).toEqual([true, true, true]);
    expect(new Set([never?.hash, met?.hash, missed?.hash, judge(plan, { ...figures, publications: [1] }, AT).hash]).size).toBe(1);
    // The broken twin: another figure is another verdict.
    expect(judge(plan, { ...figures, results: { ...results, 'sla.freshness.at': { value: '2026-03-31 11:00:00.000001' } } }, AT).hash).not.toBe(met?.hash);
  });

  it('has an id of its own where two are alike', () => {
    const plan = checkPlan(
      contractOf(
        '  - { property: timeOfAvailability, value: 9 }\n  - { property: timeOfAvailability, value: 8 }\n  - { property: freshness, value: 1, unit: h, element: at }\n  - { property: freshness, value: 2, unit: h, element: at }',
      ),
    );
    expect(plan.unjudged.map(({ id }) => id)).toEqual(['sla.timeOfAvailability', 'sla.timeOfAvailability.2']);
    expect(plan.checks.filter(({ id }) => id.startsWith('sla')).map(({ id }) => id)).toEqual(['sla.freshness.at', 'sla.freshness.at.2']);
  });
});
