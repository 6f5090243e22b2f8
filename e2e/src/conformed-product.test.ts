import { writeFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readContract, type Contract } from '@skein/contract';
import { conformedStep, conformedTable, type Conforming, type Domain } from '@skein/product';
import { workbench } from '@skein/testing';

// Promise: a source whose columns are those of its contract needs no step of its own, and no value changes on the way.

const CONTRACT = `apiVersion: v3.1.0
kind: DataContract
id: crm-accounts
version: 1.0.0
status: active
domain: crm
schema:
  - name: accounts
    logicalType: object
    customProperties: [{ property: quarantineTolerance, value: 100% }]
    properties:
      - { name: account_id, logicalType: string, primaryKey: true, required: true }
      - { name: big, logicalType: integer, physicalType: BIGINT }
      - { name: amount, logicalType: number, physicalType: 'DECIMAL(20,6)' }
      - { name: opened_on, logicalType: date }
      - { name: seen_at, logicalType: timestamp, logicalTypeOptions: { timezone: true } }
      - { name: active, logicalType: boolean }
      - { name: tags, logicalType: array, items: { logicalType: string } }
`;

const MAPPED = { account_id: 'Account "ID"' };

async function run(shape: 'columns' | 'json', file: string, text: string) {
  const contract: Contract = readContract(CONTRACT, 'contracts/crm/accounts/v1/contract.odcs.yaml');
  const conforming: Conforming = { name: 'accounts_raw', source: 'files', table: 'accounts', shape, columns: MAPPED };
  const define = (): Domain => ({
    name: 'crm',
    sources: [{ name: 'files', describes: 'accounts.*', shape, tableOf: (name) => (name.startsWith('accounts.') ? 'accounts' : undefined) }],
    bronze: [conformedTable(contract, conforming)],
    products: [{ id: 'crm.accounts', layer: 'silver', contract, step: { name: 'type the rows', ...conformedStep(contract, conforming) } }],
  });
  const bench = await workbench(define, [contract]);
  mkdirSync(path.join(bench.directory, 'sources'), { recursive: true });
  await writeFile(path.join(bench.directory, 'sources', file), text);
  const report = await bench.run();
  return { bench, report, product: report.products[0] };
}

const SHOWN =
  'account_id, big::VARCHAR AS big, amount::VARCHAR AS amount, opened_on::VARCHAR AS opened_on, seen_at::VARCHAR AS seen_at, active, to_json(tags)::VARCHAR AS tags';

describe('a conformed product', () => {
  it('types delimited text to the letter of the contract, and refuses what it cannot', async () => {
    const lines = [
      'Account "ID";big;amount;opened_on;seen_at;active;tags;more',
      'a1;9007199254740993;12.500000;2024-02-29;2026-10-25T02:30:00+02:00;TRUE;"[""x"",""ü""]";1',
      ' a2 ;;;;;;;',
      'a3;9223372036854775808;1;2023-02-29;2026-10-25 02:30;yes;x;',
      'a4;007;0.0000001;2024-1-1;;false;"[1]";',
      '日本;-1;-0.000001;0001-01-01;2026-03-29T01:59:59.123456Z;false;[];',
    ].map((line, at) => (at === 0 ? line.replace('Account "ID"', '"Account ""ID"""') : line));
    const { bench, product } = await run('columns', 'accounts.csv', `\uFEFF${lines.join('\r\n')}\r\n`);
    await using _ = bench;
    expect(product).toMatchObject({ outcome: 'published', rows: 3, refused: 2, repairs: { 'account_id:whitespace': 1 } });
    expect(await bench.rows('crm.accounts', `SELECT ${SHOWN} FROM t ORDER BY account_id`)).toEqual([
      {
        account_id: 'a1',
        big: '9007199254740993',
        amount: '12.500000',
        opened_on: '2024-02-29',
        seen_at: expect.stringContaining('2026-10-25'),
        active: true,
        tags: '["x","ü"]',
      },
      { account_id: 'a2', big: null, amount: null, opened_on: null, seen_at: null, active: null, tags: null },
      { account_id: '日本', big: '-1', amount: '-0.000001', opened_on: '0001-01-01', seen_at: expect.stringContaining('.123456'), active: false, tags: '[]' },
    ]);
    expect(product?.violations).toMatchObject({ 'big.type': 2, 'amount.type': 1, 'opened_on.type': 2, 'seen_at.type': 1, 'tags.type': 2 });
    // what the swarm can read with proof is healed, though the row falls for another cell
    expect(product?.violations).not.toHaveProperty('active.type');
  });

  it('types NDJSON by its own types: a number in quotes is no 32-bit number, and no digit is lost', async () => {
    const rows = [
      '{"Account \\"ID\\"": "a1", "big": 9007199254740993, "amount": 12345678901234.123456, "opened_on": "2024-02-29", "active": true, "tags": ["x", null]}',
      '{"Account \\"ID\\"": "a2", "big": "9007199254740995", "amount": null, "tags": null, "surplus": {"a": 1}}',
      '{"Account \\"ID\\"": "a3", "active": "true", "tags": "x", "opened_on": 20240229}',
    ];
    const { bench, product } = await run('json', 'accounts.ndjson', rows.join('\n'));
    await using _ = bench;
    expect(product).toMatchObject({ outcome: 'published', rows: 2, refused: 1 });
    expect(await bench.rows('crm.accounts', `SELECT ${SHOWN} FROM t ORDER BY account_id`)).toMatchObject([
      { big: '9007199254740993', amount: '12345678901234.123456', opened_on: '2024-02-29', active: true, tags: '["x",null]' },
      { big: '9007199254740995', amount: null, tags: null },
    ]);
    expect(product?.violations).toMatchObject({ 'active.type': 1, 'tags.type': 1 });
  });

  it('refuses a file without the key', async () => {
    const { bench, report } = await run('columns', 'accounts.csv', 'big,amount\n1,2\n');
    await using _ = bench;
    expect(report.sources).toMatchObject([{ outcome: 'refused', error: { code: 'SKEIN_SOURCE_COLUMNS' } }]);
  });
});
