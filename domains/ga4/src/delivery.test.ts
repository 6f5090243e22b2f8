import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, ndjson, params } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, OWN, trapRun } from './trap-run.ts';

const { bench, rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

describe('delivery', () => {
  it('takes one event delivered twice for one, whatever the order of its parameters and the style of its nulls', async () => {
    const sparse = event({ event_params: params({ ga_session_id: 7, page_location: 'https://shop.example/', value: 1.5 }) });
    const console_ = {
      event_previous_timestamp: null,
      ...sparse,
      ecommerce: null,
      user_id: null,
      collected_traffic_source: null,
      event_params: [
        ...params({ value: { string_value: null, int_value: null, float_value: null, double_value: 1.5 } }),
        ...params({ page_location: 'https://shop.example/' }),
        { key: 'ga_session_id', value: { string_value: null, int_value: '7', float_value: null, double_value: null } },
      ],
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
      { day: '2026-08-28', session_engaged: true },
      { day: '2026-08-29', session_engaged: null },
    ]);
  });

  it('replaces a day that Google rewrote, whole or in shards, and calls days final by what has landed', async () => {
    const older = event({ event_date: '20260824', event_timestamp: micros('2026-08-24T12:00:00Z') });
    await run({ 'events_20260824.json': [older], [DAY]: [...crowd(), event(), event({ event_name: 'withdrawn' })] });
    expect(await rows('events', `SELECT event_name, is_final FROM t WHERE ${OWN} ORDER BY event_ts_us, event_name`)).toEqual([
      { event_name: 'page_view', is_final: true },
      { event_name: 'page_view', is_final: false },
      { event_name: 'withdrawn', is_final: false },
    ]);
    await run({ [DAY]: [...crowd(), event(), event({ event_name: 'late_event' })] });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us, n`)).map(({ n }) => n)).toEqual([
      'page_view',
      'late_event',
      'page_view',
    ]);
    const again = await run({
      'events_20260828-000000000000.json': [...crowd(), event()],
      'events_20260828-000000000001.json': [event({ event_name: 'in_second_shard' })],
    });
    expect((await rows<{ n: string }>('events', `SELECT event_name AS n FROM t WHERE ${OWN} ORDER BY event_ts_us, n`)).map(({ n }) => n)).toEqual([
      'page_view',
      'in_second_shard',
      'page_view',
    ]);
    expect(of(again, 'events')?.outcome).toBe('published');
    expect((await (await bench()).run()).products.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged', 'unchanged', 'unchanged']);
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

describe('the contract', () => {
  it('stops a publication when too much is refused, and keeps the last good snapshot live', async () => {
    await run({ [DAY]: [...crowd(), event()] });
    (await bench()).put({ [DAY]: ndjson([...crowd(40), event({ event_name: null }), event({ event_date: 'x' })]) });
    const report = await (await bench()).run();
    expect(of(report, 'events')).toMatchObject({ outcome: 'refused', refused: 2, error: { code: 'SKEIN_GATE_FAILED' } });
    expect(await rows('events', `SELECT count(*) AS n FROM t`)).toEqual([{ n: 301n }]);
  });
});
