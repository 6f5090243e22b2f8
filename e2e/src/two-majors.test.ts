import { describe, expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import type { BusEvent } from '@skein/ports';
import { conformedStep, conformedTable, namedFiles, type ContractSet, type Domain } from '@skein/product';
import { PUBLISHED } from '@skein/swarm';
import { workbench } from '@skein/testing';

// Promise: a domain publishes two majors of a product at once, and neither shows in the other's tables, violations, lineage or events.

const contract = (version: string, status: string, columns: string) =>
  readContract(
    `apiVersion: v3.1.0
kind: DataContract
id: crm-accounts
version: ${version}
status: ${status}
domain: crm
schema:
  - name: accounts
    logicalType: object
    customProperties: [{ property: quarantineTolerance, value: 100% }]
    properties:
      - { name: account_id, logicalType: string, primaryKey: true, primaryKeyPosition: 1, required: true }
${columns}`,
    `contracts/crm/accounts/v${version.slice(0, 1)}/contract.odcs.yaml`,
  );
const FIRST = contract('1.1.0', 'deprecated', '      - { name: amount, logicalType: string }\n');
const SECOND = contract('2.0.0', 'active', "      - { name: amount, logicalType: number, physicalType: 'DECIMAL(10,2)' }\n");

const files = namedFiles('accounts', 'columns');
function crm(contracts: ContractSet): Domain {
  const rows = (name: string) => ({ name, source: files.name, table: 'accounts', shape: 'columns' as const });
  const major = (id: 'crm.accounts' | 'crm.accounts_v1', of?: number) => {
    const own = contracts.get('crm.accounts', of);
    const from = rows(`${id.slice(4)}_rows`);
    return { table: conformedTable(own, from), product: { id, layer: 'silver' as const, contract: own, step: { name: 'type', ...conformedStep(own, from) } } };
  };
  const [older, newest] = [major('crm.accounts_v1', 1), major('crm.accounts')];
  return { name: 'crm', sources: [files], bronze: [older.table, newest.table], products: [older.product, newest.product] };
}

describe('two majors of a product', () => {
  it('are live at once, each with its own rows, violations, lineage and events', async () => {
    await using bench = await workbench(crm, [FIRST, SECOND]);
    const events: string[] = [];
    const subscription = await bench.adapters.bus.subscribe(PUBLISHED, { group: 'test', from: 'earliest' }, async (event: BusEvent) => {
      events.push((event.payload as { product: string }).product);
    });
    bench.put({ 'accounts.csv': 'account_id,amount\nA-1,1.50\nA-2,plenty\nA-3,2.25,much,more\n' });
    const report = await bench.run();
    expect(report.products).toMatchObject([
      { product: 'crm.accounts_v1', outcome: 'published' },
      { product: 'crm.accounts', outcome: 'published', violations: { 'amount.type': 1 } },
    ]);
    expect(report.products[0]?.violations).not.toHaveProperty('amount.type');
    expect(await bench.rows('crm.accounts_v1', 'SELECT account_id, amount FROM t ORDER BY 1')).toContainEqual({ account_id: 'A-2', amount: 'plenty' });
    expect(await bench.rows('crm.accounts', 'SELECT account_id, amount::VARCHAR AS amount FROM t ORDER BY 1')).not.toContainEqual(
      expect.objectContaining({ account_id: 'A-2' }),
    );
    expect(await bench.rows('crm.accounts_feedback', `SELECT DISTINCT product, rule FROM t WHERE rule LIKE 'amount%'`)).toEqual([
      { product: 'crm.accounts', rule: 'amount.type' },
    ]);
    // A line that is no record counts with both: it belongs to neither more than to the other.
    const malformed = `SELECT DISTINCT product FROM t WHERE rule = 'source.malformed'`;
    expect([await bench.rows('crm.accounts_feedback', malformed), await bench.rows('crm.accounts_v1_feedback', malformed)]).toEqual([
      [{ product: 'crm.accounts' }],
      [{ product: 'crm.accounts_v1' }],
    ]);
    expect(await bench.rows('crm.lineage', `SELECT DISTINCT product, input_name FROM t WHERE column_name = 'amount' ORDER BY 1`)).toEqual([
      { product: 'crm.accounts', input_name: 'crm.accounts_rows' },
      { product: 'crm.accounts_v1', input_name: 'crm.accounts_v1_rows' },
    ]);
    await expect
      .poll(() => [...new Set(events)].sort())
      .toEqual(['crm.accounts', 'crm.accounts_feedback', 'crm.accounts_v1', 'crm.accounts_v1_feedback', 'crm.lineage']);
    await subscription.close();
    // Nothing new: neither takes the other's snapshot for its own.
    expect((await bench.run()).products.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
    const before = await bench.swarm.replay('crm.accounts_v1');
    expect(before).toMatchObject({ product: 'crm.accounts_v1', same: true });
  });

  it('have an older one only by its number', async () => {
    await using bench = await workbench(
      (contracts) => {
        expect(() => contracts.get('crm.accounts', 3)).toThrow(/no contract for crm\.accounts with major 3/);
        expect([contracts.get('crm.accounts').version, contracts.get('crm.accounts', 1).version]).toEqual(['2.0.0', '1.1.0']);
        return crm(contracts);
      },
      [FIRST, SECOND],
    );
    expect(bench.swarm.domain.products).toHaveLength(2);
  });
});
