import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { localBronzeStore } from '@skein/adapter-storage';
import { demoMaterials, writeGa4Source } from '@skein/demo';
import type { BronzeVersion, EngineSession } from '@skein/ports';
import type { LayoutLimits } from '@skein/product';
import { bronzeScan, compactBronze } from '@skein/swarm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { layeredGa4, TIME_ZONE, type LayeredGa4 } from './layered-ga4.ts';

const ROWS = 2_500;
/** What reads bronze, and what is made of it and goes by the order of events; the soak makes all products. */
const PRODUCTS = ['events', 'sessions'];
const LIMITS: Partial<LayoutLimits> = { partitionFrom: 1_000_000, fileBytes: 4_000_000 };
const POLICY = { fileBytes: 4_000_000, leastFiles: 2 };

/** A file of a day comes again with one event less. */
function rewriteDay(sources: string): void {
  const file = path.join(sources, readdirSync(sources).find((name) => name.startsWith('events_20260828')) ?? '');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`);
}

/** Events of three streams, one of none, two with ids that no folder can bear, and one of a date that no calendar has. */
function moreStreams(sources: string): void {
  const streams = ['3206015529', '4406015530', '5506015531'];
  const hostile = ['../../../../tmp/elsewhere', 'x'.repeat(4_000), ''];
  for (const name of readdirSync(sources)) {
    const lines = readFileSync(path.join(sources, name), 'utf8').split('\n');
    const changed = lines.map((line, index) => {
      const stream = name.startsWith('events_20260827') && index < hostile.length ? hostile[index] : streams[index % 3];
      const dated = name.startsWith('events_20260828') && index === 0 ? line.replace('"event_date":"20260828"', '"event_date":"20261345"') : line;
      return dated.replace('"stream_id":"3206015529"', `"stream_id":"${stream}"`);
    });
    writeFileSync(path.join(sources, name), changed.join('\n'));
  }
}

/** Small files of days that are in the export already, as late shards bring them. */
function lateShards(sources: string, batch = 1): void {
  const [line] = readFileSync(path.join(sources, 'events_20260826.ndjson'), 'utf8').split('\n');
  for (let shard = 0; shard < 5; shard += 1) {
    const event = (line ?? '').replace(/"event_timestamp":"(\d+)\d{3}"/, (_, at: string) => `"event_timestamp":"${at}${batch}${String(10 + shard)}"`);
    writeFileSync(path.join(sources, `events_20260825-0000000001${batch}${shard}.json`), `${event.replace('20260826', '20260825')}\n`);
  }
}

/** Rows of a version, and a sum over all their cells. */
async function figures(ga4: LayeredGa4, version: BronzeVersion | undefined, session?: EngineSession): Promise<{ n: bigint; sum: bigint }[]> {
  if (version === undefined) throw new Error('there is no version');
  const read = (one: EngineSession) =>
    one.rows<{ n: bigint; sum: bigint }>(`SELECT count(*) AS n, sum(hash(r)::HUGEINT) AS sum FROM (${bronzeScan(version)}) AS r`);
  return session ? read(session) : ga4.withSession(read);
}

describe('bronze in files', () => {
  let layered: LayeredGa4;
  let plain: LayeredGa4;
  beforeAll(async () => {
    [layered, plain] = [await layeredGa4(LIMITS, { products: PRODUCTS }), await layeredGa4(undefined, { products: PRODUCTS })];
    for (const { sources } of [layered, plain]) {
      await writeGa4Source({ directory: sources, seed: 7, rows: ROWS, timeZone: TIME_ZONE, materials: demoMaterials(1) });
    }
  });
  afterAll(async () => {
    await layered[Symbol.asyncDispose]();
    await plain[Symbol.asyncDispose]();
  });

  it('makes the same products as without, and says how they are laid out and why', async () => {
    const report = await layered.run();
    await plain.run();
    expect(await layered.sums()).toEqual(await plain.sums());
    const [bronze] = report.bronze ?? [];
    expect(bronze).toMatchObject({ table: 'ga4.events_raw', outcome: 'written', partitionBy: ['event_date'] });
    expect(bronze?.written).toBe(bronze?.landings);
    expect(bronze?.reasons.join('\n')).toMatch(/parted by event_date: the source delivers by it, 8 partitions/);
    expect(bronze?.reasons.join('\n')).toMatch(/not parted by stream_id.*it has one value/);
    for (const product of report.products) {
      expect(product.layout?.reasons.length, product.product).toBeGreaterThan(0);
      expect((await layered.snapshot(product.product.slice(4))).verdict).toMatchObject({ layout: product.layout });
    }
  });

  it('keeps one day in a file, so that who wants a day opens no other', async () => {
    const version = await layered.version();
    const day = version.files.filter((file) => file.partition['event_date'] === '2026-08-27');
    const other = version.files.find((file) => file.partition['event_date'] === '2026-08-29');
    expect(day.length).toBeGreaterThan(0);
    const asked = (of: typeof version, where: string) =>
      layered.withSession((session) =>
        session.rows<{ n: bigint }>(`SELECT count(*) AS n, max(user_pseudo_id) AS most FROM (${bronzeScan(of)}) WHERE ${where}`),
      );
    const [found] = await asked(version, `event_date = '20260827'`);
    expect(found?.n).toBe(day.reduce((sum, file) => sum + file.rows, 0n));
    // A copy in which the rows of another day are unreadable, but for their statistics: the day asked for is read all the same, and all days are not.
    const good = readFileSync(other?.path ?? '');
    const footer = good.readUInt32LE(good.length - 8) + 8;
    const bad = path.join(path.dirname(layered.sources), 'unreadable.parquet');
    writeFileSync(bad, Buffer.concat([Buffer.alloc(good.length - footer, 0xff), good.subarray(good.length - footer)]));
    const broken = { ...version, files: version.files.map((file) => (file === other ? { ...file, path: bad } : file)) };
    expect(await asked(broken, `event_date = '20260827'`)).toEqual([found]);
    await expect(asked(broken, 'true')).rejects.toMatchObject({ code: 'SKEIN_STEP_FAILED' });
  });

  it('writes of a day that came again its shards only', async () => {
    const before = await layered.version();
    for (const { sources } of [layered, plain]) rewriteDay(sources);
    const report = await layered.run();
    await plain.run();
    expect(report.bronze?.[0]).toMatchObject({ outcome: 'written', written: 1 });
    const after = await layered.version();
    expect(after.rows).toBe(before.rows - 1n);
    const kept = new Set(before.files.map((file) => file.path));
    const days = new Set(after.files.filter((file) => !kept.has(file.path)).map((file) => file.partition['event_date']));
    expect(days).toContain('2026-08-28');
    // Rows of other dates in the file of the day: the device that was offline, the clock that nobody set.
    expect(days.size).toBeLessThan(4);
    expect(await layered.sums()).toEqual(await plain.sums());
    expect((await layered.run()).bronze).toEqual([]);
  });

  it('writes again what is damaged, and only that, and says so', async () => {
    const version = await layered.version();
    const [torn, missing] = version.files.filter((file) => file.landings.length === 1);
    truncateSync(torn?.path ?? '', 100);
    writeFileSync(missing?.path ?? '', '');
    expect(await layered.bronze.damaged(version)).toEqual(version.files.filter((file) => file === torn || file === missing));
    await expect(layered.withSession((session) => session.rows(bronzeScan(version)))).rejects.toMatchObject({ code: 'SKEIN_STEP_FAILED' });
    for (const { sources } of [layered, plain]) lateShards(sources);
    const report = await layered.run();
    await plain.run();
    expect(report.bronze?.[0]?.reasons.join('\n')).toMatch(/written anew: part-.* was damaged/);
    expect(report.bronze?.[0]?.written).toBeLessThan(report.bronze?.[0]?.landings ?? 0);
    expect(await layered.sums()).toEqual(await plain.sums());
    const held = await figures(layered, await layered.version());
    expect(held[0]?.n).toBeGreaterThan(2_000n);
    // A manifest with a changed byte is not believed, and the rows are made again.
    const newest = path.join(path.dirname(layered.sources), 'bronze/ga4/events_raw/versions', `${(await layered.version()).version}.json`);
    writeFileSync(newest, readFileSync(newest, 'utf8').replace('"rows": "', '"rows": "1'));
    await expect(layered.version()).rejects.toMatchObject({ code: 'SKEIN_SNAPSHOT_CORRUPT' });
    const again = await layered.lay();
    expect(again.report.reasons.join('\n')).toMatch(/written anew: .*checksum differs/);
    expect(again.report.written).toBe(again.report.landings);
    expect(await figures(layered, again.version)).toEqual(held);
    expect((await layered.lay()).report).toMatchObject({ outcome: 'unchanged', written: 0 });
  });
});

describe('compaction', () => {
  let ga4: LayeredGa4;
  beforeAll(async () => {
    ga4 = await layeredGa4(LIMITS, { products: ['events'] });
    await writeGa4Source({ directory: ga4.sources, seed: 8, rows: 2_000, timeZone: TIME_ZONE, materials: demoMaterials(1) });
    moreStreams(ga4.sources);
    lateShards(ga4.sources);
    // With files of one byte as the aim, no file is small: nothing is compacted yet.
    await ga4.run({ layout: { ...LIMITS, fileBytes: 1 } });
  });
  afterAll(() => ga4[Symbol.asyncDispose]());

  it('parts by day and stream, and lets no value of a row name a folder', async () => {
    const version = await ga4.version();
    const { plan, files, rows } = version;
    expect(plan.partitionBy).toEqual(['event_date', 'stream_id']);
    const streams = Map.groupBy(files, (file) => file.partition['stream_id']);
    expect([...streams.keys()].sort((a, b) => String(a).localeCompare(String(b)))).toEqual(['(other)', '3206015529', '4406015530', '5506015531', null]);
    // Rows whose date no calendar has are a partition of their own.
    expect(files.some((file) => file.partition['event_date'] === null)).toBe(true);
    expect(files.reduce((sum, file) => sum + file.rows, 0n)).toBe(rows);
    const bronze = path.join(path.dirname(ga4.sources), 'bronze/ga4/events_raw/files');
    expect(files.every((file) => path.resolve(file.path).startsWith(bronze) && file.path.length < 500)).toBe(true);
    const [other] = await ga4.withSession((session) =>
      session.rows(`SELECT count(*) AS n, count(DISTINCT stream_id) AS streams FROM (${bronzeScan({ ...version, files: streams.get('(other)') ?? [] })})`),
    );
    expect(other).toEqual({ n: 2n, streams: 2n });
  });

  it('refuses to lose a row', async () => {
    const before = await ga4.version();
    for (const [loses, sql] of [
      [true, (text: string) => text.replace(/^COPY \((.*)\) TO/s, 'COPY (SELECT * FROM ($1) OFFSET 1) TO')],
      [true, (text: string) => text.replace(/^COPY \(SELECT \* FROM/s, `COPY (SELECT * REPLACE (event_name || ' ' AS event_name) FROM`)],
      [false, (text: string) => text],
    ] as const) {
      await ga4.withSession(async (session) => {
        const broken: EngineSession = { ...session, rows: (text, parameters) => session.rows(sql(text), parameters) };
        const compacting = compactBronze(broken, ga4.bronze, before, POLICY);
        if (loses) await expect(compacting).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
        else expect((await compacting)?.from).toBeGreaterThan(2);
      });
      expect((await ga4.version()).version).toBe(loses ? before.version : before.version + 1);
    }
    // Of two that compact the same version, the second finds that it came too late.
    await expect(ga4.withSession((session) => compactBronze(session, ga4.bronze, before, POLICY))).rejects.toMatchObject({ code: 'SKEIN_STORAGE_CONTENDED' });
  });

  it('stops no reader, and leaves fewer files with the same rows', async () => {
    const policy = { ...POLICY, fileBytes: 1 };
    expect(await ga4.withSession(async (session) => compactBronze(session, ga4.bronze, await ga4.version(), policy))).toBeUndefined();
    for (const batch of [2, 3]) lateShards(ga4.sources, batch);
    await ga4.run({ layout: { ...LIMITS, fileBytes: 1 } });
    const first = await ga4.version();
    const truth = await figures(ga4, first);
    let [reads, stop] = [0, false];
    const seen = new Set<number>();
    // Each reader looks at the version that was the newest when it began, and reads it several times while newer ones come.
    const reader = ga4.withSession(async (session) => {
      while (!stop) {
        const version = await ga4.version();
        seen.add(version.version);
        for (let round = 0; round < 3; round += 1) {
          expect(await figures(ga4, version, session)).toEqual(truth);
          reads += 1;
        }
      }
    });
    const before = first.files.length;
    await ga4.withSession(async (session) => {
      for (const fileBytes of [30_000, 60_000, 1_000_000, 8_000_000]) {
        const before = reads;
        await compactBronze(session, ga4.bronze, await ga4.version(), { ...POLICY, fileBytes });
        expect(await ga4.bronze.collect('ga4', 'events_raw', { graceMs: 60_000 })).toBe(0);
        const { version } = await ga4.version();
        while (!seen.has(version) || reads < before + 4) await Promise.race([reader, new Promise((resolve) => setTimeout(resolve, 5))]);
      }
    });
    stop = true;
    await reader;
    expect(reads).toBeGreaterThanOrEqual(16);
    expect(seen.size).toBeGreaterThanOrEqual(3);
    const last = await ga4.version();
    expect(last.files.length).toBeLessThan(before);
    // After the grace the old files are gone, and the new ones are not.
    expect(await ga4.bronze.collect('ga4', 'events_raw', { graceMs: 0 })).toBeGreaterThan(0);
    expect(await ga4.bronze.damaged(last)).toEqual([]);
    expect(await figures(ga4, last)).toEqual(truth);
    await expect(figures(ga4, first)).rejects.toMatchObject({ code: 'SKEIN_STEP_FAILED' });
  });

  it('takes a landing out of a file that it shares with others', async () => {
    const before = await ga4.version();
    expect(before.files.some((file) => file.landings.length > 1)).toBe(true);
    rewriteDay(ga4.sources);
    await ga4.run({ layout: { ...LIMITS, fileBytes: 1 } });
    const after = await ga4.version();
    expect(after.rows).toBe(before.rows - 1n);
    // The same landings, written into another place at once.
    const whole = await ga4.lay(localBronzeStore({ root: path.join(path.dirname(ga4.sources), 'whole') }));
    expect(whole.report.written).toBe(whole.report.landings);
    expect(await figures(ga4, after)).toEqual(await figures(ga4, whole.version));
  });
});
