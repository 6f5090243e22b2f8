import { readContract } from '@skein/contract';
import { expect, it } from 'vitest';
import { checkPlan } from './check-plan.ts';
import { leftToBatch } from './left-to-batch.ts';
import { recordValidator } from './record.ts';

const contract = readContract(
  `apiVersion: v3.1.0
kind: DataContract
id: x
version: 1.0.0
domain: shop
schema:
  - name: orders
    quality:
      - { id: total, type: sql, query: 'SELECT count(*) FROM {object}', mustBe: 1 }
      - { id: eyes, type: text, description: look }
      - { id: many, metric: rowCount, mustBeGreaterThan: 1 }
    properties:
      - { name: id, logicalType: string, primaryKey: true, logicalTypeOptions: { pattern: '^a' } }
      - { name: code, logicalType: string, unique: true, quality: [{ id: none, metric: nullValues, mustBe: 0 }, { id: few, metric: nullValues, mustBeLessThan: 3 }] }
      - { name: parent, logicalType: string, relationships: [{ to: orders.id }] }
      - { name: day, logicalType: date }
slaProperties:
  - { property: freshness, value: 1, unit: d, element: day }
  - { property: frequency, value: 1, unit: d }
  - { property: availability, value: 99 }
`,
  'x.yaml',
);

it('is every check that a record cannot break, and none that it can', () => {
  expect(leftToBatch(contract).map(({ check }) => check)).toEqual([
    'primary_key',
    'code.unique',
    'parent.reference',
    'code.quality.few',
    'quality.total',
    'quality.many',
    'sla.freshness.day',
    'sla.frequency',
    'quality.eyes',
    'sla.availability',
  ]);
  const judge = recordValidator(contract);
  const broken = [
    { id: null, code: null },
    { id: 'b', code: 'x', day: 'infinity' },
  ].flatMap((record) => judge(record).map(({ check }) => check));
  const { checks, unjudged } = checkPlan(contract);
  expect([...new Set([...broken, ...leftToBatch(contract).map(({ check }) => check)])].sort()).toEqual([...checks, ...unjudged].map(({ id }) => id).sort());
  expect(leftToBatch(contract).every(({ reason }) => reason.length > 0)).toBe(true);
});
