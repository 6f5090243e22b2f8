import { describe, expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import { conformedStep, conformedTable, namedFiles, type Conforming, type DataProduct, type Domain } from '@skein/product';
import type { SampleReport } from '@skein/swarm';
import { workbench } from '@skein/testing';

// Promise: a sample says what its rows alone show, before the whole is judged, and what is published is judged whole.

const contract = readContract(
  `apiVersion: v3.1.0
kind: DataContract
id: crm-accounts
version: 1.0.0
status: active
domain: crm
schema:
  - name: accounts
    logicalType: object
    customProperties: [{ property: quarantineTolerance, value: 50% }]
    quality: [{ id: enough, metric: rowCount, mustBeGreaterThan: 20 }]
    properties:
      - { name: id, logicalType: string, primaryKey: true, required: true }
      - { name: amount, logicalType: integer, physicalType: BIGINT, logicalTypeOptions: { minimum: 0 } }
`,
  'contracts/crm/accounts/v1/contract.odcs.yaml',
);
const FILES = namedFiles('accounts', 'columns');
const ROWS: Conforming = { name: 'accounts_rows', source: FILES.name, table: 'accounts', shape: 'columns' };

/** A run of `crm.accounts` over rows of id and amount, with samples of 10 rows where there are 40 and more. */
async function crm(step: Partial<DataProduct['step']> = {}) {
  const define = (): Domain => ({
    name: 'crm',
    sources: [FILES],
    bronze: [conformedTable(contract, ROWS), { ...conformedTable(contract, ROWS), name: 'again' }],
    products: [{ id: 'crm.accounts', layer: 'silver', contract, step: { name: 'type the rows', ...conformedStep(contract, ROWS), ...step } }],
  });
  const bench = await workbench(define, [contract]);
  return {
    bench,
    async run(rows: readonly string[]) {
      const told: SampleReport[] = [];
      const order: string[] = [];
      bench.put({ 'accounts.csv': ['id,amount', ...rows].join('\n') });
      const report = await bench.run({
        sampling: { rows: 10, from: 40, tell: (sample) => void (order.push('sampled'), told.push(sample)) },
        onEvent: ({ verb }) => void order.push(verb),
      });
      return { told, product: report.products[0], order: order.filter((verb) => verb === 'sampled' || verb === 'made') };
    },
  };
}

const rows = (count: number): string[] => Array.from({ length: count }, (_, row) => `a${row},${row}`);

describe('a sample', () => {
  it('is told before the product is made, by the rules of single rows, and the whole verdict decides', async () => {
    const { bench, run } = await crm();
    await using _ = bench;
    // Of the first ten, one breaks a rule; two that share a key, and most that break it, come after them, and so does enough to pass a count of rows.
    const late = [...rows(10).with(3, 'a3,-1'), 'a0,7', ...Array.from({ length: 40 }, (_row, at) => `late${at},-1`)];
    const { told, product, order } = await run(late);
    expect(order).toEqual(['sampled', 'made']);
    expect(told).toMatchObject([
      { product: 'crm.accounts', first: 10, of: 51, violations: { 'amount.minimum': 1 }, verdict: { passed: true, rows: 10n, refused: 1n } },
    ]);
    expect(told[0]?.left).toMatchObject([
      { check: 'primary_key', reason: expect.stringContaining('compares rows') },
      { check: 'quality.enough', reason: expect.stringContaining('all rows together') },
    ]);
    expect(told[0]?.verdict.gates.map(({ check }) => check)).not.toContain('quality.enough');
    expect(product).toMatchObject({ outcome: 'refused', violations: { 'amount.minimum': 41, primary_key: 2 } });
  });

  it('is not taken of small files, of what is live as it would be made, and of steps that it says nothing true about', async () => {
    const single = await crm();
    await using _ = single.bench;
    expect(await single.run(rows(39))).toMatchObject({ told: [], product: { rows: 39 } });
    expect((await single.run(rows(40))).told).toMatchObject([{ of: 40, verdict: { refused: 0n } }]);
    expect(await single.run(rows(40))).toMatchObject({ told: [], product: { outcome: 'unchanged' } });
    const several = await crm({ from: ['accounts_rows', 'again'] });
    await using __ = several.bench;
    expect(await several.run(rows(50))).toMatchObject({ told: [], product: { outcome: 'published', rows: 50 } });
  });

  it('leaves what cannot be made to the run, which says why', async () => {
    const { bench, run } = await crm({ sql: 'SELECT nothing FROM accounts_rows' });
    await using _ = bench;
    expect(await run(rows(50))).toMatchObject({ told: [], product: { outcome: 'failed', error: { code: 'SKEIN_STEP_FAILED' } } });
  });
});
