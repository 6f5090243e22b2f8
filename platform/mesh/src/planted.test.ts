import type { Planted } from '@skein/demo';
import type { RunReport } from '@skein/swarm';
import { describe, expect, it } from 'vitest';
import { comparePlanted, type RepairedCell } from './planted.ts';

const planted: Planted = {
  letters: {
    count: 2,
    expected: 'healed',
    product: 'sap.material',
    rule: 'created_on.type',
    meant: { '1-Mar-2026': '2026-03-01', '2-Mar-2026': '2026-03-02' },
    rate: 1,
    description: '',
  },
  impossible: { count: 1, expected: 'refused', product: 'sap.material', rule: 'created_on.type', rate: 1, description: '' },
};
const report = {
  domain: 'sap',
  products: [{ product: 'sap.material', violations: { 'created_on.type': 1 }, escalated: { 'created_on.type': 1 }, repaired: { 'created_on.type': 2 } }],
} as unknown as RunReport;
const cell = (value: string, repaired: string | null): RepairedCell => ({ product: 'sap.material', rule: 'created_on.type', value, repaired });

describe('planted faults beside what was found', () => {
  it('counts repairs that say what was meant, and escalations', () => {
    expect(comparePlanted(planted, [report], [cell('1-Mar-2026', '2026-03-01'), cell('2-Mar-2026', '2026-03-02')])).toMatchObject([
      { expected: 'healed', planted: 2, found: 2, repaired: 2, wrong: 0, escalated: 0 },
      { expected: 'refused', planted: 1, found: 1, repaired: 0, wrong: 0, escalated: 1 },
    ]);
  });

  it.each([
    ['another day', [cell('1-Mar-2026', '2026-03-01'), cell('2-Mar-2026', '2026-02-03')]],
    ['a value that was not planted', [cell('1-Mar-2026', '2026-03-01'), cell('constructor', '2026-03-02')]],
    ['no trace of it', [cell('1-Mar-2026', '2026-03-01')]],
  ])('calls a repair wrong that says %s', (_, cells) => {
    expect(comparePlanted(planted, [report], cells)[0]).toMatchObject({ found: 2, wrong: 1 });
  });
});
