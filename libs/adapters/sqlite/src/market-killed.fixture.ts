import { sqliteMarketStore } from './market-store.ts';

// Uses an entitlement over and over until it is killed: `market-killed.fixture.ts FILE ENTITLEMENT ROUND`.
const [, , file = '', entitlement = '', round = ''] = process.argv;
const store = sqliteMarketStore({ file });
for (let use = 0; ; use += 1) {
  const key = `${round}-${use}`;
  const events = await store.run(
    { do: 'reserve', consumer: 'buyer', entitlements: [entitlement], key, query: 'q', attempt: `child-${key}`, leaseMs: 3_600_000 },
    Date.now(),
  );
  process.stdout.write(`${key}\n`);
  const uses = events.flatMap((event) =>
    event.type === 'usage.reserved' ? [{ usage: event.usage, entitlement: event.entitlement, key, query: event.query }] : [],
  );
  await store.run({ do: 'settle', uses, rows: 1n, bytes: 1 }, Date.now());
}
