import { mkdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { duckdbEngine } from '@skein/adapter-duckdb';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { soak, temporaryDirectory, type TemporaryDirectory } from '@skein/testing';
import { fetchFiles } from './file-fetch.ts';
import { rowsByIcebird } from './icebird-reader.ts';
import { COLUMNS, TABLE, type Fault } from './reliability-child.ts';
import { startChild, warmUp } from './reliability-process.ts';

// Bar 1: kill a publisher at any moment. Readers, ours and icebird, see whole versions only, never an older one after a
// newer, and nothing that was acknowledged is lost.

const MARKS = 16;
let templates: TemporaryDirectory;
let restore: () => void;

/** Parquet files whose rows all bear their mark, two to a version: a mixture would show. */
beforeAll(async () => {
  await warmUp();
  restore = fetchFiles();
  templates = temporaryDirectory('skein-templates-');
  const engine = duckdbEngine();
  const session = await engine.open();
  const staging = await localSnapshotStore({ root: templates.file('store'), clock: systemClock }).begin(TABLE, COLUMNS);
  for (let mark = 0; mark < MARKS; mark += 1) {
    for (const part of [0, 1]) {
      const folder = templates.file(`${mark}-${part}`);
      mkdirSync(folder);
      const [file] = await session.writeParquet(`SELECT ${mark} AS mark, n + ${part * 10} AS n FROM range(10) AS t(n)`, folder, staging.fields);
      await rename(file!.path, templates.file(`${mark}-${part}.parquet`));
    }
  }
  await engine.close();
});
afterAll(() => {
  restore();
  templates[Symbol.dispose]();
});

interface Tally {
  kills: number;
  acknowledged: number;
  ourReads: number;
  icebirdReads: number;
  torn: string[];
  lost: string[];
  backward: string[];
}

async function killing(kills: number, fault: Fault): Promise<Tally> {
  using folder = temporaryDirectory('skein-kill-');
  const tally: Tally = { kills: 0, acknowledged: 0, ourReads: 0, icebirdReads: 0, torn: [], lost: [], backward: [] };
  let stopped = false;

  const reader = async (): Promise<void> => {
    const store = localSnapshotStore({ root: folder.path, clock: systemClock });
    for (let highest = 0; !stopped; await sleep(1)) {
      try {
        const snapshot = await store.current(TABLE);
        if (snapshot === undefined) continue;
        await store.verify(snapshot);
        if (snapshot.rows !== 20n || snapshot.files.length !== 2) tally.torn.push(`version ${snapshot.version} has ${snapshot.rows} rows`);
        if (snapshot.version < highest) tally.backward.push(`version ${snapshot.version} after ${highest}`);
        highest = snapshot.version;
        tally.ourReads += 1;
      } catch (error) {
        tally.torn.push(String(error));
      }
    }
  };
  const icebird = async (): Promise<void> => {
    const fields = (await localSnapshotStore({ root: templates.file('fields'), clock: systemClock }).begin(TABLE, COLUMNS)).fields;
    const location = `file://${folder.path}/${TABLE.domain}/${TABLE.name}/v1`;
    for (; !stopped; await sleep(1)) {
      try {
        const rows = await rowsByIcebird(location, fields);
        const good = rows.length === 20 && new Set(rows.map((row) => row['mark'])).size === 1 && new Set(rows.map((row) => row['n'])).size === 20;
        if (!good) tally.torn.push(`icebird read ${rows.length} rows of marks ${[...new Set(rows.map((row) => row['mark']))].join(', ')}`);
        tally.icebirdReads += 1;
      } catch (error) {
        // nothing was published yet
        if (tally.icebirdReads > 0 || !String(error).includes('404')) tally.torn.push(`icebird: ${String(error)}`);
      }
    }
  };
  const readers = [reader(), icebird()];

  const acknowledged = new Map<string, number>();
  for (let kill = 0; kill < kills; kill += 1) {
    const child = startChild({ kind: 'publish', root: folder.path, count: 10_000, fault, templates: templates.path, marks: MARKS });
    await child.ready;
    // every other one in its first commit, the rest at some point after one
    if (kill % 2 === 0) await sleep(Math.random() * 40);
    else while (child.events.length < 2 && child.process.exitCode === null) await sleep(Math.random() * 15);
    child.process.kill('SIGKILL');
    const { code, errors } = await child.ended;
    if (code !== null) tally.torn.push(`a publisher ended by itself: ${errors}`);
    tally.kills += 1;
    for (const event of child.events) if (event.kind === 'acknowledged') acknowledged.set(event.id, event.mark);
  }
  stopped = true;
  await Promise.all(readers);
  try {
    const history = new Map(
      (await localSnapshotStore({ root: folder.path, clock: systemClock }).history(TABLE)).map((snapshot) => [String(snapshot.id), snapshot.inputHash]),
    );
    for (const [id, mark] of acknowledged) if (history.get(id) !== `mark ${mark}`) tally.lost.push(id);
  } catch (error) {
    tally.torn.push(String(error));
  }
  tally.acknowledged = acknowledged.size;
  return tally;
}

it(`bar 1: ${soak(500)} kills of a publisher under two looping readers: 0 torn, 0 lost, 0 backward`, async () => {
  const kills = soak(500);
  const tally = await killing(kills, 'none');
  console.log(`bar 1: ${tally.kills} kills, ${tally.acknowledged} acknowledged, ${tally.ourReads} reads, ${tally.icebirdReads} by icebird`);
  expect([tally.torn, tally.lost, tally.backward]).toEqual([[], [], []]);
  expect(tally.kills).toBe(kills);
  expect(tally.acknowledged).toBeGreaterThanOrEqual(Math.floor(kills / 2));
  expect(Math.min(tally.ourReads, tally.icebirdReads)).toBeGreaterThan(kills);
}, 600_000);

it('bar 1, broken twin: metadata written in place is seen torn', async () => {
  const tally = await killing(6, 'in-place');
  expect(tally.torn.length).toBeGreaterThan(0);
});
