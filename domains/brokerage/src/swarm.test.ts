import { workbench } from '@skein/testing';
import { describe, expect, it } from 'vitest';
import { brokerage } from './brokerage.ts';

const AT = Date.UTC(2026, 0, 1);
const plan = (price: string) => ({ unit: 'Pay-per-use', currency: 'EUR', price });
const line = (seq: number, fact: object) => JSON.stringify({ seq, at: AT + seq * 1_000, ...fact });
const price = (seq: number, text: string, validFrom = AT) => line(seq, { type: 'price.set', listing: 'orders', by: 'seller', plan: plan(text), validFrom });
const entitlement = (seq: number, id: string, more: object = {}) =>
  line(seq, {
    type: 'entitlement.granted',
    entitlement: {
      id,
      agreement: `a-${id}`,
      listing: 'orders',
      consumer: 'Ünïcode ‮buyer',
      product: 'shop.orders',
      licence: { purposes: ['planning', 'research'] },
      terms: { columns: ['id', 'total'], rows: [{ column: 'region', operator: 'equals', values: ["'; DROP TABLE t"] }], quota: 3 },
      validFrom: AT,
      validTo: AT + 1,
      ...more,
    },
  });
const charge = (seq: number, cents: string, credits: readonly string[]) =>
  line(seq, {
    type: 'charge.made',
    charge: {
      id: `once:${seq}`,
      agreement: 'a-1',
      listing: 'orders',
      consumer: 'buyer',
      reason: 'once',
      currency: 'EUR',
      cents,
      lines: [
        { line: 1, account: 'buyer:buyer', domain: null, product: null, debit: cents, credit: '0' },
        ...credits.map((credit, index) => ({
          line: index + 2,
          account: `royalty:d${index}.p`,
          domain: `d${index}`,
          product: `d${index}.p`,
          debit: '0',
          credit,
        })),
      ],
    },
  });
/** The domain, or the products of it that are looked at. */
const run = async (lines: readonly string[], product?: string) => {
  const bench = await workbench((contracts) => {
    const whole = brokerage(contracts);
    return product === undefined ? whole : { ...whole, products: whole.products.filter(({ id }) => id === product) };
  });
  bench.put({ 'market_1.ndjson': `${lines.join('\n')}\n` });
  return { bench, report: await bench.run(), [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
};

describe('the brokerage domain', () => {
  const LEDGER = 'brokerage.royalty_ledger';

  it('keeps amounts beyond 2^53 to the cent', async () => {
    await using right = await run([charge(1, '9007199254740995', ['9007199254740993', '2']), charge(2, '1', ['1'])], LEDGER);
    expect(await right.bench.rows(LEDGER, 'SELECT sum(credit_cents)::VARCHAR AS earned, sum(debit_cents)::VARCHAR AS owed FROM t')).toEqual([
      { earned: '9007199254740996', owed: '9007199254740996' },
    ]);
  });

  it('publishes no ledger that lacks a cent, or an event, and says which', async () => {
    const whole = charge(1, '9007199254740995', ['9007199254740993', '2']);
    await using made = await run([whole, charge(2, '1', ['1'])], LEDGER);
    expect(made.report.products).toMatchObject([{ product: LEDGER, outcome: 'published', version: 1 }]);
    const wrong: readonly [string, readonly string[], Readonly<Record<string, number>>?][] = [
      ['a credit short of a cent', [charge(1, '9007199254740995', ['9007199254740993', '1'])]],
      ['more credit than the charge', [charge(1, '5', ['6'])]],
      ['no credit at all', [charge(1, '10', [])]],
      ['a part of a cent', [whole.replace('"2"', '"2.5"')]],
      ['a last line that is cut', [whole, charge(2, '1', ['1']), charge(3, '2', ['2']).slice(0, -20)]],
      [
        'a log that is not whole',
        [
          charge(2, '1', ['1']),
          line(3, { type: 'refund.made', cents: '5' }),
          JSON.stringify({ type: 'charge.made', at: AT }),
          charge(6, '1', ['1']),
          charge(6, '3', ['3']),
        ],
        { 'charge_id.gap_in_log': 2, 'charge_id.unknown_event': 1, 'charge_id.no_number': 1, 'charge_id.told_in_two_ways': 1 },
      ],
    ];
    // one file, exported again each time: what it held before counts no more
    for (const [name, lines, violations = {}] of wrong) {
      made.bench.put({ 'market_1.ndjson': `${lines.join('\n')}\n` });
      const [ledger] = (await made.bench.run()).products;
      expect([name, ledger?.outcome, ledger?.version]).toEqual([name, 'refused', 1]);
      expect(ledger?.violations).toMatchObject(violations);
    }
    made.bench.put({ 'market_1.ndjson': `${[whole, charge(2, '1', ['1']), charge(3, '2', ['2'])].join('\n')}\n` });
    expect((await made.bench.run()).products).toMatchObject([{ outcome: 'published', version: 2 }]);
  });

  it('tells what was said about a price when, and takes no price that is none', async () => {
    const ordinary = Array.from({ length: 40 }, (_, index) => price(index + 10, '7', AT + index * 180_000));
    await using made = await run(
      [price(1, '100'), price(2, '90'), price(3, '80', AT + 5), price(4, '-1', AT + 6), price(5, '1e3', AT + 7), ...ordinary],
      'brokerage.price_history',
    );
    expect(made.report.products.find(({ product }) => product === 'brokerage.price_history')).toMatchObject({
      outcome: 'published',
      violations: { 'price_cents.minimum': 1, 'price_cents.type': 1 },
    });
    expect(
      await made.bench.rows(
        'brokerage.price_history',
        'SELECT price_cents::VARCHAR AS price, superseded_at IS NOT NULL AS superseded FROM t WHERE event < 4 ORDER BY event',
      ),
    ).toEqual([
      { price: '100', superseded: true },
      { price: '90', superseded: true },
      { price: '80', superseded: false },
    ]);
  });

  it('refuses entitlements that end before they begin, and keeps names and filters as they are', async () => {
    const ordinary = Array.from({ length: 40 }, (_, index) => entitlement(index + 10, `e-${index}`));
    await using made = await run(
      [entitlement(1, 'backwards', { validTo: AT - 1 }), entitlement(2, 'empty', { validTo: AT }), ...ordinary],
      'brokerage.entitlements',
    );
    expect(made.report.products.find(({ product }) => product === 'brokerage.entitlements')).toMatchObject({
      outcome: 'published',
      rows: 40,
      violations: { 'valid_to.after_valid_from': 2 },
    });
    const [kept] = await made.bench.rows('brokerage.entitlements', 'SELECT consumer, purposes, columns, row_filter FROM t LIMIT 1');
    expect(kept).toMatchObject({ consumer: 'Ünïcode ‮buyer', purposes: 'planning research', columns: 'id total' });
    expect(String(kept?.['row_filter'])).toContain("'; DROP TABLE t");
  });
});
