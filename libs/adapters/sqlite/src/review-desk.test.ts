import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reviewDeskConformance, sampleReview, stateStoreConformance } from '@skein/ports/conformance';
import { afterEach, expect, it } from 'vitest';
import { sqliteReviewDesk } from './review-desk.ts';
import { sqliteStateStore } from './state-store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-desk-'));
  folders.push(folder);
  return join(folder, 'reviews', 'reviews.sqlite');
}

reviewDeskConformance('sqlite', async () => {
  const file = newFile();
  return { desk: sqliteReviewDesk({ file }), another: async () => sqliteReviewDesk({ file }) };
});

stateStoreConformance('sqlite', async () => {
  const file = newFile();
  return { store: sqliteStateStore({ file }), reopen: async () => sqliteStateStore({ file }) };
});

it('keeps reviews in files that only their owner reads, and recovers when a damaged file is gone', async () => {
  const file = newFile();
  const desk = sqliteReviewDesk({ file });
  await desk.open(sampleReview(1));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
  await desk.close();
  writeFileSync(file, 'no database '.repeat(1_000));
  const broken = sqliteReviewDesk({ file });
  await expect(broken.list()).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
  rmSync(file);
  expect(await broken.list()).toEqual([]);
  await broken.close();
  await expect(broken.list()).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
});
