import { describe, expect, it } from 'vitest';
import type { Landing } from '@skein/product';
import { exportFiles, liveExports } from './source.ts';

const landing = (file: string, sequence: number, origin = 'o'): Landing => ({
  source: 'export',
  table: exportFiles.tableOf(file) ?? '',
  file,
  origin,
  sha256: String(sequence),
  bytes: 1,
  rows: 1,
  columns: undefined,
  sequence,
  path: '',
  rejects: [],
});
const live = (...files: (string | [file: string, origin: string])[]): string[] =>
  liveExports(files.map((file, index) => (typeof file === 'string' ? landing(file, index + 1) : landing(file[0], index + 1, file[1])))).map(
    ({ file, sequence }) => `${sequence} ${file}`,
  );

describe('tableOf', () => {
  it.each([
    ['events_20260801.json', 'events_20260801'],
    ['events_20260801.jsonl', 'events_20260801'],
    ['events_20260801.ndjson', 'events_20260801'],
    ['events_20260801.ndjson.gz', 'events_20260801'],
    ['events_20260801.gz', 'events_20260801'],
    ['events_20260801.parquet', 'events_20260801'],
    ['events_20260801-000000000003.json.gz', 'events_20260801'],
    ['events_20260801_000.ndjson', 'events_20260801'],
    ['events_20260801_000000000000', 'events_20260801'],
    ['events_20260801.part-3.parquet', 'events_20260801'],
    ['events_intraday_20260801.json', 'events_intraday_20260801'],
    ['events_fresh_20260801-1.json', 'events_fresh_20260801'],
    ['EVENTS_INTRADAY_20260801.JSON', 'events_intraday_20260801'],
    ['a/b/events_20260801/part-0.parquet', 'events_20260801'],
    ['analytics_5/events_intraday_20260801/000000000000', 'events_intraday_20260801'],
    ['dt=2026-08-01/table=events_20260801/x.json', 'events_20260801'],
    ['events_20200229.json', 'events_20200229'],
  ])('reads %s', (file, table) => expect(exportFiles.tableOf(file)).toBe(table));

  it.each([
    'events_2026080.json',
    'events_202608011.json',
    'events_20261301.json',
    'events_20260229.json',
    'events_20260801.csv',
    'events_20260801.avro',
    'events_20260801.json.bak',
    'events_20260801.parquet.crc',
    'users_20260801.json',
    'pseudonymous_users_20260801.json',
    'my_events_20260801.json',
    'events.json',
    'events_20260801/_SUCCESS.txt',
    'events_20260801/notes.md',
    'README.md',
    '',
  ])('leaves %s alone', (file) => expect(exportFiles.tableOf(file)).toBeUndefined());
});

describe('liveExports', () => {
  it('takes the newest of a file, whatever its ending', () => {
    expect(live('events_20260801.json', 'events_20260802.json', 'events_20260801.json')).toEqual(['2 events_20260802.json', '3 events_20260801.json']);
    expect(live('events_20260801.json', 'events_20260801.parquet')).toEqual(['2 events_20260801.parquet']);
    expect(live('events_20260801-0.json', 'events_20260801-1.json', 'events_20260801-0.json.gz')).toEqual([
      '2 events_20260801-1.json',
      '3 events_20260801-0.json.gz',
    ]);
  });

  it('lets a daily table replace the fresh and the streaming one of its day only, whichever came first', () => {
    expect(live('events_20260801.json', 'events_intraday_20260801.json', 'events_intraday_20260802.json')).toEqual([
      '1 events_20260801.json',
      '3 events_intraday_20260802.json',
    ]);
    expect(live('events_intraday_20260801.json', 'events_fresh_20260801.json')).toEqual(['2 events_fresh_20260801.json']);
    expect(live('intraday/events_intraday_20260801.json', 'daily/events_20260801.json')).toEqual(['2 daily/events_20260801.json']);
  });

  it('lets shards replace a whole table and the other way round, and shards join shards', () => {
    expect(live('events_20260801.json', 'events_20260801-0.json', 'events_20260801-1.json')).toEqual(['2 events_20260801-0.json', '3 events_20260801-1.json']);
    expect(live('events_20260801-0.json', 'events_20260801-1.json', 'events_20260801.json')).toEqual(['3 events_20260801.json']);
    expect(live('events_20260801/part-0.json', 'events_20260801/part-1.json')).toHaveLength(2);
  });

  it('keeps properties and origins apart', () => {
    expect(live('analytics_1/events_20260801.json', 'analytics_2/events_intraday_20260801.json')).toHaveLength(2);
    expect(live('shop_a/events_20260801.json', 'shop_b/events_20260801.json')).toHaveLength(2);
    expect(live(['events_20260801.json', 'a'], ['events_20260801.json', 'b'])).toHaveLength(2);
    expect(live('dt=2026-08-01/events_20260801.json', 'dt=2026-08-02/events_20260801-0.json')).toEqual(['2 dt=2026-08-02/events_20260801-0.json']);
  });
});
