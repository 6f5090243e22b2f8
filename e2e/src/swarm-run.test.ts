import { describe, expect, it } from 'vitest';
import { readContract } from '@skein/contract';
import type { BusEvent, SnapshotStore } from '@skein/ports';
import type { ContractSet, Domain } from '@skein/product';
import { createSwarm, PUBLISHED } from '@skein/swarm';
import { repositoryContracts, workbench } from '@skein/testing';

// Promise: a violating row never reaches a product, a failed gate changes nothing, and equal inputs publish nothing.

const ORDERS = (tolerance = '40%', extra = '') => `
apiVersion: v3.1.0
kind: DataContract
id: shop-orders
version: 1.0.0
status: active
domain: shop
schema:
  - name: orders
    customProperties: [{ property: quarantineTolerance, value: '${tolerance}' }]
    properties:
      - { id: order_id, name: order_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, logicalTypeOptions: { pattern: '^[A-Z][0-9]+$' } }
      - { id: amount, name: amount, logicalType: number, physicalType: 'DECIMAL(20,3)', required: true, logicalTypeOptions: { minimum: 0 } }
      - { id: big, name: big, logicalType: integer, physicalType: BIGINT }
      - { id: country, name: country, logicalType: string, logicalTypeOptions: { maxLength: 2 } }
${extra}`;

const TOTALS = `
apiVersion: v3.1.0
kind: DataContract
id: shop-totals
version: 1.0.0
status: active
domain: shop
schema:
  - name: totals
    properties:
      - { id: country, name: country, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1 }
      - { id: amount, name: amount, logicalType: number, physicalType: 'DECIMAL(38,3)', required: true }
`;

const orders = (tolerance?: string, extra?: string) => readContract(ORDERS(tolerance, extra), 'shop/orders/v1/contract.odcs.yaml');
const totals = () => readContract(TOTALS, 'shop/totals/v1/contract.odcs.yaml');

function shop(contracts: ContractSet): Domain {
  return {
    name: 'shop',
    sources: [
      { name: 'orders', describes: 'orders*.ndjson', shape: 'json', tableOf: (file) => (/^orders.*\.(ndjson|parquet)$/.test(file) ? 'orders' : undefined) },
    ],
    bronze: [
      {
        name: 'raw_orders',
        source: 'orders',
        sql: `SELECT _file, _row, r.* FROM (SELECT _file, _row, from_json(raw, '{"id":"VARCHAR","amount":"VARCHAR","big":"VARCHAR","country":"VARCHAR"}') AS r FROM landing)`,
        lineage: { id: ['id'], amount: ['amount'] },
      },
    ],
    products: [
      {
        id: 'shop.orders',
        layer: 'silver',
        contract: contracts.get('shop.orders'),
        step: {
          name: 'orders',
          from: ['raw_orders'],
          sql: `SELECT trim(id) AS order_id, TRY_CAST(amount AS DECIMAL(20,3)) AS amount, TRY_CAST(big AS BIGINT) AS big, country, _file, _row,
                  CASE WHEN id <> trim(id) THEN ['order_id:trimmed'] ELSE [] END AS _repairs,
                  CASE WHEN amount IS NOT NULL AND TRY_CAST(amount AS DECIMAL(20,3)) IS NULL THEN [{"column": 'amount', value: amount, rule: 'type'}] ELSE [] END AS _invalid
                FROM raw_orders`,
          dedupe: { by: ['order_id', 'amount', 'big', 'country'], keep: '_file, _row' },
          lineage: { order_id: ['raw_orders.id'], amount: ['raw_orders.amount'] },
        },
      },
      {
        id: 'shop.totals',
        layer: 'gold',
        contract: contracts.get('shop.totals'),
        step: {
          name: 'totals',
          from: ['orders'],
          sql: 'SELECT country, sum(amount) AS amount FROM orders WHERE country IS NOT NULL GROUP BY country',
          lineage: { amount: ['orders.amount'] },
        },
      },
    ],
  };
}

const line = (record: object) => `${JSON.stringify(record)}\n`;
const GOOD =
  line({ id: 'A1', amount: '10.500', big: '9007199254740993', country: 'DE' }) +
  line({ id: 'A2', amount: 7, country: 'DE' }) +
  line({ id: 'A3', amount: 1.25, country: 'FR' });

describe('a run', () => {
  it('parts violating rows from good ones, with rule, column, raw value, row id and position', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    bench.put({
      'orders-1.ndjson':
        GOOD +
        line({ id: ' A4 ', amount: '3', country: 'FR' }) + // repaired
        line({ id: 'A3', amount: 1.25, country: 'FR' }) + // repeats line 3
        line({ id: 'x9', amount: '1', country: 'DE' }) + // pattern
        line({ id: 'A6', amount: '-1', country: 'DE' }) + // minimum
        line({ id: 'A7', amount: 'seven', country: 'DE' }) + // type
        line({ id: 'A8', amount: '1', country: 'DEU' }) + // length
        '{"id": "A9", "amount": \n' + // cut short
        line({ id: 'B1', amount: '1', country: 'IT' }) + // one key, two contents: neither is right
        line({ id: 'B1', amount: '2', country: 'IT' }),
    });
    const report = await bench.run();
    expect(report.products.map((product) => [product.product, product.outcome, product.error?.message])).toEqual([
      ['shop.orders', 'published', undefined],
      ['shop.totals', 'published', undefined],
    ]);
    expect(report.products[0]).toMatchObject({ rows: 4, refused: 7, duplicates: 1, repairs: { 'order_id:trimmed': 1 } });
    const kept = await bench.rows<{ order_id: string; amount: string; big: bigint | null; _position: bigint }>(
      'shop.orders',
      'SELECT * FROM t ORDER BY order_id',
    );
    expect(kept.map((row) => [row.order_id, row.amount, row.big, row._position])).toEqual([
      ['A1', '10.500', 9007199254740993n, 1n],
      ['A2', '7.000', null, 2n],
      ['A3', '1.250', null, 3n],
      ['A4', '3.000', null, 4n],
    ]);
    const feedback = await bench.rows('shop.orders_feedback', 'SELECT rule, column_name, value, row_id, source_position FROM t ORDER BY source_position');
    expect(feedback.map((row) => Object.values(row))).toEqual([
      ['order_id.pattern', 'order_id', 'x9', 'orders-1.ndjson#6', 6n],
      ['amount.minimum', 'amount', '-1.000', 'orders-1.ndjson#7', 7n],
      ['amount.type', 'amount', 'seven', 'orders-1.ndjson#8', 8n],
      ['country.max_length', 'country', 'DEU', 'orders-1.ndjson#9', 9n],
      ['source.malformed', null, '{"id": "A9", "amount": ', 'orders-1.ndjson#10', 10n],
      ['primary_key', 'order_id', 'B1', 'orders-1.ndjson#11', 11n],
      ['primary_key', 'order_id', 'B1', 'orders-1.ndjson#12', 12n],
    ]);
    expect(await bench.rows('shop.totals', 'SELECT country, amount FROM t ORDER BY 1')).toEqual([
      { country: 'DE', amount: '17.500' },
      { country: 'FR', amount: '4.250' },
    ]);
    const lineage = await bench.rows(
      'shop.lineage',
      `SELECT product || '.' || column_name || ' <- ' || input_name || '.' || input_column AS arrow FROM t WHERE column_name IS NOT NULL ORDER BY 1`,
    );
    expect(lineage.map((row) => row['arrow'])).toContain('shop.totals.amount <- shop.orders.amount');
  });

  it('publishes nothing for equal inputs, all of it for a changed file, and tells once for each', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    const told: string[] = [];
    await bench.adapters.bus.subscribe(PUBLISHED, { group: 'test', from: 'earliest' }, async (event: BusEvent) => void told.push(event.key));
    bench.put({ 'orders-1.ndjson': GOOD });
    await bench.run();
    const second = await bench.run();
    expect(second.products.map((product) => [product.outcome, product.version, product.rows])).toEqual([
      ['unchanged', 1, 3],
      ['unchanged', 1, 2],
    ]);
    bench.put({ 'orders-1.ndjson': GOOD + line({ id: 'A4', amount: 1, country: 'DE' }) });
    const third = await bench.run();
    expect(third.products.map((product) => [product.outcome, product.version, product.rows])).toEqual([
      ['published', 2, 4],
      ['published', 2, 2],
    ]);
    expect(told.filter((key) => key === 'shop.orders')).toHaveLength(2);
    // History stays readable.
    const first = await bench.adapters.store.asOf({ domain: 'shop', name: 'orders', major: 1 }, { version: 1 });
    expect(first.rows).toBe(3n);
  });

  it('keeps the last good snapshot live when a gate fails, and says which and why', async () => {
    await using bench = await workbench(shop, [orders('10%'), totals()]);
    bench.put({ 'orders-1.ndjson': GOOD });
    await bench.run();
    bench.put({ 'orders-2.ndjson': line({ id: 'bad', amount: 1, country: 'DE' }).repeat(1) + line({ id: 'worse', amount: 1, country: 'DE' }) });
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ outcome: 'refused', version: 1, rows: 3, refused: 2, error: { code: 'SKEIN_GATE_FAILED' } });
    expect(report.products[0]?.error?.message).toContain('order_id.pattern');
    expect((await bench.rows('shop.orders')).length).toBe(3);
    expect((await bench.rows('shop.orders_feedback')).length).toBe(2);
    // The twin: with room for them the same rows pass the gate, so it was the gate that held them back.
    await using lax = await workbench(shop, [orders('50%'), totals()]);
    lax.put({ 'orders-1.ndjson': GOOD, 'orders-2.ndjson': line({ id: 'bad', amount: 1, country: 'DE' }) + line({ id: 'worse', amount: 1, country: 'DE' }) });
    expect((await lax.run()).products[0]).toMatchObject({ outcome: 'published', rows: 3, refused: 2 });
  });

  it('reads Parquet with the same meaning as NDJSON', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    const session = await bench.adapters.engine.open();
    await session.run(
      `COPY (SELECT * FROM (VALUES ('A1', 10.500::DECIMAL(20,3), 9007199254740993::BIGINT, 'DE'), ('A2', 7, NULL, 'DE'), ('q', 1, NULL, 'FR')) t(id, amount, big, country)) TO '${bench.directory}/sources/orders-1.parquet' (FORMAT parquet)`,
    );
    await session.close();
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 2, violations: { 'order_id.pattern': 1 } });
    expect(await bench.rows('shop.orders', `SELECT order_id, amount, big FROM t WHERE order_id = 'A1'`)).toEqual([
      { order_id: 'A1', amount: '10.500', big: 9007199254740993n },
    ]);
  });

  it.each([
    ['a Parquet file that is not one', { 'orders-2.parquet': 'PAR? no' }, 'PAR1'],
    ['an empty file', { 'orders-2.ndjson': '' }, 'empty'],
    ['a file of lines that are no JSON', { 'orders-2.ndjson': 'not json\n'.repeat(5) }, 'not complete JSON'],
  ])('refuses %s by name, and the others go on', async (_, files, said) => {
    await using bench = await workbench(shop, [orders(), totals()]);
    bench.put({ 'orders-1.ndjson': GOOD, ...files });
    const report = await bench.run();
    const refused = report.sources.filter((source) => source.outcome === 'refused');
    expect(refused.map((source) => [source.file, source.error?.code])).toEqual([[Object.keys(files)[0], 'SKEIN_SOURCE_UNREADABLE']]);
    expect(refused[0]?.error?.message).toContain(said);
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 3 });
  });

  it('says what it reads when a folder holds nothing for it, or is not there', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    await expect(bench.run()).rejects.toMatchObject({ code: 'SKEIN_SOURCE_EMPTY', hint: expect.stringContaining('orders*.ndjson') });
    await expect(bench.run({ from: `${bench.directory}/nowhere` })).rejects.toMatchObject({ code: 'SKEIN_SOURCE_NOT_FOUND' });
  });

  it('keeps line numbers when lines are blank, not UTF-8, or end in CRLF', async () => {
    await using bench = await workbench(shop, [orders('60%'), totals()]);
    bench.put({
      'orders-1.ndjson': Buffer.concat([
        Buffer.from(line({ id: 'A1', amount: 1 }) + '\n'),
        Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
        Buffer.from(line({ id: 'A4', amount: 1 })),
      ]),
      'orders-2.ndjson': (line({ id: 'C1', amount: 1 }) + '\n' + line({ id: 'C3', amount: 1 })).replaceAll('\n', '\r\n'),
    });
    await bench.run();
    const rows = await bench.rows<{ order_id: string; _position: bigint }>('shop.orders', 'SELECT order_id, _position FROM t ORDER BY 1');
    expect(rows.map((row) => `${row.order_id}@${row._position}`)).toEqual(['A1@1', 'A4@4', 'C1@1', 'C3@3']);
    expect(await bench.rows('shop.orders_feedback', 'SELECT rule, source_position FROM t')).toEqual([{ rule: 'source.malformed', source_position: 3n }]);
  });

  it('keeps its own names clear of the columns of a file', async () => {
    await using bench = await workbench(
      (contracts) => {
        const domain = shop(contracts);
        return {
          ...domain,
          sources: [{ name: 'orders', describes: 'orders*.csv', shape: 'columns', tableOf: (file) => (/^orders.*[.]csv$/.test(file) ? 'orders' : undefined) }],
          bronze: [
            {
              name: 'raw_orders',
              source: 'orders',
              columns: ['id', 'amount', 'n', 'k'],
              requiredColumns: ['id'],
              sql: 'SELECT id, amount, NULL AS big, n || k AS country, _file, _row FROM landing',
            },
          ],
        };
      },
      [orders('60%'), totals()],
    );
    bench.put({ 'orders-1.csv': 'id;amount;n;k\nA1;1.5;D;E\nA2;2;too;many;fields\nA3;3;F;R\n' });
    expect((await bench.run()).products[0]).toMatchObject({ outcome: 'published', rows: 2, violations: { 'source.malformed': 1 } });
    expect(await bench.rows('shop.orders', 'SELECT order_id, country, _position FROM t ORDER BY 1')).toEqual([
      { order_id: 'A1', country: 'DE', _position: 2n },
      { order_id: 'A3', country: 'FR', _position: 4n },
    ]);
  });

  it('never lets a run that knew less replace what another published meanwhile', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    const sources = `${bench.directory}/sources`;
    bench.put({ 'one/orders-1.ndjson': GOOD, 'two/orders-2.ndjson': line({ id: 'Z1', amount: 1, country: 'DE' }) });
    const system = { feedback: (await repositoryContracts()).get('skein.feedback'), lineage: (await repositoryContracts()).get('skein.lineage') };
    // This one has looked at the landings, and then is slow until the other has published all.
    const reached = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const { store } = bench.adapters;
    const slowStore = new Proxy(store, {
      get(target, name: keyof SnapshotStore) {
        const member = target[name].bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'begin') return member;
        return async (...args: unknown[]) => {
          reached.resolve();
          await free.promise;
          return member(...args);
        };
      },
    });
    const slow = createSwarm(bench.swarm.domain, system, { ...bench.adapters, store: slowStore });
    const late = slow.run({ from: `${sources}/one`, origin: 'one' });
    await reached.promise;
    const quick = await bench.swarm.run({ from: `${sources}/two`, origin: 'two' });
    free.resolve();
    for (const report of [quick, await late]) for (const product of report.products) expect(['published', 'unchanged']).toContain(product.outcome);
    const rows = await bench.rows<{ order_id: string }>('shop.orders', 'SELECT order_id FROM t ORDER BY 1');
    expect(rows.map((row) => row.order_id)).toEqual(['A1', 'A2', 'A3', 'Z1']);
  });

  it('refuses a value that the contract’s type would round, instead of publishing another one', async () => {
    const exact = (sql: string) => (contracts: ContractSet) => {
      const domain = shop(contracts);
      const [first] = domain.products;
      return { ...domain, products: first ? [{ ...first, step: { ...first.step, sql } }] : [] };
    };
    const rows = `(VALUES ('A1', 1.5), ('A2', 1.0005), ('A3', 123456789012345678901.5)) v(order_id, n)`;
    for (const type of ['DECIMAL(38,4)', 'DOUBLE', 'VARCHAR']) {
      await using bench = await workbench(
        exact(
          `SELECT order_id, n::${type} AS amount, NULL::BIGINT AS big, 'DE' AS country, 'f' AS _file, row_number() OVER () AS _row FROM ${rows}, (SELECT count(*) FROM raw_orders)`,
        ),
        [orders('80%'), totals()],
      );
      bench.put({ 'orders-1.ndjson': GOOD });
      const report = await bench.run();
      if (type === 'VARCHAR') {
        expect(report.products[0]).toMatchObject({
          outcome: 'failed',
          error: { code: 'SKEIN_STEP_FAILED', message: expect.stringContaining('amount as text') },
        });
        continue;
      }
      expect(
        (await bench.rows<{ order_id: string }>('shop.orders')).map((row) => row.order_id),
        type,
      ).toEqual(['A1']);
      expect(report.products[0]?.violations['amount.type'], type).toBe(2);
    }
  });

  it('does not let an export without rows empty a product that has some', async () => {
    await using bench = await workbench(shop, [orders('100%'), totals()]);
    bench.put({ 'orders-1.ndjson': GOOD });
    await bench.run();
    bench.put({ 'orders-1.ndjson': line({ id: 'no', amount: 1 }) });
    const report = await bench.run();
    expect(report.products[0]).toMatchObject({ outcome: 'refused', version: 1, rows: 3, error: { code: 'SKEIN_GATE_FAILED' } });
    expect(report.products[1]).toMatchObject({ outcome: 'unchanged', version: 1 });
  });

  it('names the files of a folder that nothing reads', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    bench.put({ 'orders-1.ndjson': GOOD, 'order (1).json': '{}', 'sub/readme.txt': 'x' });
    expect((await bench.run()).ignored).toEqual(['order (1).json', 'sub/readme.txt']);
  });

  it('retires demo rows when real ones arrive', async () => {
    await using bench = await workbench(shop, [orders(), totals()]);
    bench.put({ 'orders-demo.ndjson': GOOD });
    await bench.run({ origin: 'demo' });
    bench.put({ 'orders-real.ndjson': line({ id: 'R1', amount: 1, country: 'DE' }) });
    const { rmSync } = await import('node:fs');
    rmSync(`${bench.directory}/sources/orders-demo.ndjson`);
    expect((await bench.run()).products[0]).toMatchObject({ outcome: 'published', version: 2, rows: 1 });
  });

  it('refuses a step that selects a column without a contract, and a step that does not run', async () => {
    const twin = (sql: string) => (contracts: ContractSet) => {
      const domain = shop(contracts);
      const [first, ...rest] = domain.products;
      return { ...domain, products: first ? [{ ...first, step: { ...first.step, sql } }, ...rest] : [] };
    };
    for (const [sql, said] of [
      ['SELECT id AS order_id, 1 AS amount, 2 AS smuggled, _file, _row FROM raw_orders', 'smuggled'],
      ['SELECT nothing FROM raw_orders', 'nothing'],
    ] as const) {
      await using bench = await workbench(twin(sql), [orders(), totals()]);
      bench.put({ 'orders-1.ndjson': GOOD });
      const report = await bench.run();
      expect(report.products.map((product) => [product.outcome, product.error?.code])).toEqual([
        ['failed', 'SKEIN_STEP_FAILED'],
        ['skipped', 'SKEIN_STEP_FAILED'],
      ]);
      expect(report.products[0]?.error?.message).toContain(said);
    }
  });
});
