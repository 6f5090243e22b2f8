import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { brokerage } from '@skein/brokerage';
import { workbench } from '@skein/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBrokerageSource, type BrokerageSource } from './source.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'skein-brokerage-'));
let written: BrokerageSource;
let lines: readonly Record<string, unknown>[];
beforeAll(async () => {
  written = await writeBrokerageSource({ directory: folder, seed: 7, rows: 8_000 });
  lines = readdirSync(folder).flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));
const files = () => Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));

interface Line {
  readonly debit: string;
  readonly credit: string;
  readonly domain: string | null;
}
const charges = () => [
  ...new Map(
    lines
      .filter(({ type }) => type === 'charge.made')
      .map(({ charge }) => [(charge as { id: string }).id, charge as { id: string; cents: string; lines: Line[] }]),
  ).values(),
];

describe('the brokerage swarm', () => {
  it('publishes the log as products, with every planted fault told, and the money to the cent', async () => {
    await using bench = await workbench(brokerage);
    bench.put(files());
    const report = await bench.run();
    const outcome = (product: string) => report.products.find((one) => one.product === product);
    for (const name of ['listings', 'price_history', 'entitlements', 'usage_events', 'royalty_ledger', 'privacy_ledger'])
      expect([name, outcome(`brokerage.${name}`)?.outcome]).toEqual([name, 'published']);
    const { planted } = written;
    expect(Math.min(...Object.values(planted).map(({ count }) => count))).toBeGreaterThan(0);
    expect(outcome('brokerage.usage_events')).toMatchObject({
      duplicates: planted.events_repeated.count,
      violations: { 'answered_bytes.type': planted.bytes_unreadable.count, 'answered_rows.minimum': planted.rows_negative.count },
    });
    // the same sums by another way than the product's: bigint over the lines of the log
    const owed = charges().reduce((sum, { cents }) => sum + BigInt(cents), 0n);
    const earned = charges()
      .flatMap(({ lines: all }) => all.filter(({ domain }) => domain !== null))
      .reduce((sum, { credit }) => sum + BigInt(credit), 0n);
    expect(owed).toBe(earned);
    expect(owed).toBeGreaterThan(1_000_000n);
    const [sums] = await bench.rows(
      'brokerage.royalty_ledger',
      'SELECT sum(debit_cents)::VARCHAR AS debit, sum(credit_cents)::VARCHAR AS credit, count(DISTINCT domain) AS domains FROM t',
    );
    expect(sums).toEqual({ debit: String(owed), credit: String(owed), domains: 2n });
    const [states] = await bench.rows(
      'brokerage.listings',
      "SELECT count(*) FILTER (state = 'live') AS live, count(*) FILTER (state = 'withdrawn') AS withdrawn FROM t",
    );
    expect(states).toEqual({ live: 17n, withdrawn: 1n });
    const [ended] = await bench.rows('brokerage.entitlements', 'SELECT count(*) AS n FROM t WHERE ended_at IS NOT NULL');
    expect(ended).toEqual({ n: 1n });
    expect((await bench.run()).products.every((product) => product.outcome === 'unchanged')).toBe(true);
  });

  it.each([
    ['a royalty a cent short', 'royalty_ledger', (text: string) => text.replace(/"credit":"(\d+)\d"/, '"credit":"$10"')],
    ['a charge of another amount than its lines', 'royalty_ledger', (text: string) => text.replace(/("id":"usage:[^}]*?"cents":")(\d+)"/, '$11$2"')],
    [
      'a key that is charged twice in an hour',
      'usage_events',
      (text: string) =>
        text
          .replace(/("type":"usage\.charged"[^\n]*?"key":"use-)1\d*("[^\n]*\n(?:[^\n]*\n)*?[^\n]*"type":"usage\.charged"[^\n]*?"key":"use-)2\d*"/, '$15$25"')
          .replaceAll(/("type":"usage\.charged","usage":"[^"]*","entitlement":")[^"]*/g, '$1same'),
    ],
    ['a use at another price than its plan says', 'usage_events', (text: string) => text.replace(/("id":"usage:[^\n]*?"cents":")125"/, '$1126"')],
    ['a budget overspent', 'privacy_ledger', (text: string) => text.replaceAll('"epsilon":"0.1"', '"epsilon":"0.2"')],
  ])(
    'does not publish %s',
    async (_name, product, damage) => {
      // the one that is damaged, and one that is not: the others have no part in it
      const looked = [`brokerage.${product}`, 'brokerage.listings'];
      await using bench = await workbench((contracts) => {
        const domain = brokerage(contracts);
        return { ...domain, products: domain.products.filter(({ id }) => looked.includes(id)) };
      });
      const whole = files();
      const damaged = Object.fromEntries(Object.entries(whole).map(([file, text]) => [file, damage(text)]));
      expect(damaged).not.toEqual(whole);
      bench.put(damaged);
      const report = await bench.run();
      expect(Object.fromEntries(report.products.map((one) => [one.product, one.outcome]))).toEqual({
        [`brokerage.${product}`]: 'refused',
        'brokerage.listings': 'published',
      });
    },
    180_000,
  );
});
