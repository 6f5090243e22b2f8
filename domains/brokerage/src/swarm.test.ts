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
const run = async (lines: readonly string[]) => {
  const bench = await workbench(brokerage);
  bench.put({ 'market_1.ndjson': `${lines.join('\n')}\n` });
  return { bench, report: await bench.run(), [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
};

describe('the brokerage domain', () => {
  it('keeps amounts beyond 2^53 to the cent, and refuses a ledger that lacks one', async () => {
    const whole = charge(1, '9007199254740995', ['9007199254740993', '2']);
    await using right = await run([whole, charge(2, '1', ['1'])]);
    expect(await right.bench.rows('brokerage.royalty_ledger', 'SELECT sum(credit_cents)::VARCHAR AS earned, sum(debit_cents)::VARCHAR AS owed FROM t')).toEqual(
      [{ earned: '9007199254740996', owed: '9007199254740996' }],
    );
    for (const wrong of [charge(1, '9007199254740995', ['9007199254740993', '1']), charge(1, '5', ['6']), charge(1, '10', []), whole.replace('"2"', '"2.5"')]) {
      await using run2 = await run([charge(2, '1', ['1']), wrong]);
      expect(run2.report.products.find(({ product }) => product === 'brokerage.royalty_ledger')?.outcome).toBe('refused');
    }
  }, 180_000);

  it('tells what was said about a price when, and takes no price that is none', async () => {
    const ordinary = Array.from({ length: 40 }, (_, index) => price(index + 10, '7', AT + index * 180_000));
    await using made = await run([price(1, '100'), price(2, '90'), price(3, '80', AT + 5), price(4, '-1', AT + 6), price(5, '1e3', AT + 7), ...ordinary]);
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
  }, 180_000);

  it('refuses entitlements that end before they begin, and keeps names and filters as they are', async () => {
    const ordinary = Array.from({ length: 40 }, (_, index) => entitlement(index + 10, `e-${index}`));
    await using made = await run([entitlement(1, 'backwards', { validTo: AT - 1 }), entitlement(2, 'empty', { validTo: AT }), ...ordinary]);
    expect(made.report.products.find(({ product }) => product === 'brokerage.entitlements')).toMatchObject({
      outcome: 'published',
      rows: 40,
      violations: { 'valid_to.after_valid_from': 2 },
    });
    const [kept] = await made.bench.rows('brokerage.entitlements', 'SELECT consumer, purposes, columns, row_filter FROM t LIMIT 1');
    expect(kept).toMatchObject({ consumer: 'Ünïcode ‮buyer', purposes: 'planning research', columns: 'id total' });
    expect(String(kept?.['row_filter'])).toContain("'; DROP TABLE t");
  }, 180_000);
});
