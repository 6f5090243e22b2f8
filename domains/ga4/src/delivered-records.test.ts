import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { workbench, type Workbench } from '@skein/testing';
import { ga4 } from './ga4.ts';

// Export files as they arrive: every record is published, refused or named, and at its place.

/** The domain with its first product alone, where nothing is asked of the others. */
const events: typeof ga4 = (contracts) => {
  const domain = ga4(contracts);
  return { ...domain, products: domain.products.filter(({ id }) => id === 'ga4.events') };
};

const SECOND = 1_000_000;
const NOON = 1_787_918_400_000_000; // 2026-08-28T12:00:00Z

const record = (second: number, more: Record<string, unknown> = {}) => ({
  event_date: '20260828',
  event_timestamp: String(NOON + second * SECOND),
  event_name: 'page_view',
  user_pseudo_id: 'u.1',
  stream_id: '1',
  event_params: [
    { key: 'ga_session_id', value: { int_value: '77' } },
    { key: 'page', value: { string_value: String(second) } },
  ],
  ...more,
});
const lines = Array.from({ length: 100 }, (_, index) => JSON.stringify(record(index)));
const mixed = lines.map((line, index) => `${line}${index % 2 === 0 ? '\n' : '\r\n'}`).join('');

async function positions(bench: Workbench): Promise<[number, number][]> {
  const rows = await bench.rows<{ page: string; at: bigint }>('ga4.events', `SELECT params['page'] AS page, _position AS at FROM t ORDER BY _position`);
  return rows.map(({ page, at }) => [Number(page), Number(at)]);
}

const each = lines.map((_, index) => [index, index + 1]);

describe('lines of records', () => {
  it.each([
    ['\\n and \\r\\n by turns', 'events_20260828.json', mixed],
    ['\\r\\n, and no end', 'events_20260828.json', lines.join('\r\n')],
    ['gzipped \\r\\n', 'events_20260828.json.gz', gzipSync(lines.join('\r\n'))],
    ['gzip without saying so', 'events_20260828.json', gzipSync(lines.join('\n'))],
    ['one JSON array', 'events_20260828.json', `[${lines.join(',')}]`],
    ['one JSON array over many lines, gzipped', 'events_20260828.json.gz', gzipSync(`\ufeff \n[\n${lines.join(',\n ')}\n]\n`)],
    ['capital letters', 'events_20260828.JSON.GZ', gzipSync(lines.join('\n'))],
  ])('stand at their numbers: %s', async (_, file, content) => {
    await using bench = await workbench(events);
    bench.put({ [file]: content });
    expect((await bench.run()).sources).toMatchObject([{ outcome: 'landed', rows: 100, malformed: 0 }]);
    expect(await positions(bench)).toEqual(each);
  });

  it('refuses a JSON array that was cut short', async () => {
    await using bench = await workbench(events);
    bench.put({ 'events_20260828.json': `[${lines.join(',\n').slice(0, -5)}` });
    expect((await bench.run()).sources).toMatchObject([{ outcome: 'refused', error: { code: 'SKEIN_SOURCE_UNREADABLE' } }]);
  });

  it('follows links to files, and names those that lead nowhere', async () => {
    await using bench = await workbench(events);
    bench.put({ 'elsewhere/day.json': lines.join('\n') });
    symlinkSync('elsewhere/day.json', path.join(bench.directory, 'sources/events_20260828.json'));
    symlinkSync('nowhere', path.join(bench.directory, 'sources/events_20260829.json'));
    symlinkSync('elsewhere', path.join(bench.directory, 'sources/events_20260830.json'));
    const report = await bench.run();
    expect(report.sources.map(({ file, outcome, rows, error }) => [file, outcome, rows, error?.code])).toEqual([
      ['events_20260828.json', 'landed', 100, undefined],
      ['events_20260829.json', 'refused', 0, 'SKEIN_SOURCE_UNREADABLE'],
      ['events_20260830.json', 'refused', 0, 'SKEIN_SOURCE_UNREADABLE'],
    ]);
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 100 });
  });

  it('takes a line of blanks for nothing, and counts a broken line once', async () => {
    await using bench = await workbench(events);
    bench.put({ 'events_20260828.json': `${[...lines.slice(0, 50), '  \t', '', '{"cut', ...lines.slice(50)].join('\n')}\n` });
    const report = await bench.run();
    expect(report.sources).toMatchObject([{ rows: 100, malformed: 1 }]);
    expect(report.products[0]).toMatchObject({ rows: 100, refused: 1, violations: { 'source.malformed': 1 } });
    expect((await positions(bench)).at(-1)).toEqual([99, 103]);
  });

  it('refuses a gzip file that was cut short, and says so', async () => {
    await using bench = await workbench(events);
    const whole = gzipSync(lines.join('\n'));
    bench.put({ 'events_20260828.json': lines.join('\n'), 'events_20260829.json.gz': whole.subarray(0, whole.length - 12) });
    const report = await bench.run();
    expect(report.sources.map(({ outcome, error }) => [outcome, error?.code])).toEqual([
      ['landed', undefined],
      ['refused', 'SKEIN_SOURCE_UNREADABLE'],
    ]);
    expect(report.sources[1]?.error?.message).toContain('cut short');
    expect(report.products[0]).toMatchObject({ outcome: 'published', rows: 100 });
  });
});

describe('Parquet', () => {
  /** Rows of two events as a Parquet file whose lists are structures: what writers without list annotations leave. */
  async function put(bench: Workbench, file: string, entry: string): Promise<void> {
    bench.put({ 'rows.txt': lines.slice(0, 60).join('\n') });
    const session = await bench.adapters.engine.open();
    const sources = path.join(bench.directory, 'sources');
    await session.run(`COPY (SELECT * REPLACE ({'list': list_transform(event_params, lambda x: {'${entry}': x})} AS event_params)
      FROM read_json('${sources}/rows.txt', format = 'newline_delimited')) TO '${sources}/${file}' (FORMAT parquet)`);
    await session.close();
  }

  it.each([
    ['events_20260828.parquet', 'element'],
    ['events_20260828.PARQUET', 'item'],
    ['events_20260828', 'element'],
  ])('is read by its marks, not by its name, with its lists unwrapped: %s, %s', async (file, entry) => {
    await using bench = await workbench(events);
    await put(bench, file, entry);
    expect((await bench.run()).products[0]).toMatchObject({ outcome: 'published', rows: 60, refused: 0, repairs: {} });
    expect(await positions(bench)).toEqual(each.slice(0, 60));
  });

  it('refuses rows whose lists are wrapped in an unknown way, rather than publish them without their parameters', async () => {
    await using bench = await workbench(events);
    await put(bench, 'events_20260828.parquet', 'thing');
    expect((await bench.run()).products[0]).toMatchObject({ outcome: 'refused', refused: 60, violations: { 'params.type': 60 } });
  });
});

describe('values', () => {
  it('finds the transaction where ecommerce holds "(not set)" and the tag sent a parameter', async () => {
    await using bench = await workbench(ga4);
    const purchase = (second: number, id: string, ecommerce: Record<string, unknown>) => {
      const { event_params, ...rest } = record(second, { event_name: 'purchase', ecommerce });
      return JSON.stringify({ ...rest, event_params: [...event_params, { key: 'transaction_id', value: { string_value: id } }] });
    };
    const lost = { transaction_id: '(not set)', purchase_revenue: 5 };
    bench.put({
      'events_20260828.json': [...lines, purchase(200, 'T1', lost), purchase(201, '(not set)', lost), purchase(202, 'T2', { transaction_id: 'T3' })].join('\n'),
    });
    await bench.run();
    expect(await bench.rows('ga4.purchases', 'SELECT transaction_id FROM t ORDER BY 1')).toEqual([{ transaction_id: 'T1' }, { transaction_id: 'T3' }]);
  });

  it('keeps parameters with their keys where one of them holds a separator', async () => {
    await using bench = await workbench(events);
    const event_params = [
      { key: 'a', value: { string_value: 'x\u001fy@z.example' } },
      { key: 'b', value: { string_value: 'second' } },
      { key: 'c', value: {} },
    ];
    bench.put({ 'events_20260828.json': [...lines, JSON.stringify(record(200, { event_params }))].join('\n') });
    await bench.run();
    expect(await bench.rows('ga4.events', `SELECT params['a'] AS a, params['b'] AS b, params['c'] AS c FROM t WHERE map_contains(params, 'b')`)).toEqual([
      { a: 'x (email)', b: 'second', c: null },
    ]);
  });
});
