import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, params } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, OWN, purchase, trapRun } from './trap-run.ts';

const { rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

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
      '50.000000',
      '51.000000',
      '49.500000',
      '48.250000',
      '47.125000',
      '123456789012.123456',
      null,
      null,
    ]);
    // 2^53 + 1 does not fit DECIMAL(18,6), so value is silent, but the parameter has it to the digit.
    expect(await rows('events', `SELECT params['value'] AS v FROM t WHERE ${OWN} ORDER BY event_ts_us LIMIT 2 OFFSET 6`)).toEqual([
      { v: '9007199254740993' },
      { v: 'twelve' },
    ]);
    expect(of(report, 'events')?.repairs).toEqual({ 'value:type': 1 });
  });

  it('keeps session ids beyond 2^53 apart', async () => {
    await run({
      [DAY]: [
        ...crowd(),
        ...['9007199254740992', '9007199254740993'].map((id) => event({ event_params: [{ key: 'ga_session_id', value: { int_value: id } }] })),
      ],
    });
    expect(await rows('sessions', `SELECT ga_session_id FROM t WHERE ${OWN} ORDER BY ga_session_id`)).toEqual([
      { ga_session_id: 9007199254740992n },
      { ga_session_id: 9007199254740993n },
    ]);
  });

  it('takes revenue from int, double, text and NUMERIC alike, to the sixth place', async () => {
    const revenues = [50, 49.9, '29.990000000000002', '0.1', '1E2', '123456789012.345678'];
    await run({
      [DAY]: [
        ...crowd(),
        ...revenues.map((revenue, index) =>
          purchase({
            event_timestamp: micros('2026-08-28T12:00:00Z', index),
            ecommerce: { transaction_id: `T-${index}`, purchase_revenue: revenue },
            items: [],
          }),
        ),
      ],
    });
    expect((await rows<{ revenue: string }>('purchases', 'SELECT revenue FROM t ORDER BY transaction_id')).map(({ revenue }) => revenue)).toEqual([
      '50.000000',
      '49.900000',
      '29.990000',
      '0.100000',
      '100.000000',
      '123456789012.345678',
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
      nothing,
      nothing,
      nothing,
      nothing,
      { country: '<Other>', source: '<Other>', medium: '<Other>', campaign: '<Other>' },
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
    expect(
      await rows('events_feedback', `SELECT value FROM t WHERE rule IN ('event_date.type', 'items.number', 'purchase_revenue.type') ORDER BY rule`),
    ).toEqual([{ value: '20261345' }, { value: 'quantity=1.5' }, { value: 'NaN' }]);
    expect(of(report, 'purchases')?.rows).toBe(0);
  });
});
