import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, params, type ExportRecord } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, purchase, trapRun } from './trap-run.ts';

const { rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

describe('purchases and demand', () => {
  it('counts a transaction once, however often its page was loaded, and none that is not set', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(),
        purchase(),
        purchase({ event_timestamp: micros('2026-08-28T12:05:00Z') }),
        purchase({
          event_timestamp: micros('2026-08-28T12:06:00Z'),
          ecommerce: { transaction_id: '(not set)', purchase_revenue: 7 },
          event_params: params({ currency: 'EUR' }),
        }),
        purchase({
          event_timestamp: micros('2026-08-28T12:07:00Z'),
          ecommerce: { purchase_revenue: 7 },
          event_params: params({ currency: 'eur', transaction_id: 'T-2' }),
          items: [{ item_id: '100000127', price: '7', quantity: null }],
        }),
      ],
    });
    expect(of(report, 'purchases')).toMatchObject({ rows: 2, duplicates: 1 });
    expect(of(report, 'events')?.repairs).toEqual({ 'items:item-id-zeros': 3, 'transaction_id:not-set': 1, 'currency:case': 1 });
    expect(await rows('purchases', 'SELECT transaction_id, revenue, currency, tax, shipping, item_quantity, items_difference FROM t ORDER BY 1')).toEqual([
      { transaction_id: 'T-1', revenue: '99.800000', currency: 'EUR', tax: '15.930000', shipping: '5.000000', item_quantity: 2n, items_difference: '0.000000' },
      { transaction_id: 'T-2', revenue: '7.000000', currency: 'EUR', tax: null, shipping: null, item_quantity: 1n, items_difference: '0.000000' },
    ]);
    expect(await rows('item_demand_daily', `SELECT event_date::VARCHAR AS day, item_id, units, revenue, purchases FROM t WHERE units > 0`)).toEqual([
      { day: '2026-08-28', item_id: '100000127', units: 3n, revenue: '106.800000', purchases: 2n },
    ]);
  });

  it('takes refunds off in part and in whole', async () => {
    const refund = (transaction_id: string, minute: number, changes: ExportRecord = {}) =>
      event({ event_name: 'refund', event_timestamp: micros(`2026-08-28T13:0${minute}:00Z`), event_params: [], ecommerce: { transaction_id }, ...changes });
    await run({
      [DAY]: [
        ...crowd(),
        ...['T-1', 'T-2', 'T-3', 'T-4'].map((id, index) =>
          purchase({ event_timestamp: micros(`2026-08-28T12:0${index}:00Z`), ecommerce: { transaction_id: id, purchase_revenue: 99.8 } }),
        ),
        refund('T-1', 1, { ecommerce: { transaction_id: 'T-1', refund_value: 9.9 } }),
        refund('T-1', 2, { ecommerce: { transaction_id: 'T-1', refund_value: '0.1' } }),
        refund('T-2', 3),
        refund('T-3', 4, { items: [{ item_id: '100000127', quantity: '1', item_refund: 49.9 }] }),
        refund('(not set)', 5),
      ],
    });
    expect((await rows<{ r: string }>('purchases', 'SELECT refund AS r FROM t ORDER BY transaction_id')).map(({ r }) => r)).toEqual([
      '10.000000',
      '99.800000',
      '49.900000',
      '0.000000',
    ]);
  });

  it('reports, and does not refuse, a transaction whose items do not add up', async () => {
    const report = await run({ [DAY]: [...crowd(), purchase({ ecommerce: { transaction_id: 'T-1', purchase_revenue: 90 } })] });
    expect(of(report, 'purchases')).toMatchObject({ rows: 1, refused: 0, outcome: 'published' });
    expect(of(report, 'purchases')?.verdict?.gates.find((gate) => gate.check === 'quality.items_add_up')).toMatchObject({
      outcome: 'failed',
      severity: 'warning',
      value: '1',
    });
  });

  it('brings item ids to the one form that SAP shows, and refuses what no material number can be', async () => {
    const ids = ['000000000100000127', ' 100000127 ', '100000127', 'TG-0042', '00TG-0042', '000', '(not set)', '', 'x'.repeat(41), '١٢٣'];
    const report = await run({
      [DAY]: [
        ...Array.from({ length: 120 }, (_, index) =>
          event({
            event_name: 'view_item',
            stream_id: 'crowd',
            event_timestamp: micros('2026-08-28T10:00:00Z', index),
            items: [{ item_id: `crowd-${index}` }],
          }),
        ),
        ...ids.map((item_id, index) =>
          event({ event_name: 'view_item', event_timestamp: micros('2026-08-28T12:00:00Z', index), items: [{ item_id, quantity: '1' }] }),
        ),
      ],
    });
    expect(await rows('item_demand_daily', `SELECT item_id, views FROM t WHERE item_id NOT LIKE 'crowd%' ORDER BY item_id`)).toEqual([
      { item_id: '0', views: 1n },
      { item_id: '00TG-0042', views: 1n },
      { item_id: '100000127', views: 3n },
      { item_id: 'TG-0042', views: 1n },
      { item_id: '١٢٣', views: 1n },
    ]);
    expect(of(report, 'item_demand_daily')?.violations).toEqual({ 'item_id.max_length': 1 });
    expect(of(report, 'events')?.repairs).toEqual({ 'items:item-id-zeros': 2 });
  });
});
