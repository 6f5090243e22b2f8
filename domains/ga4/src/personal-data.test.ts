import { afterEach, describe, expect, it } from 'vitest';
import { workbench } from '@skein/testing';
import { crowd, event, micros, params } from './export-record.ts';
import { ga4 } from './ga4.ts';
import { DAY, of, OWN, trapRun } from './trap-run.ts';

const { rows, run, close } = trapRun(() => workbench((contracts) => ga4(contracts, { timeZone: 'Europe/Berlin' })));
afterEach(close);

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
        ...texts.map((page_location, index) =>
          event({ event_timestamp: micros('2026-08-28T12:00:00Z', index), event_params: params({ ga_session_id: 1, page_location }) }),
        ),
        event({
          event_name: 'view_search_results',
          event_params: params({
            search_term: 'Lena.Vogt@Mail.Example',
            page_title: 'Suche: +49 171 5550199',
            page_referrer: 'https://x.example/?e=a.b@c.example',
            custom: 'x',
          }),
        }),
      ],
    });
    const published = await rows<{ l: string; p: string }>(
      'events',
      `SELECT page_location_scrubbed AS l, params::VARCHAR AS p FROM t WHERE ${OWN} ORDER BY event_ts_us, event_name`,
    );
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
    for (const { p } of published)
      expect(decodeURIComponent(decodeURIComponent(p.replaceAll(/%(?![0-9a-f]{2})/gi, '')))).not.toMatch(/[\w.+-]+@[\w.-]+\.[a-z]{2,}|5550199/i);
    expect(published.at(-1)?.p ?? published[0]?.p).toBeDefined();
    expect(of(report, 'events')?.repairs).toEqual({
      'page_location:email-removed': 6,
      'page_location:phone-removed': 4,
      'params:email-removed': 1,
      'params:phone-removed': 1,
    });
  });

  it('leaves article numbers, coordinates, prices and versions as they are', async () => {
    const texts = [
      'https://shop.example/p/100000127',
      'https://maps.example/@52.520008,13.404954,15z',
      'https://shop.example/?q=helm+100000127',
      'https://shop.example/?t=1787918400000&hotel=12345678',
      'https://cdn.example/lib@1.2.3/x.js',
    ];
    const report = await run({
      [DAY]: [
        ...crowd(),
        ...texts.map((page_location, index) => event({ event_timestamp: micros('2026-08-28T12:00:00Z', index), event_params: params({ page_location }) })),
      ],
    });
    expect((await rows<{ l: string }>('events', `SELECT page_location_scrubbed AS l FROM t WHERE ${OWN} ORDER BY event_ts_us`)).map(({ l }) => l)).toEqual(
      texts,
    );
    expect(of(report, 'events')?.repairs).toEqual({});
  });

  it('publishes a user id as a hash only', async () => {
    await run({ [DAY]: [...crowd(), event({ user_id: 'lena.vogt@mail.example' })] });
    const [row] = await rows<{ t: string }>('events', `SELECT t::VARCHAR AS t FROM t WHERE ${OWN}`);
    expect(row?.t).toMatch(/'?user_key'?: [0-9a-f]{64}/);
    expect(row?.t).not.toContain('lena');
  });
});
