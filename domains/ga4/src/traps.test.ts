import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '@skein/testing';
import type { RunReport } from '@skein/swarm';
import { crowd, event, micros, ndjson, params, type ExportRecord } from './export-record.ts';
import { ga4 } from './ga4.ts';

// The traps of GA4 exports, each as a file that holds it, through the real swarm to the published tables.

const DAY = 'events_20260828.json';
let bench: Workbench | undefined;

afterEach(async () => {
  await bench?.[Symbol.asyncDispose]();
  bench = undefined;
});

async function run(files: Readonly<Record<string, readonly (ExportRecord | string)[] | Uint8Array>>): Promise<RunReport> {
  bench ??= await workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' }));
  bench.put(Object.fromEntries(Object.entries(files).map(([name, content]) => [name, content instanceof Uint8Array ? content : ndjson(content)])));
  const report = await bench.run();
  for (const product of report.products) if (product.error) throw product.error;
  return report;
}

/** Rows of a product outside the crowd; `select` reads the product as `t`. */
const rows = <Row = Record<string, unknown>>(product: string, select: string): Promise<Row[]> => (bench as Workbench).rows<Row>(`ga4.${product}`, select);
const of = (report: RunReport, product: string) => report.products.find((one) => one.product === `ga4.${product}`);
const OWN = `stream_id <> 'crowd'`;

const purchase = (changes: ExportRecord = {}): ExportRecord =>
  event({
    event_name: 'purchase',
    event_params: params({ ga_session_id: 1787918400, currency: 'EUR', value: 99.8, transaction_id: 'T-1' }),
    ecommerce: { transaction_id: 'T-1', purchase_revenue: 99.8, tax_value: '15.93', shipping_value: 5 },
    items: [{ item_id: '000000000100000127', item_name: 'Chain', price: 49.9, quantity: '2', item_revenue: 99.8 }],
    ...changes,
  });

describe('values', () => {
  it('finds a parameter in whichever of the four columns it is, and keeps every digit', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(),
        ...[
          { int_value: '50' },
          { int_value: 51 },
          { double_value: 49.5 },
          { double_value: '48.25' },
          { float_value: 47.125 },
          { string_value: '123456789012.123456' },
          { string_value: null, int_value: '9007199254740993', float_value: null, double_value: null },
          { string_value: 'twelve' },
        ].map((value, index) => event({ event_timestamp: micros('2026-08-28T12:00:00Z', index), event_params: params({ ga_session_id: 5, value }) })),
      ],
    });
    expect((await rows<{ value: string | null }>('events', `SELECT value FROM t WHERE ${OWN} ORDER BY event_ts_us`)).map(({ value }) => value)).toEqual([
      '50.000000', '51.000000', '49.500000', '48.250000', '47.125000', '123456789012.123456', null, null,
    ]);
    // 2^53 + 1 does not fit DECIMAL(18,6), so value is silent, but the parameter has it to the digit.
    expect(await rows('events', `SELECT params['value'] AS v FROM t WHERE ${OWN} ORDER BY event_ts_us LIMIT 2 OFFSET 6`)).toEqual([{ v: '9007199254740993' }, { v: 'twelve' }]);
    expect(of(report, 'events')?.repairs).toEqual({ 'value:type': 1 });
  });

  it('keeps session ids beyond 2^53 apart', async () => {
    await run({ [DAY]: [...crowd(), ...['9007199254740992', '9007199254740993'].map((id) => event({ event_params: [{ key: 'ga_session_id', value: { int_value: id } }] }))] });
    expect(await rows('sessions', `SELECT ga_session_id FROM t WHERE ${OWN} ORDER BY ga_session_id`)).toEqual([{ ga_session_id: 9007199254740992n }, { ga_session_id: 9007199254740993n }]);
  });

  it('takes revenue from int, double, text and NUMERIC alike, to the sixth place', async () => {
    const revenues = [50, 49.9, '29.990000000000002', '0.1', '1E2', '123456789012.345678'];
    await run({
      [DAY]: [...crowd(), ...revenues.map((revenue, index) => purchase({ event_timestamp: micros('2026-08-28T12:00:00Z', index), ecommerce: { transaction_id: `T-${index}`, purchase_revenue: revenue }, items: [] }))],
    });
    expect((await rows<{ revenue: string }>('purchases', 'SELECT revenue FROM t ORDER BY transaction_id')).map(({ revenue }) => revenue)).toEqual([
      '50.000000', '49.900000', '29.990000', '0.100000', '100.000000', '123456789012.345678',
    ]);
  });

  it('reads "(not set)", an empty text and null as nothing, and leaves <Other> as it is', async () => {
    await run({
      [DAY]: [
        ...crowd(),
        ...['(not set)', '', null, undefined, '<Other>'].map((text, index) =>
          event({
            event_timestamp: micros('2026-08-28T12:00:00Z', index),
            geo: { country: text },
            collected_traffic_source: { manual_source: text, manual_medium: text, manual_campaign_name: text },
          }),
        ),
      ],
    });
    const nothing = { country: null, source: null, medium: null, campaign: null };
    expect(await rows('events', `SELECT country, source, medium, campaign FROM t WHERE ${OWN} ORDER BY event_ts_us`)).toEqual([
      nothing, nothing, nothing, nothing, { country: '<Other>', source: '<Other>', medium: '<Other>', campaign: '<Other>' },
    ]);
    expect(await rows('sessions', `SELECT source, channel_last_click FROM t WHERE ${OWN}`)).toEqual([{ source: '<Other>', channel_last_click: 'Unassigned' }]);
  });

  it('refuses what is no time, no date and no number, with what stood there', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(600),
        event({ event_timestamp: '2026-08-28T12:00:00Z' }),
        event({ event_timestamp: '99223372036854775807' }),
        event({ event_timestamp: '-5' }),
        event({ event_timestamp: '0x10' }),
        event({ event_timestamp: String(Date.parse('2026-08-28T12:00:00Z')) }),
        event({ event_timestamp: undefined }),
        event({ event_date: '20261345', event_name: 'a' }),
        event({ event_date: undefined, event_name: 'b' }),
        event({ event_name: undefined }),
        purchase({ ecommerce: { transaction_id: 'T-9', purchase_revenue: 'NaN' } }),
        purchase({ items: [{ item_id: 'x', quantity: '1.5' }] }),
        purchase({ items: [{ item_id: 'x', quantity: '-1' }] }),
      ],
    });
    expect(of(report, 'events')?.violations).toEqual({
      'event_ts_us.type': 4,
      'event_ts_us.required': 1,
      // Milliseconds where microseconds belong are a day in January 1970.
      'date_offset_days.minimum': 1,
      'event_date.type': 1,
      'event_date.required': 1,
      'event_name.required': 1,
      'purchase_revenue.type': 1,
      'items.number': 1,
      'min_item_quantity.minimum': 1,
    });
    expect(await rows('events', `SELECT count(*) AS n FROM t WHERE ${OWN}`)).toEqual([{ n: 0n }]);
    expect(await rows('events_feedback', `SELECT value FROM t WHERE rule IN ('event_date.type', 'items.number', 'purchase_revenue.type') ORDER BY rule`)).toEqual([
      { value: '20261345' }, { value: 'quantity=1.5' }, { value: 'NaN' },
    ]);
    expect(of(report, 'purchases')?.rows).toBe(0);
  });
});

describe('delivery', () => {
  it('takes one event delivered twice for one, whatever the order of its parameters and the style of its nulls', async () => {
    const sparse = event({ event_params: params({ ga_session_id: 7, page_location: 'https://shop.example/', value: 1.5 }) });
    const console_ = {
      event_previous_timestamp: null,
      ...sparse,
      ecommerce: null,
      user_id: null,
      collected_traffic_source: null,
      event_params: [...params({ value: { string_value: null, int_value: null, float_value: null, double_value: 1.5 } }), ...params({ page_location: 'https://shop.example/' }), { key: 'ga_session_id', value: { string_value: null, int_value: '7', float_value: null, double_value: null } }],
    };
    const report = await run({ 'events_20260828-000000000000.json': [...crowd(), sparse], 'events_20260828-000000000001.json': [console_, sparse] });
    expect(of(report, 'events')).toMatchObject({ rows: 301, duplicates: 2 });
  });

  it('keeps events apart that differ in one parameter, one item, or their place in the batch', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(),
        event(),
        event({ event_params: params({ ga_session_id: 1787918400, page_location: 'https://shop.example/?a' }) }),
        event({ items: [{ item_id: 'x' }] }),
        event({ batch_page_id: '1', batch_ordering_id: '1', batch_event_index: '1' }),
        event({ batch_page_id: '1', batch_ordering_id: '1', batch_event_index: '2' }),
        event({ user_pseudo_id: 'B.1' }),
      ],
    });
    expect(of(report, 'events')).toMatchObject({ rows: 306, duplicates: 0 });
  });

  it('counts a day once when its streaming table was left beside the daily one', async () => {
    const streamed = event({ event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/' }) });
    const report = await run({
      'events_intraday_20260828.ndjson': [streamed, event({ event_name: 'only_streamed' })],
      [DAY]: [...crowd(), { ...streamed, event_params: [...params({ ga_session_id: 1, page_location: 'https://shop.example/', session_engaged: '1' })] }],
      'events_intraday_20260829.ndjson': [event({ event_date: '20260829', event_timestamp: micros('2026-08-29T08:00:00Z') })],
    });
    expect(of(report, 'events')?.rows).toBe(302);
    expect(await rows('events', `SELECT event_date::VARCHAR AS day, session_engaged FROM t WHERE ${OWN} ORDER BY 1`)).toEqual([
      { day: '2026-08-28', session_engaged: true }, { day: '2026-08-29', session_engaged: null },
    ]);
  });

  it('replaces a day that Google rewrote, whole or in shards, and calls days final by what has landed', async () => {
    const older = event({ event_date: '20260824', event_timestamp: micros('2026-08-24T12:00:00Z') });
    await run({ 'events_20260824.json': [older], [DAY]: [...crowd(), event(), event({ event_name: 'withdrawn' })] });
    expect(await rows('events', `SELECT event_name, is_final FROM t WHERE ${OWN} ORDER BY event_ts_us, event_name`)).toEqual([
      { event_name: 'page_view', is_final: true }, { event_name: 'page_view', is_final: false }, { event_name: 'withdrawn', is_final: false },
    ]);
    await run({ [DAY]: [...crowd(), event(), event({ event_name: 'late_event' })] });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us, n`)).map(({ n }) => n)).toEqual(['page_view', 'late_event', 'page_view']);
    const again = await run({ 'events_20260828-000000000000.json': [...crowd(), event()], 'events_20260828-000000000001.json': [event({ event_name: 'in_second_shard' })] });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us, n`)).map(({ n }) => n)).toEqual(['page_view', 'in_second_shard', 'page_view']);
    expect(of(again, 'events')?.outcome).toBe('published');
    expect((await (bench as Workbench).run()).products.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);
  });

  it('takes a late row into the day it belongs to', async () => {
    await run({ [DAY]: [...crowd(), event({ event_date: '20260826', event_timestamp: micros('2026-08-26T09:00:00Z') })] });
    expect(await rows('events', `SELECT event_date::VARCHAR AS day FROM t WHERE ${OWN}`)).toEqual([{ day: '2026-08-26' }]);
  });

  it('charges a line cut short to ga4.events, and keeps the others', async () => {
    const line = JSON.stringify(event());
    const report = await run({ [DAY]: [...crowd(), event(), line.slice(0, 400), '{"event_name":"\\ud800"}', event({ event_name: 'after' })] });
    expect(of(report, 'events')).toMatchObject({ rows: 302, violations: { 'source.malformed': 2 } });
  });

  it('reads compressed files and every form of folder', async () => {
    const report = await run({
      'events_20260828-000000000003.json.gz': gzipSync(ndjson([...crowd(), event({ event_name: 'zipped' })])),
      'analytics_123/events_20260828/part-0.ndjson': [event({ event_name: 'in_folder' })],
      'table=events_20260827/000.jsonl': [event({ event_date: '20260827', event_timestamp: micros('2026-08-27T12:00:00Z'), event_name: 'in_hive_folder' })],
      'users_20260828.json': ['{"not":"an event"}'],
    });
    expect(report.sources).toHaveLength(3);
    expect(of(report, 'events')?.rows).toBe(303);
  });
});

describe('shapes', () => {
  it('refuses another shape than a list of records, without losing the rest of the file', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(600),
        event({ event_params: { ga_session_id: 1 } }),
        event({ event_params: JSON.stringify(params({ a: 1 })), event_name: 'b' }),
        event({ items: { item_id: 'x' } }),
        event({ device: ['desktop'], geo: 'Germany', event_name: 'odd_structs' }),
        event({ event_params: [1, null, { key: null, value: { int_value: '1' } }, { key: 'k' }, { key: 'k', value: { string_value: 'second' } }, { key: 'j', value: { string_value: 'j' } }], event_name: 'odd_params' }),
        event({ event_params: undefined, items: undefined, event_name: 'bare' }),
      ],
    });
    expect(of(report, 'events')).toMatchObject({ rows: 603, violations: { 'params.type': 2, 'items.type': 1 }, repairs: { 'params:key-twice': 1 } });
    expect(await rows('events', `SELECT event_name, device_category, country, map_entries(params) AS params, len(items) AS items FROM t WHERE ${OWN} ORDER BY event_name`)).toEqual([
      { event_name: 'bare', device_category: 'desktop', country: 'Germany', params: [], items: 0n },
      { event_name: 'odd_params', device_category: 'desktop', country: 'Germany', params: [{ key: 'k', value: null }, { key: 'j', value: 'j' }], items: 0n },
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
    expect(await rows('events', 'SELECT platform, analytics_consent, batch_event_index, client_key IS NOT NULL AS known FROM t')).toEqual([{ platform: 'WEB', analytics_consent: null, batch_event_index: null, known: true }]);
  });

  it.each(['plain', 'wrapped'])('reads Parquet with %s lists as the same events', async (form) => {
    const record = purchase({ event_params: params({ ga_session_id: 1787918400, currency: 'EUR', value: 99.5 }) });
    bench = await workbench((contracts) => ga4(contracts));
    const session = await bench.adapters.engine.open();
    const wrap = (list: string) => (form === 'plain' ? list : `{'list': list_transform(${list}, lambda one: {'element': one})}`);
    bench.put({ 'keep.txt': '' });
    await session.run(`COPY (SELECT '20260828' AS event_date, ${micros('2026-08-28T12:00:00Z')} AS event_timestamp, 'purchase' AS event_name,
        ${wrap(`[{'key': 'ga_session_id', 'value': {'string_value': NULL::VARCHAR, 'int_value': 1787918400, 'double_value': NULL::DOUBLE}},
          {'key': 'currency', 'value': {'string_value': 'EUR', 'int_value': NULL, 'double_value': NULL}}, {'key': 'value', 'value': {'string_value': NULL, 'int_value': NULL, 'double_value': 99.5}}]`)} AS event_params,
        'A.1' AS user_pseudo_id, {'analytics_storage': 'Yes'} AS privacy_info, {'category': 'desktop', 'web_info': {'hostname': 'shop.example'}} AS device, {'country': 'Germany'} AS geo,
        '77' AS stream_id, 'WEB' AS platform, {'transaction_id': 'T-1', 'purchase_revenue': 99.8::DOUBLE, 'tax_value': 15.93::DOUBLE, 'shipping_value': 5::DOUBLE} AS ecommerce,
        ${wrap(`[{'item_id': '000000000100000127', 'item_name': 'Chain', 'price': 49.9::DOUBLE, 'quantity': 2, 'item_revenue': 99.8::DOUBLE}]`)} AS items)
      TO '${path.join(bench.directory, 'sources', 'events_20260828_1.parquet')}' (FORMAT parquet)`);
    await session.close();
    const report = await run({ 'events_20260828_2.json': [...crowd(), record] });
    expect(of(report, 'events')).toMatchObject({ rows: 301, duplicates: 1 });
    expect(await rows('item_demand_daily', `SELECT item_id, units, revenue FROM t WHERE units > 0`)).toEqual([{ item_id: '100000127', units: 2n, revenue: '99.800000' }]);
  });

  it('knows GA4 names in other spellings, and leaves custom names alone', async () => {
    const names = [' page_view ', 'addToCart', 'Add To Cart', 'PURCHASE', 'pageview', 'MyEvent', 'my-event', 'übersicht', 'page_view'];
    const report = await run({ [DAY]: [...crowd(), ...names.map((event_name, index) => event({ event_name, event_timestamp: micros('2026-08-28T12:00:00Z', index) }))] });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us`)).map(({ n }) => n)).toEqual([
      'page_view', 'add_to_cart', 'add_to_cart', 'purchase', 'pageview', 'MyEvent', 'my-event', 'übersicht', 'page_view',
    ]);
    expect(of(report, 'events')?.repairs).toEqual({ 'event_name:trimmed': 1, 'event_name:case': 3 });
  });
});

describe('personal data', () => {
  it('leaves no e-mail address and no telephone number in what is published', async () => {
    const texts = [
      'https://shop.example/?mail=lena.vogt@mail.example&ok=1',
      'https://shop.example/?mail=lena.vogt%40mail.example',
      'https://shop.example/?u=https%3A%2F%2Fx.example%2F%3Fm%3Djan%2540post.example%26b%3D2',
      'https://shop.example/?m=jan%40post%2Eexample',
      'https://shop.example/?m=%6A%61n%40p%6Fst.ex%61mple',
      'https://shop.example/müller@firma.example/x',
      'https://shop.example/?phone=030%20123456&x=1',
      'https://shop.example/?q=%2B49%20171%205550199',
      'https://shop.example/?tel=+49-171-5550199#top',
      'https://shop.example/?Mobile_Number=0049171555',
    ];
    const report = await run({
      [DAY]: [
        ...crowd(600),
        ...texts.map((page_location, index) => event({ event_timestamp: micros('2026-08-28T12:00:00Z', index), event_params: params({ ga_session_id: 1, page_location }) })),
        event({ event_name: 'view_search_results', event_params: params({ search_term: 'Lena.Vogt@Mail.Example', page_title: 'Suche: +49 171 5550199', page_referrer: 'https://x.example/?e=a.b@c.example', custom: 'x' }) }),
      ],
    });
    const published = await rows<{ l: string; p: string }>('events', `SELECT page_location_scrubbed AS l, params::VARCHAR AS p FROM t WHERE ${OWN} ORDER BY event_ts_us, event_name`);
    expect(published.map(({ l }) => l).filter((l) => l !== null)).toEqual([
      'https://shop.example/?mail=(email)&ok=1',
      'https://shop.example/?mail=(email)',
      expect.stringMatching(/^https:\/\/shop\.example\/\?u=.*\(email\)/),
      'https://shop.example/?m=(email)',
      expect.stringContaining('(email)'),
      'https://shop.example/(email)/x',
      'https://shop.example/?phone=(phone)&x=1',
      'https://shop.example/?q=(phone)',
      'https://shop.example/?tel=(phone)#top',
      'https://shop.example/?Mobile_Number=(phone)',
    ]);
    for (const { p } of published) expect(decodeURIComponent(decodeURIComponent(p.replaceAll(/%(?![0-9a-f]{2})/gi, '')))).not.toMatch(/[\w.+-]+@[\w.-]+\.[a-z]{2,}|5550199/i);
    expect(published.at(-1)?.p ?? published[0]?.p).toBeDefined();
    expect(of(report, 'events')?.repairs).toEqual({ 'page_location:email-removed': 6, 'page_location:phone-removed': 4, 'params:email-removed': 1, 'params:phone-removed': 1 });
  });

  it('leaves article numbers, coordinates, prices and versions as they are', async () => {
    const texts = ['https://shop.example/p/100000127', 'https://maps.example/@52.520008,13.404954,15z', 'https://shop.example/?q=helm+100000127', 'https://shop.example/?t=1787918400000&hotel=12345678', 'https://cdn.example/lib@1.2.3/x.js'];
    const report = await run({ [DAY]: [...crowd(), ...texts.map((page_location, index) => event({ event_timestamp: micros('2026-08-28T12:00:00Z', index), event_params: params({ page_location }) }))] });
    expect((await rows<{ l: string }>('events', `SELECT page_location_scrubbed AS l FROM t WHERE ${OWN} ORDER BY event_ts_us`)).map(({ l }) => l)).toEqual(texts);
    expect(of(report, 'events')?.repairs).toEqual({});
  });

  it('publishes a user id as a hash only', async () => {
    await run({ [DAY]: [...crowd(), event({ user_id: 'lena.vogt@mail.example' })] });
    const [row] = await rows<{ t: string }>('events', `SELECT t::VARCHAR AS t FROM t WHERE ${OWN}`);
    expect(row?.t).toMatch(/'?user_key'?: [0-9a-f]{64}/);
    expect(row?.t).not.toContain('lena');
  });
});

describe('sessions', () => {
  const at = (time: string, changes: ExportRecord = {}, day = '20260828'): ExportRecord => event({ event_date: day, event_timestamp: micros(time), ...changes });

  it('knows a session by client and id: ids collide over clients', async () => {
    await run({ [DAY]: [...crowd(), event({ user_pseudo_id: 'A.1' }), event({ user_pseudo_id: 'B.1' }), event({ user_pseudo_id: 'B.1', stream_id: '78' })] });
    expect(await rows('sessions', `SELECT count(*) AS n, count(DISTINCT ga_session_id) AS ids, count(DISTINCT client_key) AS clients FROM t WHERE ${OWN}`)).toEqual([{ n: 3n, ids: 1n, clients: 3n }]);
  });

  it('keeps a session over midnight whole, dated in the time zone of the property', async () => {
    await run({
      'events_20260828.json': [...crowd(), at('2026-08-28T21:50:00Z', { event_name: 'session_start' })],
      'events_20260829.json': [at('2026-08-28T22:10:00Z', {}, '20260829')],
    });
    expect(await rows('sessions', `SELECT session_date::VARCHAR AS day, events, duration_ms FROM t WHERE ${OWN}`)).toEqual([{ day: '2026-08-28', events: 2n, duration_ms: 1_200_000n }]);
    expect(await rows('events', `SELECT event_date::VARCHAR AS day, date_offset_days AS d FROM t WHERE ${OWN} ORDER BY event_ts_us`)).toEqual([{ day: '2026-08-28', d: 0 }, { day: '2026-08-29', d: -1 }]);
  });

  it('measures the hour that a clock shows twice as an hour', async () => {
    // Both are 02:30 in Berlin, before and after the clocks went back.
    await run({ 'events_20261025.json': [...crowd().map((record) => ({ ...record, event_date: '20261025', event_timestamp: micros('2026-10-25T10:00:00Z') })), at('2026-10-25T00:30:00Z', {}, '20261025'), at('2026-10-25T01:30:00Z', {}, '20261025')] });
    expect(await rows('sessions', `SELECT duration_ms FROM t WHERE ${OWN}`)).toEqual([{ duration_ms: 3_600_000n }]);
  });

  it('counts no session for pings without consent or client', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(),
        event({ event_name: 'session_start', user_pseudo_id: null, privacy_info: { analytics_storage: 'No' } }),
        event({ event_name: 'session_start', user_pseudo_id: undefined, privacy_info: { analytics_storage: 'No' }, event_params: [] }),
        event({ event_name: 'session_start', user_pseudo_id: '', event_timestamp: micros('2026-08-28T12:00:01Z') }),
        event({ event_name: 'session_start', user_pseudo_id: 'denied.1', privacy_info: { analytics_storage: 'No' } }),
      ],
    });
    expect(of(report, 'events')?.rows).toBe(304);
    expect(of(report, 'sessions')?.rows).toBe(300);
  });

  it('tells visits apart by half an hour of silence where there is no session id', async () => {
    const none = { event_params: params({ page_location: 'https://shop.example/' }) };
    await run({
      [DAY]: [
        ...crowd(),
        at('2026-08-28T08:00:00Z', none),
        at('2026-08-28T08:30:00Z', none),
        at('2026-08-28T09:00:00.001Z', none),
        at('2026-08-28T09:00:00.001Z', { ...none, user_pseudo_id: 'B.1' }),
        at('2026-08-28T09:01:00Z', { event_params: params({ ga_session_id: 5 }) }),
      ],
    });
    expect(await rows('sessions', `SELECT events, ga_session_id FROM t WHERE ${OWN} ORDER BY started_at, events DESC, ga_session_id NULLS FIRST`)).toEqual([
      { events: 2n, ga_session_id: null }, { events: 1n, ga_session_id: null }, { events: 1n, ga_session_id: null }, { events: 1n, ga_session_id: 5n },
    ]);
  });

  it('credits a direct visit to the last campaign of 90 days, or to what Google says', async () => {
    const from = (id: number, time: string, day: string, source?: string, medium?: string, further: ExportRecord = {}) =>
      at(time, { event_params: params({ ga_session_id: id, ...(source ? { source, medium: medium ?? '' } : {}) }), ...further }, day);
    await run({
      'events_20260428.json': [from(1, '2026-04-28T09:00:00Z', '20260428', 'newsletter', 'email')],
      'events_20260726.json': [from(2, '2026-07-26T09:00:00Z', '20260726')],
      'events_20260828.json': [
        ...crowd(),
        from(3, '2026-08-28T09:00:00Z', '20260828'),
        from(4, '2026-08-28T10:00:00Z', '20260828', 'google', 'organic'),
        from(5, '2026-08-28T11:00:00Z', '20260828'),
        from(6, '2026-08-28T12:00:00Z', '20260828', undefined, undefined, { session_traffic_source_last_click: { cross_channel_campaign: { source: 'youtube.com', medium: 'referral' } } }),
        from(7, '2026-08-28T13:00:00Z', '20260828', '(direct)', '(none)', { collected_traffic_source: { gclid: 'Cj0' } }),
      ],
    });
    expect(await rows('sessions', `SELECT ga_session_id AS id, channel_last_click AS own, channel_last_non_direct AS credited FROM t WHERE ${OWN} ORDER BY id`)).toEqual([
      { id: 1n, own: 'Email', credited: 'Email' },
      { id: 2n, own: 'Direct', credited: 'Email' },
      { id: 3n, own: 'Direct', credited: 'Direct' },
      { id: 4n, own: 'Organic Search', credited: 'Organic Search' },
      { id: 5n, own: 'Direct', credited: 'Organic Search' },
      { id: 6n, own: 'Direct', credited: 'Organic Video' },
      { id: 7n, own: 'Paid Search', credited: 'Paid Search' },
    ]);
  });

  it('takes landing page and source from the first events, not from the tags of the session start', async () => {
    await run({
      [DAY]: [
        ...crowd(),
        at('2026-08-28T09:00:00Z', { event_name: 'session_start', event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/first', source: 'old-campaign', medium: 'cpc' }) }),
        at('2026-08-28T09:00:00Z', { event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/first', source: 'bing', medium: 'organic', engagement_time_msec: 4000 }), batch_event_index: '2' }),
        at('2026-08-28T09:00:09Z', { event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/second', source: 'google', medium: 'cpc', engagement_time_msec: 6000 }) }),
      ],
    });
    expect(await rows('sessions', `SELECT landing_page, source, medium, engaged, engagement_ms, page_views FROM t WHERE ${OWN}`)).toEqual([
      { landing_page: 'https://shop.example/first', source: 'bing', medium: 'organic', engaged: true, engagement_ms: 10_000n, page_views: 2n },
    ]);
  });
});

describe('purchases and demand', () => {
  it('counts a transaction once, however often its page was loaded, and none that is not set', async () => {
    const report = await run({
      [DAY]: [
        ...crowd(),
        purchase(),
        purchase({ event_timestamp: micros('2026-08-28T12:05:00Z') }),
        purchase({ event_timestamp: micros('2026-08-28T12:06:00Z'), ecommerce: { transaction_id: '(not set)', purchase_revenue: 7 }, event_params: params({ currency: 'EUR' }) }),
        purchase({ event_timestamp: micros('2026-08-28T12:07:00Z'), ecommerce: { purchase_revenue: 7 }, event_params: params({ currency: 'eur', transaction_id: 'T-2' }), items: [{ item_id: '100000127', price: '7', quantity: null }] }),
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
        ...['T-1', 'T-2', 'T-3', 'T-4'].map((id, index) => purchase({ event_timestamp: micros(`2026-08-28T12:0${index}:00Z`), ecommerce: { transaction_id: id, purchase_revenue: 99.8 } })),
        refund('T-1', 1, { ecommerce: { transaction_id: 'T-1', refund_value: 9.9 } }),
        refund('T-1', 2, { ecommerce: { transaction_id: 'T-1', refund_value: '0.1' } }),
        refund('T-2', 3),
        refund('T-3', 4, { items: [{ item_id: '100000127', quantity: '1', item_refund: 49.9 }] }),
        refund('(not set)', 5),
      ],
    });
    expect((await rows<{ r: string }>('purchases', 'SELECT refund AS r FROM t ORDER BY transaction_id')).map(({ r }) => r)).toEqual(['10.000000', '99.800000', '49.900000', '0.000000']);
  });

  it('reports, and does not refuse, a transaction whose items do not add up', async () => {
    const report = await run({ [DAY]: [...crowd(), purchase({ ecommerce: { transaction_id: 'T-1', purchase_revenue: 90 } })] });
    expect(of(report, 'purchases')).toMatchObject({ rows: 1, refused: 0, outcome: 'published' });
    expect(of(report, 'purchases')?.verdict?.gates.find((gate) => gate.check === 'quality.items_add_up')).toMatchObject({ outcome: 'failed', severity: 'warning', value: '1' });
  });

  it('brings item ids to the one form that SAP shows, and refuses what no material number can be', async () => {
    const ids = ['000000000100000127', ' 100000127 ', '100000127', 'TG-0042', '00TG-0042', '000', '(not set)', '', 'x'.repeat(41), '١٢٣'];
    const report = await run({
      [DAY]: [
        ...Array.from({ length: 120 }, (_, index) => event({ event_name: 'view_item', stream_id: 'crowd', event_timestamp: micros('2026-08-28T10:00:00Z', index), items: [{ item_id: `crowd-${index}` }] })),
        ...ids.map((item_id, index) => event({ event_name: 'view_item', event_timestamp: micros('2026-08-28T12:00:00Z', index), items: [{ item_id, quantity: '1' }] })),
      ],
    });
    expect(await rows('item_demand_daily', `SELECT item_id, views FROM t WHERE item_id NOT LIKE 'crowd%' ORDER BY item_id`)).toEqual([
      { item_id: '0', views: 1n }, { item_id: '00TG-0042', views: 1n }, { item_id: '100000127', views: 3n }, { item_id: 'TG-0042', views: 1n }, { item_id: '١٢٣', views: 1n },
    ]);
    expect(of(report, 'item_demand_daily')?.violations).toEqual({ 'item_id.max_length': 1 });
    expect(of(report, 'events')?.repairs).toEqual({ 'items:item-id-zeros': 2 });
  });
});

describe('the contract', () => {
  it('stops a publication when too much is refused, and keeps the last good snapshot live', async () => {
    await run({ [DAY]: [...crowd(), event()] });
    (bench as Workbench).put({ [DAY]: ndjson([...crowd(40), event({ event_name: null }), event({ event_date: 'x' })]) });
    const report = await (bench as Workbench).run();
    expect(of(report, 'events')).toMatchObject({ outcome: 'refused', refused: 2, error: { code: 'SKEIN_GATE_FAILED' } });
    expect(await rows('events', `SELECT count(*) AS n FROM t`)).toEqual([{ n: 301n }]);
  });
});
