import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, params } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, OWN, purchase, trapRun } from './trap-run.ts';

const { bench, rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

describe('shapes', () => {
  it('refuses another shape than a list of records, without losing the rest of the file', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(600),
        event({ event_params: { ga_session_id: 1 } }),
        event({ event_params: JSON.stringify(params({ a: 1 })), event_name: 'b' }),
        event({ items: { item_id: 'x' } }),
        event({ device: ['desktop'], geo: 'Germany', event_name: 'odd_structs' }),
        event({
          event_params: [
            1,
            null,
            { key: null, value: { int_value: '1' } },
            { key: 'k' },
            { key: 'k', value: { string_value: 'second' } },
            { key: 'j', value: { string_value: 'j' } },
          ],
          event_name: 'odd_params',
        }),
        event({ event_params: undefined, items: undefined, event_name: 'bare' }),
      ],
    });
    expect(of(report, 'events')).toMatchObject({ rows: 603, violations: { 'params.type': 2, 'items.type': 1 }, repairs: { 'params:key-twice': 1 } });
    expect(
      await rows(
        'events',
        `SELECT event_name, device_category, country, map_entries(params) AS params, len(items) AS items FROM t WHERE ${OWN} ORDER BY event_name`,
      ),
    ).toEqual([
      { event_name: 'bare', device_category: 'desktop', country: 'Germany', params: [], items: 0n },
      {
        event_name: 'odd_params',
        device_category: 'desktop',
        country: 'Germany',
        params: [
          { key: 'k', value: null },
          { key: 'j', value: 'j' },
        ],
        items: 0n,
      },
      expect.objectContaining({ event_name: 'odd_structs', device_category: null, country: null }),
    ]);
  });

  it('reads records from before fields were added, and with fields that nobody knows yet', async () => {
    const report = await run({
      'events_20200301.json': [
        ...crowd(0),
        {
          event_date: '20200301',
          event_timestamp: micros('2020-03-01T12:00:00Z'),
          event_name: 'page_view',
          event_params: params({ ga_session_id: 1 }),
          user_pseudo_id: 'old.1',
          platform: 'web',
          stream_id: '77',
          a_field_of_2031: { deeply: [{ nested: true }] },
        },
      ],
    });
    expect(of(report, 'events')).toMatchObject({ rows: 1, repairs: { 'platform:case': 1 } });
    expect(await rows('events', 'SELECT platform, analytics_consent, batch_event_index, client_key IS NOT NULL AS known FROM t')).toEqual([
      { platform: 'WEB', analytics_consent: null, batch_event_index: null, known: true },
    ]);
  });

  it.each(['plain', 'wrapped'])('reads Parquet with %s lists as the same events', async (form) => {
    const record = purchase({ event_params: params({ ga_session_id: 1787918400, currency: 'EUR', value: 99.5 }) });
    const swarm = await bench();
    const session = await swarm.adapters.engine.open();
    const wrap = (list: string) => (form === 'plain' ? list : `{'list': list_transform(${list}, lambda one: {'element': one})}`);
    swarm.put({ 'keep.txt': '' });
    await session.run(`COPY (SELECT '20260828' AS event_date, ${micros('2026-08-28T12:00:00Z')} AS event_timestamp, 'purchase' AS event_name,
        ${wrap(`[{'key': 'ga_session_id', 'value': {'string_value': NULL::VARCHAR, 'int_value': 1787918400, 'double_value': NULL::DOUBLE}},
          {'key': 'currency', 'value': {'string_value': 'EUR', 'int_value': NULL, 'double_value': NULL}}, {'key': 'value', 'value': {'string_value': NULL, 'int_value': NULL, 'double_value': 99.5}}]`)} AS event_params,
        'A.1' AS user_pseudo_id, {'analytics_storage': 'Yes'} AS privacy_info, {'category': 'desktop', 'web_info': {'hostname': 'shop.example'}} AS device, {'country': 'Germany'} AS geo,
        '77' AS stream_id, 'WEB' AS platform, {'transaction_id': 'T-1', 'purchase_revenue': 99.8::DOUBLE, 'tax_value': 15.93::DOUBLE, 'shipping_value': 5::DOUBLE} AS ecommerce,
        ${wrap(`[{'item_id': '000000000100000127', 'item_name': 'Chain', 'price': 49.9::DOUBLE, 'quantity': 2, 'item_revenue': 99.8::DOUBLE}]`)} AS items)
      TO '${path.join(swarm.directory, 'sources', 'events_20260828_1.parquet')}' (FORMAT parquet)`);
    await session.close();
    const report = await run({ 'events_20260828_2.json': [...crowd(), record] });
    expect(of(report, 'events')).toMatchObject({ rows: 301, duplicates: 1 });
    expect(await rows('item_demand_daily', `SELECT item_id, units, revenue FROM t WHERE units > 0`)).toEqual([
      { item_id: '100000127', units: 2n, revenue: '99.800000' },
    ]);
  });

  it('knows GA4 names in other spellings, and leaves custom names alone', async () => {
    const names = [' page_view ', 'addToCart', 'Add To Cart', 'PURCHASE', 'pageview', 'MyEvent', 'my-event', 'übersicht', 'page_view'];
    const report = await run({
      [DAY]: [...crowd(), ...names.map((event_name, index) => event({ event_name, event_timestamp: micros('2026-08-28T12:00:00Z', index) }))],
    });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us`)).map(({ n }) => n)).toEqual([
      'page_view',
      'add_to_cart',
      'add_to_cart',
      'purchase',
      'pageview',
      'MyEvent',
      'my-event',
      'übersicht',
      'page_view',
    ]);
    expect(of(report, 'events')?.repairs).toEqual({ 'event_name:trimmed': 1, 'event_name:case': 3 });
  });
});
