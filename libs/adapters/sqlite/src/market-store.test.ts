import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { marketStoreConformance, sampleListing, sampleSale } from '@skein/ports/conformance';
import { afterEach, expect, it } from 'vitest';
import { loadSqlite } from './load-sqlite.ts';
import { sqliteMarketStore } from './market-store.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skein-market-'));
  folders.push(folder);
  return join(folder, 'market', 'market.sqlite');
}

marketStoreConformance('sqlite', async () => {
  const file = newFile();
  return { store: sqliteMarketStore({ file }), another: async () => sqliteMarketStore({ file }) };
});

it('keeps the log in a file that only its owner reads, and tells when an event is missing', async () => {
  const file = newFile();
  const store = sqliteMarketStore({ file });
  await sampleSale(store, sampleListing('one'));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await store.close();
  const { DatabaseSync } = await loadSqlite();
  const database = new DatabaseSync(file);
  database.exec('DELETE FROM event WHERE seq = 3');
  database.close();
  const broken = sqliteMarketStore({ file });
  await expect(broken.state()).rejects.toMatchObject({ code: 'SKEIN_STORAGE_FAILED' });
  await broken.close();
});
