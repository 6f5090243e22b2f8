import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, params, type ExportRecord } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, OWN, trapRun } from './trap-run.ts';

const { rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

describe('sessions', () => {
  const at = (time: string, changes: ExportRecord = {}, day = '20260828'): ExportRecord =>
    event({ event_date: day, event_timestamp: micros(time), ...changes });

  it('knows a session by client and id: ids collide over clients', async () => {
    await run({ [DAY]: [...crowd(), event({ user_pseudo_id: 'A.1' }), event({ user_pseudo_id: 'B.1' }), event({ user_pseudo_id: 'B.1', stream_id: '78' })] });
    expect(
      await rows('sessions', `SELECT count(*) AS n, count(DISTINCT ga_session_id) AS ids, count(DISTINCT client_key) AS clients FROM t WHERE ${OWN}`),
    ).toEqual([{ n: 3n, ids: 1n, clients: 3n }]);
  });

  it('keeps a session over midnight whole, dated in the time zone of the property', async () => {
    await run({
      'events_20260828.json': [...crowd(), at('2026-08-28T21:50:00Z', { event_name: 'session_start' })],
      'events_20260829.json': [at('2026-08-28T22:10:00Z', {}, '20260829')],
    });
    expect(await rows('sessions', `SELECT session_date::VARCHAR AS day, events, duration_ms FROM t WHERE ${OWN}`)).toEqual([
      { day: '2026-08-28', events: 2n, duration_ms: 1_200_000n },
    ]);
    expect(await rows('events', `SELECT event_date::VARCHAR AS day, date_offset_days AS d FROM t WHERE ${OWN} ORDER BY event_ts_us`)).toEqual([
      { day: '2026-08-28', d: 0 },
      { day: '2026-08-29', d: -1 },
    ]);
  });

  it('measures the hour that a clock shows twice as an hour', async () => {
    // Both are 02:30 in Berlin, before and after the clocks went back.
    await run({
      'events_20261025.json': [
        ...crowd().map((record) => ({ ...record, event_date: '20261025', event_timestamp: micros('2026-10-25T10:00:00Z') })),
        at('2026-10-25T00:30:00Z', {}, '20261025'),
        at('2026-10-25T01:30:00Z', {}, '20261025'),
      ],
    });
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
      { events: 2n, ga_session_id: null },
      { events: 1n, ga_session_id: null },
      { events: 1n, ga_session_id: null },
      { events: 1n, ga_session_id: 5n },
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
        from(6, '2026-08-28T12:00:00Z', '20260828', undefined, undefined, {
          session_traffic_source_last_click: { cross_channel_campaign: { source: 'youtube.com', medium: 'referral' } },
        }),
        from(7, '2026-08-28T13:00:00Z', '20260828', '(direct)', '(none)', { collected_traffic_source: { gclid: 'Cj0' } }),
      ],
    });
    expect(
      await rows('sessions', `SELECT ga_session_id AS id, channel_last_click AS own, channel_last_non_direct AS credited FROM t WHERE ${OWN} ORDER BY id`),
    ).toEqual([
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
        at('2026-08-28T09:00:00Z', {
          event_name: 'session_start',
          event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/first', source: 'old-campaign', medium: 'cpc' }),
        }),
        at('2026-08-28T09:00:00Z', {
          event_params: params({
            ga_session_id: 1,
            page_location: 'https://shop.example/first',
            source: 'bing',
            medium: 'organic',
            engagement_time_msec: 4000,
          }),
          batch_event_index: '2',
        }),
        at('2026-08-28T09:00:09Z', {
          event_params: params({ ga_session_id: 1, page_location: 'https://shop.example/second', source: 'google', medium: 'cpc', engagement_time_msec: 6000 }),
        }),
      ],
    });
    expect(await rows('sessions', `SELECT landing_page, source, medium, engaged, engagement_ms, page_views FROM t WHERE ${OWN}`)).toEqual([
      { landing_page: 'https://shop.example/first', source: 'bing', medium: 'organic', engaged: true, engagement_ms: 10_000n, page_views: 2n },
    ]);
  });
});
