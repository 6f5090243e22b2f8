import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { localSnapshotStore } from '@skein/adapter-storage';
import { systemClock } from '@skein/kernel';
import { soak, temporaryDirectory } from '@skein/testing';
import { TABLE, type Fault } from './reliability-child.ts';
import { startChild, warmUp } from './reliability-process.ts';

// Bar 2: publishers that race for one table all get through, one after the other, and no number is left out or given twice.

const PUBLISHERS = 8;
beforeAll(warmUp);

async function race(each: number, fault: Fault): Promise<{ acknowledged: number[]; history: number[]; parents: boolean; hint: string; errors: string[] }> {
  using folder = temporaryDirectory('skein-race-');
  const children = Array.from({ length: PUBLISHERS }, () => startChild({ kind: 'publish', root: folder.path, count: each, fault }));
  const ends = await Promise.all(children.map((child) => child.ended));
  const acknowledged = children
    .flatMap((child) => child.events.flatMap((event) => (event.kind === 'acknowledged' ? [event.version] : [])))
    .sort((a, b) => a - b);
  const history = await localSnapshotStore({ root: folder.path, clock: systemClock })
    .history(TABLE)
    .catch(() => []);
  return {
    acknowledged,
    history: history.map((snapshot) => snapshot.version),
    parents: history.every((snapshot, index) => snapshot.parent === history[index - 1]?.id),
    hint: await readFile(path.join(folder.path, TABLE.domain, TABLE.name, 'v1/metadata/version-hint.text'), 'utf8'),
    errors: ends.flatMap((end) => (end.code === 0 ? [] : [end.errors])),
  };
}

it(`bar 2: ${PUBLISHERS} racing publishers × ${soak(100)}: contiguous versions`, async () => {
  const total = PUBLISHERS * soak(100);
  const result = await race(soak(100), 'none');
  const expected = Array.from({ length: total }, (_, index) => index + 1);
  expect(result.errors).toEqual([]);
  expect(result.acknowledged).toEqual(expected);
  expect(result.history).toEqual(expected);
  expect(result.parents).toBe(true);
  expect(result.hint).toBe(String(total));
}, 900_000);

it('bar 2, broken twin: a commit by rename() loses acknowledged versions', async () => {
  const result = await race(5, 'rename');
  const distinct = new Set(result.acknowledged).size;
  expect(distinct < PUBLISHERS * 5 || result.history.length < PUBLISHERS * 5 || result.errors.length > 0).toBe(true);
});
