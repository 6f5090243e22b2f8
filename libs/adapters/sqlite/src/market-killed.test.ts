import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chargesOf, type MarketEvent } from '@skein/market';
import { sampleListing, sampleSale } from '@skein/ports/conformance';
import { expect, it } from 'vitest';
import { sqliteMarketStore } from './market-store.ts';

const CHILD = fileURLToPath(new URL('./market-killed.fixture.ts', import.meta.url));
const ROUNDS = 5;

it('loses no charge and doubles none when a process is killed between intent and charge', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skein-market-killed-'));
  const file = join(folder, 'market.sqlite');
  const store = sqliteMarketStore({ file });
  const entitlement = await sampleSale(store, sampleListing('one'));
  const begun: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, ['--conditions=@skein/source', CHILD, file, entitlement, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split('\n').length > 3 + round * 4) child.kill('SIGKILL');
    });
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    begun.push(...text.split('\n').slice(0, -1));
  }
  // everyone who got no answer asks again under the same key
  for (const key of begun) {
    const events = await store.run(
      { do: 'reserve', consumer: 'buyer', entitlements: [entitlement], key, query: 'q', attempt: `again-${key}`, leaseMs: 60_000 },
      Date.now(),
    );
    const uses = events.flatMap((event) => (event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement, key, query: event.query }] : []));
    if (uses.length > 0) await store.run({ do: 'settle', uses, rows: 1n, bytes: 1 }, Date.now());
  }
  const events: MarketEvent[] = [];
  for (let page = await store.events(0); page.length > 0; page = await store.events(events.length)) events.push(...page);
  const charged = events.flatMap((event) => (event.type === 'usage.charged' ? [event.key] : []));
  expect(begun.length).toBeGreaterThan(ROUNDS * 3);
  expect(new Set(charged).size).toBe(charged.length);
  expect(begun.filter((key) => !charged.includes(key))).toEqual([]);
  expect(chargesOf(events)).toHaveLength(charged.length);
  await store.close();
  rmSync(folder, { recursive: true });
});
