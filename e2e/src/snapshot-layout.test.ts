import { readContract } from '@skein/contract';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, succeeded, type SwarmAdapters } from '@skein/swarm';
import { repositoryContracts, workbench } from '@skein/testing';
import { expect, it } from 'vitest';

const ROWS = 50_000;
const CONTRACT = `
apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
schema:
  - name: orders
    properties:
      - { id: order_id, name: order_id, logicalType: integer, physicalType: BIGINT, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: day, name: day, logicalType: date, physicalType: DATE, required: true }
      - { id: country, name: country, logicalType: string }
`;

function shop(contracts: ContractSet): Domain {
  return {
    name: 'shop',
    sources: [{ name: 'orders', describes: 'orders.ndjson', shape: 'json', tableOf: (file) => (file === 'orders.ndjson' ? 'orders' : undefined) }],
    bronze: [{ name: 'raw', source: 'orders', sql: `SELECT _file, _row, r.* FROM (SELECT _file, _row, from_json(raw, '{"id":"BIGINT"}') AS r FROM landing)` }],
    products: [
      {
        id: 'shop.orders',
        layer: 'silver',
        contract: contracts.get('shop.orders'),
        step: {
          name: 'orders',
          from: ['raw'],
          sql: `SELECT id AS order_id, DATE '2026-01-01' + (id % 30)::INTEGER AS day, ['de', 'fr', 'pl'][1 + id % 3] AS country, _file, _row FROM raw`,
        },
      },
    ],
  };
}

const lines = (rows: number) => Array.from({ length: rows }, (_, id) => `{"id":${(id * 7919) % 1_000_003}}\n`).join('');

it('lays new snapshots out by what is asked for, and leaves those that stand', async () => {
  await using bench = await workbench(shop, [readContract(CONTRACT, 'shop/orders/v1/contract.odcs.yaml')]);
  const contracts = await repositoryContracts();
  const run = async (changes: Partial<SwarmAdapters>) => {
    const system = { feedback: contracts.get('skein.feedback'), lineage: contracts.get('skein.lineage') };
    const report = await createSwarm(bench.swarm.domain, system, { ...bench.adapters, ...changes }).run({ from: `${bench.directory}/sources` });
    expect(succeeded(report)).toBe(true);
    return report.products[0];
  };
  const snapshot = async () => (await bench.adapters.store.current({ domain: 'shop', name: 'orders', major: 1 })) ?? expect.fail('no snapshot');

  bench.put({ 'orders.ndjson': lines(ROWS) });
  expect((await run({}))?.layout).toMatchObject({ files: 1, rowGroup: 122_880, sortBy: [] });
  const before = await snapshot();
  expect(before.verdict).toMatchObject({ layout: { reasons: expect.arrayContaining(['in order of arrival: no query asks for another']) } });

  const asked: Partial<SwarmAdapters> = {
    queries: async () => [
      { filters: ['day', 'country'], count: 9 },
      { filters: ['order_id'], count: 1 },
    ],
    layout: { fileBytes: Number(before.files[0]?.bytes ?? 0n) / 1.5, groupBytes: 1 },
  };
  // Equal inputs: nobody writes a snapshot again because of another plan.
  expect((await run(asked))?.outcome).toBe('unchanged');
  expect((await snapshot()).files).toEqual(before.files);

  bench.put({ 'orders.ndjson': lines(ROWS - 1) });
  const made = await run(asked);
  expect(made?.layout).toMatchObject({ files: 2, rowGroup: 20_480, sortBy: ['country', 'day', 'order_id'] });
  expect(made?.layout?.reasons).toContain('ordered by day: 90 % of the queries filter by it');
  const after = await snapshot();
  expect(after.verdict).toMatchObject({ layout: made?.layout });
  expect([after.version, after.files.length, after.rows]).toEqual([2, 2, BigInt(ROWS - 1)]);
  const session = await bench.adapters.engine.open();
  const list = `[${after.files.map((file) => `'${file.path}'`).join(', ')}]`;
  const [order] = await session.rows(`SELECT count(*) AS n, count(*) FILTER (WHERE place < before) AS wrong, count(DISTINCT place[3]) AS different FROM (
    SELECT place, lag(place) OVER (ORDER BY filename, file_row_number) AS before FROM (
      SELECT [country, day::VARCHAR, lpad(order_id::VARCHAR, 9, '0')] AS place, filename, file_row_number FROM read_parquet(${list}, filename = true, file_row_number = true)))`);
  expect(order).toEqual({ n: after.rows, wrong: 0n, different: after.rows });
  // The version before is as it was.
  await bench.adapters.store.verify(before);
  await session.close();
});
