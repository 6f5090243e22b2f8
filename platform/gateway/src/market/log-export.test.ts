import { appendFileSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { memoryMarketStore } from '@skein/adapter-memory';
import type { MarketEvent } from '@skein/market';
import type { MarketStore } from '@skein/ports';
import { temporaryDirectory } from '@skein/testing';
import { afterEach, expect, it } from 'vitest';
import { exportLog, type LogExport, type LogExportOptions } from './log-export.ts';

const open: LogExport[] = [];
const folder = temporaryDirectory('skein-market-log-');
let made = 0;
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const place = (): string => folder.file(`log-${(made += 1)}`);
const errors: unknown[] = [];
function exporter(market: Pick<MarketStore, 'events'>, into: string, more: Partial<LogExportOptions> = {}): LogExport {
  const one = exportLog({ market, folder: into, onError: (error) => void errors.push(error), everyMs: 3_600_000, eventsInFile: 4, ...more });
  open.push(one);
  return one;
}
async function grow(market: MarketStore, events: number): Promise<void> {
  const had = (await market.events(0)).length;
  for (let event = had; event < had + events; event += 1)
    await market.run(
      {
        do: 'spend',
        dataset: `d-${event}`,
        by: 'b',
        cost: { epsilon: '0.1', delta: '0.1' },
        budget: { epsilon: '1', delta: '0.5' },
        query: `${event}`,
        asked: '',
      },
      Date.now(),
    );
}
const read = (from: string): MarketEvent[] =>
  readdirSync(from)
    .sort()
    .flatMap((name) => readFileSync(`${from}/${name}`, 'utf8').split('\n').slice(0, -1))
    .map((line) => JSON.parse(line) as MarketEvent);

it('writes what is new, in files of one size, and nothing where nothing is', async () => {
  const [market, into] = [memoryMarketStore(), place()];
  const told: number[] = [];
  const one = exporter(market, into, { onEvents: (events) => void told.push(events) });
  expect(await one.run()).toBe(0);
  await grow(market, 3);
  expect(await one.run()).toBe(3);
  await grow(market, 6);
  expect([await one.run(), await one.run()]).toEqual([6, 0]);
  expect(readdirSync(into).sort()).toEqual(['market_000001.ndjson', 'market_000002.ndjson', 'market_000003.ndjson']);
  expect(read(into)).toEqual(await market.events(0));
  expect(told).toEqual([3, 6]);
  expect(errors).toEqual([]);
});

it('takes what is no file of the log for none, such as one that another gateway is writing', async () => {
  const [market, into] = [memoryMarketStore(), place()];
  mkdirSync(into);
  writeFileSync(`${into}/market_000001.ndjson.8c1f.writing`, 'half a li');
  const one = exporter(market, into);
  expect(await one.run()).toBe(0);
  await grow(market, 5);
  expect([await one.run(), await one.run()]).toEqual([5, 0]);
  await grow(market, 1);
  expect(await one.run()).toBe(1);
  expect(readFileSync(`${into}/market_000001.ndjson`, 'utf8').split('\n')).toHaveLength(5);
});

it.each([
  ['a file cut in the middle of a line', (into: string) => truncateSync(`${into}/market_000003.ndjson`, 20)],
  ['a file that is empty', (into: string) => writeFileSync(`${into}/market_000003.ndjson`, '')],
  ['a line that is no event', (into: string) => appendFileSync(`${into}/market_000003.ndjson`, '{"seq": 99}\n')],
  ['a file half written beside it', (into: string) => writeFileSync(`${into}/market_000004.ndjson.x.writing`, '{"seq": 13')],
  ['files without those before', (into: string) => writeFileSync(`${into}/market_000007.ndjson`, '{"seq": 25}\n')],
])('goes on where another process was killed, and left %s', async (_name, damage) => {
  const [market, into] = [memoryMarketStore(), place()];
  await grow(market, 10);
  await exporter(market, into).run();
  damage(into);
  await grow(market, 20);
  await exporter(market, into).run();
  const whole = readdirSync(into).filter((name) => name.endsWith('.ndjson'));
  expect(whole).toHaveLength(8);
  expect(
    whole
      .sort()
      .flatMap((name) => readFileSync(`${into}/${name}`, 'utf8').split('\n').slice(0, -1))
      .map((line) => (JSON.parse(line) as MarketEvent).seq),
  ).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
});

it('may be run by several at once', async () => {
  const [market, into] = [memoryMarketStore(), place()];
  mkdirSync(into);
  const all = [exporter(market, into), exporter(market, into), exporter(market, into)];
  for (let round = 0; round < 10; round += 1) {
    await grow(market, 3);
    await Promise.all(all.map((one) => one.run()));
  }
  expect(read(into)).toEqual(await market.events(0));
  expect(errors).toEqual([]);
});

it('writes no file over an event that is missing, and says so', async () => {
  const [market, into] = [memoryMarketStore(), place()];
  await grow(market, 6);
  const lossy = { events: async (after: number, limit?: number) => (await market.events(after, limit)).filter(({ seq }) => seq !== 3) };
  await expect(exporter(lossy, into).run()).rejects.toThrow(/lacks the event 3/);
  expect(readdirSync(into)).toEqual([]);
  await Promise.resolve();
  expect(errors.splice(0)).toHaveLength(1);
});
